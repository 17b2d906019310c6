//! Revisions whose work is SQL, run by Python: what fails is a statement of an SQL file, and not a line of the Python beside it.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use super::{Deployment, DeploymentRequest};
use crate::migrate::sql_steps::statement_line;
use crate::migrate::{MigrateError, NativeFailure, StatementPlace};
use crate::plan::{Direction, Step};
use crate::runtime::{FailureKind, RuntimeError};
use crate::script::SqlRevision;
use crate::sqlfile::Directives;

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
