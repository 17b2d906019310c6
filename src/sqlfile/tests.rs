use super::*;

fn split(dialect: SqlDialect, text: &str) -> Result<Vec<FileStatement>, SqlFileError> {
    StatementReader::new(text.as_bytes(), dialect, &Variables::default()).collect()
}

fn texts(dialect: SqlDialect, text: &str) -> Vec<String> {
    let statements = split(dialect, text).unwrap_or_else(|error| panic!("{error} in {text}"));
    statements.into_iter().map(|statement| statement.text).collect()
}

#[test]
fn statements_have_their_lines_and_numbers() {
    let found = split(SqlDialect::Postgres, "\u{feff}-- first\n\nselect 1; ;\r\n /* a\n b */ select\n';'\n;").unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.number, one.line, one.text.as_str())).collect();
    assert_eq!(found, [(1, 3, "select 1"), (2, 5, "select\n';'")]);
}

#[test]
fn variables_are_quoted() {
    let mut variables = Variables::default();
    variables.set("schema", "a\"b").unwrap();
    variables.set("who", "o'brien\\").unwrap();
    let text = "create table ${schema}.t (); select ${who:literal}, '${schema}', t.${schema}";
    let found: Vec<_> =
        StatementReader::new(text.as_bytes(), SqlDialect::Postgres, &variables).map(|one| one.unwrap().text).collect();
    assert_eq!(found, ["create table \"a\"\"b\".t ()", "select E'o''brien\\\\', '${schema}', t.\"a\"\"b\""]);
}

#[test]
fn bodies_are_one_statement() {
    let routine = "create function f() returns int begin atomic select case when true then 1 end; select 2; end";
    assert_eq!(texts(SqlDialect::Postgres, &format!("{routine}; select 3")), [routine, "select 3"]);
    let trigger = "create temp trigger t after insert on x begin select case 1 when 1 then 2 end; end";
    assert_eq!(texts(SqlDialect::Sqlite, &format!("{trigger};select 3")), [trigger, "select 3"]);
}
