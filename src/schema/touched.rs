use std::collections::BTreeSet;

use super::Schema;
use crate::operation::{Body, ConstraintKind, Dialect, Name, ObjectKind, OperationKind, TableName};

/// What an upgrade changes of the schema. Two branches that touch the same depend on the order in which they run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// A table as a whole (`None`: created, dropped, renamed) or one column of it; constraints and indexes count as their columns.
    pub columns: BTreeSet<(TableName, Option<String>)>,
    /// Enum types.
    pub enums: BTreeSet<String>,
}

impl Touched {
    /// By the operations of a function that starts from a schema.
    pub(super) fn by(body: &Body, before: &Schema, dialect: Dialect) -> Self {
        let mut touched = Self::default();
        for operation in body.operations.iter().filter(|operation| operation.context.dialects.contains(dialect)) {
            touched.add(&operation.kind, before);
        }
        touched
    }

    fn table(&mut self, schema: &Schema, table: Option<&TableName>) {
        if let Some(table) = table {
            self.columns.insert((schema.key(table), None));
        }
    }

    fn column(&mut self, schema: &Schema, table: Option<&TableName>, column: Option<&str>) {
        if let (Some(table), Some(column)) = (table, column) {
            self.columns.insert((schema.key(table), Some(column.to_owned())));
        }
    }

    fn add(&mut self, kind: &OperationKind, schema: &Schema) {
        match kind {
            OperationKind::CreateTable(create) => self.table(schema, create.table.as_ref()),
            OperationKind::DropTable { table, .. } => self.table(schema, table.as_ref()),
            OperationKind::RenameTable { table, new_name } => {
                self.table(schema, table.as_ref());
                if let (Some(table), Some(new_name)) = (table, new_name) {
                    self.table(schema, Some(&TableName { schema: table.schema.clone(), name: new_name.clone() }));
                }
            }
            OperationKind::AddColumn { table, column, .. } => {
                self.column(schema, table.as_ref(), column.name.as_deref());
            }
            OperationKind::DropColumn { table, column, .. } => self.column(schema, table.as_ref(), column.as_deref()),
            OperationKind::AlterColumn(alter) => {
                self.column(schema, alter.table.as_ref(), alter.column.as_deref());
                self.column(schema, alter.table.as_ref(), alter.new_name.as_deref());
            }
            OperationKind::CreateIndex { table, index, .. } => {
                index.columns.iter().for_each(|column| self.column(schema, table.as_ref(), column.as_deref()));
            }
            OperationKind::CreateConstraint { table, constraint } => match &constraint.kind {
                ConstraintKind::PrimaryKey { columns: Some(columns) }
                | ConstraintKind::Unique { columns: Some(columns) }
                | ConstraintKind::ForeignKey { columns: Some(columns), .. } => {
                    columns.iter().for_each(|column| self.column(schema, table.as_ref(), Some(column)));
                }
                _ => {}
            },
            OperationKind::DropConstraint { table: Some(table), name: Name::Known(name), .. } => {
                let found =
                    schema.table(table).and_then(|table| table.constraint(name)).and_then(|found| found.columns());
                found.unwrap_or_default().iter().for_each(|column| self.column(schema, Some(table), Some(column)));
            }
            OperationKind::DropIndex { table: Some(table), name: Name::Known(name), .. } => {
                let found =
                    schema.table(table).and_then(|table| table.index(name)).map(|index| index.columns.as_slice());
                found.unwrap_or_default().iter().for_each(|column| self.column(schema, Some(table), column.as_deref()));
            }
            other => self.add_enum(other),
        }
    }

    fn add_enum(&mut self, kind: &OperationKind) {
        let name = match kind {
            OperationKind::CreateEnum { enum_type, .. } => enum_type.name.known(),
            OperationKind::DropEnum { name, .. } => name.known(),
            OperationKind::AddEnumValue { name, .. } | OperationKind::RenameEnumValue { name, .. } => {
                Some(name.as_str())
            }
            OperationKind::DropObject { object: ObjectKind::Type, name, .. }
            | OperationKind::RenameObject { object: ObjectKind::Type, name, .. } => name.as_deref(),
            _ => None,
        };
        self.enums.extend(name.map(str::to_owned));
    }
}
