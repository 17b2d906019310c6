use std::collections::BTreeSet;

use crate::database::VersionTableName;

/// Which part of a database is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    schemas: Option<BTreeSet<String>>,
    left_out: Vec<VersionTableName>,
}

impl Scope {
    /// Every schema but those of the system.
    pub fn everything() -> Self {
        Self::default()
    }

    /// These schemas alone. SQLite has but one, which is always read.
    pub fn schemas<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { schemas: Some(names.into_iter().map(Into::into).collect()), left_out: Vec::new() }
    }

    /// Leaves out a table of Alembic's or limbec's own: a version table, the history. Without a schema it is left out wherever
    /// it is.
    #[must_use]
    pub fn without(mut self, table: VersionTableName) -> Self {
        self.left_out.push(table);
        self
    }

    /// Whether a schema is read.
    pub(super) fn has_schema(&self, name: &str) -> bool {
        self.schemas.as_ref().is_none_or(|schemas| schemas.contains(name))
    }

    /// Whether a table is read.
    pub(super) fn has_table(&self, schema: &str, name: &str) -> bool {
        !self.left_out.iter().any(|table| table.name == name && table.schema.as_deref().is_none_or(|of| of == schema))
    }

    /// Whether all of a schema's tables, of which there are some, are left out: then limbec made the schema.
    pub(super) fn is_own_schema(&self, schema: &str, mut tables: impl Iterator<Item = String>) -> bool {
        let Some(first) = tables.next() else { return false };
        !self.has_table(schema, &first) && tables.all(|table| !self.has_table(schema, &table))
    }
}
