use super::UnknownObject;
use super::operations::{Applier, Circumstances};
use crate::operation::{
    AlterColumn, Change, Column, Constraint, ConstraintKind, Index, Name, ServerDefault, TableName, TypeKind,
};
use crate::schema::default_name::index_name;
use crate::schema::state::Trace;
use crate::schema::{Table, TableColumn};

impl Applier<'_> {
    pub(super) fn add_column(&mut self, table: Option<&TableName>, column: &Column, if_not_exists: bool) {
        if let Some(table) = table {
            let key = self.schema.key(table);
            self.expect_referenced(column.constraints.iter(), &key);
        }
        self.with_table(table, |table, circumstances| {
            let existing =
                column.name.as_ref().and_then(|name| table.columns.iter_mut().find(|other| other.name == *name));
            if let Some(existing) = existing {
                if if_not_exists || circumstances.is_doubtful {
                    existing.is_doubtful &= circumstances.is_doubtful;
                    return Ok(());
                }
                let name = existing.name.clone();
                table.columns.retain(|other| other.name != name);
            }
            table.push_column(column, circumstances);
            if column.primary_key && table.primary_key().is_empty() {
                let kind = ConstraintKind::PrimaryKey { columns: column.name.clone().map(|name| vec![name]) };
                table.push_constraint(&Name::Unnamed, kind, circumstances);
            }
            table.push_parts_of(column, circumstances);
            Ok(())
        });
    }

    pub(super) fn drop_column(
        &mut self,
        table: Option<&TableName>,
        column: Option<&str>,
        if_exists: bool,
        cascade: bool,
    ) {
        self.with_table(table, |table, circumstances| {
            let Some(column) = column else {
                table.is_complete = false;
                return Ok(());
            };
            let Some(found) = table.columns.iter_mut().find(|found| found.name == column) else {
                return if if_exists { Ok(()) } else { Err(UnknownObject::Column(column.to_owned())) };
            };
            if circumstances.is_doubtful {
                found.is_doubtful = true;
                return Ok(());
            }
            table.remove_column(column);
            Ok(())
        });
        if let (Some(table), Some(column), true, false) = (table, column, cascade, self.is_doubtful) {
            let key = self.schema.key(table);
            self.drop_references(&key, Some(column));
        }
    }

    pub(super) fn alter_column(&mut self, alter: &AlterColumn) {
        self.with_table(alter.table.as_ref(), |table, circumstances| {
            let Some(name) = &alter.column else {
                table.is_complete = false;
                return Ok(());
            };
            let Some(column) = table.columns.iter_mut().find(|column| column.name == *name) else {
                return Err(UnknownObject::Column(name.clone()));
            };
            column.trace.changed_by = circumstances.revision;
            if circumstances.is_doubtful {
                column.is_doubtful = true;
                let mut renamed = column.clone();
                if let Some(new_name) = &alter.new_name {
                    renamed.name = new_name.clone();
                    table.columns.push(renamed);
                }
                return Ok(());
            }
            change(column, alter);
            if let Some(new_name) = alter.new_name.as_ref().filter(|new_name| *new_name != name) {
                table.rename_column(name, new_name, circumstances);
            }
            Ok(())
        });
        if let (Some(table), Some(column), Some(new_name), false) =
            (&alter.table, &alter.column, &alter.new_name, self.is_doubtful)
        {
            self.rename_referenced(table, column, new_name);
        }
    }

    /// Foreign keys follow the column that they refer to.
    fn rename_referenced(&mut self, table: &TableName, column: &str, new_name: &str) {
        let key = self.schema.key(table);
        let refers = |kind: &ConstraintKind| {
            matches!(kind, ConstraintKind::ForeignKey { referent: Some(referent), referent_columns: Some(columns), .. }
                if *referent == key && columns.iter().any(|other| other == column))
        };
        self.each_table(
            |table| table.constraints.iter().any(|constraint| refers(&constraint.kind)),
            |table| {
                for constraint in table.constraints.iter_mut().filter(|constraint| refers(&constraint.kind)) {
                    if let ConstraintKind::ForeignKey { referent_columns: Some(columns), .. } = &mut constraint.kind {
                        rename_in(columns, column, new_name);
                    }
                }
            },
        );
    }
}

/// The attributes that ALTER COLUMN gives.
fn change(column: &mut TableColumn, alter: &AlterColumn) {
    match (&alter.type_, &alter.existing_type) {
        (Some(type_), _) => column.type_ = Some(type_.clone()),
        (None, Some(existing)) if column.type_.is_none() => column.type_ = Some(existing.clone()),
        _ => {}
    }
    if let Some(nullable) = alter.nullable {
        column.nullable = Some(nullable);
    }
    match &alter.server_default {
        Change::Keep => {}
        Change::Drop => column.server_default = None,
        Change::Set(default) => column.server_default = Some(default.clone()),
    }
}

