use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use crate::operation::{ColumnType, ConstraintKind, Name, ServerDefault, TableName};
use crate::revision::RevisionIndex;

/// A schema at one point of the history. Cloning costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub(super) tables: RedBlackTreeMapSync<TableName, Arc<Table>>,
    pub(super) enums: RedBlackTreeMapSync<String, Arc<EnumState>>,
    /// Something that was not understood may have created, changed or dropped objects on the way here.
    pub(super) may_be_incomplete: bool,
}

/// A table as the revisions have left it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name now.
    pub name: TableName,
    /// Who created it.
    pub created_by: RevisionIndex,
    /// In the order of their creation.
    pub columns: Vec<TableColumn>,
    pub constraints: Vec<TableConstraint>,
    pub indexes: Vec<TableIndex>,
    /// False where it may have columns, constraints or indexes that are not known.
    pub is_complete: bool,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableColumn {
    pub name: String,
    pub type_: Option<ColumnType>,
    /// `None`: not known.
    pub nullable: Option<bool>,
    pub server_default: Option<ServerDefault>,
    /// Who added it.
    pub created_by: RevisionIndex,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableConstraint {
    pub name: Name,
    pub kind: ConstraintKind,
    /// Created NOT VALID and not validated since.
    pub not_valid: bool,
    pub created_by: RevisionIndex,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    pub name: Name,
    pub columns: Vec<Option<String>>,
    pub unique: bool,
    pub created_by: RevisionIndex,
}

/// A native enum type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumState {
    pub name: String,
    /// `None`: not known.
    pub values: Option<Vec<String>>,
    pub created_by: RevisionIndex,
}

impl Schema {
    /// The table of this name; one without a schema is looked for in the default schema.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.get(name).map(AsRef::as_ref)
    }

    /// All tables, sorted by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values().map(AsRef::as_ref)
    }

    /// The enum type of this name.
    pub fn enum_type(&self, name: &str) -> Option<&EnumState> {
        self.enums.get(name).map(AsRef::as_ref)
    }

    /// All enum types, sorted by name.
    pub fn enum_types(&self) -> impl Iterator<Item = &EnumState> {
        self.enums.values().map(AsRef::as_ref)
    }

    /// Whether there may be objects that are not known, because something on the way here was not understood.
    pub fn may_be_incomplete(&self) -> bool {
        self.may_be_incomplete
    }

    /// The tables with a foreign key to a table, and that constraint.
    pub fn referencing<'s>(&'s self, to: &'s TableName) -> impl Iterator<Item = (&'s Table, &'s TableConstraint)> + 's {
        self.tables().flat_map(|table| table.constraints.iter().map(move |constraint| (table, constraint))).filter(
            move |(_, constraint)| {
                matches!(&constraint.kind, ConstraintKind::ForeignKey { referent: Some(referent), .. } if referent == to)
            },
        )
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}
