//! Schemas: what a role may do in them, and making them.

use serde::Deserialize;

use super::administration::{PostgresServer, execute};
use super::roles::check_name;
use crate::database::connection::{Connection, Transaction};
use crate::database::{DatabaseError, Dialect, VersionTableName, quote_identifier};

/// Where a table is or would be made, and what the role that asks may do there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Placement {
    /// The database.
    pub database: String,
    /// The role that asks.
    pub role: String,
    /// The schema that is named, or that the search path leads to.
    pub schema: String,
    /// Whether there is that schema.
    pub schema_exists: bool,
    /// `CREATE` on the database.
    pub may_create_schemas: bool,
    /// `USAGE` on the schema.
    pub may_use: bool,
    /// `CREATE` on the schema.
    pub may_create: bool,
    /// Whether the table is there.
    pub table_exists: bool,
    /// `SELECT`, `INSERT`, `UPDATE` and `DELETE` on the table.
    pub may_write: bool,
}

/// One at a time: two runs, of two version tables, may both find a schema or limbec's own table absent, and would meet in the
/// catalogue. It is released with the transaction.
pub(in crate::database) const TAKE_TURNS: &str =
    "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('limbec history'))::text";

const EXISTS: &str = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = $1";

/// Without a schema that it may use, a search path leads nowhere: `public` is then where the tables would be expected.
const PLACEMENT: &str = "SELECT pg_catalog.json_build_object(\
    'database', pg_catalog.current_database(), 'role', current_user, 'schema', s.name, 'schema_exists', n.oid IS NOT NULL, \
    'may_create_schemas', pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), \
    'may_use', COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false), \
    'may_create', COALESCE(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false), \
    'table_exists', c.oid IS NOT NULL, \
    'may_write', COALESCE(pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT') \
    AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE'), false))::text \
    FROM (SELECT COALESCE(NULLIF($2, ''), (SELECT n.nspname::text FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') \
    AND pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog' LIMIT 1), \
    pg_catalog.current_schema()::text, 'public') AS name) AS s \
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.name \
    LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm')";

impl Placement {
    /// Looks where a table is or would be made; `None` where there are no schemas and no roles (SQLite).
    ///
    /// # Errors
    /// The database does not answer.
    pub fn of(connection: &mut Connection, table: &VersionTableName) -> Result<Option<Self>, DatabaseError> {
        if connection.dialect() != Dialect::Postgres {
            return Ok(None);
        }
        let schema = table.schema.as_deref().unwrap_or_default();
        let found = connection.first_column(PLACEMENT, &[&table.name, schema])?.pop().unwrap_or_default();
        serde_json::from_str(&found).map(Some).map_err(|error| DatabaseError::Server {
            database: String::new(),
            code: String::new(),
            reason: format!("its catalogue cannot be read: {error}"),
        })
    }

    /// What the role may not do and has to, each with the statement that would allow it: to make the schema and the table where they
    /// are absent, and to read and write the table.
    pub fn missing(&self, table: &str) -> Vec<(String, String)> {
        let (role, schema) = (quote_identifier(&self.role), quote_identifier(&self.schema));
        if !self.schema_exists {
            let grant = format!("GRANT CREATE ON DATABASE {} TO {role};", quote_identifier(&self.database));
            return if self.may_create_schemas {
                Vec::new()
            } else {
                vec![(format!("create the schema {}", self.schema), grant)]
            };
        }
        let mut missing = Vec::new();
        match (self.may_use, self.may_create || self.table_exists) {
            (true, true) => {}
            (false, true) => missing.push((
                format!("use the schema {}", self.schema),
                format!("GRANT USAGE ON SCHEMA {schema} TO {role};"),
            )),
            (_, false) => missing.push((
                format!("create tables in the schema {}", self.schema),
                format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};"),
            )),
        }
        if self.table_exists && !self.may_write {
            let on = format!("{schema}.{}", quote_identifier(table));
            let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {on} TO {role};");
            missing.push((format!("read and write the table {}.{table}", self.schema), grant));
        }
        missing
    }
}

