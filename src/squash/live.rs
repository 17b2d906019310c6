use std::collections::BTreeSet;

use super::{SquashError, Unmanaged, postgres, sqlite};
use crate::database::{Connection, DatabaseUrl, Environment, VersionTableName, quote_identifier};

/// A live database whose schema is copied. It is read, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// Where it is.
    pub url: &'a DatabaseUrl,
    /// libpq's variables.
    pub environment: &'a Environment,
    /// The schema of names without one.
    pub default: &'a str,
    /// Alembic's and limbec's own tables; one without a schema wherever it is.
    pub own: &'a [VersionTableName],
    /// What the copy is not to have.
    pub left_out: &'a [Unmanaged],
    /// Whether it is to have the privileges, too.
    pub has_privileges: bool,
    /// The tables whose rows it is to have, as [`super::FilledTable::shown`] calls them.
    pub rows: &'a BTreeSet<String>,
}

/// What belongs to the server rather than to a schema, and is never copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omitted {
    /// `publication`, `event trigger`
    pub object: String,
    /// As `pg_dump` writes it.
    pub name: String,
}

impl Live<'_> {
    /// Makes its schema in an empty database, without what is left out.
    ///
    /// # Errors
    /// There is no `pg_dump`, the other database does not take a statement, or something that stays needs what is left out.
    pub fn copy(&self, connection: &mut Connection, into: &mut Connection) -> Result<Vec<Omitted>, SquashError> {
        match connection {
            Connection::Postgres(_) => postgres::copy(self, into),
            Connection::Sqlite(_) => sqlite::copy(self, connection, into).map(|()| Vec::new()),
        }
    }

    /// Drops what is left out of a copy, whatever the order is that it takes.
    ///
    /// # Errors
    /// Something that stays needs it.
    pub fn leave_out(&self, copy: &mut Connection) -> Result<(), SquashError> {
        let mut left: Vec<(&Unmanaged, String)> =
            self.left_out.iter().filter_map(|object| Some((object, object.drop_statement()?))).collect();
        while !left.is_empty() {
            let before = left.len();
            let mut refusal = None;
            left.retain(|(object, statement)| match copy.run_script(statement) {
                Ok(()) => false,
                Err(error) => {
                    refusal.get_or_insert_with(|| (object.shown(), error.to_string()));
                    true
                }
            });
            if let Some((object, reason)) = refusal.filter(|_| left.len() == before) {
                return Err(SquashError::Needed { object, reason });
            }
        }
        match copy {
            Connection::Postgres(_) => Ok(()),
            Connection::Sqlite(_) => self.left_hanging(copy),
        }
    }

    /// SQLite drops what others need without a word.
    fn left_hanging(&self, copy: &mut Connection) -> Result<(), SquashError> {
        let hanging = "SELECT 'table ' || m.name || ' refers to ' || f.\"table\"
            FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
            AND lower(f.\"table\") NOT IN (SELECT lower(name) FROM sqlite_master)";
        let mut found = copy.first_column(hanging, &[])?;
        for view in copy.first_column("SELECT name FROM sqlite_master WHERE type = 'view'", &[])? {
            let sql = format!("SELECT 'x' FROM {} LIMIT 0", quote_identifier(&view));
            found.extend(copy.first_column(&sql, &[]).err().map(|error| format!("view {view}: {error}")));
        }
        let needed = self.left_out.iter().find_map(|object| {
            let reason = found.iter().find(|reason| reason.ends_with(&object.name))?;
            Some(SquashError::Needed { object: object.shown(), reason: reason.clone() })
        });
        needed.map_or(Ok(()), Err)
    }
}

/// Runs one statement of a copy.
pub(super) fn run(into: &mut Connection, statement: &str) -> Result<(), SquashError> {
    into.run_script(statement).map_err(|error| SquashError::Copy {
        reason: error.to_string(),
        statement: statement.lines().next().unwrap_or_default().to_owned(),
    })
}
