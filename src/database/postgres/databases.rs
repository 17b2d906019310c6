//! Databases of people, as opposed to those that limbec makes for tests: never dropped under somebody's feet unless that is asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::administration::{PostgresServer, execute};
use super::roles::{check_name, needs};
use crate::database::{DatabaseError, quote_identifier};

/// What there is to know of a database before it is dropped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DatabaseFacts {
    /// The role that owns it.
    pub owner: String,
    /// Bytes on disk; `None` where the role that asks may not know.
    pub bytes: Option<u64>,
    /// Whether databases are made as copies of it: `DROP DATABASE` refuses it.
    pub is_template: bool,
    /// Who is connected, but for who asks.
    pub sessions: Vec<Session>,
}

/// A session of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The server's process.
    pub pid: i64,
    /// The role.
    pub user: Option<String>,
    /// `application_name`
    pub application: Option<String>,
    /// Where its client runs; absent for a local socket, and where the role that asks may not know.
    pub client: Option<String>,
    /// `active`, `idle` …
    pub state: Option<String>,
}

/// What is in a database, or in one of its schemas: tables of extensions and of PostgreSQL itself not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Tables, partitioned ones with their partitions, and materialized views.
    pub tables: u64,
    /// Rows, as the server estimates them.
    pub rows: u64,
}

/// `psql (process 4711, user app, 10.0.0.3), idle`
impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let application = self.application.as_deref().filter(|name| !name.is_empty()).unwrap_or("a session");
        write!(f, "{application} (process {}", self.pid)?;
        if let Some(user) = &self.user {
            write!(f, ", user {user}")?;
        }
        if let Some(client) = &self.client {
            write!(f, ", {client}")?;
        }
        f.write_str(")")?;
        self.state.as_ref().map_or(Ok(()), |state| write!(f, ", {state}"))
    }
}

const FACTS: &str = "SELECT pg_catalog.json_build_object('owner', r.rolname, 'is_template', d.datistemplate, \
    'bytes', CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END, \
    'sessions', COALESCE((SELECT pg_catalog.json_agg(pg_catalog.json_build_object('pid', a.pid, 'user', a.usename, \
    'application', a.application_name, 'client', pg_catalog.host(a.client_addr), 'state', a.state) ORDER BY a.pid) \
    FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid AND a.pid <> pg_catalog.pg_backend_pid() \
    AND COALESCE(a.backend_type, 'client backend') = 'client backend'), '[]'))::text \
    FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba WHERE d.datname = $1";

const CONTENTS: &str = "SELECT pg_catalog.json_build_object('tables', pg_catalog.count(*), \
    'rows', COALESCE(pg_catalog.sum(GREATEST(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)), 0)::bigint)::text \
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_' \
    AND ($1 = '' OR n.nspname = $1) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x \
    WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')";

impl PostgresServer {
    /// What is known of a database; `None` where there is none of that name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn facts(&self, database: &str) -> Result<Option<DatabaseFacts>, DatabaseError> {
        self.connect()?.text(FACTS, &[database])?.map(|found| read(&found)).transpose()
    }

    /// What is in a database, or in one schema of it.
    ///
    /// # Errors
    /// The server does not answer, or the role may not connect to the database.
    pub fn contents(&self, database: &str, schema: Option<&str>) -> Result<Contents, DatabaseError> {
        let found = self.connect_to(database)?.text(CONTENTS, &[schema.unwrap_or_default()])?;
        read(&found.unwrap_or_default())
    }

    /// Makes an empty database, for a role where one is named.
    ///
    /// # Errors
    /// There is one, the role that asks may not make any, or may not give it to `owner`.
    pub fn create_for(&self, database: &str, owner: Option<&str>) -> Result<(), DatabaseError> {
        check_name(database)?;
        let mut connection = self.connect()?;
        let owned = owner.map(|owner| format!(" OWNER {}", quote_identifier(owner))).unwrap_or_default();
        execute(&mut connection, &format!("CREATE DATABASE {}{owned}", quote_identifier(database)))
            .map_err(|error| needs(&connection, error, &format!("make the database {database}"), "CREATEDB"))
    }

    /// Drops a database to which nobody is connected.
    ///
    /// # Errors
    /// Somebody is (SQLSTATE 55006), there is none of that name, or it belongs to somebody else.
    pub fn drop_unused(&self, database: &str) -> Result<(), DatabaseError> {
        execute(&mut self.connect()?, &format!("DROP DATABASE {}", quote_identifier(database)))
    }
}

fn read<'a, T: Deserialize<'a>>(found: &'a str) -> Result<T, DatabaseError> {
    serde_json::from_str(found).map_err(|error| DatabaseError::Server {
        database: String::new(),
        code: String::new(),
        reason: format!("its catalogue cannot be read: {error}"),
    })
}
