//! The statements of SQL files, as limbec and as the databases themselves see them (tests/sqlfile/*.cases).

use limbec::sqlfile::{FileStatement, SqlDialect, SqlFileError, StatementReader, Variables};
use rusqlite::fallible_iterator::FallibleIterator as _;

use crate::fixture::{TestDatabase, answers};

const POSTGRES: &str = include_str!("../sqlfile/postgres.cases");
const SQLITE: &str = include_str!("../sqlfile/sqlite.cases");

struct Case {
    name: &'static str,
    text: String,
    expected: Result<Vec<Expected>, String>,
}

struct Expected {
    line: Option<usize>,
    text: String,
}

impl Case {
    fn server_accepts(&self) -> bool {
        self.expected.is_ok() || self.name.ends_with("(server accepts)")
    }
}

fn cases(file: &'static str) -> Vec<Case> {
    file.split("\n### ").skip(1).map(case).collect()
}

fn case(source: &'static str) -> Case {
    let (name, rest) = source.split_once('\n').expect("a text");
    let mut case = Case { name, text: String::new(), expected: Ok(Vec::new()) };
    let mut is_text = true;
    for line in rest.strip_suffix('\n').unwrap_or(rest).split_inclusive('\n') {
        if let Some(message) = line.strip_prefix("=! ") {
            case.expected = Err(message.trim_end().to_owned());
        } else if let Some(place) = line.strip_prefix("=>") {
            is_text = false;
            let expected = Expected { line: place.trim().parse().ok(), text: String::new() };
            case.expected.as_mut().expect("statements").push(expected);
        } else if is_text && case.expected.is_ok() {
            case.text.push_str(line);
        } else if let Ok(statements) = &mut case.expected {
            statements.last_mut().expect("a statement").text.push_str(line);
        }
    }
    for statement in case.expected.iter_mut().flatten() {
        statement.text.truncate(statement.text.trim_end().len());
    }
    case
}

fn split(text: &str, dialect: SqlDialect) -> Result<Vec<FileStatement>, SqlFileError> {
    StatementReader::new(text.as_bytes(), dialect, &Variables::default()).collect()
}

fn texts(case: &Case, dialect: SqlDialect) -> Vec<String> {
    let statements = split(&case.text, dialect).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    statements.into_iter().map(|statement| statement.text).collect()
}

fn check(case: &Case, dialect: SqlDialect) -> Result<(), String> {
    let found = split(&case.text, dialect).map_err(|error| error.to_string());
    match (&case.expected, found) {
        (Err(expected), Err(found)) if *expected == found => Ok(()),
        (Ok(expected), Ok(found)) => {
            let texts = |side: Vec<&String>| format!("{side:#?}");
            let (wanted, got) = (
                texts(expected.iter().map(|one| &one.text).collect()),
                texts(found.iter().map(|one| &one.text).collect()),
            );
            if wanted != got {
                return Err(format!("{}: expected {wanted}, found {got}", case.name));
            }
            for (expected, found) in expected.iter().zip(&found) {
                if expected.line.is_some_and(|line| line != found.line) {
                    return Err(format!("{}: {found:?} is in line {:?}", case.name, expected.line));
                }
            }
            Ok(())
        }
        (expected, found) => Err(format!("{}: expected {:?}, found {found:#?}", case.name, expected.as_ref().err())),
    }
}

