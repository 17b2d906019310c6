use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::QueueError;
use crate::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment};

/// Pauses between attempts to reach a server that is away grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Where the queue is, and how long a runner bears with it being away.
#[derive(Debug, Clone)]
pub struct QueuePlace {
    /// The common database.
    pub url: DatabaseUrl,
    /// What a connection may take from the environment.
    pub environment: Environment,
    /// How long it may be away.
    pub patience: Duration,
}

/// One connection to the common database that all threads of a runner share. Every call is one statement, which is a transaction of its own
/// and leaves nothing in the session: any pooler will do, and a runner that is frozen holds no lock in the common database.
#[derive(Debug)]
pub(super) struct Link {
    place: QueuePlace,
    connection: Mutex<Option<Connection>>,
}

impl Link {
    /// Over a connection that is open.
    pub(super) fn new(place: QueuePlace, connection: Connection) -> Self {
        Self { place, connection: Mutex::new(Some(connection)) }
    }

    /// To be opened when it is needed.
    pub(super) fn closed(place: QueuePlace) -> Self {
        Self { place, connection: Mutex::new(None) }
    }

    pub(super) fn place(&self) -> &QueuePlace {
        &self.place
    }

    /// The first column of the rows. A server that is away is asked again, so that the statement has to bear being run twice: the answer
    /// to a commit may be what was lost.
    ///
    /// # Errors
    /// It was away for longer than a runner bears, or refuses the statement.
    pub(super) fn ask(&self, sql: &str, parameters: &[&str]) -> Result<Vec<String>, QueueError> {
        let mut slot = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let reason = match self.attempt(&mut slot, sql, parameters) {
                Ok(rows) => return Ok(rows),
                Err(reason) if is_passing(&reason) => reason,
                Err(reason) => return Err(reason.into()),
            };
            let away = began.elapsed();
            if away >= self.place.patience {
                return Err(QueueError::Away { seconds: away.as_secs(), reason });
            }
            std::thread::sleep(pause.min(self.place.patience.saturating_sub(away)));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn attempt(
        &self,
        slot: &mut Option<Connection>,
        sql: &str,
        parameters: &[&str],
    ) -> Result<Vec<String>, DatabaseError> {
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => Connection::open(&self.place.url, &self.place.environment, Access::Write)?,
        };
        let rows = connection.first_column(sql, parameters);
        // One that has failed may be half closed.
        *slot = rows.is_ok().then_some(connection);
        rows
    }
}

/// Whether the same statement may succeed later: the server is away, a pooler says so in its own words (SQLSTATE class 08), or another
/// runner was in the way where transactions are serializable.
fn is_passing(error: &DatabaseError) -> bool {
    let by_code = |code: &str| code.starts_with("08") || ["40001", "40P01"].contains(&code);
    error.is_absence() || matches!(error, DatabaseError::Server { code, .. } if by_code(code))
}
