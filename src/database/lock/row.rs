use super::identity::this_process;
use super::postgres::{LockKey, holder_in, holder_of};
use super::renewal::{Renewal, RowPlace};
use super::waiting::wait_for;
use super::{LockError, LockHolder, LockPatience, LockProof, LockRequest, LockWait};
use crate::database::own_tables::LOCK_TABLE;
use crate::database::postgres::PostgresConnection;
use crate::database::{Access, DatabaseError, VersionTableName, quote_identifier};

/// Whether there is a table of lock rows in the schema `$1`; a role without any right sees it, too.
pub(super) const EXISTS: &str = "EXISTS (SELECT FROM pg_catalog.pg_class AS c \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'limbec_lock')";

/// Key of the advisory lock under which the table is made: the eight letters `limbecdb`.
const MAKING: &str = "7811895298026071138";

/// What PostgreSQL says when its `lock_timeout` is over (`lock_not_available`).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Rows that are taken, renewed and released in transactions of one statement, so that a pooler in transaction mode does no harm.
/// Each taking gives the row a new token, the fence that keeps out whoever had it before.
#[derive(Debug)]
pub(super) struct RowLock {
    session: PostgresConnection,
    place: RowPlace,
    taken: Vec<(LockKey, String)>,
    renewal: Renewal,
}

impl RowLock {
    /// Sees to the table, and takes nothing yet.
    pub(super) fn prepare(request: &LockRequest<'_>, mut session: PostgresConnection) -> Result<Self, LockError> {
        let table = quoted_in(request.own_schema);
        if session.text(&format!("SELECT ({EXISTS})::text"), &[request.own_schema])?.as_deref() != Some("true") {
            make_table(&mut session, request.own_schema, &table)?;
        }
        let place = RowPlace {
            url: request.url.clone(),
            environment: request.environment.clone(),
            table,
            expiry: request.expiry,
        };
        let renewal = Renewal::start(place.clone())?;
        Ok(Self { session, place, taken: Vec::new(), renewal })
    }

    pub(super) fn session(&self) -> &PostgresConnection {
        &self.session
    }

    pub(super) fn table(&self) -> &str {
        &self.place.table
    }

    pub(super) fn add(
        &mut self,
        key: LockKey,
        wait: LockPatience,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        if self.taken.iter().any(|(taken, _)| *taken == key) {
            return Ok(());
        }
        let mut token = None;
        wait_for(wait, on_wait, || {
            token = self.take(&key)?;
            if token.is_some() { Ok(None) } else { self.in_the_way(&key).map(Some) }
        })?;
        let token = token.unwrap_or_default();
        self.renewal.add(key.table.clone(), token.clone());
        self.taken.push((key, token));
        Ok(())
    }

    /// The token, unless somebody has the row or the advisory lock. An expired row whose last holder is about to commit cannot
    /// be taken before that; `lock_timeout` ends the wait for it.
    fn take(&self, key: &LockKey) -> Result<Option<String>, LockError> {
        let me = this_process();
        let sql = format!(
            "WITH free AS (SELECT pg_catalog.pg_try_advisory_xact_lock($2::text::bigint) AS is_free, \
             pg_catalog.set_config('lock_timeout', '500ms', true) AS setting) \
             INSERT INTO {} AS l (version_table, token, holder, host, pid, since, expires) \
             SELECT $1, 1, $3, $4, $5::text::bigint, pg_catalog.clock_timestamp(), \
             pg_catalog.clock_timestamp() + $6::text::interval FROM free WHERE is_free \
             ON CONFLICT (version_table) DO UPDATE SET token = l.token + 1, holder = EXCLUDED.holder, host = EXCLUDED.host, \
             pid = EXCLUDED.pid, since = EXCLUDED.since, expires = EXCLUDED.expires \
             WHERE l.expires <= pg_catalog.clock_timestamp() RETURNING l.token::text",
            self.place.table
        );
        let pid = me.pid.unwrap_or_default().to_string();
        let host = me.host.unwrap_or_default();
        let parameters =
            [&key.table, &key.number, &me.application.unwrap_or_default(), &host, &pid, &self.place.interval()];
        match self.session.text(&sql, &parameters.map(String::as_str)) {
            Err(DatabaseError::Server { code, .. }) if code == LOCK_NOT_AVAILABLE => Ok(None),
            Err(error) => Err(self.without_right(error)),
            Ok(token) => Ok(token),
        }
    }

    fn in_the_way(&self, key: &LockKey) -> Result<LockHolder, LockError> {
        if let Some(holder) = current(&self.session, &self.place.table, key)? {
            return Ok(holder);
        }
        Ok(holder_in(&self.session, key)?.unwrap_or_default())
    }

    /// A connection that was lost is no lost lock here: the row is looked at over a new one.
    pub(super) fn check(&mut self) -> Result<(), LockError> {
        for (key, token) in &self.taken {
            let sql = format!(
                "SELECT (token::text = $2)::text, holder, host, NULL, pid::text FROM {} WHERE version_table = $1",
                self.place.table
            );
            let row = match self.session.texts(&sql, &[&key.table, token]) {
                Err(DatabaseError::Lost { .. }) => {
                    let RowPlace { url, environment, .. } = &self.place;
                    self.session = PostgresConnection::open(url, environment, Access::Write).map_err(lost)?;
                    self.session.texts(&sql, &[&key.table, token])
                }
                answer => answer,
            };
            match row.map_err(lost)?.pop() {
                Some(columns) if columns.first().is_some_and(|same| same.as_deref() == Some("true")) => {}
                Some(mut columns) => {
                    columns.remove(0);
                    let reason = format!("it was not renewed in time, and was taken over by {}", holder_of(columns));
                    return Err(LockError::Lost { reason });
                }
                None => return Err(LockError::Lost { reason: format!("its row is gone from {}", self.place.table) }),
            }
        }
        Ok(())
    }

