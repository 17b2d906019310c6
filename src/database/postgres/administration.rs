use std::time::Duration;

use super::PostgresConnection;
use crate::database::version_table::{VersionTableName, quote_identifier};
use crate::database::{Access, DatabaseError, DatabaseUrl, Environment};

/// SQLSTATE `object_in_use`.
const IN_USE: &str = "55006";

/// How often a database in use is tried again, and how long it pauses: two seconds in all.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// A PostgreSQL server as the place where databases are made and dropped. Every call has a connection of its own, to the
/// database that the URL names: a template must have no connections.
#[derive(Debug, Clone)]
pub struct PostgresServer {
    url: DatabaseUrl,
    environment: Environment,
}

/// A database of a server, as its catalogue lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedDatabase {
    /// Its name.
    pub name: String,
    /// Its comment; empty where it has none.
    pub comment: String,
}

impl PostgresServer {
    /// The server of a URL, whose database is connected to and never changed.
    pub fn new(url: DatabaseUrl, environment: Environment) -> Self {
        Self { url, environment }
    }

    /// The URL of a database on this server.
    pub fn url_of(&self, database: &str) -> DatabaseUrl {
        self.url.with_database(database)
    }

    /// The version, as `server_version_num` has it: `150004`.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn version(&self) -> Result<String, DatabaseError> {
        let version = self.connect()?.text("SELECT pg_catalog.current_setting('server_version_num')", &[])?;
        Ok(version.unwrap_or_default())
    }

    /// Makes a database, as a copy of another one where that is named, with a comment. A database whose comment cannot be
    /// written is dropped again: without it nobody would know what it is.
    ///
    /// # Errors
    /// No permission, or a template in use.
    pub fn create(&self, name: &str, template: Option<&str>, comment: &str) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        let copied = template.map(|name| format!(" TEMPLATE {}", quote_identifier(name))).unwrap_or_default();
        let statement = format!("CREATE DATABASE {}{copied}", quote_identifier(name));
        alone(&mut connection, template.unwrap_or_default(), &statement)?;
        execute(&mut connection, &comment_statement(name, comment)).inspect_err(|_| {
            // The first failure is the one to tell.
            let _ = self.drop(name);
        })
    }

    /// Gives a database another name and comment; who is connected to it loses the connection.
    ///
    /// # Errors
    /// There is a database of that name, or it belongs to somebody else.
    pub fn rename(&self, name: &str, new_name: &str, comment: &str) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        execute(&mut connection, &comment_statement(name, comment))?;
        let statement = format!("ALTER DATABASE {} RENAME TO {}", quote_identifier(name), quote_identifier(new_name));
        alone(&mut connection, name, &statement)
    }

    /// Changes the comment of a database.
    ///
    /// # Errors
    /// It does not exist, or belongs to somebody else.
    pub fn comment(&self, name: &str, comment: &str) -> Result<(), DatabaseError> {
        execute(&mut self.connect()?, &comment_statement(name, comment))
    }

    /// Drops a database if it exists, whoever is connected to it.
    ///
    /// # Errors
    /// It belongs to somebody else.
    pub fn drop(&self, name: &str) -> Result<(), DatabaseError> {
        let mut connection = self.connect()?;
        // The server would wait five seconds for them to leave. Who may not end them is told so by the statement itself.
        let _ = end_others(&mut connection, name);
        alone(&mut connection, name, &format!("DROP DATABASE IF EXISTS {}", quote_identifier(name)))
    }

    /// The databases whose names begin with a prefix (of letters, digits and `_`), by name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn databases(&self, prefix: &str) -> Result<Vec<ListedDatabase>, DatabaseError> {
        let sql = "SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(d.datname, \
                   coalesce(pg_catalog.shobj_description(d.oid, 'pg_database'), '')) ORDER BY d.datname), '[]')::text \
                   FROM pg_catalog.pg_database d WHERE pg_catalog.left(d.datname, pg_catalog.length($1)) = $1 \
                   AND pg_catalog.pg_has_role(d.datdba, 'USAGE')";
        let text = self.connect()?.text(sql, &[prefix])?.unwrap_or_default();
        let rows: Vec<(String, String)> = serde_json::from_str(&text).unwrap_or_default();
        Ok(rows.into_iter().map(|(name, comment)| ListedDatabase { name, comment }).collect())
    }

    pub(super) fn connect(&self) -> Result<PostgresConnection, DatabaseError> {
        PostgresConnection::open(&self.url, &self.environment, Access::Write)
    }

    /// A connection to another database of the server.
    pub(super) fn connect_to(&self, database: &str) -> Result<PostgresConnection, DatabaseError> {
        PostgresConnection::open(&self.url_of(database), &self.environment, Access::Write)
    }
}

pub(super) fn execute(connection: &mut PostgresConnection, sql: &str) -> Result<(), DatabaseError> {
    connection.execute(sql, &[], &VersionTableName::default()).map(|_| ())
}

/// Runs a statement for which nobody may be connected to a database. (`DROP DATABASE … WITH (FORCE)` is PostgreSQL 13's, and
/// there is no such thing for the others.)
fn alone(connection: &mut PostgresConnection, database: &str, sql: &str) -> Result<(), DatabaseError> {
    for _ in 0..ATTEMPTS {
        match execute(connection, sql) {
            Err(DatabaseError::Server { code, .. }) if code == IN_USE => {}
            outcome => return outcome,
        }
        end_others(connection, database)?;
        // A backend that was told to end takes its time.
        std::thread::sleep(PAUSE);
    }
    execute(connection, sql)
}

fn end_others(connection: &mut PostgresConnection, database: &str) -> Result<(), DatabaseError> {
    let end = "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid))::text FROM pg_catalog.pg_stat_activity \
               WHERE datname = $1";
    connection.text(end, &[database]).map(|_| ())
}

fn comment_statement(name: &str, comment: &str) -> String {
    // COMMENT takes no parameters.
    format!("COMMENT ON DATABASE {} IS {}", quote_identifier(name), literal(comment))
}

/// A text as SQL. `E''` reads the same whatever standard_conforming_strings says.
pub(super) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_one_literal_whatever_it_holds() {
        let statement = comment_statement("a\"b", r"x'; DROP TABLE t; -- \'");
        assert_eq!(statement, r#"COMMENT ON DATABASE "a""b" IS E'x''; DROP TABLE t; -- \\'''"#);
    }
}
