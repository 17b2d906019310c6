use std::sync::Arc;

use super::UnknownObject;
use super::operations::Applier;
use super::tables::{enum_key, qualified};
use crate::operation::{Dialect, EnumType, Name, ObjectKind, OperationKind, TableName, TypeKind};
use crate::schema::state::Trace;
use crate::schema::{EnumState, Table};

impl Applier<'_> {
    /// Enums, schemas and objects that are not modelled further.
    pub(super) fn object(&mut self, kind: &OperationKind) {
        match kind {
            OperationKind::CreateEnum { enum_type, if_not_exists } => self.create_enum(enum_type, *if_not_exists),
            OperationKind::DropEnum { name, schema, if_exists } => match name {
                Name::Known(name) => self.drop_enum(&qualified(name, schema.as_deref()), *if_exists),
                _ => self.doubt_enums(),
            },
            OperationKind::AddEnumValue { name, value, .. } => self.change_enum(name, |values| {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }),
            OperationKind::RenameEnumValue { name, value, new_value } => self.change_enum(name, |values| {
                values.iter_mut().filter(|other| *other == value).for_each(|other| new_value.clone_into(other));
            }),
            OperationKind::CreateObject { object, name: Some(name), .. } => {
                self.schema.objects.insert_mut((*object, name.clone()), self.revision);
            }
            OperationKind::DropObject { object, name: Some(name), if_exists, cascade } => {
                self.drop_object(*object, name, *if_exists, *cascade);
            }
            OperationKind::RenameObject { object, name: Some(name), new_name: Some(new_name) } => {
                self.rename_object(*object, name, new_name);
            }
            OperationKind::MoveObject { object, name: Some(name), schema } => {
                self.move_object(*object, name, schema.as_deref());
            }
            OperationKind::DropSchema { name: Some(name), cascade: true, .. } => self.drop_schema(name),
            OperationKind::CreateAll { is_drop } => self.all(*is_drop),
            _ => {}
        }
    }

    pub(super) fn create_enum(&mut self, enum_type: &EnumType, if_not_exists: bool) {
        if self.dialect != Dialect::Postgresql || !enum_type.is_native {
            return;
        }
        let Some(key) = enum_key(enum_type) else {
            self.schema.has_unnamed_enums = true;
            return;
        };
        if let Some(existing) = self.schema.enums.get_mut(&key)
            && (if_not_exists || self.is_doubtful)
        {
            if existing.is_doubtful && !self.is_doubtful {
                let existing = Arc::make_mut(existing);
                existing.is_doubtful = false;
                existing.values.clone_from(&enum_type.values);
            }
            return;
        }
        let state = EnumState {
            name: key.clone(),
            values: enum_type.values.clone(),
            created_by: self.revision,
            is_doubtful: self.is_doubtful,
            trace: Trace::new(self.revision),
        };
        self.schema.enums.insert_mut(key, Arc::new(state));
    }

    fn drop_enum(&mut self, name: &str, if_exists: bool) {
        if self.dialect != Dialect::Postgresql {
            return;
        }
        let other = [ObjectKind::Type, ObjectKind::Domain].map(|kind| (kind, name.to_owned()));
        match self.schema.enum_key(name) {
            Some(key) if self.is_doubtful => {
                if let Some(found) = self.schema.enums.get_mut(&key) {
                    Arc::make_mut(found).is_doubtful = true;
                }
            }
            Some(key) => {
                self.schema.enums.remove_mut(&key);
            }
            None if other.iter().any(|object| self.schema.objects.contains_key(object)) => {
                for object in other {
                    self.schema.objects.remove_mut(&object);
                }
            }
            None if !if_exists && !self.schema.has_unnamed_enums => {
                self.unknown(None, UnknownObject::Enum(name.to_owned()));
            }
            None => {}
        }
    }

    fn doubt_enums(&mut self) {
        let keys: Vec<String> = self.schema.enums.keys().cloned().collect();
        for key in keys {
            if let Some(found) = self.schema.enums.get_mut(&key) {
                Arc::make_mut(found).is_doubtful = true;
            }
        }
    }

    fn change_enum(&mut self, name: &str, change: impl FnOnce(&mut Vec<String>)) {
        if self.dialect != Dialect::Postgresql {
            return;
        }
        let Some(key) = self.schema.enum_key(name) else {
            self.unknown(None, UnknownObject::Enum(name.to_owned()));
            return;
        };
        let Some(found) = self.schema.enums.get_mut(&key) else { return };
        let found = Arc::make_mut(found);
        found.trace.changed_by = self.revision;
        if self.is_doubtful {
            found.values = None;
        } else if let Some(values) = &mut found.values {
            change(values);
        }
    }

    fn drop_object(&mut self, object: ObjectKind, name: &str, if_exists: bool, cascade: bool) {
        match object {
            ObjectKind::Table => self.drop_table(Some(&table_name(name)), if_exists, cascade),
            ObjectKind::Index => self.drop_index(None, &Name::Known(table_name(name).name), if_exists),
            ObjectKind::Type => {
                let key = self.schema.enum_key(name);
                self.drop_enum(name, if_exists);
                if let Some(key) = key.filter(|_| cascade && !self.is_doubtful) {
                    self.drop_columns_of(&key);
                }
            }
            _ if self.is_doubtful => {}
            _ => {
                self.schema.objects.remove_mut(&(object, name.to_owned()));
            }
        }
    }

    /// Columns go with their type.
    fn drop_columns_of(&mut self, enum_key: &str) {
        let is_of = |kind: &TypeKind| is_enum(kind, enum_key);
        self.each_table(
            |table| table.columns.iter().any(|column| column.type_.as_ref().is_some_and(|type_| is_of(&type_.kind))),
            |table| {
                let gone =
                    table.columns.iter().filter(|column| column.type_.as_ref().is_some_and(|type_| is_of(&type_.kind)));
                for name in gone.map(|column| column.name.clone()).collect::<Vec<_>>() {
                    table.remove_column(&name);
                }
            },
        );
    }

    fn rename_object(&mut self, object: ObjectKind, name: &str, new_name: &str) {
        let plain = table_name(name).name;
        match object {
            ObjectKind::Table => {
                let from = table_name(name);
                self.rename_table(&from, TableName { schema: from.schema.clone(), name: table_name(new_name).name });
            }
            ObjectKind::Index => match self.table_of_index(&plain) {
                Some(table) => self.with_table(Some(&table), |table, circumstances| {
                    rename_index(table, &plain, new_name, circumstances.is_doubtful);
                    Ok(())
                }),
                None => self.unknown(None, UnknownObject::Index(plain)),
            },
            ObjectKind::Constraint => self.rename_constraint(&plain, new_name),
            ObjectKind::Type => self.rename_enum(name, new_name),
            _ => {
                if self.schema.objects.remove_mut(&(object, name.to_owned())) {
                    self.schema.objects.insert_mut((object, new_name.to_owned()), self.revision);
                }
            }
        }
    }

    fn rename_constraint(&mut self, name: &str, new_name: &str) {
        let doubtful = self.is_doubtful;
        self.each_table(
            |table| table.constraints.iter().any(|constraint| constraint.known_as(name)),
            |table| {
                for constraint in table.constraints.iter_mut().filter(|constraint| constraint.known_as(name)) {
                    constraint.is_doubtful |= doubtful;
                    if !doubtful {
                        constraint.name = Name::Known(new_name.to_owned());
                    }
                }
            },
        );
    }

    fn rename_enum(&mut self, name: &str, new_name: &str) {
        let Some(key) = self.schema.enum_key(name) else {
            let object = (ObjectKind::Type, name.to_owned());
            if self.schema.objects.remove_mut(&object) {
                self.schema.objects.insert_mut((ObjectKind::Type, new_name.to_owned()), self.revision);
            }
            return;
        };
        let schema = table_name(&key).schema;
        let new_key = qualified(new_name, schema.as_deref());
        let Some(found) = self.schema.enums.get(&key) else { return };
        let mut renamed = EnumState::clone(found);
        renamed.name = new_key.clone();
        renamed.trace = Trace::new(self.revision);
        renamed.is_doubtful |= self.is_doubtful;
        if !self.is_doubtful {
            self.schema.enums.remove_mut(&key);
        }
        self.schema.enums.insert_mut(new_key, Arc::new(renamed));
        self.each_table(
            |table| {
                table.columns.iter().any(|column| column.type_.as_ref().is_some_and(|type_| is_enum(&type_.kind, &key)))
            },
            |table| {
                for type_ in table.columns.iter_mut().filter_map(|column| column.type_.as_mut()) {
                    if is_enum(&type_.kind, &key) {
                        match &mut type_.kind {
                            TypeKind::Enum(enum_type) => enum_type.name = Name::Known(new_name.to_owned()),
                            other => *other = TypeKind::Other(new_name.to_uppercase()),
                        }
                    }
                }
            },
        );
    }

    fn move_object(&mut self, object: ObjectKind, name: &str, schema: Option<&str>) {
        match object {
            ObjectKind::Table => {
                let from = table_name(name);
                let to = TableName { schema: schema.map(str::to_owned), name: from.name.clone() };
                self.rename_table(&from, to);
            }
            ObjectKind::Type => {
                let Some(key) = self.schema.enum_key(name) else { return };
                if let Some(found) = self.schema.enums.get(&key).cloned() {
                    let mut moved = EnumState::clone(&found);
                    moved.name = qualified(&table_name(&key).name, schema);
                    moved.trace = Trace::new(self.revision);
                    self.schema.enums.remove_mut(&key);
                    self.schema.enums.insert_mut(moved.name.clone(), Arc::new(moved));
                }
            }
            _ => {}
        }
    }

    fn drop_schema(&mut self, schema: &str) {
        let tables: Vec<TableName> =
            self.schema.tables.keys().filter(|table| table.schema.as_deref() == Some(schema)).cloned().collect();
        for table in tables {
            self.drop_table(Some(&table), true, true);
        }
        let enums: Vec<String> =
            self.schema.enums.keys().filter(|name| name.starts_with(&format!("{schema}."))).cloned().collect();
        for name in enums {
            self.drop_enum(&name, true);
        }
    }

    /// `metadata.create_all()` makes tables that are not known, `drop_all()` drops some that are.
    fn all(&mut self, is_drop: bool) {
        self.schema.may_be_incomplete = true;
        if is_drop {
            self.each_table(|_| true, |table| table.is_doubtful = true);
            self.doubt_enums();
        }
    }
}

fn rename_index(table: &mut Table, name: &str, new_name: &str, is_doubtful: bool) {
    if let Some(index) = table.index_position(name).and_then(|at| table.indexes.get_mut(at)) {
        index.is_doubtful |= is_doubtful;
        if !is_doubtful {
            index.name = Name::Known(new_name.to_owned());
        }
    } else if let Some(constraint) = table.constraints.iter_mut().find(|constraint| constraint.known_as(name)) {
        constraint.name = Name::Known(new_name.to_owned());
    }
}

/// Whether a type is the enum of this key, or an array of it.
fn is_enum(kind: &TypeKind, key: &str) -> bool {
    match kind {
        TypeKind::Enum(enum_type) => enum_type.is_native && enum_key(enum_type).as_deref() == Some(key),
        TypeKind::Other(name) => *name == table_name(key).name.to_uppercase(),
        TypeKind::Array(element) => is_enum(&element.kind, key),
        _ => false,
    }
}

/// `schema.name` or `name`
fn table_name(dotted: &str) -> TableName {
    match dotted.rsplit_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.to_owned()), name: name.to_owned() },
        None => TableName::new(dotted),
    }
}
