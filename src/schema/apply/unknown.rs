use super::operations::Applier;
use crate::operation::{ObjectKind, TableName};
use crate::schema::Table;

/// An operation on something that, as far as the history knows, does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Its position in `Body::operations`.
    pub operation: usize,
    /// The table; `None` for an enum type.
    pub table: Option<TableName>,
    /// What of it.
    pub object: UnknownObject,
}

/// What an operation does not find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnknownObject {
    /// The table.
    Table,
    /// A table that a foreign key refers to.
    ReferencedTable,
    /// A column of the table.
    Column(String),
    /// An index of the table.
    Index(String),
    /// A constraint of the table.
    Constraint(String),
    /// An enum type.
    Enum(String),
}

impl Applier<'_> {
    /// Notes that a table is not there, unless it may be all the same.
    pub(super) fn unknown_table(&mut self, table: &TableName, object: UnknownObject) {
        let name = table.to_string();
        let is_view = [ObjectKind::View, ObjectKind::MaterializedView, ObjectKind::Other]
            .iter()
            .any(|kind| self.schema.has_object(*kind, &name));
        if !is_view && !is_of_database(table) {
            self.unknown(Some(table.clone()), object);
        }
    }

    /// Notes that a table, which is known, lacks something.
    pub(super) fn unknown_part(&mut self, table: &Table, object: UnknownObject) {
        if table.is_complete && !table.is_doubtful {
            self.unknown(Some(table.name.clone()), object);
        }
    }

    pub(super) fn unknown(&mut self, table: Option<TableName>, object: UnknownObject) {
        if !self.schema.may_be_incomplete && !self.is_doubtful {
            self.unknown.push(Unknown { operation: self.position, table, object });
        }
    }
}

/// Tables that belong to the database itself, or to Alembic.
fn is_of_database(table: &TableName) -> bool {
    matches!(table.schema.as_deref(), Some("pg_catalog" | "information_schema" | "sys"))
        || table.name.starts_with("pg_")
        || table.name.starts_with("sqlite_")
        || table.name.starts_with("alembic_version")
}
