use super::LifecycleError;
use crate::database::{
    Access, BOOTSTRAP_TABLE, Connection, DatabaseError, DatabaseUrl, Dialect, Environment, Transaction,
    VersionTableName,
};

/// A step of a bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Database or schema, role, grants.
    Create,
    /// All revisions.
    Migrate,
    /// The project's seeds.
    Seed,
    /// In the common database.
    Register,
}

impl Step {
    /// In their order.
    pub const ALL: [Self; 4] = [Self::Create, Self::Migrate, Self::Seed, Self::Register];

    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Migrate => "migrate",
            Self::Seed => "seed",
            Self::Register => "register",
        }
    }
}

/// Where the steps are recorded: in the common database, else in the tenant's own.
#[derive(Debug, Clone)]
pub struct Journal {
    /// The database.
    pub url: DatabaseUrl,
    /// What a connection may take from the environment.
    pub environment: Environment,
    /// The schema of the table on PostgreSQL.
    pub schema: String,
}

impl Journal {
    /// A connection to its database.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn open(&self) -> Result<Connection, DatabaseError> {
        Connection::open(&self.url, &self.environment, Access::Write)
    }

    /// The steps that are done for a tenant.
    ///
    /// # Errors
    /// The table cannot be read.
    pub fn done(&self, connection: &mut Connection, tenant: &str) -> Result<Vec<Step>, LifecycleError> {
        if !connection.has_table(&self.table())? {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT step FROM {} WHERE tenant = $1", self.table().quoted());
        let names = connection.first_column(&sql, &[tenant])?;
        Ok(Step::ALL.into_iter().filter(|step| names.iter().any(|name| name == step.name())).collect())
    }

    /// Records a step, as a part of a transaction.
    ///
    /// # Errors
    /// The table can be neither made nor written.
    pub fn record(&self, transaction: &mut Transaction<'_>, tenant: &str, step: Step) -> Result<(), LifecycleError> {
        self.ensure(transaction)?;
        let sql = format!(
            "INSERT INTO {} (tenant, step, finished_at) VALUES ($1, $2, CURRENT_TIMESTAMP) \
             ON CONFLICT (tenant, step) DO UPDATE SET finished_at = CURRENT_TIMESTAMP",
            self.table().quoted()
        );
        transaction.change(&sql, &[tenant, step.name()])?;
        Ok(())
    }

    /// Forgets what was done for a tenant.
    ///
    /// # Errors
    /// The table cannot be written.
    pub fn forget(&self, transaction: &mut Transaction<'_>, tenant: &str) -> Result<(), LifecycleError> {
        if transaction.connection().has_table(&self.table())? {
            transaction.change(&format!("DELETE FROM {} WHERE tenant = $1", self.table().quoted()), &[tenant])?;
        }
        Ok(())
    }

    fn ensure(&self, transaction: &mut Transaction<'_>) -> Result<(), LifecycleError> {
        let columns =
            "tenant text NOT NULL, step text NOT NULL, finished_at timestamp NOT NULL, PRIMARY KEY (tenant, step)";
        ensure_table(transaction, &self.table(), columns)
    }

    fn table(&self) -> VersionTableName {
        own_table(BOOTSTRAP_TABLE, &self.url, &self.schema)
    }
}

/// One of limbec's own tables; SQLite's have no schema.
pub(super) fn own_table(name: &str, url: &DatabaseUrl, schema: &str) -> VersionTableName {
    let schema = (url.dialect() == Dialect::Postgres).then(|| schema.to_owned());
    VersionTableName::new(name).in_schema(schema)
}

/// Makes one of limbec's own tables, and its schema, where they are absent.
pub(super) fn ensure_table(
    transaction: &mut Transaction<'_>,
    table: &VersionTableName,
    columns: &str,
) -> Result<(), LifecycleError> {
    if transaction.connection().has_table(table)? {
        return Ok(());
    }
    if let Some(schema) = &table.schema {
        transaction.take_turns()?;
        transaction.ensure_schema(schema)?;
    }
    transaction.run(&format!("CREATE TABLE IF NOT EXISTS {} ({columns})", table.quoted()))?;
    Ok(())
}