fn rename_in(columns: &mut [String], old: &str, new: &str) {
    for column in columns.iter_mut().filter(|column| *column == old) {
        new.clone_into(column);
    }
}

impl Table {
    /// A column as it is defined, without what belongs to the table.
    pub(super) fn push_column(&mut self, column: &Column, circumstances: Circumstances) {
        let Some(name) = &column.name else {
            self.is_complete = false;
            return;
        };
        let is_unnamed_unknown = matches!(column.type_.as_ref().map(|type_| &type_.kind), Some(TypeKind::Unknown));
        let server_default = column.server_default.clone().or_else(|| column.computed.map(|_| ServerDefault::Unknown));
        self.columns.push(TableColumn {
            name: name.clone(),
            type_: column.type_.clone().filter(|_| !is_unnamed_unknown),
            nullable: Some(column.is_nullable()),
            server_default,
            created_by: circumstances.revision,
            is_doubtful: circumstances.is_doubtful,
            trace: Trace::new(circumstances.revision),
        });
    }

    /// The index and the constraints that come with a column.
    pub(super) fn push_parts_of(&mut self, column: &Column, circumstances: Circumstances) {
        if let Some(name) = &column.name {
            if column.index {
                let index = Index {
                    name: Name::Unnamed,
                    columns: vec![Some(name.clone())],
                    unique: column.unique,
                    range: column.range.clone(),
                };
                self.push_index(&index, circumstances);
                if let Some(pushed) = self.indexes.last_mut() {
                    pushed.default_name = Some(index_name(&self.name, name));
                }
            } else if column.unique {
                let kind = ConstraintKind::Unique { columns: Some(vec![name.clone()]) };
                self.push_constraint(&Name::Unnamed, kind, circumstances);
            }
        }
        if let Some(TypeKind::Enum(enum_type)) = column.type_.as_ref().map(|type_| &type_.kind)
            && enum_type.creates_constraint
            && !(enum_type.is_native && circumstances.has_native_enums())
        {
            self.push_constraint(&enum_type.name, ConstraintKind::Check { condition: None }, circumstances);
        }
        for constraint in &column.constraints {
            self.push_created(&with_column(constraint, column), circumstances);
        }
    }

    /// A column and everything of this table that needs it.
    pub(super) fn remove_column(&mut self, column: &str) {
        self.columns.retain(|other| other.name != column);
        self.indexes.retain(|index| !index.columns.iter().any(|other| other.as_deref() == Some(column)));
        // An expression may be about the column.
        for index in self.indexes.iter_mut().filter(|index| index.columns.contains(&None)) {
            index.is_doubtful = true;
        }
        self.constraints.retain(|constraint| match &constraint.kind {
            ConstraintKind::Check { condition: Some(condition) } => !mentions(condition, column),
            _ => !constraint.columns().is_some_and(|columns| columns.iter().any(|other| other == column)),
        });
    }

    fn rename_column(&mut self, old: &str, new: &str, circumstances: Circumstances) {
        self.columns.retain(|column| column.name != new);
        for column in self.columns.iter_mut().filter(|column| column.name == old) {
            new.clone_into(&mut column.name);
            column.trace.named_by = circumstances.revision;
        }
        for index in &mut self.indexes {
            for column in index.columns.iter_mut().flatten().filter(|column| *column == old) {
                new.clone_into(column);
            }
        }
        for constraint in &mut self.constraints {
            match &mut constraint.kind {
                ConstraintKind::PrimaryKey { columns: Some(columns) }
                | ConstraintKind::Unique { columns: Some(columns) }
                | ConstraintKind::ForeignKey { columns: Some(columns), .. } => rename_in(columns, old, new),
                _ => {}
            }
        }
    }
}

/// A constraint among a column's arguments, with the column where it does not say it itself.
fn with_column(constraint: &Constraint, column: &Column) -> Constraint {
    let mut constraint = constraint.clone();
    if let ConstraintKind::ForeignKey { columns: columns @ None, .. }
    | ConstraintKind::Unique { columns: columns @ None }
    | ConstraintKind::PrimaryKey { columns: columns @ None } = &mut constraint.kind
    {
        *columns = column.name.clone().map(|name| vec![name]);
    }
    constraint
}

/// Whether a condition has this word.
fn mentions(condition: &str, column: &str) -> bool {
    condition.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column)
}
