//! A catalogue in the terms of the folded schema.

use crate::catalogue::{Catalogue, Column, Constraint, ConstraintKind, Generation, Index, Relation};
use crate::operation::{
    self, ColumnType, CreateTable, Dialect, EnumType, Name, OperationKind, ServerDefault, TableName, TypeKind,
};
use crate::schema::Schema;

/// What a database has, as operations that would make it. `is_wanted`: which tables.
pub(super) fn schema(catalogue: &Catalogue, dialect: Dialect, is_wanted: impl Fn(&TableName) -> bool) -> Schema {
    let enums = catalogue
        .enums
        .iter()
        .map(|(name, labels)| OperationKind::CreateEnum { enum_type: enum_type(name, labels), if_not_exists: false });
    let tables = catalogue.tables().filter(|table| is_wanted(&table.name));
    let tables = tables.map(|table| OperationKind::CreateTable(create_table(catalogue, table)));
    Schema::made_by(enums.chain(tables).collect::<Vec<_>>(), dialect)
}

fn enum_type(name: &TableName, labels: &[String]) -> EnumType {
    EnumType {
        name: Name::Known(name.name.clone()),
        schema: name.schema.clone(),
        values: Some(labels.to_vec()),
        creates_type: false,
        is_native: true,
        creates_constraint: false,
    }
}

fn create_table(catalogue: &Catalogue, table: &Relation) -> CreateTable {
    CreateTable {
        table: Some(table.name.clone()),
        columns: table.columns.iter().map(|of| column(catalogue, of)).collect(),
        constraints: table.constraints.iter().map(constraint).collect(),
        // What a failed concurrent build left behind is no index yet.
        indexes: table.indexes.iter().filter(|found| found.valid).map(index).collect(),
        if_not_exists: false,
        is_complete: true,
    }
}

fn column(catalogue: &Catalogue, column: &Column) -> operation::Column {
    let server_default = match &column.generation {
        Some(Generation::IdentityAlways | Generation::IdentityByDefault) => Some(ServerDefault::Identity),
        _ => column.default.clone().map(ServerDefault::Expression),
    };
    operation::Column {
        name: Some(column.name.clone()),
        type_: Some(column_type(catalogue, &column.type_)),
        nullable: Some(column.nullable),
        server_default,
        ..operation::Column::default()
    }
}

fn column_type(catalogue: &Catalogue, written: &str) -> ColumnType {
    if let Some(element) = written.strip_suffix("[]") {
        let kind = TypeKind::Array(Box::new(column_type(catalogue, element)));
        return ColumnType { kind, text: written.to_owned(), range: 0..0 };
    }
    let plain = written.replace('"', "");
    match catalogue.enums.iter().find(|(name, _)| name.to_string() == plain) {
        Some((name, labels)) => {
            ColumnType { kind: TypeKind::Enum(enum_type(name, labels)), text: written.to_owned(), range: 0..0 }
        }
        None => ColumnType::in_sql(written),
    }
}

fn constraint(constraint: &Constraint) -> operation::Constraint {
    let columns = || Some(constraint.columns.clone());
    let kind = match &constraint.kind {
        ConstraintKind::PrimaryKey => operation::ConstraintKind::PrimaryKey { columns: columns() },
        ConstraintKind::Unique => operation::ConstraintKind::Unique { columns: columns() },
        ConstraintKind::ForeignKey { referent, referent_columns, on_delete, .. } => {
            operation::ConstraintKind::ForeignKey {
                columns: columns(),
                referent: Some(referent.clone()),
                referent_columns: Some(referent_columns.clone()).filter(|columns| !columns.is_empty()),
                on_delete: on_delete.clone(),
            }
        }
        // The server writes a condition in words of its own: only the name can be compared.
        ConstraintKind::Check => operation::ConstraintKind::Check { condition: None },
        ConstraintKind::Exclude => operation::ConstraintKind::Exclude,
    };
    operation::Constraint {
        name: constraint.name.clone().map_or(Name::Unnamed, Name::Known),
        kind,
        not_valid: !constraint.validated,
        uses_index: None,
        range: 0..0,
    }
}

fn index(index: &Index) -> operation::Index {
    operation::Index {
        name: Name::Known(index.name.clone()),
        columns: index.columns.clone(),
        unique: index.unique,
        range: 0..0,
    }
}
