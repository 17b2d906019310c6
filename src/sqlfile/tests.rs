use std::num::NonZeroUsize;

use super::*;

fn split(dialect: SqlDialect, text: &str) -> Result<Vec<FileStatement>, SqlFileError> {
    StatementReader::new(text.as_bytes(), dialect, &Variables::default()).collect()
}

fn texts(dialect: SqlDialect, text: &str) -> Vec<String> {
    let statements = split(dialect, text).unwrap_or_else(|error| panic!("{error} in {text}"));
    statements.into_iter().map(|statement| statement.text).collect()
}

fn variables(values: &[(&str, &str)]) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in values {
        variables.set(name, value).unwrap();
    }
    variables
}

/// The statements, and the error that comes last.
fn outcome(dialect: SqlDialect, text: &[u8], values: &[(&str, &str)]) -> String {
    let reader = StatementReader::new(text, dialect, &variables(values)).within_transaction();
    let shown = reader.map(|one| one.map_or_else(|error| format!("! {error}"), |one| one.text));
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn statements_have_their_lines_and_numbers() {
    let found = split(SqlDialect::Postgres, "\u{feff}-- first\n\nselect 1; ;\r\n /* a\n b */ select\n';'\n;").unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.number, one.line, one.text.as_str())).collect();
    assert_eq!(found, [(1, 3, "select 1"), (2, 5, "select\n';'")]);
}

#[test]
fn ends_of_lines_are_those_of_the_database() {
    let text = "select 1; -- a;\r\nselect 2;\r\n-- b\rselect 3;";
    assert_eq!(texts(SqlDialect::Postgres, text), ["select 1", "select 2", "select 3"]);
    assert_eq!(texts(SqlDialect::Sqlite, text), ["select 1", "select 2"]);
}

