use std::ops::Range;

use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::Dialect;
use crate::script::{SqlFile, SqlState};
use crate::sqlfile::{Directives, SqlDialect, SqlFileError, SqlFileProblem, StatementReader, Variables};

declare_rule! {
    /// An SQL file of a revision that limbec would not run.
    ///
    /// ## What it flags
    /// Of a revision whose work is SQL (`limbec new --sql`): a missing `.up.sql`; a file that is not UTF-8, in which a string, a
    /// comment or a body does not end, that has commands of psql, `COPY … FROM STDIN`, a variable that it does not declare, a
    /// comment for limbec that means nothing, or, where limbec holds the transaction, `BEGIN`, `COMMIT` or `ROLLBACK`.
    ///
    /// ## Why
    /// The revision fails where it is run, some of them halfway.
    ///
    /// ## Example
    /// ```sql
    /// CREATE TABLE users (id bigint PRIMARY KEY);
    /// COMMIT;
    /// ```
    ///
    /// ## Use instead
    /// ```sql
    /// CREATE TABLE users (id bigint PRIMARY KEY);
    /// ```
    "broken-sql-file" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(sql) = ctx.file().file.sql() else { return };
    if !sql.up.exists() {
        let definition = ctx.upgrade().definition.clone().unwrap_or(0..0);
        let name = sql.up.path.file_name().unwrap_or_default().display();
        ctx.report(definition, format!("there is no `{name}`, which the upgrade runs"))
            .help("bring the file back; where there is nothing to do, it is empty");
    }
    for file in sql.files() {
        if let Some(error) = fault(ctx, file) {
            let range = line(ctx, file, error.line);
            ctx.report(range, error.problem.to_string());
        }
    }
}

/// The first thing that the runner would refuse.
fn fault(ctx: &LintContext<'_>, file: &SqlFile) -> Option<SqlFileError> {
    let text = file.text(&ctx.file().file);
    let at_line_of = |at: usize| 1 + text.get(..at).unwrap_or(text).matches('\n').count();
    match (&file.state, file.stray) {
        (SqlState::Missing, _) => None,
        (SqlState::Unreadable(reason), _) => {
            let problem = SqlFileProblem::Read(std::io::Error::other(reason.clone()));
            Some(SqlFileError { line: 1, problem })
        }
        (_, Some(at)) => Some(SqlFileError { line: at_line_of(at), problem: SqlFileProblem::NotUtf8 }),
        (state, None) => {
            let dialect = dialect(&ctx.settings().dialects)?;
            let error = refused(text, dialect).err()?;
            // Where only the beginning was read, what is open there may well end.
            let is_cut = *state == SqlState::Cut && matches!(error.problem, SqlFileProblem::Unterminated(_));
            (!is_cut).then_some(error)
        }
    }
}

fn dialect(dialects: &[Dialect]) -> Option<SqlDialect> {
    dialects.iter().find_map(|dialect| match dialect {
        Dialect::Postgresql => Some(SqlDialect::Postgres),
        Dialect::Sqlite => Some(SqlDialect::Sqlite),
        _ => None,
    })
}

fn refused(text: &str, dialect: SqlDialect) -> Result<(), SqlFileError> {
    let directives = Directives::read(text.as_bytes())?;
    let mut variables = Variables::default();
    for name in std::iter::once("schema").chain(directives.variables.iter().map(String::as_str)) {
        // Names that cannot be are an error of the directives.
        let _ = variables.set(name, name);
    }
    let reader = StatementReader::new(text.as_bytes(), dialect, &variables);
    let mut reader = if directives.no_transaction { reader } else { reader.within_transaction() };
    reader.try_for_each(|statement| statement.map(drop))
}

/// A line of an SQL file without the blanks around it.
fn line(ctx: &LintContext<'_>, file: &SqlFile, line: usize) -> Range<usize> {
    let text = file.text(&ctx.file().file);
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let found = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let start = file.range.start + start + (found.len() - found.trim_start().len());
    start..start + found.trim().len()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    const RULE: &str = "broken-sql-file";

    fn findings(up: &str, down: Option<&str>) -> String {
        History::new().sql(Some(up), down).findings(RULE)
    }

    #[test]
    fn what_does_not_run_err() {
        let down = Some("DROP TABLE a;");
        assert_snapshot!(findings("CREATE TABLE a (b int);\n  INSERT INTO a VALUES ('1);\n", down), @"2:3 error: the string that begins here does not end");
        assert_snapshot!(findings("-- limbec: no-transactions\nSELECT 1;", down), @"1:1 error: `limbec: no-transactions` is unknown; did you mean `limbec: no-transaction`?");
        assert_snapshot!(findings("SELECT ${x}", Some("\\connect a")), @r"
        1:1 error: `\connect` is a command of psql, not SQL; limbec cannot run it
        1:1 error: the variable x has no value; a file says which it uses: `-- limbec: variable x` before its first statement
        ");
    }

    #[test]
    fn missing_file_err() {
        let found = History::new().sql(None, None).findings(RULE);
        assert!(found.contains("there is no `20260101_120000_step_1.up.sql`, which the upgrade runs"), "{found}");
    }

    #[test]
    fn transactions_of_its_own_ok() {
        let up = "-- limbec: no-transaction\n-- limbec: variable role\nBEGIN;\nGRANT USAGE ON SCHEMA ${schema} TO ${role};\nCOMMIT;";
        assert_eq!(findings(up, None), "");
    }
}
