use std::error::Error;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{RecordedRun, RecordedStep};
use crate::database::{CommittedPart, Connection, DatabaseUrl, Dialect, LockWait, VersionTableName};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// A supervisor's own error. It is raised inside env.py, whose transactions are rolled back, and comes back as
/// `MigrateError::Refused`.
pub type Refusal = Box<dyn Error + Send + Sync>;

/// What one `run_migrations()` of env.py works on, as its own MigrationContext has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunTarget {
    /// URL of the connection's engine, password included (never printed); `None` offline.
    pub url: Option<String>,
    /// SQLAlchemy's name of the dialect.
    pub dialect: String,
    /// `version_table`
    pub version_table: String,
    /// `version_table_schema`
    pub version_table_schema: Option<String>,
    /// `version_table_pk`
    pub version_table_pk: bool,
    /// Whether the dialect rolls DDL back (Alembic's `transactional_ddl`).
    pub transactional_ddl: bool,
    /// `transaction_per_migration`
    pub transaction_per_migration: bool,
    /// Whether `on_version_apply` is given.
    pub on_version_apply: bool,
    /// Whether env.py gave Alembic a connection that was in a transaction already.
    pub in_transaction: bool,
    /// `--sql`
    pub offline: bool,
}

impl RunTarget {
    /// Where it is, if limbec speaks its dialect itself.
    pub fn native_url(&self) -> Option<DatabaseUrl> {
        let url = DatabaseUrl::parse(self.url.as_deref()?).ok()?;
        (!matches!(url.dialect(), Dialect::Other(_))).then_some(url)
    }

    /// The version table.
    pub fn table(&self) -> VersionTableName {
        VersionTableName {
            name: self.version_table.clone(),
            schema: self.version_table_schema.clone(),
            primary_key: self.version_table_pk,
        }
    }
}

/// One statement for the script's own connection, in SQLAlchemy's `text()` form: `:name` is a parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// Values by name; `null` is NULL.
    pub parameters: serde_json::Map<String, serde_json::Value>,
    /// Whether it has to give a row; `step_unproven` is called where it gives none.
    pub needs_row: bool,
}

/// What the engine does on the script's connection before it reads the heads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Preparation {
    /// How long a statement waits for a lock (PostgreSQL's `lock_timeout`), in milliseconds; 0 is no limit.
    pub lock_timeout_ms: Option<u64>,
    /// How long a statement may take (PostgreSQL's `statement_timeout`), in milliseconds; 0 is no limit.
    pub statement_timeout_ms: Option<u64>,
    /// Whether [`Supervisor::step_committed`] is to be called.
    pub watch_commits: bool,
    /// A lock that only the engine can take, on a connection of its own.
    pub named_lock: Option<NamedLock>,
    /// Every step is to find what it would find in a run of its own: a fresh module, and an Alembic that remembers nothing of
    /// the steps before.
    pub fresh_steps: bool,
}

/// A step whose work is in an SQL file, so that its statements have numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SqlStep {
    /// Whether the file runs outside of a transaction.
    pub outside_transaction: bool,
    /// What of it an earlier run has committed.
    pub committed: Option<CommittedPart>,
    /// Statements of that (counted from 1) which a new session has to be told again.
    pub again: Vec<u64>,
}

/// MySQL's `GET_LOCK`, held until the run ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedLock {
    /// At most 64 characters.
    pub name: String,
    /// How long it is waited for, in seconds.
    pub wait_seconds: u64,
}

/// Who plans a run of env.py and watches over it. An env.py may call `run_migrations` several times: each call begins and
/// plans anew.
pub trait Supervisor {
    /// A `run_migrations()` is about to read the heads of this database; the lock is taken here. Not called offline.
    ///
    /// # Errors
    /// Nothing is to be run.
    fn begin(&mut self, target: &RunTarget) -> Result<Preparation, Refusal> {
        let _ = target;
        Ok(Preparation::default())
    }

    /// Turns the rows of one version table into a plan.
    ///
    /// # Errors
    /// Nothing is to be run.
    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal>;

    /// A step (counted from 0) is about to run.
    ///
    /// # Errors
    /// It must not.
    fn step_started(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        let _ = (index, step);
        Ok(())
    }

    /// A part of the running step has been committed before its end, by an autocommit block, say, or by the script itself: if
    /// it fails, it must not be run again. Told once for each step, and only if the preparation asks for it.
    fn step_committed(&mut self, index: usize) {
        let _ = index;
    }

    /// A step's script has run and the version table has been changed, in a transaction that is still open where there is one:
    /// the statements given are run in it. Not called offline.
    ///
    /// # Errors
    /// The step is to be rolled back.
    fn step_applied(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<Vec<Statement>, Refusal> {
        let _ = (index, step, elapsed);
        Ok(Vec::new())
    }

    /// A statement of `step_applied` that needs a row gave none.
    ///
    /// # Errors
    /// The step is to be rolled back.
    fn step_unproven(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        let _ = (index, step);
        Ok(())
    }

    /// What of a step is to be known by whoever has Python run it, if its work is in an SQL file.
    ///
    /// # Errors
    /// A part of it is committed, and the rest cannot go on behind that.
    fn sql_step(&self, step: &Step) -> Result<Option<SqlStep>, Refusal> {
        let _ = step;
        Ok(None)
    }

    /// What of a step an earlier run has committed, and is not to be run again: only statements behind it are.
    fn continues_behind(&self, step: &Step) -> Option<CommittedPart> {
        let _ = step;
        None
    }

    /// What of a step is committed, of an SQL file that runs outside of a transaction: told when it has failed, and when it has run.
    fn part_committed(&mut self, index: usize, part: CommittedPart) {
        let _ = (index, part);
    }

    /// A step is committed with its change of the version table, whatever the run shares a transaction with otherwise.
    fn row_committed(&mut self, index: usize) {
        let _ = index;
    }

    /// A statement of an SQL file that Python runs, counted from 1, has failed.
    fn statement_failed(&mut self, index: usize, number: usize) {
        let _ = (index, number);
    }

    /// What a step's script has sent, where the invocation asks for it.
    fn step_recorded(&mut self, index: usize, recorded: RecordedStep) {
        let _ = (index, recorded);
    }

    /// What else is known of a run whose steps were recorded; env.py is through.
    fn run_recorded(&mut self, recorded: RecordedRun) {
        let _ = recorded;
    }

    /// The rows of the version table in hand, as they were read under its lock; `None`: they have to be read.
    fn rows_in_hand(&self) -> Option<Vec<RevisionId>> {
        None
    }

    /// limbec's own connection to the database in hand, if steps may be run on it.
    fn connection(&mut self) -> Option<&mut Connection> {
        None
    }

    /// The engine waits for the named lock of the preparation.
    fn lock_waiting(&mut self, wait: &LockWait) {
        let _ = wait;
    }

    /// A step is over (and committed, where each revision has its own transaction).
    ///
    /// # Errors
    /// No further step must run.
    fn step_finished(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<(), Refusal> {
        let _ = (index, step, elapsed);
        Ok(())
    }

    /// All steps of a plan have run, and the version table holds something else than the plan leads to (both sorted).
    fn unexpected_heads(&mut self, expected: &[RevisionId], found: &[RevisionId]) {
        let _ = (expected, found);
    }
}
