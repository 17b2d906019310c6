use sha2::{Digest, Sha256};

use super::advisory::AdvisoryLock;
use super::pooler::shares_backends;
use super::row::RowLock;
use super::{LockError, LockHolder, LockMethod, LockPatience, LockProof, LockRequest, LockWait};
use crate::database::postgres::PostgresConnection;
use crate::database::version_table::NameLimit;
use crate::database::{Access, DatabaseError, VersionTableName};

/// What one version table is locked by: advisory locks and lock rows are of one database already, so that its name has no part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockKey {
    /// Of the advisory lock, as text.
    pub(super) number: String,
    /// Of the lock row: schema and table, quoted.
    pub(super) table: String,
}

/// Schema of the version table: the one named, or that of the table which is visible on the search path (as SQLAlchemy's `has_table`
/// finds it), or where one would be made. And the process that answers.
const PLACE: &str = "SELECT coalesce(nullif($2, ''), (SELECT n.nspname::text FROM pg_catalog.pg_class AS c \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_catalog.pg_table_is_visible(c.oid) \
    AND n.nspname <> 'pg_catalog' LIMIT 1), pg_catalog.current_schema()::text, ''), pg_catalog.pg_backend_pid()::text";

/// The rows of `pg_locks AS l` that are a session's or transaction's advisory lock with the key `$1`.
pub(super) const OF_KEY: &str = "l.locktype = 'advisory' AND l.objsubid = 1 AND l.database = \
    (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) \
    AND ((CAST(l.classid AS bigint) << 32) | CAST(l.objid AS bigint)) = CAST($1::text AS bigint)";

impl LockKey {
    fn of(session: &PostgresConnection, table: &VersionTableName) -> Result<(Self, String), DatabaseError> {
        table.check(NameLimit::Postgres)?;
        let place = session.texts(PLACE, &[&table.name, table.schema.as_deref().unwrap_or_default()])?;
        let mut columns = place.into_iter().flatten().map(Option::unwrap_or_default);
        let schema = columns.next().unwrap_or_default();
        let backend = columns.next().unwrap_or_default();
        Ok((Self::in_schema(&schema, &table.name), backend))
    }

    /// Of one more table: nothing is asked where its schema is named.
    fn of_another(session: &PostgresConnection, table: &VersionTableName) -> Result<Self, DatabaseError> {
        match table.schema.as_deref().filter(|schema| !schema.is_empty()) {
            Some(schema) => {
                table.check(NameLimit::Postgres)?;
                Ok(Self::in_schema(schema, &table.name))
            }
            None => Ok(Self::of(session, table)?.0),
        }
    }

    fn in_schema(schema: &str, name: &str) -> Self {
        let digest = Sha256::digest(format!("limbec\0{schema}\0{name}").as_bytes());
        let number = digest.iter().take(8).fold(0_i64, |key, byte| key << 8 | i64::from(*byte));
        let table = VersionTableName::new(name).in_schema(Some(schema.to_owned())).quoted();
        Self { number: number.to_string(), table }
    }
}

/// A lock on a PostgreSQL database.
#[derive(Debug)]
pub(super) enum PostgresLock {
    Advisory(Box<AdvisoryLock>),
    Row(Box<RowLock>),
}

impl PostgresLock {
    pub(super) fn acquire(
        request: &LockRequest<'_>,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let session = PostgresConnection::open(request.url, request.environment, Access::Write)?;
        let (key, backend) = LockKey::of(&session, table)?;
        if request.method == LockMethod::Row {
            return Self::by_row(request, session, key, on_wait);
        }
        let is_announced = session.announced_process().map(|process| process.to_string()).as_ref() == Some(&backend);
        if !is_announced && shares_backends(request, &session, &backend)? {
            return match request.method {
                LockMethod::Advisory => Err(LockError::Pooled { database: session.database().to_owned() }),
                LockMethod::Auto | LockMethod::Row => Self::by_row(request, session, key, on_wait),
            };
        }
        let mut lock = AdvisoryLock::new(session, backend, request.own_schema);
        match lock.add(key.clone(), request.wait, on_wait) {
            Ok(()) => Ok(Self::Advisory(Box::new(lock))),
            Err(LockError::Pooled { .. }) if request.method == LockMethod::Auto => {
                let session = PostgresConnection::open(request.url, request.environment, Access::Write)?;
                Self::by_row(request, session, key, on_wait)
            }
            Err(error) => Err(error),
        }
    }

    fn by_row(
        request: &LockRequest<'_>,
        session: PostgresConnection,
        key: LockKey,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let mut lock = RowLock::prepare(request, session)?;
        lock.add(key, request.wait, on_wait)?;
        Ok(Self::Row(Box::new(lock)))
    }

    pub(super) fn add(
        &mut self,
        table: &VersionTableName,
        wait: LockPatience,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        match self {
            Self::Advisory(lock) => {
                let key = LockKey::of_another(lock.session(), table)?;
                lock.add(key, wait, on_wait)
            }
            Self::Row(lock) => {
                let key = LockKey::of_another(lock.session(), table)?;
                lock.add(key, wait, on_wait)
            }
        }
    }

    /// A session without locks; rows have to be taken from the beginning.
    pub(super) fn released(self) -> Option<Self> {
        match self {
            Self::Advisory(mut lock) => lock.release_all().ok().map(|()| Self::Advisory(lock)),
            Self::Row(_) => None,
        }
    }

    pub(super) fn check(&mut self) -> Result<(), LockError> {
        match self {
            Self::Advisory(lock) => lock.check(),
            Self::Row(lock) => lock.check(),
        }
    }

    pub(super) fn proofs(&self, until_commit: bool) -> Vec<LockProof> {
        match self {
            Self::Advisory(lock) => lock.proofs(),
            Self::Row(lock) => lock.proofs(until_commit),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Advisory(_) => "PostgreSQL's advisory lock".to_owned(),
            Self::Row(lock) => format!("a row of {}", lock.table()),
        }
    }
}

/// Who has the advisory lock. A role that may not see the activity of others sees their process, user and application alone.
pub(super) fn holder_in(session: &PostgresConnection, key: &LockKey) -> Result<Option<LockHolder>, DatabaseError> {
    let sql = format!(
        "SELECT nullif(a.application_name, ''), \
         CASE WHEN a.backend_start IS NOT NULL \
         THEN coalesce(a.client_hostname, pg_catalog.host(a.client_addr), '[local]') END, \
         a.usename::text, l.pid::text, \
         pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
         WHERE {OF_KEY} AND l.granted"
    );
    Ok(session.texts(&sql, &[&key.number])?.pop().map(holder_of))
}

/// From application, host, user, process and time.
pub(super) fn holder_of(columns: Vec<Option<String>>) -> LockHolder {
    let mut columns = columns.into_iter();
    let mut next = || columns.next().flatten();
    LockHolder {
        application: next(),
        host: next(),
        user: next(),
        pid: next().and_then(|pid| pid.parse().ok()),
        since: next(),
    }
}
