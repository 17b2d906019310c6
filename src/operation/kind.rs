use std::ops::Range;

use super::{Column, ColumnType, Constraint, EnumType, Name, ServerDefault, TableName};

/// What an operation does. `Option<TableName>` that is `None` (as `Option<String>` of a column's name): computed when the revision runs.
#[derive(Debug, Clone, PartialEq)]
pub enum OperationKind {
    CreateTable(CreateTable),
    DropTable {
        table: Option<TableName>,
        if_exists: bool,
        cascade: bool,
    },
    RenameTable {
        table: Option<TableName>,
        new_name: Option<String>,
    },
    AddColumn {
        table: Option<TableName>,
        column: Box<Column>,
        if_not_exists: bool,
    },
    DropColumn {
        table: Option<TableName>,
        column: Option<String>,
        if_exists: bool,
        cascade: bool,
    },
    AlterColumn(Box<AlterColumn>),
    CreateIndex {
        table: Option<TableName>,
        index: Index,
        concurrently: bool,
        if_not_exists: bool,
    },
    DropIndex {
        table: Option<TableName>,
        name: Name,
        concurrently: bool,
        if_exists: bool,
    },
    CreateConstraint {
        table: Option<TableName>,
        constraint: Constraint,
    },
    /// `kind`: of `type_=`: `foreignkey`, `primary`, `unique`, `check`.
    DropConstraint {
        table: Option<TableName>,
        name: Name,
        kind: Option<String>,
        if_exists: bool,
    },
    ValidateConstraint {
        table: Option<TableName>,
        name: Name,
    },
    CreateEnum {
        enum_type: EnumType,
        if_not_exists: bool,
    },
    DropEnum {
        name: Name,
        schema: Option<String>,
        if_exists: bool,
    },
    AddEnumValue {
        name: String,
        value: String,
        is_positioned: bool,
        if_not_exists: bool,
    },
    RenameEnumValue {
        name: String,
        value: String,
        new_value: String,
    },
    /// Another object of the schema: a view, a function, an extension …
    CreateObject {
        object: ObjectKind,
        name: Option<String>,
        if_not_exists: bool,
    },
    DropObject {
        object: ObjectKind,
        name: Option<String>,
        if_exists: bool,
        cascade: bool,
    },
    RenameObject {
        object: ObjectKind,
        name: Option<String>,
        new_name: Option<String>,
    },
    /// `ALTER … SET SCHEMA`
    MoveObject {
        object: ObjectKind,
        name: Option<String>,
        schema: Option<String>,
    },
    CreateSchema {
        name: Option<String>,
        if_not_exists: bool,
    },
    DropSchema {
        name: Option<String>,
        if_exists: bool,
        cascade: bool,
    },
    DropDatabase {
        name: Option<String>,
    },
    /// Rewrites or locks a table for as long as that takes: VACUUM FULL, CLUSTER …
    Rewrite {
        table: Option<TableName>,
        how: Rewrite,
    },
    Insert {
        table: Option<TableName>,
    },
    /// `is_filtered`: there is a WHERE (or a join that filters). `overwritten`: those of `columns` whose old values do not come back in
    /// the new ones; where the rows are chosen, only those that become NULL. Empty where the values could not be read.
    Update {
        table: Option<TableName>,
        is_filtered: bool,
        columns: Vec<String>,
        overwritten: Vec<String>,
    },
    Delete {
        table: Option<TableName>,
        is_filtered: bool,
    },
    Truncate {
        tables: Vec<TableName>,
        cascade: bool,
    },
    /// Rows are read: SELECT through the bind, reflection, an inspector.
    Read {
        what: String,
    },
    /// COMMIT, ROLLBACK, BEGIN, in SQL or on a session or bind.
    Transaction(TransactionControl),
    /// `metadata.create_all()`, `drop_all()` (`is_drop`).
    CreateAll {
        is_drop: bool,
    },
    /// A statement that was understood and that changes neither schema nor rows: SET, COMMENT, GRANT, ANALYZE … or that limbec does
    /// not model; `what` is how it begins, upper case (`GRANT`).
    Other {
        what: String,
    },
}

impl OperationKind {
    /// The table that is worked on, where there is exactly one and its name is known.
    pub fn table(&self) -> Option<&TableName> {
        match self {
            Self::CreateTable(create) => create.table.as_ref(),
            Self::AlterColumn(alter) => alter.table.as_ref(),
            Self::DropTable { table, .. }
            | Self::RenameTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::CreateConstraint { table, .. }
            | Self::DropConstraint { table, .. }
            | Self::ValidateConstraint { table, .. }
            | Self::Rewrite { table, .. }
            | Self::Insert { table }
            | Self::Update { table, .. }
            | Self::Delete { table, .. } => table.as_ref(),
            Self::Truncate { tables, .. } if tables.len() == 1 => tables.first(),
            _ => None,
        }
    }
}

/// `op.create_table(…)`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateTable {
    pub table: Option<TableName>,
    /// Those that could be told; see `is_complete`.
    pub columns: Vec<Column>,
    /// Of the table; those of columns are with them.
    pub constraints: Vec<Constraint>,
    /// `sa.Index(…)` among the arguments.
    pub indexes: Vec<Index>,
    pub if_not_exists: bool,
    /// False where there may be more columns: `*columns`, CREATE TABLE AS, LIKE.
    pub is_complete: bool,
}

/// An index as it is created.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub name: Name,
    /// `None` for an expression or a computed name.
    pub columns: Vec<Option<String>>,
    pub unique: bool,
    /// In the text.
    pub range: Range<usize>,
}

/// `op.alter_column(…)`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlterColumn {
    pub table: Option<TableName>,
    pub column: Option<String>,
    /// `new_column_name=`
    pub new_name: Option<String>,
    /// `nullable=`
    pub nullable: Option<bool>,
    /// `type_=`
    pub type_: Option<ColumnType>,
    /// `server_default=`
    pub server_default: Change<ServerDefault>,
    /// `existing_type=`
    pub existing_type: Option<ColumnType>,
    /// `existing_nullable=`
    pub existing_nullable: Option<bool>,
    /// `postgresql_using=`, `USING`
    pub using: Option<String>,
}

/// What happens to an attribute that may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Left as it is.
    #[default]
    Keep,
    /// Taken away (`server_default=None`).
    Drop,
    /// Given, or another one.
    Set(T),
}

/// Objects of a schema that are not modelled further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    View,
    MaterializedView,
    Function,
    Procedure,
    Trigger,
    Sequence,
    Domain,
    Type,
    Extension,
    Policy,
    Rule,
    Role,
    Index,
    Table,
    Constraint,
    Schema,
    Other,
}

impl ObjectKind {
    /// In words, without an article.
    pub fn word(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Trigger => "trigger",
            Self::Sequence => "sequence",
            Self::Domain => "domain",
            Self::Type => "type",
            Self::Extension => "extension",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Role => "role",
            Self::Index => "index",
            Self::Table => "table",
            Self::Constraint => "constraint",
            Self::Schema => "schema",
            Self::Other => "object",
        }
    }
}

/// What rewrites or locks a whole table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    VacuumFull,
    Cluster,
    /// `SET LOGGED`, `SET UNLOGGED`
    Logging,
    /// `SET ACCESS METHOD`, `SET TABLESPACE`
    Storage,
}

/// Statements that end or begin a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionControl {
    Begin,
    Commit,
    Rollback,
}
