//! Changes of a version table that no migration makes: of rows that should not be there, and of its column.

use super::{DatabaseError, Dialect, Transaction, VersionTableName};
use crate::plan::HeadChange;
use crate::revision::RevisionId;

impl Transaction<'_> {
    /// Deletes the rows that are NULL. How many there were.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_null_rows(&mut self, table: &VersionTableName) -> Result<u64, DatabaseError> {
        self.execute(&format!("DELETE FROM {} WHERE version_num IS NULL", table.quoted()), &[], table)
    }

    /// Leaves one row of those that are alike.
    ///
    /// # Errors
    /// What the database says.
    pub fn keep_one_row(&mut self, table: &VersionTableName, id: &RevisionId) -> Result<(), DatabaseError> {
        let sql = format!("DELETE FROM {} WHERE version_num = $1", table.quoted());
        self.execute(&sql, &[id.as_str()], table)?;
        self.apply(table, &[HeadChange::Insert(id.clone())])
    }

    /// Gives the column room for so many characters. PostgreSQL changes its catalogue alone for that, without touching rows; SQLite
    /// keeps longer texts as it is.
    ///
    /// # Errors
    /// What the database says: a view uses the column, the role is not the table's owner.
    pub fn widen(&mut self, table: &VersionTableName, characters: u64) -> Result<(), DatabaseError> {
        if self.connection().dialect() == Dialect::Postgres {
            let sql = format!("ALTER TABLE {} ALTER COLUMN version_num TYPE VARCHAR({characters})", table.quoted());
            self.execute(&sql, &[], table)?;
        }
        Ok(())
    }
}
