use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::LockError;
use crate::database::postgres::PostgresConnection;
use crate::database::{Access, DatabaseError, DatabaseUrl, Environment};

/// Where the lock rows are, and how long one is good for.
#[derive(Debug, Clone)]
pub(super) struct RowPlace {
    pub(super) url: DatabaseUrl,
    pub(super) environment: Environment,
    /// Quoted.
    pub(super) table: String,
    pub(super) expiry: Duration,
}

impl RowPlace {
    /// The expiry as PostgreSQL's interval.
    pub(super) fn interval(&self) -> String {
        format!("{} milliseconds", self.expiry.as_millis())
    }
}

/// Key and token of the rows that are ours.
type Rows = Arc<Mutex<Vec<(String, String)>>>;

/// A thread with a connection of its own that moves the expiry of our rows on, three times before each would be over.
#[derive(Debug)]
pub(super) struct Renewal {
    rows: Rows,
    ending: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Renewal {
    pub(super) fn start(place: RowPlace) -> Result<Self, LockError> {
        let rows = Rows::default();
        let (ending, end) = channel();
        let shared = Arc::clone(&rows);
        let thread = Builder::new().name("lock renewal".to_owned()).spawn(move || renew_until(&end, &place, &shared));
        let thread = thread.map_err(|error| LockError::Lost { reason: format!("no thread can renew it: {error}") })?;
        Ok(Self { rows, ending: Some(ending), thread: Some(thread) })
    }

    pub(super) fn add(&self, key: String, token: String) {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push((key, token));
    }

    /// Ends the thread, which may hang in a dead network: then nobody waits for it.
    pub(super) fn stop(&mut self) {
        const PATIENCE: Duration = Duration::from_millis(300);
        drop(self.ending.take());
        let Some(thread) = self.thread.take() else { return };
        let began = Instant::now();
        while !thread.is_finished() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            // It only ever returns nothing.
            let _ = thread.join();
        }
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.stop();
    }
}

fn renew_until(end: &Receiver<()>, place: &RowPlace, rows: &Rows) {
    let mut connection = None;
    let mut pause = place.expiry / 3;
    while end.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        let rows = rows.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Whether a row was lost is asked before each step and in its transaction; here it is only kept.
        pause = match renew(&mut connection, place, &rows) {
            Ok(()) => place.expiry / 3,
            Err(_) => {
                connection = None;
                place.expiry / 15
            }
        };
    }
}

fn renew(
    connection: &mut Option<PostgresConnection>,
    place: &RowPlace,
    rows: &[(String, String)],
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let open = match connection.take() {
        Some(open) => open,
        None => PostgresConnection::open(&place.url, &place.environment, Access::Write)?,
    };
    let sql = format!(
        "UPDATE {} SET expires = pg_catalog.clock_timestamp() + $3::text::interval \
         WHERE version_table = $1 AND token::text = $2 AND expires > '-infinity' RETURNING ''",
        place.table
    );
    for (key, token) in rows {
        open.text(&sql, &[key, token, &place.interval()])?;
    }
    *connection = Some(open);
    Ok(())
}
