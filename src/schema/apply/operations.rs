use std::sync::Arc;

use super::{Unknown, UnknownObject};
use crate::operation::{Body, Dialect, Operation, OperationKind, TableName};
use crate::revision::RevisionIndex;
use crate::schema::lookup::TEMPORARY;
use crate::schema::{Schema, Table};

/// Carries out the operations of one function of a revision.
pub(in crate::schema) struct Applier<'s> {
    pub(super) schema: &'s mut Schema,
    pub(super) dialect: Dialect,
    pub(super) revision: RevisionIndex,
    /// Position of the operation that is carried out.
    pub(super) position: usize,
    /// It may run or not.
    pub(super) is_doubtful: bool,
    /// Tables that the function creates, sooner or later.
    pub(super) creates: Vec<TableName>,
    /// What was not found.
    pub(in crate::schema) unknown: Vec<Unknown>,
}

impl<'s> Applier<'s> {
    pub(in crate::schema) fn new(schema: &'s mut Schema, dialect: Dialect, revision: RevisionIndex) -> Self {
        Self { schema, dialect, revision, position: 0, is_doubtful: false, creates: Vec::new(), unknown: Vec::new() }
    }

    /// Carries out everything that runs on the dialect.
    pub(in crate::schema) fn body(&mut self, body: &Body) {
        if body.not_analysed.iter().any(|call| !call.is_partly_known && call.dialects.contains(self.dialect)) {
            self.schema.may_be_incomplete = true;
        }
        self.creates = body.operations.iter().filter_map(created_by).map(|table| self.schema.key(table)).collect();
        for (position, operation) in body.operations.iter().enumerate() {
            if operation.context.dialects.contains(self.dialect) {
                self.position = position;
                self.is_doubtful = operation.context.is_conditional;
                self.operation(&operation.kind);
            }
        }
        self.end_session();
    }

    /// Temporary tables do not outlive the connection.
    fn end_session(&mut self) {
        let first = TableName { schema: Some(TEMPORARY.to_owned()), name: String::new() };
        let is_temporary = |table: &&TableName| table.schema == first.schema;
        // The schema is the first part of the order: most histories have no such table, and every body asks.
        let from_first = self.schema.tables.range(&first..).map(|(table, _)| table);
        let temporary: Vec<TableName> = from_first.take_while(is_temporary).cloned().collect();
        for table in temporary {
            self.schema.tables.remove_mut(&table);
        }
    }

    fn operation(&mut self, kind: &OperationKind) {
        match kind {
            OperationKind::CreateTable(create) => self.create_table(create),
            OperationKind::DropTable { table, if_exists, cascade } => {
                self.drop_table(table.as_ref(), *if_exists, *cascade);
            }
            OperationKind::RenameTable { table, new_name } => {
                let renamed = table.as_ref().zip(new_name.as_ref());
                match renamed {
                    Some((table, new_name)) => {
                        let to = TableName { schema: table.schema.clone(), name: new_name.clone() };
                        self.rename_table(table, to);
                    }
                    None => self.schema.may_be_incomplete = true,
                }
            }
            OperationKind::AddColumn { table, column, if_not_exists } => {
                self.add_column(table.as_ref(), column, *if_not_exists);
            }
            OperationKind::DropColumn { table, column, if_exists, cascade } => {
                self.drop_column(table.as_ref(), column.as_deref(), *if_exists, *cascade);
            }
            OperationKind::AlterColumn(alter) => self.alter_column(alter),
            OperationKind::CreateIndex { table, index, if_not_exists, .. } => {
                self.create_index(table.as_ref(), index, *if_not_exists);
            }
            OperationKind::DropIndex { table, name, if_exists, .. } => {
                self.drop_index(table.as_ref(), name, *if_exists);
            }
            OperationKind::CreateConstraint { table, constraint } => self.create_constraint(table.as_ref(), constraint),
            OperationKind::DropConstraint { table, name, kind, if_exists } => {
                self.drop_constraint(table.as_ref(), name, kind.as_deref(), *if_exists);
            }
            OperationKind::ValidateConstraint { table, name } => self.validate_constraint(table.as_ref(), name),
            OperationKind::Insert { table }
            | OperationKind::Delete { table, .. }
            | OperationKind::Rewrite { table, .. } => {
                self.use_table(table.as_ref(), &[]);
            }
            OperationKind::Update { table, columns, .. } => self.use_table(table.as_ref(), columns),
            OperationKind::Truncate { tables, .. } => tables.iter().for_each(|table| self.use_table(Some(table), &[])),
            OperationKind::Read { .. } | OperationKind::Transaction(_) | OperationKind::Other { .. } => {}
            other => self.object(other),
        }
    }

    /// An operation on rows: nothing changes, but the table has to be there.
    fn use_table(&mut self, table: Option<&TableName>, columns: &[String]) {
        let Some(name) = table else { return };
        let Some(table) = self.schema.tables.get(&self.schema.key(name)).cloned() else {
            self.unknown_table(name, UnknownObject::Table);
            return;
        };
        for column in columns.iter().filter(|column| table.column(column).is_none()) {
            self.unknown_part(&table, UnknownObject::Column(column.clone()));
        }
    }

    /// Works on a table that has to be there; `None` is one whose name is computed: it may be any. What the work does not find is noted.
    pub(super) fn with_table(
        &mut self,
        table: Option<&TableName>,
        work: impl FnOnce(&mut Table, Circumstances) -> Result<(), UnknownObject>,
    ) {
        let Some(name) = table else {
            self.each_table(|table| table.is_complete, |table| table.is_complete = false);
            return;
        };
        let key = self.schema.key(name);
        let circumstances =
            Circumstances { revision: self.revision, dialect: self.dialect, is_doubtful: self.is_doubtful };
        let Some(found) = self.schema.tables.get_mut(&key) else {
            self.unknown_table(name, UnknownObject::Table);
            return;
        };
        let table = Arc::make_mut(found);
        table.trace.changed_by = circumstances.revision;
        if let Err(object) = work(table, circumstances)
            && table.is_complete
            && !table.is_doubtful
        {
            self.unknown(Some(key), object);
        }
    }
}

fn created_by(operation: &Operation) -> Option<&TableName> {
    match &operation.kind {
        OperationKind::CreateTable(create) => create.table.as_ref(),
        _ => None,
    }
}

/// Under which circumstances a table is changed.
#[derive(Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) revision: RevisionIndex,
    pub(super) dialect: Dialect,
    /// Perhaps it is not changed at all.
    pub(super) is_doubtful: bool,
}
