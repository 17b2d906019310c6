use serde::Serialize;

use super::LifecycleError;
use super::journal::{ensure_table, own_table};
use super::seed_file::SeedFile;
use crate::database::{
    Access, Connection, DatabaseUrl, Dialect, Environment, SEED_TABLE, Transaction, VersionTableName, quote_identifier,
};
use crate::operation::{InTransaction, TransactionControl, statements};
use crate::runtime::{Seeding, SqlStatement};

/// Where a tenant's seeds run, and are recorded.
#[derive(Debug, Clone)]
pub struct SeedPlace {
    /// The tenant's database, with its password.
    pub url: DatabaseUrl,
    /// What a connection may take from the environment.
    pub environment: Environment,
    /// The tenant's schema, where they are recorded.
    pub schema: Option<String>,
    /// Where names without a schema are looked for; empty: where the connection looks.
    pub search_path: Vec<String>,
    /// Where they are recorded in a database that is the tenant's own.
    pub own_schema: String,
}

/// What became of a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SeedOutcome {
    /// It was run.
    Run,
    /// It was run before.
    Recorded,
    /// It was run before, and has changed since.
    Changed,
}

/// A seed, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seeded {
    /// The file's name.
    pub file: String,
    /// What became of it.
    pub outcome: SeedOutcome,
}

/// A seed that is to be run.
#[derive(Debug)]
struct SeedRun<'a> {
    place: &'a SeedPlace,
    file: &'a SeedFile,
    /// Whether it is run although it was.
    again: bool,
}

impl SeedPlace {
    /// Runs SQL where it has to be run: the seed and its record in one transaction.
    ///
    /// # Errors
    /// The database refuses it; nothing of it remains.
    pub fn run_sql(&self, file: &SeedFile, again: bool) -> Result<SeedOutcome, LifecycleError> {
        let mut connection = Connection::open(&self.url, &self.environment, Access::Write)?;
        let run = SeedRun { place: self, file, again };
        run.sql(&mut connection)
    }

    /// What Python is asked to do for a seed of Python; `None` where it was run before.
    ///
    /// # Errors
    /// The table of seeds can be neither made nor read.
    pub fn python(
        &self,
        file: &SeedFile,
        again: bool,
        sys_path: &[String],
        driver: Option<&DatabaseUrl>,
    ) -> Result<Result<Seeding, SeedOutcome>, LifecycleError> {
        let mut connection = Connection::open(&self.url, &self.environment, Access::Write)?;
        let mut transaction = connection.begin()?;
        let run = SeedRun { place: self, file, again };
        self.ensure(&mut transaction)?;
        let standing = run.standing(&mut transaction)?;
        transaction.commit()?;
        if let Some(outcome) = standing {
            return Ok(Err(outcome));
        }
        let url = self.url.accepted_by_sqlalchemy().with_driver_of(driver).with_password();
        Ok(Ok(run.seeding(url, sys_path.to_vec())))
    }

    fn table(&self) -> VersionTableName {
        own_table(SEED_TABLE, &self.url, self.schema.as_deref().unwrap_or(&self.own_schema))
    }

    fn ensure(&self, transaction: &mut Transaction<'_>) -> Result<(), LifecycleError> {
        let columns = "file text PRIMARY KEY, sha256 text NOT NULL, run_at timestamp NOT NULL";
        ensure_table(transaction, &self.table(), columns)
    }

    /// Where names without a schema are looked for, for the transaction.
    fn search_path(&self) -> Option<String> {
        let names: Vec<String> = self.search_path.iter().map(|schema| quote_identifier(schema)).collect();
        (!names.is_empty() && self.url.dialect() == Dialect::Postgres)
            .then(|| format!("SET LOCAL search_path = {}", names.join(", ")))
    }
}