    pub(super) fn proofs(&self, until_commit: bool) -> Vec<LockProof> {
        let sql = format!(
            "SELECT 1 FROM {} WHERE version_table = CAST(:key AS text) AND CAST(token AS text) = CAST(:token AS text){}",
            self.place.table.replace(':', "\\:"),
            if until_commit { " FOR SHARE" } else { "" }
        );
        let parameters = |key: &LockKey, token: &str| vec![("key", key.table.clone()), ("token", token.to_owned())];
        self.taken
            .iter()
            .map(|(key, token)| LockProof { sql: sql.clone(), parameters: parameters(key, token) })
            .collect()
    }

    fn without_right(&self, error: DatabaseError) -> LockError {
        let DatabaseError::Permission { database, reason } = error else { return error.into() };
        let table = &self.place.table;
        let schema = table.rsplit_once('.').map_or(table.as_str(), |(schema, _)| schema);
        let role = role_of(&self.session);
        let grant =
            format!("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT, UPDATE ON {table} TO {role}");
        LockError::Unprepared { role, table: table.clone(), database, reason, grant }
    }
}

impl Drop for RowLock {
    /// The row stays with its token; only the expiry says that nobody has it. One that cannot be released expires.
    fn drop(&mut self) {
        self.renewal.stop();
        for (key, token) in &self.taken {
            let sql = format!(
                "UPDATE {} SET expires = '-infinity' WHERE version_table = $1 AND token::text = $2 RETURNING ''",
                self.place.table
            );
            if self.session.text(&sql, &[&key.table, token]).is_err() {
                return;
            }
        }
    }
}

/// Who has the lock row of this version table in that schema, where there is such a table.
pub(super) fn holder(
    session: &PostgresConnection,
    own_schema: &str,
    key: &LockKey,
) -> Result<Option<LockHolder>, LockError> {
    let table = quoted_in(own_schema);
    current(session, &table, key).map_err(|error| match error {
        DatabaseError::Permission { database, reason } => {
            let role = role_of(session);
            let schema = quote_identifier(own_schema);
            let grant = format!("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table} TO {role}");
            LockError::Unprepared { role, table, database, reason, grant }
        }
        error => error.into(),
    })
}

fn current(session: &PostgresConnection, table: &str, key: &LockKey) -> Result<Option<LockHolder>, DatabaseError> {
    let sql = format!(
        "SELECT holder, host, NULL, pid::text, \
         pg_catalog.to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         FROM {table} WHERE version_table = $1 AND expires > pg_catalog.clock_timestamp()"
    );
    Ok(session.texts(&sql, &[&key.table])?.pop().map(holder_of))
}

fn make_table(session: &mut PostgresConnection, schema: &str, table: &str) -> Result<(), LockError> {
    session.begin()?;
    let done = make_in_transaction(session, schema, table);
    let ended = session.end(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
    let Err((error, grant)) = done else { return Ok(ended?) };
    let DatabaseError::Permission { database, reason } = error else { return Err(error.into()) };
    let role = role_of(session);
    let on = match grant {
        Missing::Schema => format!("GRANT CREATE ON DATABASE {}", quote_identifier(&database)),
        Missing::Table => format!("GRANT USAGE, CREATE ON SCHEMA {}", quote_identifier(schema)),
    };
    Err(LockError::Unprepared { grant: format!("{on} TO {role}"), role, table: table.to_owned(), database, reason })
}

/// What could not be made.
enum Missing {
    Schema,
    Table,
}

fn make_in_transaction(
    session: &mut PostgresConnection,
    schema: &str,
    table: &str,
) -> Result<(), (DatabaseError, Missing)> {
    let nobody = VersionTableName::default();
    let has_schema = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)::text";
    let schema_error = |error| (error, Missing::Schema);
    // Two that make it at once would meet in the catalogue's unique indexes, IF NOT EXISTS or not.
    session.text("SELECT pg_catalog.pg_advisory_xact_lock($1::text::bigint)::text", &[MAKING]).map_err(schema_error)?;
    // Asked for first: IF NOT EXISTS wants the right to create even where it does not.
    if session.text(has_schema, &[schema]).map_err(schema_error)?.as_deref() != Some("true") {
        let sql = format!("CREATE SCHEMA {}", quote_identifier(schema));
        session.execute(&sql, &[], &nobody).map_err(schema_error)?;
    }
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (version_table text PRIMARY KEY, token bigint NOT NULL, holder text NOT NULL, \
         host text NOT NULL, pid bigint NOT NULL, since timestamptz NOT NULL, expires timestamptz NOT NULL)"
    );
    session.execute(&sql, &[], &nobody).map(drop).map_err(|error| (error, Missing::Table))
}

fn quoted_in(own_schema: &str) -> String {
    format!("{}.{}", quote_identifier(own_schema), quote_identifier(LOCK_TABLE))
}

/// Quoted; `CURRENT_USER` if the server does not even say that.
fn role_of(session: &PostgresConnection) -> String {
    let role = session.text("SELECT pg_catalog.quote_ident(current_user)", &[]);
    role.ok().flatten().unwrap_or_else(|| "CURRENT_USER".to_owned())
}

fn lost(error: DatabaseError) -> LockError {
    LockError::Lost { reason: error.to_string() }
}