#[test]
fn files_have_the_expected_statements() {
    let mut wrong = Vec::new();
    for (file, dialect, at_least) in [(POSTGRES, SqlDialect::Postgres, 90), (SQLITE, SqlDialect::Sqlite, 30)] {
        let cases = cases(file);
        assert!(cases.len() >= at_least, "{} cases", cases.len());
        wrong.extend(cases.iter().filter_map(|case| check(case, dialect).err()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a case left in its schema: definitions and rows.
const LEFT: &str = "
    SELECT 'relation ' || c.relname || c.relkind::text || coalesce(pg_get_viewdef(c.oid), pg_get_indexdef(c.oid), '')
        || coalesce(obj_description(c.oid), '') AS x
    FROM pg_class c WHERE c.relnamespace = $schema$::regnamespace AND c.relkind IN ('r', 'v', 'i', 'S', 'c')
    UNION ALL SELECT 'column ' || a.attrelid::regclass || a.attname || format_type(a.atttypid, a.atttypmod)
        || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = $schema$::regnamespace AND a.attnum > 0
    UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = $schema$::regnamespace AND prokind <> 'a'
    UNION ALL SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = $schema$::regnamespace
    UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $schema$::regnamespace
    UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = $schema$::regnamespace
    UNION ALL SELECT 'label ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
    WHERE t.typnamespace = $schema$::regnamespace
    UNION ALL SELECT 'rows ' || query_to_xml(format('SELECT * FROM %I.%I', n.nspname, c.relname), true, false, '')::text
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $schema$ AND c.relkind = 'r'
    ORDER BY 1";

/// Every text is sent whole, and its statements one by one to another database: both do the same.
#[test]
fn postgresql_sees_the_same_statements() {
    let (Some(whole), Some(parts)) = (TestDatabase::create(), TestDatabase::create()) else { return };
    for (number, case) in cases(POSTGRES).iter().enumerate() {
        let schema = format!("case_{number}");
        let within = |database: &TestDatabase, texts: &[&str]| {
            let prepare = format!("CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}");
            answers(&database.url(""), &[&[prepare.as_str()], texts].concat())
        };
        if case.expected.is_err() {
            assert!(case.server_accepts() || within(&whole, &[&case.text]).is_err(), "{}: accepted", case.name);
            continue;
        }
        let statements = texts(case, SqlDialect::Postgres);
        let of_whole = within(&whole, &[&case.text]).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        let of_parts = within(&parts, &statements).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        if statements.is_empty() {
            // The server answers once to nothing.
            assert_eq!(of_whole.len(), 2 + 1, "{}: {of_whole:?}", case.name);
            continue;
        }
        assert_eq!(of_whole, of_parts, "{}", case.name);
        let completed = of_whole.iter().filter(|answer| answer.starts_with("completed")).count();
        assert_eq!(completed, 2 + statements.len(), "{}", case.name);
        let left = LEFT.replace("$schema$", &format!("'{schema}'"));
        assert_eq!(within(&whole, &[&left]), within(&parts, &[&left]), "{}", case.name);
    }
}

/// `sqlite3_prepare` tells where a statement ends.
#[test]
fn sqlite_sees_the_same_statements() {
    for case in &cases(SQLITE) {
        let connection = rusqlite::Connection::open_in_memory().expect("a database");
        if case.expected.is_err() {
            assert!(connection.execute_batch(&case.text).is_err(), "{}: accepted", case.name);
            continue;
        }
        let statements = texts(case, SqlDialect::Sqlite);
        let mut batch = rusqlite::Batch::new(&connection, &case.text);
        let mut found = Vec::new();
        while let Some(mut statement) = batch.next().unwrap_or_else(|error| panic!("{}: {error}", case.name)) {
            found.push(statement.expanded_sql().expect("the text"));
            let mut rows = statement.raw_query();
            while rows.next().expect("a row").is_some() {}
        }
        assert_eq!(found.len(), statements.len(), "{}", case.name);
        for (found, ours) in found.iter().zip(&statements) {
            let found = found.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
            assert!(
                found.ends_with(ours.as_str()) || found.contains(ours.as_str()),
                "{}: {found:?} is not {ours:?}",
                case.name
            );
        }
        let other = rusqlite::Connection::open_in_memory().expect("a database");
        for statement in &statements {
            other.execute_batch(statement).unwrap_or_else(|error| panic!("{}: {statement}: {error}", case.name));
        }
        assert_eq!(left(&connection), left(&other), "{}", case.name);
    }
}

fn left(connection: &rusqlite::Connection) -> Vec<String> {
    let query = "SELECT type || name || coalesce(sql, '') FROM sqlite_master UNION ALL \
                 SELECT type || name || coalesce(sql, '') FROM sqlite_temp_master ORDER BY 1";
    let mut statement = connection.prepare(query).expect("the schema");
    statement.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("a row")).collect()
}
