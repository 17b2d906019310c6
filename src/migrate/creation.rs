//! What has to be there before the first revision: the schema, the version table, and the history where it is on.

use super::MigrateError;
use super::deployment::{history_table, lock};
use crate::config::DeployOptions;
use crate::database::{
    Access, Connection, DatabaseError, DatabaseUrl, Dialect, Environment, History, LockWait, Placement,
    VersionTableName,
};

/// Which tables are to be there.
#[derive(Debug, Clone, Copy)]
pub struct CreationRequest<'a> {
    /// The settings: the lock, and whether there is a history.
    pub options: &'a DeployOptions,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// The database.
    pub url: &'a DatabaseUrl,
    /// Its version table; the schema is made where it names one.
    pub table: &'a VersionTableName,
}

/// What was absent, or was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The name; of a table with its schema where that is named.
    pub name: String,
    /// Whether it was absent.
    pub was_absent: bool,
}

/// The tables of a database that is ready for its first revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The schema of the version table, where it names one.
    pub schema: Option<Created>,
    /// The version table.
    pub version_table: Created,
    /// The history table, where the history is on.
    pub history: Option<Created>,
}

impl CreationRequest<'_> {
    /// Looks what is absent, and changes nothing.
    ///
    /// # Errors
    /// The database does not answer, or the role lacks a right that it would need.
    pub fn look(&self) -> Result<Creation, MigrateError> {
        if let Dialect::Other(dialect) = self.url.dialect() {
            return Err(DatabaseError::NotNative { dialect }.into());
        }
        let mut connection = Connection::open(self.url, self.environment, Access::Read)?;
        let mut rights = Rights::default();
        let place = rights.of(&mut connection, self.table)?;
        if let Some(place) = place.as_ref().filter(|place| self.table.schema.is_none() && !place.schema_exists) {
            let (table, database) = (self.table.to_string(), place.database.clone());
            let reason = "the search path has no schema to create in".to_owned();
            return Err(DatabaseError::NoSchema { table, database, reason }.into());
        }
        let version_table = found(&mut connection, self.table)?;
        let schema = place.filter(|_| self.table.schema.is_some());
        let setting = self.options.history.as_ref().filter(|history| history.enabled);
        let history = match setting.map(|setting| history_table(setting, &connection.dialect()).as_version_table()) {
            Some(history) => {
                rights.of(&mut connection, &history)?;
                Some(found(&mut connection, &history)?)
            }
            None => None,
        };
        rights.check()?;
        let schema = schema.map(|place| Created { name: place.schema, was_absent: !place.schema_exists });
        Ok(Creation { schema, version_table, history })
    }

    /// Makes what is absent, under the lock and in one transaction.
    ///
    /// # Errors
    /// The lock is not to be had, or what the database says.
    pub fn create(&self, on_wait: &mut dyn FnMut(&LockWait)) -> Result<Creation, MigrateError> {
        let found = self.look()?;
        let _lock = lock(self.options, self.environment, (self.url, self.table), on_wait)?;
        let mut connection = Connection::open(self.url, self.environment, Access::Write)?;
        let mut transaction = connection.begin()?;
        let made = |found: &Created, was_absent| Created { name: found.name.clone(), was_absent };
        let schema = match (&self.table.schema, &found.schema) {
            (Some(name), Some(schema)) => Some(made(schema, transaction.ensure_schema(name)?)),
            _ => None,
        };
        let version_table = made(&found.version_table, transaction.ensure_version_table(self.table)?);
        let history = match (&found.history, &self.options.history) {
            (Some(history), Some(setting)) => {
                let table = history_table(setting, &transaction.dialect());
                let (_, was_absent) = History::create(&mut transaction, &table, self.table)?;
                Some(made(history, was_absent))
            }
            _ => None,
        };
        transaction.commit()?;
        Ok(Creation { schema, version_table, history })
    }
}

fn found(connection: &mut Connection, table: &VersionTableName) -> Result<Created, DatabaseError> {
    Ok(Created { name: table.to_string(), was_absent: !connection.has_table(table)? })
}

/// What the role lacks, gathered so that it is told at once.
#[derive(Debug, Default)]
struct Rights {
    role: String,
    database: String,
    missing: Vec<(String, String)>,
}

impl Rights {
    fn of(
        &mut self,
        connection: &mut Connection,
        table: &VersionTableName,
    ) -> Result<Option<Placement>, DatabaseError> {
        let place = Placement::of(connection, table)?;
        if let Some(place) = &place {
            (self.role, self.database) = (place.role.clone(), place.database.clone());
            // The right to create schemas may be missing twice, for one statement.
            let missing = place.missing(&table.name);
            self.missing.extend(missing);
        }
        Ok(place)
    }

    fn check(self) -> Result<(), DatabaseError> {
        let Self { role, database, missing } = self;
        if missing.is_empty() {
            return Ok(());
        }
        let (what, mut grants): (Vec<String>, Vec<String>) = missing.into_iter().unzip();
        grants.dedup();
        Err(DatabaseError::MissingGrants { role, database, what, grants })
    }
}
