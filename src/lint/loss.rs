use std::fmt;

use super::course::Course;
use super::phrase;
use super::type_change::TypeChange;
use crate::operation::{ObjectKind, Operation, OperationKind, TableName};
use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// Data that an operation destroys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// A table and its rows.
    Table(TableName),
    /// A column and its values.
    Column { table: TableName, column: String },
    /// A schema, or with `CASCADE` all that is in it.
    Schema(String),
    /// A database.
    Database,
    /// `metadata.drop_all()`
    EveryTable,
    /// All rows of a table.
    AllRows(TableName),
    /// Those rows of a table that a condition chooses.
    SomeRows(TableName),
    /// Values of a column that its new type does not hold; which, as a phrase.
    Values { table: TableName, column: String, reason: String },
    /// The values of some columns in all rows, overwritten.
    AllValues { table: TableName, columns: Vec<String> },
    /// The values of one column, overwritten in all rows, or set to NULL in those that a condition chooses.
    Overwritten { table: TableName, column: String, is_filtered: bool },
    /// All rows of the tables that refer to these, which `TRUNCATE … CASCADE` empties with them.
    Referencing(Vec<TableName>),
    /// Columns that go with a type or an extension (`CASCADE`); its name.
    ColumnsOfType(String),
}

impl Loss {
    /// What an operation destroys of what the function found or made so far. Nothing where rows are only carried from one table to
    /// another of the same name, as where SQLite or a partitioned table is rebuilt.
    pub fn of(course: Course<'_>, operation: &Operation) -> Vec<Self> {
        let one = match &operation.kind {
            OperationKind::DropTable { table: Some(table), .. } if !carries_rows(course, operation, table) => {
                Self::Table(table.clone())
            }
            OperationKind::DropColumn { table: Some(table), column: Some(column), .. }
                if !carries_values(course, operation, table, column) =>
            {
                Self::Column { table: table.clone(), column: column.clone() }
            }
            OperationKind::DropSchema { name, .. } => Self::Schema(name.clone().unwrap_or_default()),
            OperationKind::DropDatabase { .. } => Self::Database,
            OperationKind::CreateAll { is_drop: true } => Self::EveryTable,
            OperationKind::Delete { table: Some(table), is_filtered } => {
                if *is_filtered {
                    Self::SomeRows(table.clone())
                } else {
                    Self::AllRows(table.clone())
                }
            }
            OperationKind::Truncate { tables, .. } => return tables.iter().cloned().map(Self::AllRows).collect(),
            OperationKind::AlterColumn(alter) => {
                match (TypeChange::of(course, operation, alter), &alter.table, &alter.column) {
                    (Some((TypeChange::Narrowed(reason), _)), Some(table), Some(column)) => {
                        Self::Values { table: table.clone(), column: column.clone(), reason }
                    }
                    _ => return Vec::new(),
                }
            }
            OperationKind::DropObject {
                object: ObjectKind::Type | ObjectKind::Domain | ObjectKind::Extension,
                name: Some(name),
                cascade: true,
                ..
            } => Self::ColumnsOfType(name.clone()),
            _ => return Vec::new(),
        };
        vec![one]
    }

    /// What is lost beyond that if the database has any of it: values that an UPDATE, or `ALTER COLUMN … TYPE … USING`, replaces
    /// by others that say nothing of them, and rows of tables that `TRUNCATE … CASCADE` reaches.
    pub fn to_be_measured(operation: &Operation) -> Vec<Self> {
        match &operation.kind {
            OperationKind::Update { table: Some(table), is_filtered, overwritten, .. } => {
                let one = |column: &String| Self::Overwritten {
                    table: table.clone(),
                    column: column.clone(),
                    is_filtered: *is_filtered,
                };
                overwritten.iter().map(one).collect()
            }
            OperationKind::AlterColumn(alter) => match (&alter.table, &alter.column, &alter.using) {
                (Some(table), Some(column), Some(using)) if !mentions(using, column) => {
                    vec![Self::Overwritten { table: table.clone(), column: column.clone(), is_filtered: false }]
                }
                _ => Vec::new(),
            },
            OperationKind::Truncate { tables, cascade: true } => vec![Self::Referencing(tables.clone())],
            _ => Vec::new(),
        }
    }

