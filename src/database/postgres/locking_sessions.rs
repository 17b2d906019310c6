use std::fmt;

use serde::Serialize;

use crate::database::{Connection, DatabaseError};

/// A session that holds a lock on a table, or on an index, that a statement names. What it runs is not told: statements
/// contain secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LockingSession {
    /// What is locked, sorted, without schemas.
    pub relations: Vec<String>,
    /// The server's process; `None` for a prepared transaction (`pg_prepared_xacts`), which has none.
    pub pid: Option<i64>,
    /// `application_name`
    pub application: Option<String>,
    /// The role; absent, as all that follows, where this role may not see other sessions (`pg_read_all_stats`).
    pub user: Option<String>,
    /// Where its client runs; absent for a local socket.
    pub client: Option<String>,
    /// `active`, `idle in transaction` …
    pub state: Option<String>,
    /// Since when its transaction is open, RFC 3339.
    pub since: Option<String>,
    /// For how many seconds that is.
    pub seconds: Option<i64>,
}

/// `orders: psql (process 4711, user app, 10.0.0.3), idle in transaction, for 35 s since 2026-05-01T12:00:00Z`
impl fmt::Display for LockingSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pid) = self.pid else {
            return write!(f, "{}: a prepared transaction (pg_prepared_xacts)", self.relations.join(", "));
        };
        let application = self.application.as_deref().filter(|name| !name.is_empty()).unwrap_or("a session");
        write!(f, "{}: {application} (process {pid}", self.relations.join(", "))?;
        if let Some(user) = &self.user {
            write!(f, ", user {user}")?;
        }
        if let Some(client) = &self.client {
            write!(f, ", {client}")?;
        }
        f.write_str(")")?;
        if let Some(state) = &self.state {
            write!(f, ", {state}")?;
        }
        match (self.seconds, &self.since) {
            (Some(seconds), Some(since)) => write!(f, ", for {seconds} s since {since}"),
            _ => Ok(()),
        }
    }
}

const LOCKS: &str = "SELECT l.pid::text, c.relname::text, \
    (l.mode = 'AccessShareLock')::text, a.application_name, a.usename::text, \
    pg_catalog.host(a.client_addr), a.state, \
    to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
    extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint::text \
    FROM pg_catalog.pg_locks l \
    JOIN pg_catalog.pg_class c ON c.oid = l.relation \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
    WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() \
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
    AND n.nspname NOT IN ('pg_catalog', 'pg_toast', 'information_schema') \
    ORDER BY a.xact_start, l.pid, c.relname";

impl Connection {
    /// The sessions that hold locks on what a statement names, the oldest transaction first; none on other databases than
    /// PostgreSQL. Those that only read are left out unless the statement is one that waits for readers.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn locking_sessions(&mut self, statement: &str) -> Result<Vec<LockingSession>, DatabaseError> {
        let Self::Postgres(connection) = self else { return Ok(Vec::new()) };
        let readers_matter = waits_for_readers(statement);
        let mut found: Vec<LockingSession> = Vec::new();
        for row in connection.texts(LOCKS, &[])? {
            let mut columns = row.into_iter();
            let mut next = || columns.next().flatten();
            let pid = next().and_then(|pid| pid.parse().ok());
            let Some(relation) = next().filter(|relation| names(statement, relation)) else { continue };
            if next().as_deref() == Some("true") && !readers_matter {
                continue;
            }
            match found.iter_mut().find(|session| session.pid == pid) {
                Some(session) if session.relations.contains(&relation) => {}
                Some(session) => session.relations.push(relation),
                None => found.push(LockingSession {
                    relations: vec![relation],
                    pid,
                    application: next(),
                    user: next(),
                    client: next(),
                    state: next(),
                    since: next(),
                    seconds: next().and_then(|seconds| seconds.parse().ok()),
                }),
            }
        }
        Ok(found)
    }
}

/// Only an AccessExclusiveLock conflicts with the AccessShareLock of a reader (PostgreSQL's documentation, "Table-Level Locks").
fn waits_for_readers(statement: &str) -> bool {
    const EXCLUSIVE: [&str; 8] = ["ALTER", "DROP", "TRUNCATE", "LOCK", "REINDEX", "CLUSTER", "VACUUM", "REFRESH"];
    let first = statement.trim_start().split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    EXCLUSIVE.iter().any(|word| first.eq_ignore_ascii_case(word))
}

/// Whether a statement has this name as a word of its own, in whatever case.
fn names(statement: &str, relation: &str) -> bool {
    let (statement, relation) = (statement.to_lowercase(), relation.to_lowercase().replace('"', "\"\""));
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !relation.is_empty()
        && statement.match_indices(&relation).any(|(start, found)| {
            !is_part(statement[..start].chars().next_back())
                && !is_part(statement[start + found.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_words() {
        assert!(names("ALTER TABLE Orders ADD COLUMN x int", "orders"));
        assert!(names("alter table \"my \"\"t\"\" é\" drop column x", "my \"t\" é"));
        assert!(!names("ALTER TABLE orders_old DROP COLUMN x", "orders"));
        assert!(!names("ALTER TABLE x", ""));
    }

    #[test]
    fn readers_are_in_the_way_of_few() {
        assert!(waits_for_readers("\n  alter TABLE t ADD x int"));
        assert!(!waits_for_readers("CREATE INDEX i ON t (x)") && !waits_for_readers("UPDATE t SET x = 1"));
        assert!(!waits_for_readers(""));
    }

    #[test]
    fn a_session_is_told_by_what_is_known_of_it() {
        let mut session = LockingSession {
            relations: vec!["orders".into()],
            pid: Some(4711),
            application: Some("psql".into()),
            user: Some("app".into()),
            client: Some("10.0.0.3".into()),
            state: Some("idle in transaction".into()),
            since: Some("2026-05-01T12:00:00Z".into()),
            seconds: Some(35),
        };
        assert_eq!(
            session.to_string(),
            "orders: psql (process 4711, user app, 10.0.0.3), idle in transaction, for 35 s since 2026-05-01T12:00:00Z"
        );
        session = LockingSession { relations: session.relations, pid: Some(1), ..LockingSession::default() };
        assert_eq!(session.to_string(), "orders: a session (process 1)");
        session.pid = None;
        assert_eq!(session.to_string(), "orders: a prepared transaction (pg_prepared_xacts)");
    }
}
