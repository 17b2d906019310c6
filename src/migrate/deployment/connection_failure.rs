//! A database that is not there yet, and one that went away in the middle of a run.

use std::time::{Duration, Instant};

use super::Deployment;
use crate::database::{self, Access, Connection, LockError};
use crate::migrate::{Event, MigrateError};
use crate::revision::RevisionId;
use crate::runtime::{self, DatabaseFailure, FailureKind, PythonFailure, RuntimeError};

/// Before env.py is asked to connect once more.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a server that went away is given to tell what is committed: a restart takes a second or two.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a version table holds after the connection was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remainder {
    /// Its rows.
    pub rows: Vec<RevisionId>,
    /// Steps of the run that was interrupted.
    pub planned: usize,
    /// Steps that lead from the rows to the target.
    pub left: usize,
}

impl Deployment<'_> {
    /// Whether env.py failed to connect, before it had run anything, and is to try again; pauses if so.
    pub(super) fn waits_for_connection(&mut self, error: &MigrateError) -> bool {
        let Some(limit) = self.request.options.wait_for_db.filter(|_| !self.attempt.has_begun) else { return false };
        let MigrateError::Runtime(RuntimeError::Python(failure)) = error else { return false };
        if !is_absence(failure) {
            return false;
        }
        if self.waiting_since.is_none() {
            self.attendant.event(Event::DatabaseAway { reason: &failure.message, limit });
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let left = limit.saturating_sub(since.elapsed());
        if left.is_zero() {
            return false;
        }
        runtime::pause(PAUSE.min(left));
        true
    }

    /// After the connection was lost nobody has said what was committed: asks the version table, by a new connection.
    pub(super) fn tell_what_is_committed(&mut self, error: &MigrateError) {
        if !is_loss(error) || self.plan.steps.is_empty() {
            return;
        }
        let remainder = self.remainder();
        self.attendant.event(Event::ConnectionLost(remainder.as_ref()));
    }

    fn remainder(&self) -> Option<Remainder> {
        let held = self.held.as_ref()?;
        let environment = self.request.environment;
        database::wait_for_database(&held.url, environment, PATIENCE, &mut |_| {}).ok()?;
        let mut connection = Connection::open(&held.url, environment, Access::Read).ok()?;
        let rows = connection.version_rows(&held.table).ok()?.unwrap_or_default();
        let left = self.request.operation.plan(&self.request.scripts.map, &rows).ok()?.steps.len();
        Some(Remainder { rows, planned: self.plan.steps.len(), left })
    }
}

/// SQLSTATE classes and codes for a connection that ended: 08, and an administrator's or a crash's end of it.
fn is_loss(error: &MigrateError) -> bool {
    match error {
        MigrateError::Lock(LockError::Lost { .. }) => true,
        MigrateError::Native(failure) => says_loss(&failure.database),
        MigrateError::Runtime(RuntimeError::Python(failure)) => failure.database.as_ref().is_some_and(says_loss),
        _ => false,
    }
}

fn says_loss(database: &DatabaseFailure) -> bool {
    let code = database.code.as_deref().unwrap_or_default();
    database.lost || code.starts_with("08") || ["57P01", "57P02"].contains(&code)
}

/// Whether a connection failed that may succeed later. Drivers built on libpq have no code for it, only a class and the server's
/// `FATAL:` where there was a server to say it.
fn is_absence(failure: &PythonFailure) -> bool {
    if failure.kind != FailureKind::Exception {
        return false;
    }
    match failure.database.as_ref().and_then(|database| database.code.as_deref()) {
        // PostgreSQL: too many clients, going down, starting up; MySQL: too many clients, going down, no socket, no server, no host.
        Some("53300" | "57P01" | "57P02" | "57P03" | "1040" | "1053" | "2002" | "2003" | "2005") => true,
        Some(code) => code.starts_with("08") || code == "SQLITE_CANTOPEN",
        None => {
            const CLASSES: [&str; 7] = [
                "OperationalError",
                "InterfaceError",
                "ConnectionRefusedError",
                "ConnectionResetError",
                "gaierror",
                "TimeoutError",
                "OSError",
            ];
            const PASSING: [&str; 5] =
                ["starting up", "shutting down", "recovery", "too many", "remaining connection slots"];
            let class = failure.type_name.rsplit('.').next().unwrap_or_default();
            let refused = failure.message.contains("FATAL:");
            CLASSES.contains(&class) && (!refused || PASSING.iter().any(|words| failure.message.contains(words)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(type_name: &str, message: &str, code: Option<&str>) -> PythonFailure {
        PythonFailure {
            kind: FailureKind::Exception,
            type_name: type_name.to_owned(),
            message: message.to_owned(),
            traceback: String::new(),
            frames: Vec::new(),
            exit_code: None,
            database: Some(DatabaseFailure { code: code.map(str::to_owned), ..DatabaseFailure::default() }),
        }
    }

    #[test]
    fn what_time_may_mend_is_waited_for() {
        let operational = "sqlalchemy.exc.OperationalError";
        for (type_name, message, code) in [
            (operational, "connection to server at \"127.0.0.1\", port 1 failed: Connection refused", None),
            (operational, "could not translate host name \"db\" to address: Name or service not known", None),
            (operational, "connection failed: FATAL:  the database system is starting up", None),
            ("ConnectionRefusedError", "[Errno 111] Connect call failed ('127.0.0.1', 1)", None),
            ("asyncpg.exceptions.CannotConnectNowError", "the database system is starting up", Some("57P03")),
            (operational, "(sqlite3.OperationalError) unable to open database file", Some("SQLITE_CANTOPEN")),
        ] {
            assert!(is_absence(&failure(type_name, message, code)), "{message}");
        }
        for (type_name, message, code) in [
            (operational, "connection failed: FATAL:  database \"nowhere\" does not exist", None),
            (operational, "connection failed: FATAL:  password authentication failed for user \"me\"", None),
            ("asyncpg.exceptions.InvalidCatalogNameError", "database \"nowhere\" does not exist", Some("3D000")),
            ("ModuleNotFoundError", "No module named 'app'", None),
            (operational, "(1049, \"Unknown database 'x'\")", Some("1049")),
        ] {
            assert!(!is_absence(&failure(type_name, message, code)), "{message}");
        }
    }
}