    /// What an UPDATE of all rows overwrites.
    pub fn of_update(operation: &Operation) -> Option<Self> {
        match &operation.kind {
            OperationKind::Update { table: Some(table), is_filtered: false, columns, .. } if !columns.is_empty() => {
                Some(Self::AllValues { table: table.clone(), columns: columns.clone() })
            }
            _ => None,
        }
    }
}

/// Whether a name stands anywhere in an expression.
fn mentions(expression: &str, name: &str) -> bool {
    let mut tokens = Tokens::new(expression, Lexicon::Any).filter_map(|token| {
        let text = expression.get(token.range)?;
        Some(if token.kind == TokenKind::QuotedName { text.trim_matches('"') } else { text })
    });
    tokens.any(|text| text.eq_ignore_ascii_case(name))
}

/// A noun phrase.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "the table `{table}`"),
            Self::Column { table, column } => write!(f, "the column `{table}.{column}`"),
            Self::Schema(name) if name.is_empty() => f.write_str("a schema"),
            Self::Schema(name) => write!(f, "the schema `{name}`"),
            Self::Database => f.write_str("a database"),
            Self::EveryTable => f.write_str("every table of the metadata"),
            Self::AllRows(table) => write!(f, "all rows of `{table}`"),
            Self::SomeRows(table) => write!(f, "rows of `{table}`"),
            Self::Values { table, column, .. } => write!(f, "values of `{table}.{column}`"),
            Self::AllValues { table, columns } => {
                let names: Vec<String> = columns.iter().map(|column| format!("`{table}.{column}`")).collect();
                write!(f, "{} in every row", phrase::list(&names))
            }
            Self::Overwritten { table, column, is_filtered } => {
                let which = if *is_filtered { "values of " } else { "" };
                write!(f, "{which}`{table}.{column}`")
            }
            Self::Referencing(tables) => {
                let names: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
                write!(f, "the tables that refer to {}", phrase::list(&names))
            }
            Self::ColumnsOfType(name) => write!(f, "every column that needs `{name}`"),
        }
    }
}

/// Whether a table that is dropped lives on in another: one that takes its name, or one that was made while it had another.
fn carries_rows(course: Course<'_>, operation: &Operation, table: &TableName) -> bool {
    let (earlier, later) = (course.earlier(operation), course.later(operation));
    // The new table is filled, the old one dropped, the new one takes its name.
    let becomes = later.iter().find_map(|next| match &next.kind {
        OperationKind::RenameTable { table: Some(old), new_name: Some(new) }
            if *new == table.name && old.schema == table.schema =>
        {
            Some(old)
        }
        _ => None,
    });
    if becomes.is_some_and(|copy| is_filled(earlier, copy) || !course.creates_table(copy)) {
        return true;
    }
    // The old table was put aside under this name and a new one made under its own.
    if course.old_names(table).any(|original| is_filled(earlier, &original)) {
        return true;
    }
    // Made anew under the same name, and filled from a copy.
    let is_made_again = later
        .iter()
        .any(|next| matches!(&next.kind, OperationKind::CreateTable(create) if create.table.as_ref() == Some(table)));
    is_made_again && is_filled_by_query(later, table)
}

/// Whether a table is created with rows or gets rows.
fn is_filled(operations: &[Operation], table: &TableName) -> bool {
    operations.iter().any(|operation| match &operation.kind {
        OperationKind::Insert { table: Some(of) } => of == table,
        // CREATE TABLE … AS
        OperationKind::CreateTable(create) => create.table.as_ref() == Some(table) && !create.is_complete,
        _ => false,
    })
}

fn is_filled_by_query(operations: &[Operation], table: &TableName) -> bool {
    operations.iter().any(|operation| {
        let is_insert = matches!(&operation.kind, OperationKind::Insert { table: Some(of) } if of == table);
        is_insert && operation.sql.as_ref().is_some_and(|sql| sql.to_ascii_lowercase().contains("select"))
    })
}

/// Whether a column that this function added takes the name of one that is dropped.
fn carries_values(course: Course<'_>, operation: &Operation, table: &TableName, column: &str) -> bool {
    course.later(operation).iter().any(|next| match &next.kind {
        OperationKind::AlterColumn(alter) => {
            alter.table.as_ref() == Some(table)
                && alter.new_name.as_deref() == Some(column)
                && alter.column.as_deref().is_some_and(|old| old != column && course.adds_column(table, old))
        }
        _ => false,
    })
}
