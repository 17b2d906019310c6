//! Revisions whose work is SQL, run by Python: what fails is a statement of an SQL file, and not a line of the Python beside it.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use super::{Deployment, DeploymentRequest};
use crate::database::{CommittedPart, Dialect};
use crate::migrate::sql_steps::statement_line;
use crate::migrate::{FileRefusal, MigrateError, NativeFailure, Refusal, SqlStep, StatementPlace, Supervisor};
use crate::plan::{Direction, Step};
use crate::runtime::{FailureKind, RuntimeError};
use crate::script::SqlRevision;
use crate::sqlfile::{ContinuationError, Directives, SqlDialect, statements_again};

/// The file that a step runs, if its work is SQL.
fn file_of(request: &DeploymentRequest<'_>, step: &Step) -> Option<PathBuf> {
    let position = request.scripts.map.position(step.revision.as_str())?;
    let read = request.readings.file((request.scripts, request.locations), position);
    let files = SqlRevision::of(&read.0)?;
    match step.direction {
        Direction::Upgrade => Some(files.up),
        Direction::Downgrade => Some(files.down),
        Direction::Stamp => None,
    }
}

/// Whether the file that a step runs does so outside of a transaction; `None`: its work is not SQL.
pub(super) fn is_outside(request: &DeploymentRequest<'_>, step: &Step) -> Option<bool> {
    let path = file_of(request, step)?;
    // A file that is not there, or says something unknown, fails by itself.
    let directives = File::open(path).ok().and_then(|file| Directives::read(BufReader::new(file)).ok());
    Some(directives.is_some_and(|directives| directives.no_transaction))
}

impl Deployment<'_> {
    /// What Python has to know of a step whose work is SQL.
    pub(super) fn described(&self, step: &Step) -> Result<Option<SqlStep>, Refusal> {
        let (outside, committed) = (is_outside(&self.request, step), self.continues_behind(step));
        let again = match &committed {
            Some(part) if outside == Some(true) => self.said_again(step, part.statements)?,
            Some(CommittedPart { statements, .. }) => {
                let (revision, statements) = (step.revision.clone(), *statements);
                return Err(FileRefusal::NotOutside { revision, statements }.into());
            }
            None => Vec::new(),
        };
        Ok(outside.map(|outside_transaction| SqlStep { outside_transaction, committed, again }))
    }

    /// The statements of a committed part that a new session has to be told again.
    fn said_again(&self, step: &Step, statements: u64) -> Result<Vec<u64>, Refusal> {
        let is_sqlite = self.held.as_ref().is_some_and(|held| held.url.dialect() == Dialect::Sqlite);
        let dialect = if is_sqlite { SqlDialect::Sqlite } else { SqlDialect::Postgres };
        let file = file_of(&self.request, step).and_then(|path| Some((File::open(&path).ok()?, path)));
        let Some((file, path)) = file else { return Ok(Vec::new()) };
        match statements_again(BufReader::new(file), dialect, statements) {
            Ok(again) => Ok(again),
            Err(ContinuationError::Ended { line, made }) => {
                let (place, revision) = (Some(StatementPlace { path, line }), step.revision.clone());
                Err(FileRefusal::Ended { place, made, revision, statements }.into())
            }
            // The run says so itself when it comes there.
            Err(ContinuationError::Short { .. } | ContinuationError::File(_)) => Ok(Vec::new()),
        }
    }

    /// The failure of a statement that Python ran from an SQL file, as it is told where limbec runs it.
    pub(super) fn at_statement(&self, error: MigrateError) -> MigrateError {
        let failed = self.attempt.failed().and_then(|(index, number)| Some((self.plan.steps.get(index)?, number)));
        let (Some((step, number)), MigrateError::Runtime(RuntimeError::Python(failure))) = (failed, &error) else {
            return error;
        };
        if failure.kind != FailureKind::Exception {
            return error;
        }
        let database = failure.database.clone().unwrap_or_default();
        let place = file_of(&self.request, step).and_then(|path| {
            let line = statement_line(&path, self.held.as_ref()?.connection.dialect(), number)?;
            Some(StatementPlace { path, line })
        });
        let reason =
            database.reason.clone().unwrap_or_else(|| failure.message.lines().next().unwrap_or_default().to_owned());
        MigrateError::Native(Box::new(NativeFailure {
            revision: Some(step.revision.clone()),
            place,
            number: Some(number),
            reason,
            position: database.position,
            database,
            by_python: true,
        }))
    }
}
