use std::sync::Arc;

use super::UnknownObject;
use super::operations::{Applier, Circumstances};
use crate::operation::{Column, ConstraintKind, CreateTable, EnumType, Name, TableName, TypeKind};
use crate::schema::Table;
use crate::schema::state::Trace;

impl Applier<'_> {
    pub(super) fn create_table(&mut self, create: &CreateTable) {
        let Some(name) = &create.table else {
            self.schema.may_be_incomplete = true;
            return;
        };
        let key = self.schema.key(name);
        if let Some(existing) = self.schema.tables.get_mut(&key)
            && (create.if_not_exists || self.is_doubtful)
        {
            // It certainly exists now; whether it is this one or the older one is not known where that was in doubt.
            if existing.is_doubtful && !self.is_doubtful {
                let existing = Arc::make_mut(existing);
                existing.is_doubtful = false;
                existing.is_complete = false;
            }
            return;
        }
        for column in &create.columns {
            self.create_enum_of(column);
        }
        self.expect_referenced(
            create.constraints.iter().chain(create.columns.iter().flat_map(|column| &column.constraints)),
            &key,
        );
        let circumstances = self.circumstances();
        self.schema.tables.insert_mut(key.clone(), Arc::new(table(create, key, circumstances)));
    }

    pub(super) fn circumstances(&self) -> Circumstances {
        Circumstances { revision: self.revision, dialect: self.dialect, is_doubtful: self.is_doubtful }
    }

    /// CREATE TABLE makes the enum types of its columns on PostgreSQL, ADD COLUMN does not.
    fn create_enum_of(&mut self, column: &Column) {
        let mut kind = column.type_.as_ref().map(|type_| &type_.kind);
        while let Some(TypeKind::Array(element)) = kind {
            kind = Some(&element.kind);
        }
        if let Some(TypeKind::Enum(enum_type)) = kind
            && enum_type.creates_type
        {
            self.create_enum(enum_type, true);
        }
    }

    pub(super) fn drop_table(&mut self, table: Option<&TableName>, if_exists: bool, cascade: bool) {
        let Some(name) = table else {
            self.schema.may_be_incomplete = true;
            return;
        };
        let key = self.schema.key(name);
        let Some(found) = self.schema.tables.get_mut(&key) else {
            if !if_exists {
                self.unknown_table(name, UnknownObject::Table);
            }
            return;
        };
        if self.is_doubtful {
            Arc::make_mut(found).is_doubtful = true;
            return;
        }
        self.schema.tables.remove_mut(&key);
        if cascade {
            self.drop_references(&key, None);
        }
    }

    /// Takes away the foreign keys to a table, or to one column of it.
    pub(super) fn drop_references(&mut self, to: &TableName, column: Option<&str>) {
        let refers = |kind: &ConstraintKind| match kind {
            ConstraintKind::ForeignKey { referent: Some(referent), referent_columns, .. } => {
                referent == to
                    && column.is_none_or(|column| {
                        referent_columns.as_ref().is_some_and(|columns| columns.iter().any(|other| other == column))
                    })
            }
            _ => false,
        };
        self.each_table(
            |table| table.constraints.iter().any(|constraint| refers(&constraint.kind)),
            |table| table.constraints.retain(|constraint| !refers(&constraint.kind)),
        );
    }

    /// Changes all tables for which that is needed.
    pub(super) fn each_table(&mut self, is_concerned: impl Fn(&Table) -> bool, change: impl Fn(&mut Table)) {
        let concerned: Vec<TableName> =
            self.schema.tables.values().filter(|table| is_concerned(table)).map(|table| table.name.clone()).collect();
        for name in concerned {
            if let Some(table) = self.schema.tables.get_mut(&name) {
                let table = Arc::make_mut(table);
                table.trace.changed_by = self.revision;
                change(table);
            }
        }
    }

    pub(super) fn rename_table(&mut self, from: &TableName, to: TableName) {
        let key = self.schema.key(from);
        let to = self.schema.key(&to);
        let Some(found) = self.schema.tables.get(&key) else {
            self.unknown_table(from, UnknownObject::Table);
            return;
        };
        let mut table = Table::clone(found);
        table.name = to.clone();
        table.trace = Trace::new(self.revision);
        if self.is_doubtful {
            table.is_doubtful = true;
            if let Some(old) = self.schema.tables.get_mut(&key) {
                Arc::make_mut(old).is_doubtful = true;
            }
        } else {
            self.schema.tables.remove_mut(&key);
        }
        self.schema.tables.insert_mut(to.clone(), Arc::new(table));
        let refers = |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey { referent: Some(referent), .. } if *referent == key);
        self.each_table(
            |table| table.constraints.iter().any(|constraint| refers(&constraint.kind)),
            |table| {
                for constraint in &mut table.constraints {
                    if let ConstraintKind::ForeignKey { referent: Some(referent), .. } = &mut constraint.kind
                        && *referent == key
                    {
                        *referent = to.clone();
                    }
                }
            },
        );
    }
}

/// The table that CREATE TABLE makes.
fn table(create: &CreateTable, name: TableName, circumstances: Circumstances) -> Table {
    let revision = circumstances.revision;
    let mut table = Table {
        name,
        created_by: revision,
        columns: Vec::with_capacity(create.columns.len()),
        constraints: Vec::new(),
        indexes: Vec::new(),
        is_complete: create.is_complete && create.columns.iter().all(|column| column.name.is_some()),
        is_doubtful: circumstances.is_doubtful,
        trace: Trace::new(revision),
    };
    // What is in the table is not in doubt if the table exists.
    let certain = Circumstances { is_doubtful: false, ..circumstances };
    for column in &create.columns {
        table.push_column(column, certain);
    }
    let is_key = |kind: &ConstraintKind| matches!(kind, ConstraintKind::PrimaryKey { .. });
    let has_key = create.constraints.iter().any(|constraint| is_key(&constraint.kind))
        || create.columns.iter().flat_map(|column| &column.constraints).any(|constraint| is_key(&constraint.kind));
    let key: Vec<String> =
        create.columns.iter().filter(|column| column.primary_key).filter_map(|column| column.name.clone()).collect();
    if !has_key && !key.is_empty() {
        table.push_constraint(&Name::Unnamed, ConstraintKind::PrimaryKey { columns: Some(key) }, certain);
    }
    for column in &create.columns {
        table.push_parts_of(column, certain);
    }
    for constraint in &create.constraints {
        table.push_created(constraint, certain);
    }
    for index in &create.indexes {
        table.push_index(index, certain);
    }
    table
}

/// The key of an enum type: its name, with its schema where that is not the default one.
pub(super) fn enum_key(enum_type: &EnumType) -> Option<String> {
    let name = enum_type.name.known()?;
    Some(qualified(name, enum_type.schema.as_deref()))
}

pub(super) fn qualified(name: &str, schema: Option<&str>) -> String {
    match schema {
        None | Some("public" | "") => name.to_owned(),
        Some(schema) => format!("{schema}.{name}"),
    }
}
