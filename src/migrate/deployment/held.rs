use std::time::{Duration, Instant};

use super::DeploymentRequest;
use super::locks::{LockTerms, Locks};
use crate::database::{
    Access, CommittedPart, Connection, DatabaseUrl, History, HistoryDirection, HistoryEntry, LockWait, VersionTableName,
};
use crate::migrate::{MigrateError, Purge, Statement};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// For so long after the database has said that a lock is held, a step may begin without asking again: its transaction asks at its end.
const FRESH: Duration = Duration::from_millis(100);

/// One version table that is locked, read and planned for.
pub(super) struct Held {
    /// The database.
    pub(super) url: DatabaseUrl,
    /// Its version table.
    pub(super) table: VersionTableName,
    locks: Locks,
    /// When the locks were last known to be held.
    locked_at: Instant,
    /// limbec's own, beside the script's.
    pub(super) connection: Connection,
    /// The rows under the lock.
    pub(super) rows: Vec<RevisionId>,
    /// What leads from them to the target.
    pub(super) plan: Plan,
    /// The history, where it was seen to have rows of this version table.
    pub(super) begun_history: Option<History>,
    /// Rows of steps that go on behind what of them is committed.
    pub(super) continued: Vec<HistoryEntry>,
}

/// Connections of a deployment that is over, for the next one on the same database.
pub struct Kept {
    url: DatabaseUrl,
    locks: Locks,
    connection: Connection,
    /// Whether the deployment is over, so that other databases need nothing of it.
    is_over: bool,
    /// Whether nothing can have set up the session.
    is_plain: bool,
}

impl Kept {
    /// Without the locks themselves.
    pub(super) fn released(self) -> Self {
        Self { locks: self.locks.released(&self.url), is_over: true, ..self }
    }

    /// The same where nothing that was run can have left anything in the session: the next deployment uses it as it is.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { is_plain: true, ..self }
    }
}

impl Held {
    /// Locks, reads and plans. `before` is what was held until now: its locks are kept unless its deployment is over, and on the
    /// same database its connection is used.
    pub(super) fn take(
        request: &DeploymentRequest<'_>,
        url: &DatabaseUrl,
        table: &VersionTableName,
        before: Option<Kept>,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, MigrateError> {
        let is_kept = before.as_ref().is_some_and(|kept| kept.is_over);
        let (mut locks, open) = match before {
            Some(kept) if kept.url.is_same_but_driver(url) => {
                // A session remembers what a step has set, and no statement makes it forget all of that: a setting of the application's
                // own is an empty text after RESET, and was NULL before.
                let open = if kept.is_over && !kept.is_plain { None } else { Some(kept.connection) };
                (kept.locks, open)
            }
            Some(kept) if !kept.is_over => (kept.locks, None),
            _ => (Locks::default(), None),
        };
        let terms = LockTerms { options: request.options, environment: request.environment };
        locks.lock(terms, url, table, on_wait)?;
        let locked_at = Instant::now();
        let anew = || -> Result<Connection, MigrateError> {
            let mut connection = Connection::open(url, request.environment, Access::Write)?;
            if let Some(limit) = request.options.lock_timeout {
                connection.limit_waiting(Some(limit).filter(|limit| !limit.is_zero()))?;
            }
            Ok(connection)
        };
        let (mut connection, may_be_gone) = match open {
            Some(open) => (open, is_kept),
            None => (anew()?, false),
        };
        let (rows, plan) = match read(request, &mut connection, table) {
            // A pooler, or the server, may have closed it while nothing was to be done.
            Err(MigrateError::Database(_)) if may_be_gone => {
                connection = anew()?;
                read(request, &mut connection, table)?
            }
            read => read?,
        };
        Ok(Self {
            url: url.clone(),
            table: table.clone(),
            locks,
            locked_at,
            connection,
            rows,
            plan,
            begun_history: None,
            continued: Vec::new(),
        })
    }

    /// What can be used again.
    pub(super) fn keep(self) -> Kept {
        Kept { url: self.url, locks: self.locks, connection: self.connection, is_over: false, is_plain: false }
    }

    /// Reads and plans anew, under the same lock.
    pub(super) fn read_again(&mut self, request: &DeploymentRequest<'_>) -> Result<(), MigrateError> {
        (self.rows, self.plan) = read(request, &mut self.connection, &self.table)?;
        Ok(())
    }

    /// Whether it is this version table.
    pub(super) fn is(&self, url: &DatabaseUrl, table: &VersionTableName) -> bool {
        self.url.is_same_database(url) && self.table.name == table.name && self.table.schema == table.schema
    }

    /// What of a step an earlier run has committed.
    pub(super) fn continues_behind(&self, step: &Step) -> Option<CommittedPart> {
        let is_of = |entry: &&HistoryEntry| {
            entry.revision == step.revision && entry.direction == HistoryDirection::from(step.direction)
        };
        self.continued.iter().find(is_of).and_then(HistoryEntry::committed)
    }

    /// Fails when a lock is not held any more.
    pub(super) fn check_lock(&mut self) -> Result<(), MigrateError> {
        self.locks.check()?;
        self.locked_at = Instant::now();
        Ok(())
    }

    /// The same before a step, where the last answer is not fresh.
    pub(super) fn check_lock_before_step(&mut self) -> Result<(), MigrateError> {
        if self.locked_at.elapsed() < FRESH { Ok(()) } else { self.check_lock() }
    }

    /// What the lock was lost by, when the script's transaction has found that it was.
    pub(super) fn lost_lock(&mut self) -> MigrateError {
        self.locks.lost()
    }

    /// What proves in the script's own transaction that the lock is held; with `until_commit` it stays so until the transaction ends.
    pub(super) fn lock_proofs(&self, until_commit: bool) -> Vec<Statement> {
        self.locks.proofs(&self.url, until_commit)
    }

    /// By what the database is locked, in words.
    pub(super) fn describe_lock(&self) -> String {
        self.locks.describe(&self.url).map_or_else(|| "no lock".to_owned(), |lock| format!("locked by {lock}"))
    }
}

fn read(
    request: &DeploymentRequest<'_>,
    connection: &mut Connection,
    table: &VersionTableName,
) -> Result<(Vec<RevisionId>, Plan), MigrateError> {
    let rows = match request.purge {
        Purge::Nothing => connection.version_rows(table)?.unwrap_or_default(),
        Purge::All => Vec::new(),
    };
    let plan =
        request.operation.plan(&request.scripts.map, &rows).map_err(|error| MigrateError::Refused(error.into()))?;
    Ok((rows, plan))
}