impl PostgresServer {
    /// Makes a schema in a database where it is absent, for a role where one is named. Whether it was made.
    ///
    /// # Errors
    /// The role that asks may not make schemas there, or may not give one to `owner`.
    pub fn create_schema(&self, database: &str, schema: &str, owner: Option<&str>) -> Result<bool, DatabaseError> {
        check_name(schema)?;
        let mut connection = self.connect_to(database)?;
        if connection.text(EXISTS, &[schema])?.is_some() {
            return Ok(false);
        }
        let owned = owner.map(|owner| format!(" AUTHORIZATION {}", quote_identifier(owner))).unwrap_or_default();
        match execute(&mut connection, &format!("CREATE SCHEMA {}{owned}", quote_identifier(schema))) {
            Ok(()) => Ok(true),
            // Somebody else has made it meanwhile.
            Err(_) if connection.text(EXISTS, &[schema])?.is_some() => Ok(false),
            Err(error @ DatabaseError::Permission { .. }) => {
                let role = connection.text("SELECT current_user::text", &[])?.unwrap_or_default();
                let may = "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')::text";
                if connection.text(may, &[])?.as_deref() == Some("true") {
                    return Err(error);
                }
                let grant = format!(
                    "GRANT CREATE ON DATABASE {} TO {};",
                    quote_identifier(connection.database()),
                    quote_identifier(&role)
                );
                let (database, what) = (connection.database().to_owned(), vec![format!("create the schema {schema}")]);
                Err(DatabaseError::MissingGrants { role, database, what, grants: vec![grant] })
            }
            Err(error) => Err(error),
        }
    }

    /// Drops a schema if it exists, with all that is in it.
    ///
    /// # Errors
    /// It belongs to somebody else.
    pub fn drop_schema(&self, database: &str, schema: &str) -> Result<(), DatabaseError> {
        execute(&mut self.connect_to(database)?, &format!("DROP SCHEMA IF EXISTS {} CASCADE", quote_identifier(schema)))
    }

    /// Whether a database has a schema of this name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn has_schema(&self, database: &str, schema: &str) -> Result<bool, DatabaseError> {
        Ok(self.connect_to(database)?.text(EXISTS, &[schema])?.is_some())
    }
}

impl Transaction<'_> {
    /// Makes a schema where it is absent, owned by the current role. Whether it was made.
    ///
    /// # Errors
    /// The role may not, or the dialect has no schemas.
    pub fn ensure_schema(&mut self, schema: &str) -> Result<bool, DatabaseError> {
        // Not IF NOT EXISTS alone: PostgreSQL asks for the permission to create schemas even where there is nothing to create.
        if !self.connection().first_column(EXISTS, &[schema])?.is_empty() {
            return Ok(false);
        }
        self.connection().first_column(TAKE_TURNS, &[])?;
        if !self.connection().first_column(EXISTS, &[schema])?.is_empty() {
            return Ok(false);
        }
        let create = format!("CREATE SCHEMA {}", quote_identifier(schema));
        self.execute(&create, &[], &VersionTableName::default())?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement() -> Placement {
        Placement {
            database: "shop".to_owned(),
            role: "we\"ird".to_owned(),
            schema: "App".to_owned(),
            schema_exists: true,
            may_create_schemas: false,
            may_use: true,
            may_create: true,
            table_exists: false,
            may_write: false,
        }
    }

    fn grants(placement: &Placement) -> Vec<String> {
        placement.missing("alembic_version").into_iter().map(|(_, grant)| grant).collect()
    }

    #[test]
    fn each_right_that_is_missing_has_its_grant() {
        assert!(grants(&placement()).is_empty());
        let absent = Placement { schema_exists: false, may_use: false, may_create: false, ..placement() };
        assert_eq!(grants(&absent), [r#"GRANT CREATE ON DATABASE "shop" TO "we""ird";"#]);
        let closed = Placement { may_use: false, may_create: false, ..placement() };
        assert_eq!(grants(&closed), [r#"GRANT USAGE, CREATE ON SCHEMA "App" TO "we""ird";"#]);
        let foreign = Placement { table_exists: true, may_use: false, may_create: false, ..placement() };
        assert_eq!(
            grants(&foreign),
            [
                r#"GRANT USAGE ON SCHEMA "App" TO "we""ird";"#,
                r#"GRANT SELECT, INSERT, UPDATE, DELETE ON "App"."alembic_version" TO "we""ird";"#
            ]
        );
    }
}
