use super::LintContext;
use crate::operation::{
    Body, ColumnType, ConstraintKind, Dialects, Name, Operation, OperationKind, TableName, TransactionControl,
};
use crate::schema::{Schema, Table};

/// One of the two functions of a revision, and the schema that it starts from.
#[derive(Clone, Copy)]
pub struct Course<'a> {
    /// What runs.
    pub body: &'a Body,
    /// What it finds; `None` where the revision has no place in the graph.
    pub schema: Option<&'a Schema>,
    /// The databases of interest: a table that is made only on others is not made.
    pub dialects: Dialects,
}

impl<'a> LintContext<'a> {
    /// `upgrade()`, which finds what the ancestors left.
    pub fn upgrade_course(&self) -> Course<'a> {
        Course { body: self.upgrade(), schema: self.schema_before(), dialects: self.dialects() }
    }

    /// `downgrade()`, which finds what the upgrade left.
    pub fn downgrade_course(&self) -> Course<'a> {
        Course { body: self.downgrade(), schema: self.schema_after(), dialects: self.dialects() }
    }

    /// Whether this revision's own upgrade creates the enum type.
    pub fn creates_enum(&self, name: &str) -> bool {
        self.upgrade().operations.iter().any(|operation| match &operation.kind {
            OperationKind::CreateEnum { enum_type, .. } => enum_type.name.known() == Some(name),
            _ => false,
        })
    }
}

impl<'a> Course<'a> {
    fn position(self, operation: &Operation) -> usize {
        let position = self.body.operations.iter().position(|other| std::ptr::eq(other, operation));
        position.unwrap_or(self.body.operations.len())
    }

