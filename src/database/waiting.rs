use std::time::{Duration, Instant};

use super::{Access, Connection, DatabaseError, DatabaseUrl, Environment};

/// How long to pause before a server that was away is asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// Asks a database until it answers, or says something that more time will not change, or the time is over. `on_wait` is told
/// once what the first answer was, if it was none.
///
/// # Errors
/// The last answer.
pub fn wait_for_database(
    url: &DatabaseUrl,
    environment: &Environment,
    limit: Duration,
    on_wait: &mut dyn FnMut(&DatabaseError),
) -> Result<(), DatabaseError> {
    let began = Instant::now();
    let mut told = false;
    loop {
        let error = match Connection::open(url, environment, Access::Read) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let left = limit.saturating_sub(began.elapsed());
        if !error.is_absence() || left.is_zero() {
            return Err(error);
        }
        if !told {
            on_wait(&error);
            told = true;
        }
        std::thread::sleep(PAUSE.min(left));
    }
}

impl DatabaseError {
    /// Whether the database may be there later without anybody's doing: the server starts, its name is not known yet, it has too
    /// many clients, its volume is not mounted. A database that does not exist and a password that is wrong are not waited for.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::Lost { .. }
            | Self::WrongKindOfServer { .. }
            | Self::NoDirectory { .. } => true,
            // Too many clients; shutting down; starting up.
            Self::Server { code, .. } => ["53300", "57P01", "57P02", "57P03"].contains(&code.as_str()),
            Self::NoServer(errors) => errors.iter().any(Self::is_absence),
            _ => false,
        }
    }
}
