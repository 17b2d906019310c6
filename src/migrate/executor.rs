use super::conversation::Conversation;
use super::{MigrateError, Refusal, Supervisor};
use crate::database::{Connection, Transaction, VersionTableName};
use crate::plan::Plan;
use crate::revision::RevisionId;
use crate::runtime::{Invocation, Request, Runtime};

/// Runs env.py once. The heads that its own connection reads are given to the supervisor, whose steps are then run in the
/// transaction mode that env.py asks for; afterwards the heads are read again and compared with the plan.
///
/// # Errors
/// The supervisor's refusal, or a failure in Python.
pub fn run_env(runtime: &Runtime, invocation: Invocation, supervisor: &mut dyn Supervisor) -> Result<(), MigrateError> {
    let mut conversation = Conversation::new(supervisor);
    runtime.run(&Request::RunEnv(invocation), &mut conversation)?;
    Ok(())
}

/// Stamps on the version table itself: rows are read, planned for and changed in one transaction, the deletion of all
/// rows included where `Purge::All` asks for it. `record` is given the rows as they were and the plan before the end of the transaction.
///
/// # Errors
/// The planner's refusal, what the database says, and Alembic's sentence when a row that should change is not there.
pub fn stamp(
    connection: &mut Connection,
    table: &VersionTableName,
    purge: Purge,
    planner: impl FnOnce(&[RevisionId]) -> Result<Plan, Refusal>,
    record: impl FnOnce(&mut Transaction<'_>, &[RevisionId], &Plan) -> Result<(), MigrateError>,
) -> Result<(), MigrateError> {
    let mut transaction = connection.begin()?;
    transaction.ensure_version_table(table)?;
    let before = transaction.version_rows(table)?.unwrap_or_default();
    let rows = match purge {
        Purge::Nothing => before.as_slice(),
        Purge::All => {
            transaction.purge(table)?;
            &[]
        }
    };
    let plan = planner(rows).map_err(MigrateError::Refused)?;
    for step in &plan.steps {
        transaction.apply(table, &step.changes)?;
    }
    record(&mut transaction, &before, &plan)?;
    transaction.commit()?;
    Ok(())
}

/// Whether rows are deleted before a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// `stamp --purge`
    All,
    /// The plan says what changes.
    Nothing,
}
