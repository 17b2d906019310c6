use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use thiserror::Error;

use super::{Refusal, ScriptStatement, StatementPlace, StepScript, StepSource};
use crate::database::Connection;
use crate::plan::{Direction, Plan, Step};
use crate::revision::RevisionId;
use crate::script::{Imports, RevisionFile, ScriptDirectory, SqlRevision};
use crate::sqlfile::{Directives, SqlDialect, SqlFileError, SqlFileProblem, StatementReader, Variables};

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

/// Off is what they are already.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in every test run")]
static TURNS_KEYS_ON: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)^pragma\s+(\w+\s*\.\s*)?foreign_keys\s*[=(]\s*['\x22]?(on|yes|true|[1-9])";
    Regex::new(pattern).expect("valid pattern")
});

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

    fn script(&self, step: &Step, connection: Option<&mut Connection>) -> Result<StepScript<'_>, Refusal> {
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
        let variables = with_schema(&self.variables, self.dialect, connection)?;
        let variables = variables.of_file(&directives).map_err(fault)?;
        let reader = StatementReader::new(open()?, self.dialect, &variables);
        let reader = if directives.no_transaction { reader } else { reader.within_transaction() };
        let is_lite = self.dialect == SqlDialect::Sqlite && !directives.no_transaction;
        let statements = reader.map(move |statement| {
            let statement = statement.map_err(fault)?;
            if is_lite && TURNS_KEYS_ON.is_match(&statement.text) {
                return Err(SqlStepError::ForeignKeys { path: path.to_owned(), line: statement.line }.into());
            }
            let place = Some(StatementPlace::new(path, statement.line));
            Ok(ScriptStatement { sql: statement.text.into(), place })
        });
        Ok(StepScript { outside_transaction: directives.no_transaction, statements: Box::new(statements) })
    }
}
