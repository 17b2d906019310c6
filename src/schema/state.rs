use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use crate::operation::{ColumnType, ConstraintKind, Name, ObjectKind, ServerDefault, TableName};
use crate::revision::RevisionIndex;

/// A schema at one point of the history. Cloning costs nothing.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    pub(super) tables: RedBlackTreeMapSync<TableName, Arc<Table>>,
    pub(super) enums: RedBlackTreeMapSync<String, Arc<EnumState>>,
    /// Objects that are not modelled further, and who created them.
    pub(super) objects: RedBlackTreeMapSync<(ObjectKind, String), RevisionIndex>,
    /// Something that was not understood may have created, changed or dropped objects on the way here.
    pub(super) may_be_incomplete: bool,
    /// An enum type was created whose name is computed.
    pub(super) has_unnamed_enums: bool,
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
    /// It may exist or not: what created or dropped it runs under a condition.
    pub is_doubtful: bool,
    pub(super) trace: Trace,
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
    /// It may exist or not, or be another than it seems.
    pub is_doubtful: bool,
    pub(super) trace: Trace,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableConstraint {
    pub name: Name,
    pub kind: ConstraintKind,
    /// Created NOT VALID and not validated since.
    pub not_valid: bool,
    pub created_by: RevisionIndex,
    /// How PostgreSQL calls it where it was given no name: `users_email_key`.
    pub default_name: Option<String>,
    /// It may exist or not.
    pub is_doubtful: bool,
    pub(super) trace: Trace,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    pub name: Name,
    pub columns: Vec<Option<String>>,
    pub unique: bool,
    pub created_by: RevisionIndex,
    /// How SQLAlchemy calls it where it was given no name: `ix_users_email`.
    pub default_name: Option<String>,
    /// It may exist or not.
    pub is_doubtful: bool,
    pub(super) trace: Trace,
}

/// A native enum type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumState {
    /// With its schema where that is not the default one: `sales.status`.
    pub name: String,
    /// `None`: not known.
    pub values: Option<Vec<String>>,
    pub created_by: RevisionIndex,
    /// It may exist or not.
    pub is_doubtful: bool,
    pub(super) trace: Trace,
}

/// Who is to be asked when two branches meet that know different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    /// Who gave it the name that it has now.
    pub(super) named_by: RevisionIndex,
    /// Who changed it last.
    pub(super) changed_by: RevisionIndex,
}

impl Trace {
    pub(super) fn new(revision: RevisionIndex) -> Self {
        Self { named_by: revision, changed_by: revision }
    }
}

impl Schema {
    /// The table of this name; one without a schema is looked for in the default schema.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.get(&self.key(name)).map(AsRef::as_ref)
    }

    /// All tables, sorted by name.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values().map(AsRef::as_ref)
    }

    /// The enum type of this name.
    pub fn enum_type(&self, name: &str) -> Option<&EnumState> {
        self.enums.get(name.strip_prefix("public.").unwrap_or(name)).map(AsRef::as_ref)
    }

    /// All enum types, sorted by name.
    pub fn enum_types(&self) -> impl Iterator<Item = &EnumState> {
        self.enums.values().map(AsRef::as_ref)
    }

    /// Whether there may be objects that are not known, because something on the way here was not understood.
    pub fn may_be_incomplete(&self) -> bool {
        self.may_be_incomplete
    }

    /// Whether there may be enum types that are not known.
    pub fn may_have_other_enums(&self) -> bool {
        self.may_be_incomplete || self.has_unnamed_enums
    }

    /// Whether there is an object of this kind and name (`name` or `schema.name`).
    pub fn has_object(&self, object: ObjectKind, name: &str) -> bool {
        self.objects.contains_key(&(object, name.to_owned()))
    }

    /// Who created the object of this kind and name.
    pub fn object_created_by(&self, object: ObjectKind, name: &str) -> Option<RevisionIndex> {
        self.objects.get(&(object, name.to_owned())).copied()
    }

    /// The tables with a foreign key to a table, and that constraint.
    pub fn referencing<'s>(&'s self, to: &TableName) -> impl Iterator<Item = (&'s Table, &'s TableConstraint)> + 's {
        let to = self.key(to);
        self.tables().flat_map(|table| table.constraints.iter().map(move |constraint| (table, constraint))).filter(
            move |(_, constraint)| {
                matches!(&constraint.kind, ConstraintKind::ForeignKey { referent: Some(referent), .. } if self.key(referent) == to)
            },
        )
    }

    /// The foreign keys that refer to a column of a table.
    pub fn referencing_column<'s>(
        &'s self,
        to: &TableName,
        column: &'s str,
    ) -> impl Iterator<Item = (&'s Table, &'s TableConstraint)> + 's {
        self.referencing(to).filter(move |(_, constraint)| match &constraint.kind {
            ConstraintKind::ForeignKey { referent_columns: Some(columns), .. } => {
                columns.iter().any(|other| other == column)
            }
            _ => false,
        })
    }
}

impl Table {
    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The constraint of this name, given or chosen by PostgreSQL.
    pub fn constraint(&self, name: &str) -> Option<&TableConstraint> {
        self.constraint_position(name, None).and_then(|at| self.constraints.get(at))
    }

    /// The index of this name, given or chosen by SQLAlchemy.
    pub fn index(&self, name: &str) -> Option<&TableIndex> {
        self.index_position(name).and_then(|at| self.indexes.get(at))
    }

    /// The columns of the primary key; empty where there is none.
    pub fn primary_key(&self) -> &[String] {
        let columns = self.constraints.iter().find_map(|constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey { columns: Some(columns) } => Some(columns.as_slice()),
            _ => None,
        });
        columns.unwrap_or_default()
    }
}
