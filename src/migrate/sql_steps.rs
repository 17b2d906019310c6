use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Refusal, ScriptStatement, StatementPlace, StepScript, StepSource};
use crate::database::{Connection, Dialect};
use crate::plan::{Direction, Plan, Step};
use crate::revision::RevisionId;
use crate::script::{Imports, RevisionFile, ScriptDirectory, SqlRevision};
use crate::sqlfile::{
    Directives, Lexicon, SqlDialect, SqlFileError, SqlFileProblem, StatementReader, Token, Tokens, Variables,
};

/// Steps whose work is in SQL files, which are read while they run.
#[derive(Debug)]
pub struct SqlSteps {
    files: HashMap<RevisionId, SqlRevision>,
    dialect: SqlDialect,
    variables: Variables,
}

/// Why an SQL file is not run to its end.
#[derive(Debug, Error)]
pub enum SqlStepError {
    /// It is not there.
    #[error("revision {revision} cannot {direction}: there is no {}", path.display())]
    Missing {
        /// The revision.
        revision: RevisionId,
        /// `upgrade` or `downgrade`
        direction: &'static str,
        /// The file that would say how.
        path: PathBuf,
    },
    /// SQLite would take the PRAGMA and do nothing.
    #[error(
        "{}:{line}: `PRAGMA foreign_keys` has no effect inside of a transaction; write `-- limbec: no-transaction` before the first statement",
        path.display()
    )]
    ForeignKeys {
        /// The file.
        path: PathBuf,
        /// The line of the statement.
        line: usize,
    },
    /// It cannot be read, or is not what limbec runs.
    #[error("{}:{}: {}", path.display(), error.line, error.problem)]
    File {
        /// The file.
        path: PathBuf,
        /// The line, and what is wrong there; said in the sentence, so no source of its own.
        error: SqlFileError,
    },
}

/// What a `PRAGMA foreign_keys` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ForeignKeys {
    Off,
    On,
}

/// Whether an earlier file has turned them on.
fn are_keys_on(connection: Option<&mut Connection>) -> Result<bool, Refusal> {
    let Some(connection) = connection else { return Ok(false) };
    let asked = connection.first_column("SELECT CAST(foreign_keys AS text) FROM pragma_foreign_keys", &[])?;
    Ok(asked.first().is_some_and(|value| value == "1"))
}

/// Whether a statement switches foreign keys, and how; what is not plainly off is on.
fn foreign_keys(sql: &str) -> Option<ForeignKeys> {
    let text = |token: &Token| sql.get(token.range.clone()).unwrap_or_default().to_ascii_lowercase();
    let mut tokens = Tokens::new(sql, Lexicon::Sqlite);
    if text(&tokens.next()?) != "pragma" {
        return None;
    }
    let rest: Vec<String> = tokens.map(|token| text(&token)).collect();
    let at = rest.iter().position(|word| word.trim_matches(['"', '`', '[', ']', '\'']) == "foreign_keys")?;
    let value: String = rest.get(at + 1..)?.concat();
    if value.is_empty() {
        return None;
    }
    let plain = value.trim_matches(['=', '(', ')', '"', '\'']);
    Some(if matches!(plain, "off" | "no" | "false" | "0") { ForeignKeys::Off } else { ForeignKeys::On })
}

/// The variables with a value for `schema`, if it has none yet: the schema in which a name without one is made.
///
/// # Errors
/// The database does not answer.
pub fn with_schema(
    variables: &Variables,
    dialect: SqlDialect,
    connection: Option<&mut Connection>,
) -> Result<Variables, Refusal> {
    const SCHEMA: &str = "schema";
    let mut variables = variables.clone();
    if variables.get(SCHEMA).is_some() {
        return Ok(variables);
    }
    let current = match (dialect, connection) {
        (SqlDialect::Sqlite, _) => Some("main".to_owned()),
        (SqlDialect::Postgres, Some(connection)) => {
            connection.first_column("SELECT pg_catalog.current_schema()", &[])?.pop()
        }
        (SqlDialect::Postgres, None) => None,
    };
    if let Some(schema) = current {
        variables.set(SCHEMA, &schema)?;
    }
    Ok(variables)
}

