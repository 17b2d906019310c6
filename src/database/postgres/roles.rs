//! Login roles of applications: making and dropping them, and what they may do in a database or a schema.
//!
//! Statements of this kind take no parameters: names are quoted, and of a password only its verifier is sent.

use super::PostgresConnection;
use super::administration::{PostgresServer, execute, literal};
use super::password::Password;
use crate::database::DatabaseError;
use crate::database::version_table::{NameLimit, VersionTableName, quote_identifier};

const ROLE_EXISTS: &str = "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = $1";

/// Whether who asks is a member already, so that databases and schemas can be given to the role; a superuser always may.
const IS_MEMBER: &str = "SELECT (r.rolsuper OR pg_catalog.pg_has_role(current_user, $1::name, 'MEMBER'))::text \
    FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

impl PostgresServer {
    /// Whether there is a role of this name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn has_role(&self, role: &str) -> Result<bool, DatabaseError> {
        Ok(self.connect()?.text(ROLE_EXISTS, &[role])?.is_some())
    }

    /// Makes a role that may log in, and nothing else.
    ///
    /// # Errors
    /// There is one already, or the role that asks may not make any: the hint has what it needs.
    pub fn create_role(&self, role: &str, password: &Password) -> Result<(), DatabaseError> {
        check_name(role)?;
        let mut connection = self.connect()?;
        let sql = format!("CREATE ROLE {} LOGIN PASSWORD {}", quote_identifier(role), literal(&password.verifier()));
        execute(&mut connection, &sql).map_err(|error| needs_createrole(&connection, error, role))
    }

    /// Gives a role another password.
    ///
    /// # Errors
    /// It does not exist, or is not for the role that asks to change.
    pub fn set_password(&self, role: &str, password: &Password) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        let sql = format!("ALTER ROLE {} PASSWORD {}", quote_identifier(role), literal(&password.verifier()));
        execute(&mut connection, &sql).map_err(|error| needs_createrole(&connection, error, role))
    }

    /// Makes the role that asks a member of another one, unless it is: it may give databases and schemas to it then, and drop what the
    /// other owns.
    ///
    /// # Errors
    /// It may not.
    pub fn join_role(&self, role: &str) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        if connection.text(IS_MEMBER, &[role])?.as_deref() == Some("true") {
            return Ok(());
        }
        execute(&mut connection, &format!("GRANT {} TO CURRENT_USER", quote_identifier(role)))
    }

    /// Drops a role if it exists.
    ///
    /// # Errors
    /// It owns something, or has rights on something, which the server's words name; or the role that asks may not.
    pub fn drop_role(&self, role: &str) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        execute(&mut connection, &format!("DROP ROLE IF EXISTS {}", quote_identifier(role)))
            .map_err(|error| needs_createrole(&connection, error, role))
    }

    /// Drops all that a role owns in a database, and takes its rights there, those on the database itself included.
    ///
    /// # Errors
    /// The role that asks is no member of it, or something else depends on what it owns.
    pub fn drop_owned(&self, database: &str, role: &str) -> Result<(), DatabaseError> {
        execute(&mut self.connect_to(database)?, &format!("DROP OWNED BY {}", quote_identifier(role)))
    }

    /// Lets nobody connect to a database but its owner, superusers, and those who are granted it: PostgreSQL lets everybody.
    ///
    /// # Errors
    /// It belongs to somebody else.
    pub fn revoke_public(&self, database: &str) -> Result<(), DatabaseError> {
        execute(&mut self.connect()?, &format!("REVOKE ALL ON DATABASE {} FROM PUBLIC", quote_identifier(database)))
    }

    /// Lets a role connect to a database and make temporary tables there.
    ///
    /// # Errors
    /// It belongs to somebody else.
    pub fn grant_connect(&self, database: &str, role: &str) -> Result<(), DatabaseError> {
        let (database, role) = (quote_identifier(database), quote_identifier(role));
        execute(&mut self.connect()?, &format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}"))
    }

    /// Lets a role make things in a schema.
    ///
    /// # Errors
    /// The schema belongs to somebody else.
    pub fn grant_create(&self, database: &str, schema: &str, role: &str) -> Result<(), DatabaseError> {
        let (schema, role) = (quote_identifier(schema), quote_identifier(role));
        execute(&mut self.connect_to(database)?, &format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"))
    }

    /// Lets a role read and write whatever another one, who migrates, makes in a schema from now on.
    ///
    /// # Errors
    /// The role that asks is no member of `maker`, or the schema belongs to somebody else.
    pub fn grant_use(&self, database: &str, schema: &str, (maker, role): (&str, &str)) -> Result<(), DatabaseError> {
        let mut connection = self.connect_to(database)?;
        let (schema, role, maker) = (quote_identifier(schema), quote_identifier(role), quote_identifier(maker));
        execute(&mut connection, &format!("GRANT USAGE ON SCHEMA {schema} TO {role}"))?;
        for rights in ["SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT, UPDATE ON SEQUENCES"] {
            let sql = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {maker} IN SCHEMA {schema} GRANT {rights} TO {role}");
            execute(&mut connection, &sql)?;
        }
        Ok(())
    }
}

/// Refuses names that the server would cut, and then not find again.
pub(super) fn check_name(name: &str) -> Result<(), DatabaseError> {
    VersionTableName::new(name).check(NameLimit::Postgres)
}

/// The right to administer roles is an attribute, which no GRANT gives.
fn needs_createrole(connection: &PostgresConnection, error: DatabaseError, role: &str) -> DatabaseError {
    needs(connection, error, &format!("make, change or drop the role {role}"), "CREATEROLE")
}

/// What a missing permission comes to for a role without an attribute.
pub(super) fn needs(
    connection: &PostgresConnection,
    error: DatabaseError,
    what: &str,
    attribute: &str,
) -> DatabaseError {
    let DatabaseError::Permission { database, .. } = &error else { return error };
    let Ok(Some(me)) = connection.text("SELECT current_user::text", &[]) else { return error };
    DatabaseError::MissingGrants {
        grants: vec![format!("ALTER ROLE {} {attribute};", quote_identifier(&me))],
        database: database.clone(),
        role: me,
        what: vec![what.to_owned()],
    }
}
