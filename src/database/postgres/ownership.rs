//! Whose something is, asked before it is taken for one's own.

use serde::Deserialize;

use super::administration::PostgresServer;
use crate::database::DatabaseError;

/// What there is to know of a role before it is used for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct RoleFacts {
    /// `SUPERUSER`, or one of PostgreSQL's own.
    pub is_superuser: bool,
    /// Whether it is the role that asks.
    pub is_me: bool,
}

const ROLE: &str = "SELECT pg_catalog.json_build_object('is_superuser', rolsuper OR rolname ~ '^pg_', \
    'is_me', rolname = current_user)::text FROM pg_catalog.pg_roles WHERE rolname = $1";

const SCHEMA_OWNER: &str = "SELECT r.rolname::text FROM pg_catalog.pg_namespace n \
    JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner WHERE n.nspname = $1";

/// Not for roles that do not exist, which has_database_privilege refuses.
const MAY_CONNECT: &str = "SELECT pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')::text \
    FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE d.datname = $1 AND r.rolname = $2";

impl PostgresServer {
    /// What is known of a role; `None` where there is none of that name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn role_facts(&self, role: &str) -> Result<Option<RoleFacts>, DatabaseError> {
        let found = self.connect()?.text(ROLE, &[role])?;
        Ok(found.and_then(|found| serde_json::from_str(&found).ok()))
    }

    /// To whom a schema belongs; `None` where there is none of that name.
    ///
    /// # Errors
    /// The server does not answer, or there is no such database.
    pub fn schema_owner(&self, database: &str, schema: &str) -> Result<Option<String>, DatabaseError> {
        self.connect_to(database)?.text(SCHEMA_OWNER, &[schema])
    }

    /// Whether a role may connect to a database; a role that does not exist may not.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn may_connect(&self, database: &str, role: &str) -> Result<bool, DatabaseError> {
        Ok(self.connect()?.text(MAY_CONNECT, &[database, role])?.as_deref() == Some("true"))
    }
}