/// The line of a statement of a file, both counted from 1; `None`: the file has no such statement, or cannot be read so far.
pub(super) fn statement_line(path: &Path, dialect: Dialect, number: usize) -> Option<usize> {
    let dialect = match dialect {
        Dialect::Postgres => SqlDialect::Postgres,
        Dialect::Sqlite => SqlDialect::Sqlite,
        Dialect::Other(_) => return None,
    };
    let reader = StatementReader::new(BufReader::new(File::open(path).ok()?), dialect, &Variables::default());
    reader.leaving_variables().map_while(Result::ok).nth(number.checked_sub(1)?).map(|statement| statement.line)
}

impl SqlSteps {
    /// The steps of a plan; `None`: one of them is no SQL revision, or a stamp.
    pub fn of(plan: &Plan, scripts: &ScriptDirectory, dialect: SqlDialect, variables: Variables) -> Option<Self> {
        let mut files = HashMap::new();
        for step in &plan.steps {
            if step.direction == Direction::Stamp {
                return None;
            }
            let position = scripts.map.position(step.revision.as_str())?;
            let file = RevisionFile::read(&scripts.script(position).path, &Imports::new(&[]));
            files.insert(step.revision.clone(), SqlRevision::of(&file)?);
        }
        Some(Self { files, dialect, variables })
    }

    fn path(&self, step: &Step) -> Option<&Path> {
        let files = self.files.get(&step.revision)?;
        Some(if step.direction == Direction::Downgrade { &files.down } else { &files.up })
    }
}

impl StepSource for SqlSteps {
    fn knows(&self, step: &Step) -> bool {
        self.path(step).is_some()
    }

    fn script(&self, step: &Step, mut connection: Option<&mut Connection>) -> Result<StepScript<'_>, Refusal> {
        let Some(path) = self.path(step) else { return Ok(StepScript::of_texts(&[])) };
        let fault = |error| SqlStepError::File { path: path.to_owned(), error };
        let open = || match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(SqlStepError::Missing {
                revision: step.revision.clone(),
                direction: step.direction.name(),
                path: path.to_owned(),
            }),
            Err(error) => Err(fault(SqlFileError { line: 1, problem: SqlFileProblem::Read(error) })),
            Ok(file) => Ok(BufReader::new(file)),
        };
        let directives = Directives::read(open()?).map_err(fault)?;
        let variables = with_schema(&self.variables, self.dialect, connection.as_deref_mut())?;
        let variables = variables.of_file(&directives).map_err(fault)?;
        let reader = StatementReader::new(open()?, self.dialect, &variables);
        let reader = if directives.no_transaction { reader } else { reader.within_transaction() };
        let is_lite = self.dialect == SqlDialect::Sqlite && !directives.no_transaction;
        let are_on = is_lite && are_keys_on(connection)?;
        let statements = reader.map(move |statement| {
            let statement = statement.map_err(fault)?;
            let wanted = if is_lite { foreign_keys(&statement.text) } else { None };
            if wanted == Some(ForeignKeys::On) || (are_on && wanted.is_some()) {
                return Err(SqlStepError::ForeignKeys { path: path.to_owned(), line: statement.line }.into());
            }
            let place = Some(StatementPlace::new(path, statement.line));
            Ok(ScriptStatement { sql: statement.text.into(), place })
        });
        Ok(StepScript { outside_transaction: directives.no_transaction, statements: Box::new(statements) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_keys_are_switched_in_many_spellings() {
        for on in [
            "PRAGMA foreign_keys=ON",
            "pragma main.foreign_keys (1)",
            "PRAGMA \"foreign_keys\" = yes",
            "PRAGMA [foreign_keys]=ON",
            "PRAGMA/**/foreign_keys = 'yes'",
            "PRAGMA foreign_keys=+1",
        ] {
            assert_eq!(foreign_keys(on), Some(ForeignKeys::On), "{on}");
        }
        for off in ["PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys(0)", "pragma `foreign_keys`='no'"] {
            assert_eq!(foreign_keys(off), Some(ForeignKeys::Off), "{off}");
        }
        for other in
            ["PRAGMA foreign_keys", "PRAGMA foreign_key_check", "SELECT 'pragma foreign_keys=on'", "PRAGMA x=1"]
        {
            assert_eq!(foreign_keys(other), None, "{other}");
        }
    }
}
