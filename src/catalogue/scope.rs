use std::collections::BTreeSet;

use crate::database::VersionTableName;

/// Which part of a database is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    schemas: Option<BTreeSet<String>>,
    /// Beside `schemas` the one of names without a schema.
    has_default: bool,
    /// Where names without a schema are, where that is not the search path's business.
    default: Option<String>,
    left_out: Vec<VersionTableName>,
    /// Not limbec's own, whatever is in it.
    kept: Option<String>,
}

impl Scope {
    /// Every schema but those of the system.
    pub fn everything() -> Self {
        Self::default()
    }

    /// These schemas alone. SQLite has but one, which is always read.
    pub fn schemas<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { schemas: Some(names.into_iter().map(Into::into).collect()), ..Self::default() }
    }

    /// The schema of names without one, and these.
    pub fn default_and<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self { has_default: true, ..Self::schemas(names) }
    }

    /// Names without a schema are in this one, whatever the search path says.
    #[must_use]
    pub fn with_default(self, schema: String) -> Self {
        Self { default: Some(schema), ..self }
    }

    /// Leaves out a table of Alembic's or limbec's own: a version table, the history. Without a schema it is left out wherever
    /// it is.
    #[must_use]
    pub fn without(mut self, table: VersionTableName) -> Self {
        self.left_out.push(table);
        self
    }

    /// This schema was there before anything else, and is shown although only tables that are left out may be in it.
    #[must_use]
    pub fn keeping(self, schema: Option<String>) -> Self {
        Self { kept: schema, ..self }
    }

    /// The default schema, where it was named.
    pub(super) fn default_schema(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// Whether a schema is read; `is_default`: names without a schema are there.
    pub(super) fn has_schema(&self, name: &str, is_default: bool) -> bool {
        self.schemas.as_ref().is_none_or(|schemas| schemas.contains(name) || is_default && self.has_default)
    }

    /// Whether a table is read.
    pub(super) fn has_table(&self, schema: &str, name: &str) -> bool {
        !self.left_out.iter().any(|table| table.name == name && table.schema.as_deref().is_none_or(|of| of == schema))
    }

    /// Whether all of a schema's tables, of which there are some, are left out: then limbec made the schema.
    pub(super) fn is_own_schema(&self, schema: &str, mut tables: impl Iterator<Item = String>) -> bool {
        let Some(first) = tables.next().filter(|_| self.kept.as_deref() != Some(schema)) else { return false };
        !self.has_table(schema, &first) && tables.all(|table| !self.has_table(schema, &table))
    }
}
