use super::postgres::{LockKey, OF_KEY, holder_in};
use super::waiting::wait_for;
use super::{LockError, LockHolder, LockPatience, LockProof, LockWait, row};
use crate::database::DatabaseError;
use crate::database::postgres::PostgresConnection;

/// PostgreSQL's session advisory locks, on a connection of their own: it ends with the process, and its locks with it.
#[derive(Debug)]
pub(super) struct AdvisoryLock {
    session: PostgresConnection,
    /// The server's process that has the locks.
    backend: String,
    own_schema: String,
    keys: Vec<LockKey>,
}

impl AdvisoryLock {
    pub(super) fn new(session: PostgresConnection, backend: String, own_schema: &str) -> Self {
        Self { session, backend, own_schema: own_schema.to_owned(), keys: Vec::new() }
    }

    pub(super) fn session(&self) -> &PostgresConnection {
        &self.session
    }

    /// `LockError::Pooled` where the session turns out to be shared.
    pub(super) fn add(
        &mut self,
        key: LockKey,
        wait: LockPatience,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        if self.keys.contains(&key) {
            return Ok(());
        }
        wait_for(wait, on_wait, || self.attempt(&key))?;
        self.keys.push(key);
        Ok(())
    }

    /// The holder that is in the way.
    fn attempt(&self, key: &LockKey) -> Result<Option<LockHolder>, LockError> {
        // A session that is all ours has neither another process than before nor the lock already.
        let sql = format!(
            "SELECT CASE WHEN pg_catalog.pg_backend_pid()::text <> $2 THEN 'moved' \
             WHEN EXISTS (SELECT FROM pg_catalog.pg_locks AS l WHERE {OF_KEY} AND l.pid = pg_catalog.pg_backend_pid()) \
             THEN 'shared' WHEN pg_catalog.pg_try_advisory_lock($1::text::bigint) THEN 'taken' ELSE 'held' END"
        );
        match self.session.text(&sql, &[&key.number, &self.backend])?.as_deref() {
            Some("taken") => {
                let holder = self.row_holder(key);
                if !matches!(holder, Ok(None)) {
                    self.release(key)?;
                }
                holder
            }
            Some("held") => Ok(Some(holder_in(&self.session, key)?.unwrap_or_default())),
            _ => Err(LockError::Pooled { database: self.session.database().to_owned() }),
        }
    }

    /// A runner that locks by a row, which it took before the advisory lock was ours. The session is made ready for a long wait
    /// on the way: no limit for sessions that idle, and a client whose machine died is noticed in a minute.
    fn row_holder(&self, key: &LockKey) -> Result<Option<LockHolder>, LockError> {
        const SETTINGS: &str = "SELECT count(pg_catalog.set_config(s.name, s.value, false)) \
            FROM (VALUES ('idle_session_timeout', '0'), ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), \
            ('tcp_keepalives_count', '3')) AS s(name, value) WHERE pg_catalog.current_setting(s.name, true) IS NOT NULL";
        let sql = format!("SELECT ({})::text FROM ({SETTINGS}) AS done", row::EXISTS);
        match self.session.text(&sql, &[&self.own_schema])?.as_deref() {
            Some("true") => row::holder(&self.session, &self.own_schema, key),
            _ => Ok(None),
        }
    }

    fn release(&self, key: &LockKey) -> Result<(), DatabaseError> {
        self.session.text("SELECT pg_catalog.pg_advisory_unlock($1::text::bigint)::text", &[&key.number]).map(drop)
    }

    /// The session stays.
    pub(super) fn release_all(&mut self) -> Result<(), DatabaseError> {
        while let Some(key) = self.keys.pop() {
            self.release(&key)?;
        }
        Ok(())
    }

    pub(super) fn check(&self) -> Result<(), LockError> {
        for key in &self.keys {
            let sql = format!(
                "SELECT 'held' FROM pg_catalog.pg_locks AS l WHERE {OF_KEY} AND l.granted \
                 AND l.pid = pg_catalog.pg_backend_pid() AND l.pid::text = $2"
            );
            match self.session.text(&sql, &[&key.number, &self.backend]) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    return Err(LockError::Lost { reason: "the server has given its process to others".to_owned() });
                }
                Err(error) => return Err(LockError::Lost { reason: error.to_string() }),
            }
        }
        Ok(())
    }

    pub(super) fn proofs(&self) -> Vec<LockProof> {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_locks AS l WHERE {} AND l.granted AND CAST(l.pid AS text) = CAST(:backend AS text)",
            OF_KEY.replace("$1::text", "CAST(:key AS text)").replace("::bigint", "")
        );
        let parameters = |key: &LockKey| vec![("key", key.number.clone()), ("backend", self.backend.clone())];
        self.keys.iter().map(|key| LockProof { sql: sql.clone(), parameters: parameters(key) }).collect()
    }
}

impl Drop for AdvisoryLock {
    /// The end of the connection releases the locks; a pooler that was not recognised as one would keep them.
    fn drop(&mut self) {
        for key in &self.keys {
            if self.release(key).is_err() {
                return;
            }
        }
    }
}