impl SeedRun<'_> {
    fn sql(&self, connection: &mut Connection) -> Result<SeedOutcome, LifecycleError> {
        let failed = |error| LifecycleError::Seed { file: self.file.name.clone(), reason: Box::new(error) };
        if let Some(statement) = ending(&self.file.text) {
            return Err(LifecycleError::SeedEnds { file: self.file.name.clone(), statement });
        }
        let mut transaction = connection.begin()?;
        self.place.ensure(&mut transaction)?;
        // Whoever seeds at the same time has to wait here, and finds it recorded then.
        transaction.run(&self.lock())?;
        if let Some(outcome) = self.standing(&mut transaction)? {
            transaction.commit()?;
            return Ok(outcome);
        }
        if let Some(path) = self.place.search_path() {
            transaction.run(&path)?;
        }
        let mark = transaction.mark()?;
        transaction.run(&self.file.text).map_err(failed)?;
        if !transaction.has_mark(&mark).map_err(failed)? {
            return Err(LifecycleError::SeedTransaction { file: self.file.name.clone() });
        }
        let table = self.place.table().quoted();
        transaction.change(&record(&table, "$1", "$2"), &[&self.file.name, &self.file.sha256]).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(SeedOutcome::Run)
    }

    /// `None`: it has to be run.
    fn standing(&self, transaction: &mut Transaction<'_>) -> Result<Option<SeedOutcome>, LifecycleError> {
        let sql = format!("SELECT sha256 FROM {} WHERE file = $1", self.place.table().quoted());
        let recorded = transaction.first_column(&sql, &[&self.file.name])?.pop();
        Ok(match recorded {
            None => None,
            Some(_) if self.again => None,
            Some(sha256) if sha256 == self.file.sha256 => Some(SeedOutcome::Recorded),
            Some(_) => Some(SeedOutcome::Changed),
        })
    }

    /// SQLite's transactions are one at a time as they are.
    fn lock(&self) -> String {
        match self.place.url.dialect() {
            Dialect::Postgres => {
                format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", self.place.table().quoted())
            }
            _ => String::new(),
        }
    }

    /// The same in Python's hands. What it finds recorded under the lock it leaves alone.
    fn seeding(&self, url: String, sys_path: Vec<String>) -> Seeding {
        let escaped = |sql: String| SqlStatement { sql: sql.replace(':', "\\:"), parameters: Default::default() };
        let table = self.place.table().quoted().replace(':', "\\:");
        let file = ("file".to_owned(), self.file.name.clone());
        let sha256 = ("sha256".to_owned(), self.file.sha256.clone());
        let lock = Some(self.lock()).filter(|sql| !sql.is_empty());
        Seeding {
            url,
            path: self.file.path.clone(),
            sys_path,
            before: lock.into_iter().chain(self.place.search_path()).map(escaped).collect(),
            unless: (!self.again).then(|| SqlStatement {
                sql: format!("SELECT 1 FROM {table} WHERE file = :file"),
                parameters: [file.clone()].into(),
            }),
            after: SqlStatement { sql: record(&table, ":file", ":sha256"), parameters: [file, sha256].into() },
        }
    }
}

/// The first statement that ends the transaction it runs in.
fn ending(text: &str) -> Option<String> {
    use TransactionControl::{Commit, Rollback};
    let ends = |control| matches!(control, InTransaction::Control(Commit | Rollback));
    statements(text).into_iter().find(|statement| ends(statement.transaction)).map(|statement| statement.sql)
}

fn record(table: &str, file: &str, sha256: &str) -> String {
    format!(
        "INSERT INTO {table} (file, sha256, run_at) VALUES ({file}, {sha256}, CURRENT_TIMESTAMP) \
         ON CONFLICT (file) DO UPDATE SET sha256 = EXCLUDED.sha256, run_at = EXCLUDED.run_at"
    )
}

#[cfg(test)]
mod tests {
    use super::ending;

    #[test]
    fn what_ends_the_transaction_is_found_before_anything_is_sent() {
        let ends = |text| ending(text).unwrap_or_default();
        assert_eq!(ends("INSERT INTO o VALUES ('x'); commit ; INSERT INTO nope VALUES (1)"), "commit");
        assert_eq!(ends("/* so */ END TRANSACTION"), "END TRANSACTION");
        assert_eq!(ends("ROLLBACK AND CHAIN; SELECT 1"), "ROLLBACK AND CHAIN");
        assert_eq!(ends("PREPARE TRANSACTION 'x'"), "PREPARE TRANSACTION 'x'");
        for stays in [
            "INSERT INTO o VALUES ('COMMIT; x'); -- COMMIT;",
            "SAVEPOINT a; ROLLBACK TO a; ROLLBACK WORK TO SAVEPOINT a; RELEASE a",
            "CREATE TRIGGER t AFTER INSERT ON o BEGIN UPDATE o SET s = CASE WHEN s > 0 THEN 1 END; DELETE FROM p; END;",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 1",
            "CREATE FUNCTION g() RETURNS trigger AS $$ BEGIN RETURN NEW; END; $$ LANGUAGE plpgsql",
        ] {
            assert_eq!(ends(stays), "", "{stays}");
        }
    }
}
