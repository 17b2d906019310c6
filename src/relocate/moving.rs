use super::ask::{ask_one, check_dialect};
use super::target::Schemas;
use super::{Inventory, RelocateError, Request, Warning, collisions, privileges, records, warnings};
use crate::database::{Connection, quote_identifier};

/// A move by `ALTER … SET SCHEMA`, looked at and agreed to by the database, not yet done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// What goes.
    pub inventory: Inventory,
    /// All of it, in order.
    pub statements: Vec<String>,
    /// What people trip over afterwards.
    pub warnings: Vec<Warning>,
    has_history: bool,
}

impl Move {
    /// Finds out what would be done; nothing is changed.
    ///
    /// # Errors
    /// Schemas that are not there, names that are taken, rights that are missing.
    pub fn plan(connection: &mut Connection, request: &Request) -> Result<Self, RelocateError> {
        check_dialect(connection)?;
        let schemas = Schemas::read(connection, request)?;
        let inventory = Inventory::read(connection, request)?;
        if schemas.has_target {
            collisions::check(connection, request, &inventory)?;
        }
        privileges::check(connection, request, &inventory)?;
        let mut warnings = schemas.warnings;
        warnings.extend(warnings::read(connection, request, &inventory)?);
        let mut statements = schemas.statements;
        let target = quote_identifier(&request.to);
        statements.extend(
            inventory.objects.iter().filter_map(|object| {
                Some(format!("ALTER {} {} SET SCHEMA {target}", object.alter()?, object.identity))
            }),
        );
        let has_history = records::exists(connection, request)?;
        Ok(Self { inventory, statements, warnings, has_history })
    }

    /// Does it, in one transaction. How many rows of the history were given the new name of the version table.
    ///
    /// # Errors
    /// The database refuses a statement, or has changed since it was planned; nothing was changed then.
    pub fn run(&self, connection: &mut Connection, request: &Request) -> Result<u64, RelocateError> {
        let mut transaction = connection.begin()?;
        transaction.run(&request.limits())?;
        for statement in &self.statements {
            transaction.run(statement)?;
        }
        let moved: Vec<&str> = self.inventory.tables().collect();
        let renamed = if self.has_history { records::rename(&mut transaction, request, &moved)? } else { 0 };
        transaction.commit()?;
        Ok(renamed)
    }

    /// Whether this table is among what goes.
    pub fn has_table(&self, name: &str) -> bool {
        self.inventory.tables().any(|table| table == name)
    }
}

/// The server's version, as `server_version_num` has it.
pub(super) fn server_version(connection: &mut Connection) -> Result<u32, RelocateError> {
    let version = ask_one(connection, "SELECT pg_catalog.current_setting('server_version_num')", &[])?;
    Ok(version.and_then(|version| version.parse().ok()).unwrap_or_default())
}