#[test]
fn variables_are_quoted() {
    let values = [("schema", "a\"b"), ("who", "o'brien\\")];
    let text = b"create table ${schema}.t (); select ${who:literal}, '${schema}', t.${schema}, $1 + ${schema}";
    insta::assert_snapshot!(outcome(SqlDialect::Postgres, text, &values), @r#"
    create table "a""b".t ()
    select E'o''brien\\', '${schema}', t."a""b", $1 + "a""b"
    "#);
    let text = b"select ${who:literal}, [${schema}], `${schema}`, \"${schema}\" from a$b.${schema} -- ${other}";
    insta::assert_snapshot!(outcome(SqlDialect::Sqlite, text, &values), @r#"select 'o''brien\', [${schema}], `${schema}`, "${schema}" from a$b."a""b""#);
}

#[test]
fn variables_within_dollar_quotes() {
    let values = [("schema", "app"), ("hostile", "o'brien"), ("tag", "a $q$ b"), ("lines", "a\nb"), ("empty", "")];
    let of = |text: &str| outcome(SqlDialect::Postgres, text.as_bytes(), &values);
    insta::assert_snapshot!(of("do $$ ${schema}.f('${schema}', ${schema:literal}) ${other} ${ ${a b} ${schema:x} $ ${schema} $$"), @r#"do $$ "app".f('"app"', 'app') ${other} ${ ${a b} ${schema:x} $ "app" $$"#);
    insta::assert_snapshot!(of("do $q$ ${hostile}.f() $q$"), @"! line 1: the value of the variable hostile cannot be written into a text between dollar quotes: it has a quote, a backslash or an end of line");
    insta::assert_snapshot!(of("do $q$\n\n${tag} $q$"), @"! line 3: the value of the variable tag cannot be written into a text between dollar quotes: it has the dollar quote itself");
    insta::assert_snapshot!(of("do $$ ${lines} $$"), @"! line 1: the value of the variable lines cannot be written into a text between dollar quotes: it has a quote, a backslash or an end of line");
    insta::assert_snapshot!(of("do $$ ${empty:literal} $$; select ${empty}"), @"
    do $$ '' $$
    ! line 1: the value of the variable empty is empty, which no identifier is
    ");
}

/// What stands beside a variable could change what its quotes mean.
#[test]
fn a_variable_is_a_whole_token() {
    let values = [("a", "x"), ("b", "y")];
    for text in [
        "select e${a:literal}",
        "select U&${a}",
        "select 'x'${a:literal}",
        "select \"x\"${a}",
        "select ${a}${b}",
        "select ${a}b",
        "select ${a:literal}'b'",
        "select ${a}\"b\"",
        "select a$${b}",
        "select ${a}$$b$$",
    ] {
        let found = outcome(SqlDialect::Postgres, text.as_bytes(), &values);
        assert!(found.contains("joined to what is beside it"), "{text}: {found}");
    }
    insta::assert_snapshot!(outcome(SqlDialect::Sqlite, b"select [a]|| ${a:literal}||${b:literal},(${a}),-${b}", &values), @r#"select [a]|| 'x'||'y',("x"),-"y""#);
}

#[test]
fn names_and_values_of_variables() {
    let mut variables = Variables::default();
    for name in ["", "1a", "a-b", "é", "a b"] {
        assert!(matches!(variables.set(name, "x"), Err(SqlFileProblem::NotAName { .. })), "{name}");
    }
    assert!(matches!(variables.set("a", "x\0"), Err(SqlFileProblem::ImpossibleValue { .. })));
    assert!(variables.is_empty());
    variables.set("schema", "s").unwrap();
    variables.set("a_1", "x").unwrap();
    variables.set("unused", "y").unwrap();
    let directives = Directives::read("-- limbec: variable a_1\n".as_bytes()).unwrap();
    let own = variables.of_file(&directives).unwrap();
    assert_eq!((own.get("schema"), own.get("a_1"), own.get("unused")), (Some("s"), Some("x"), None));
    let directives = Directives::read("\n-- limbec: variable other\n".as_bytes()).unwrap();
    let error = variables.of_file(&directives).unwrap_err();
    assert!(error.line == 2 && error.to_string().contains("the variable other has no value"), "{error}");
}

#[test]
fn a_transaction_of_limbec_is_not_ended_by_the_file() {
    let postgres = [
        "begin",
        "BEGIN WORK",
        "start transaction read only",
        "commit",
        "commit and chain",
        "end",
        "rollback",
        "abort",
        "rollback work",
        "ROLLBACK /* to */ TRANSACTION AND CHAIN",
        "prepare transaction 'a'",
        "commit prepared 'a'",
        "rollback prepared 'a'",
    ];
    for text in postgres {
        let found = outcome(SqlDialect::Postgres, format!("select 1;\n{text};").as_bytes(), &[]);
        assert!(
            found.starts_with("select 1\n! line 2: `") && found.contains("limbec holds the transaction"),
            "{text}: {found}"
        );
        assert_eq!(texts(SqlDialect::Postgres, text), [text]);
        // The last statement, without a semicolon.
        assert!(outcome(SqlDialect::Postgres, text.as_bytes(), &[]).starts_with("! line 1"), "{text}");
    }
    let sqlite =
        ["begin immediate", "COMMIT TRANSACTION", "end", "End transaction", "rollback", "rollback transaction"];
    for text in sqlite {
        assert!(outcome(SqlDialect::Sqlite, text.as_bytes(), &[]).starts_with("! line 1: `"), "{text}");
    }
    let allowed = "savepoint a; rollback to a; rollback work to savepoint a; release a; prepare transaction_1 as select 1; \
                   start_something(); set transaction read only; select commit from \"begin\"; begin_();";
    let found = outcome(SqlDialect::Postgres, allowed.as_bytes(), &[]);
    assert_eq!(found.lines().count(), 9, "{found}");
    assert!(!found.contains('!'), "{found}");
}

#[test]
fn bytes_that_are_no_text() {
    let of = |text: &[u8]| outcome(SqlDialect::Sqlite, text, &[]);
    insta::assert_snapshot!(of(b"select 1;\nselect '\xff';"), @"
    select 1
    ! line 2: not UTF-8
    ");
    insta::assert_snapshot!(of(b"select 1;\n-- caf\xe9\nselect 2"), @"
    select 1
    ! line 2: not UTF-8
    ");
    insta::assert_snapshot!(of(b"select 1;\nselect 2\0;"), @"
    select 1
    ! line 2: a NUL byte, which no statement may have
    ");
    insta::assert_snapshot!(of(b"\xff\xfes\0e\0l\0e\0c\0t\0 \0'\0"), @"! line 1: not UTF-8");
    insta::assert_snapshot!(of("select 'é".as_bytes()), @"! line 1: the string that begins here does not end");
}

#[test]
fn an_error_is_the_last_item() {
    let mut reader = StatementReader::new("select 1; select '".as_bytes(), SqlDialect::Sqlite, &Variables::default());
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}

struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the disk is gone"))
    }
}

#[test]
fn a_file_that_cannot_be_read() {
    let broken = || std::io::BufReader::new(std::io::Read::chain("select 1;\nselect\n".as_bytes(), Broken));
    let error =
        StatementReader::new(broken(), SqlDialect::Postgres, &Variables::default()).next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "line 3: cannot be read: the disk is gone");
    let broken = std::io::BufReader::new(Broken);
    assert_eq!(Directives::read(broken).unwrap_err().to_string(), "line 1: cannot be read: the disk is gone");
}

#[test]
fn directives_stand_before_the_first_statement() {
    let read = |text: &str| Directives::read(text.as_bytes()).map_err(|error| error.to_string());
    let text = "\u{feff}/* licence\n -- limbec: nonsense\n /* nested */ */ -- limbec: no-transaction\r\n;\n\
                -- limbec: ignore[rule] why\n--limbec:variable  a\n-- limbec: variable b\nselect 1;\n-- limbec: nonsense";
    let found = read(text).unwrap();
    assert!(found.no_transaction);
    assert_eq!(found.variables, ["a", "b"]);
    assert_eq!(read("").unwrap(), Directives::default());
    assert_eq!(read("select 1; -- limbec: no-transaction").unwrap(), Directives::default());
    insta::assert_snapshot!(read("\n-- limbec: no_transaction").unwrap_err(), @"line 2: `limbec: no_transaction` is unknown; did you mean `limbec: no-transaction`?");
    insta::assert_snapshot!(read("-- limbec: variable a-b").unwrap_err(), @"line 1: `a-b` is no name of a variable: letters, digits and underscores, of which the first is no digit");
    insta::assert_snapshot!(read("-- limbec: no-transaction please").unwrap_err(), @"line 1: `limbec: no-transaction please` is unknown; did you mean `limbec: no-transaction`?");
    for text in ["-- limbec no-transaction", "--Limbec: no-transaction", "-- LIMBEC : variable a"] {
        let error = read(text).unwrap_err();
        assert!(error.contains("did you mean `limbec: "), "{text}: {error}");
    }
    for text in ["-- limbec runs this", "-- limbec: irreversible why", "-- limbec variable names are fine", "-- é"] {
        assert_eq!(read(text).unwrap(), Directives::default(), "{text}");
    }
}

/// A file of one line is not held in memory, and a long comment is passed over.
#[test]
fn directives_of_long_lines() {
    for filling in ["x", "é"] {
        let long = filling.repeat(20_000);
        for text in [format!("--{long}\n-- limbec: no-transaction"), format!("/* a{long}\n*/-- limbec: no-transaction")]
        {
            assert!(Directives::read(text.as_bytes()).unwrap().no_transaction, "{}", &text[..5]);
        }
        let statement = format!("select '{long}'; -- limbec: nonsense\n-- limbec: nonsense");
        let mut reader = statement.as_bytes();
        assert_eq!(Directives::read(&mut reader).unwrap(), Directives::default());
        assert!(reader.len() > 3000, "{} bytes are left", reader.len());
    }
}

/// Parts of which random texts are made: what begins and ends something, in every combination.
const PARTS: [&str; 52] = [
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "$$",
    "$a$",
    "$",
    "${a}",
    "${",
    "}",
    "/*",
    "*/",
    "--",
    "\n",
    "\r",
    " ",
    ";",
    ";",
    ";",
    "\\",
    "\\'",
    "e'",
    "E'a\\''",
    "U&'",
    "(",
    ")",
    "begin",
    "atomic",
    "end",
    "case",
    "create",
    "function",
    "or replace",
    "trigger",
    "rule",
    "explain",
    "temp",
    "copy",
    "from",
    "stdin",
    "x",
    "1",
    "é",
    "-",
    "/",
    "*",
    ".",
    "select",
    "'a;b'",
    "rollback",
];

fn random_text(random: &mut fastrand::Rng) -> String {
    let mut text = String::new();
    for _ in 0..random.usize(1..40) {
        text.push_str(PARTS[random.usize(..PARTS.len())]);
        if random.bool() {
            text.push(' ');
        }
    }
    text
}

fn in_chunks(dialect: SqlDialect, text: &str, chunk: usize) -> (Vec<FileStatement>, Option<String>) {
    let reader = StatementReader::new(text.as_bytes(), dialect, &variables(&[("a", "v")]));
    let mut error = None;
    let reader = reader.reading_at_once(NonZeroUsize::new(chunk).unwrap());
    let found = reader.map_while(|one| one.map_err(|failed| error = Some(failed.to_string())).ok()).collect();
    (found, error)
}

#[test]
fn what_is_read_at_once_does_not_matter() {
    for seed in 0..4000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let text = random_text(&mut random);
        for dialect in [SqlDialect::Postgres, SqlDialect::Sqlite] {
            let whole = in_chunks(dialect, &text, text.len() + 1);
            for chunk in [1, 2, 3, random.usize(1..20)] {
                assert_eq!(in_chunks(dialect, &text, chunk), whole, "{dialect:?}, {chunk} bytes at once: {text:?}");
            }
        }
    }
}

/// What is left of `text` without the blanks, comments and semicolons that it begins with.
fn without_trivia(mut text: &str, dialect: SqlDialect) -> &str {
    loop {
        let rest = text.trim_start_matches([' ', '\n', '\r', ';']);
        if let Some(comment) = rest.strip_prefix("--") {
            let ends: &[char] = if dialect == SqlDialect::Postgres { &['\n', '\r'] } else { &['\n'] };
            text = comment.find(ends).map_or("", |end| &comment[end..]);
        } else if let Some(mut comment) = rest.strip_prefix("/*") {
            let mut depth = 1;
            while depth > 0 && !comment.is_empty() {
                let (step, change) = match comment.get(..2) {
                    Some("*/") => (2, -1),
                    Some("/*") if dialect == SqlDialect::Postgres => (2, 1),
                    _ => (comment.chars().next().map_or(0, char::len_utf8), 0),
                };
                depth += change;
                comment = &comment[step..];
            }
            text = comment;
        } else {
            return rest;
        }
    }
}

#[test]
fn nothing_is_lost_between_statements() {
    let mut complete = 0;
    for seed in 0..20_000 {
        // Values of variables are no part of the text.
        let text = random_text(&mut fastrand::Rng::with_seed(seed)).replace("${a}", "");
        for dialect in [SqlDialect::Postgres, SqlDialect::Sqlite] {
            let (statements, error) = in_chunks(dialect, &text, 1 << 16);
            let mut rest = text.as_str();
            for statement in statements {
                rest = without_trivia(rest, dialect);
                rest =
                    rest.strip_prefix(statement.text.as_str()).unwrap_or_else(|| panic!("{statement:?} in {text:?}"));
            }
            if error.is_none() {
                complete += 1;
                assert_eq!(without_trivia(rest, dialect), "", "{dialect:?}: {text:?}");
            }
        }
    }
    assert!(complete > 5000, "{complete} texts without an error");
}