    /// The operations before one, in order.
    pub fn earlier(self, operation: &Operation) -> &'a [Operation] {
        self.body.operations.get(..self.position(operation)).unwrap_or_default()
    }

    /// The operations behind one, in order.
    pub fn later(self, operation: &Operation) -> &'a [Operation] {
        self.body.operations.get(self.position(operation) + 1..).unwrap_or_default()
    }

    /// The operations that run on a database of interest.
    fn here(self) -> impl Iterator<Item = &'a Operation> + use<'a> {
        let dialects = self.dialects;
        self.body
            .operations
            .iter()
            .filter(move |operation| !operation.context.dialects.intersection(dialects).is_empty())
    }

    /// The table as the function finds it.
    pub fn table(self, name: &TableName) -> Option<&'a Table> {
        self.schema.and_then(|schema| schema.table(name))
    }

    /// Whether operations of this function create the table, under this name or one that is changed to it.
    pub fn creates_table(self, table: &TableName) -> bool {
        let creates = |wanted: &TableName| {
            self.here().any(|operation| match &operation.kind {
                OperationKind::CreateTable(create) => create.table.as_ref() == Some(wanted),
                _ => false,
            })
        };
        creates(table) || self.old_names(table).any(|old| creates(&old))
    }

    /// Whether the table is made by this function before an operation. One that is made only afterwards was another table until then.
    pub fn makes_before(self, operation: &Operation, table: &TableName) -> bool {
        let mut name = table.clone();
        self.earlier(operation).iter().rev().any(|earlier| match &earlier.kind {
            OperationKind::CreateTable(create) => create.table.as_ref() == Some(&name),
            OperationKind::RenameTable { table: Some(old), new_name: Some(new) } => {
                if *new == name.name && old.schema == name.schema {
                    name = old.clone();
                }
                false
            }
            _ => false,
        })
    }

    /// Whether the column is added by this function before an operation.
    pub fn adds_before(self, operation: &Operation, table: &TableName, column: &str) -> bool {
        let mut name = column.to_owned();
        self.earlier(operation).iter().rev().any(|earlier| match &earlier.kind {
            OperationKind::AddColumn { table: Some(of), column: added, .. } => {
                self.is_same(of, table) && added.name.as_ref() == Some(&name)
            }
            OperationKind::AlterColumn(alter) => {
                let is_of = alter.table.as_ref().is_some_and(|of| self.is_same(of, table));
                if let (true, Some(old), Some(new)) = (is_of, &alter.column, &alter.new_name)
                    && *new == name
                {
                    name = old.clone();
                }
                false
            }
            _ => false,
        })
    }

    /// The names that this function changes to that of a table.
    pub fn old_names(self, table: &TableName) -> impl Iterator<Item = TableName> + use<'a> {
        let table = table.clone();
        self.here().filter_map(move |operation| match &operation.kind {
            OperationKind::RenameTable { table: Some(old), new_name: Some(new) }
                if *new == table.name && old.schema == table.schema =>
            {
                Some(old.clone())
            }
            _ => None,
        })
    }

    /// Whether operations of this function add the column, to a table that was there or with the table.
    pub fn adds_column(self, table: &TableName, column: &str) -> bool {
        self.creates_table(table)
            || self.body.operations.iter().any(|operation| match &operation.kind {
                OperationKind::AddColumn { table: Some(of), column: added, .. } => {
                    self.is_same(of, table) && added.name.as_deref() == Some(column)
                }
                OperationKind::AlterColumn(alter) => {
                    let is_renamed = alter.new_name.as_deref() == Some(column);
                    let old = alter.column.as_deref().filter(|old| *old != column);
                    is_renamed
                        && alter.table.as_ref().is_some_and(|of| self.is_same(of, table))
                        && old.is_some_and(|old| self.adds_directly(table, old))
                }
                _ => false,
            })
    }

    fn adds_directly(self, table: &TableName, column: &str) -> bool {
        self.body.operations.iter().any(|operation| {
            matches!(&operation.kind, OperationKind::AddColumn { table: Some(of), column: added, .. }
                if self.is_same(of, table) && added.name.as_deref() == Some(column))
        })
    }

    /// Whether two names are of one table, which this function may rename.
    pub fn is_same(self, one: &TableName, other: &TableName) -> bool {
        one == other || self.old_names(other).any(|old| old == *one) || self.old_names(one).any(|old| old == *other)
    }

    /// What the type of a column is right before an operation, as far as the history knows.
    pub fn type_before(self, operation: &Operation, table: &TableName, column: &str) -> Option<&'a ColumnType> {
        let (mut table, mut column) = (table.clone(), column.to_owned());
        for earlier in self.earlier(operation).iter().rev() {
            match &earlier.kind {
                OperationKind::RenameTable { table: Some(old), new_name: Some(new) }
                    if *new == table.name && old.schema == table.schema =>
                {
                    table = old.clone();
                }
                OperationKind::CreateTable(create) if create.table.as_ref() == Some(&table) => {
                    let found = create.columns.iter().find(|found| found.name.as_ref() == Some(&column));
                    return found.and_then(|found| found.type_.as_ref());
                }
                OperationKind::AddColumn { table: Some(of), column: added, .. }
                    if *of == table && added.name.as_ref() == Some(&column) =>
                {
                    return added.type_.as_ref();
                }
                OperationKind::AlterColumn(alter) if alter.table.as_ref() == Some(&table) => {
                    if alter.new_name.as_ref().or(alter.column.as_ref()) != Some(&column) {
                        continue;
                    }
                    if alter.type_.is_some() {
                        return alter.type_.as_ref();
                    }
                    column = alter.column.clone()?;
                }
                _ => {}
            }
        }
        self.table(&table)?.column(&column)?.type_.as_ref()
    }

    /// Whether all rows of the table go before an operation, under this name or an older one.
    pub fn is_emptied_before(self, operation: &Operation, table: &TableName) -> bool {
        self.earlier(operation).iter().any(|earlier| match &earlier.kind {
            OperationKind::Delete { table: Some(of), is_filtered: false } => self.is_same(of, table),
            OperationKind::Truncate { tables, .. } => tables.iter().any(|of| self.is_same(of, table)),
            _ => false,
        })
    }

    /// Whether a transaction ends between two operations of this function: an autocommit block commits what came before it.
    pub fn commits_between(self, first: &Operation, second: &Operation) -> bool {
        let (from, to) = (self.position(first), self.position(second));
        let run = self.body.operations.get(from..=to).unwrap_or_default();
        run.iter().any(|operation| {
            operation.context.autocommit
                || matches!(
                    operation.kind,
                    OperationKind::Transaction(TransactionControl::Commit | TransactionControl::Rollback)
                )
        })
    }

    /// The conditions of validated check constraints of a table right before an operation; those that are validated in between included.
    pub fn validated_checks(self, operation: &Operation, table: &TableName) -> Vec<&'a str> {
        let mut checks: Vec<(&Name, &str, bool)> = Vec::new();
        for constraint in self.table(table).map(|table| table.constraints.as_slice()).unwrap_or_default() {
            if let ConstraintKind::Check { condition: Some(condition) } = &constraint.kind {
                checks.push((&constraint.name, condition, !constraint.not_valid));
            }
        }
        for earlier in self.earlier(operation) {
            match &earlier.kind {
                OperationKind::CreateConstraint { table: Some(of), constraint } if of == table => {
                    if let ConstraintKind::Check { condition: Some(condition) } = &constraint.kind {
                        checks.push((&constraint.name, condition, !constraint.not_valid));
                    }
                }
                OperationKind::ValidateConstraint { table: Some(of), name } if of == table => {
                    checks.iter_mut().filter(|check| check.0 == name).for_each(|check| check.2 = true);
                }
                OperationKind::DropConstraint { table: Some(of), name, .. } if of == table => {
                    checks.retain(|check| check.0 != name);
                }
                _ => {}
            }
        }
        checks.into_iter().filter(|check| check.2).map(|check| check.1).collect()
    }
}
