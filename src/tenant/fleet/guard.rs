use std::time::Duration;

use crate::database::{CommittedPart, LockWait, VersionTableName};
use crate::migrate::{Preparation, Refusal, RunTarget, SqlStep, Statement, Supervisor};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;
use crate::tenant::{Tenant, TenantError};

/// Lets env.py run for its tenant alone; everything else is the deployment's business. That the database is the tenant's is seen to by the
/// driver, which compares the URL.
pub(super) struct Guard<'a> {
    supervisor: &'a mut dyn Supervisor,
    tenant: &'a Tenant,
    table: &'a VersionTableName,
    has_begun: bool,
}

impl<'a> Guard<'a> {
    pub(super) fn new(supervisor: &'a mut dyn Supervisor, tenant: &'a Tenant, table: &'a VersionTableName) -> Self {
        Self { supervisor, tenant, table, has_begun: false }
    }

    /// Whether env.py did anything for the tenant, once it is over.
    pub(super) fn check_begun(&self) -> Result<(), TenantError> {
        if self.has_begun { Ok(()) } else { Err(TenantError::NothingRun { name: self.tenant.name.clone() }) }
    }

    fn check(&self, target: &RunTarget) -> Result<(), TenantError> {
        let found = target.table();
        if (&found.name, &found.schema) == (&self.table.name, &self.table.schema) {
            return Ok(());
        }
        let (name, expected) = (self.tenant.name.clone(), self.table.to_string());
        Err(TenantError::OtherTable { name, expected, found: found.to_string() })
    }
}

impl Supervisor for Guard<'_> {
    fn begin(&mut self, target: &RunTarget) -> Result<Preparation, Refusal> {
        self.check(target)?;
        self.has_begun = true;
        Ok(Preparation { fresh_steps: true, ..self.supervisor.begin(target)? })
    }

    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal> {
        self.supervisor.plan(rows, target)
    }

    fn step_started(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        self.supervisor.step_started(index, step)
    }

    fn step_committed(&mut self, index: usize) {
        self.supervisor.step_committed(index);
    }

    fn sql_step(&self, step: &Step) -> Result<Option<SqlStep>, Refusal> {
        self.supervisor.sql_step(step)
    }

    fn continues_behind(&self, step: &Step) -> Option<CommittedPart> {
        self.supervisor.continues_behind(step)
    }

    fn part_committed(&mut self, index: usize, part: CommittedPart) {
        self.supervisor.part_committed(index, part);
    }

    fn row_committed(&mut self, index: usize) {
        self.supervisor.row_committed(index);
    }

    fn statement_failed(&mut self, index: usize, number: usize) {
        self.supervisor.statement_failed(index, number);
    }

    fn step_applied(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<Vec<Statement>, Refusal> {
        self.supervisor.step_applied(index, step, elapsed)
    }

    fn step_unproven(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        self.supervisor.step_unproven(index, step)
    }

    fn lock_waiting(&mut self, wait: &LockWait) {
        self.supervisor.lock_waiting(wait);
    }

    fn step_finished(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<(), Refusal> {
        self.supervisor.step_finished(index, step, elapsed)
    }

    fn unexpected_heads(&mut self, expected: &[RevisionId], found: &[RevisionId]) {
        self.supervisor.unexpected_heads(expected, found);
    }
}
