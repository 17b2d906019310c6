use std::collections::BTreeSet;

use serde::Serialize;

use super::history::one_line;
use crate::operation::{ConstraintKind, Dialect, Operation, OperationKind, Operations, TableName};

/// What one revision's upgrade does to tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct TableChanges {
    /// In the order of the names, as all of these.
    pub(in crate::cli) creates: BTreeSet<String>,
    /// Columns, constraints or indexes of tables that were there before.
    pub(in crate::cli) alters: BTreeSet<String>,
    /// Old and new name.
    pub(in crate::cli) renames: BTreeSet<(String, String)>,
    pub(in crate::cli) drops: BTreeSet<String>,
    /// Foreign keys that it adds: referencing and referenced table.
    pub(in crate::cli) references: BTreeSet<(String, String)>,
}

impl TableChanges {
    /// What an upgrade does on PostgreSQL. Tables whose names are computed are left out.
    pub(in crate::cli) fn of(operations: &Operations) -> Self {
        let mut changes = Self::default();
        let upgrade = operations.upgrade.operations.iter();
        for operation in upgrade.filter(|operation| operation.context.dialects.contains(Dialect::Postgresql)) {
            changes.add(operation);
        }
        let (creates, alters) = (&changes.creates, &mut changes.alters);
        alters.retain(|table| !creates.contains(table));
        changes
    }

    fn add(&mut self, operation: &Operation) {
        let kind = &operation.kind;
        let Some(table) = kind.table() else { return };
        let name = shown(table);
        let references: Vec<&ConstraintKind> = match kind {
            OperationKind::CreateTable(create) => {
                let columns = create.columns.iter().flat_map(|column| &column.constraints);
                self.creates.insert(name.clone());
                create.constraints.iter().chain(columns).map(|constraint| &constraint.kind).collect()
            }
            OperationKind::AddColumn { column, .. } => {
                self.alters.insert(name.clone());
                column.constraints.iter().map(|constraint| &constraint.kind).collect()
            }
            OperationKind::CreateConstraint { constraint, .. } => {
                self.alters.insert(name.clone());
                vec![&constraint.kind]
            }
            OperationKind::DropTable { .. } => {
                self.drops.insert(name.clone());
                Vec::new()
            }
            OperationKind::RenameTable { new_name: Some(new_name), .. } => {
                let new = TableName { schema: table.schema.clone(), name: new_name.clone() };
                self.renames.insert((name.clone(), shown(&new)));
                Vec::new()
            }
            OperationKind::DropColumn { .. }
            | OperationKind::AlterColumn(_)
            | OperationKind::CreateIndex { .. }
            | OperationKind::DropIndex { .. }
            | OperationKind::DropConstraint { .. }
            | OperationKind::ValidateConstraint { .. }
            | OperationKind::Rewrite { .. } => {
                self.alters.insert(name.clone());
                Vec::new()
            }
            // What happens to rows is not what a table is.
            _ => Vec::new(),
        };
        for kind in references {
            if let ConstraintKind::ForeignKey { referent: Some(referent), .. } = kind {
                self.references.insert((name.clone(), shown(referent)));
            }
        }
    }

    /// One line for people; empty where no table is touched.
    pub(super) fn line(&self) -> String {
        let mut parts = Vec::new();
        let mut say = |verb: &str, names: Vec<String>| {
            if !names.is_empty() {
                parts.push(format!("{verb} {}", names.join(", ")));
            }
        };
        say("creates", self.creates.iter().map(|table| self.with_references(table)).collect());
        say("alters", self.alters.iter().map(|table| self.with_references(table)).collect());
        say("renames", self.renames.iter().map(|(old, new)| format!("{old} to {new}")).collect());
        say("drops", self.drops.iter().cloned().collect());
        parts.join("; ")
    }

    /// `orders (references users)`
    fn with_references(&self, table: &str) -> String {
        let to: Vec<&str> =
            self.references.iter().filter(|(from, _)| from == table).map(|(_, to)| to.as_str()).collect();
        if to.is_empty() { table.to_owned() } else { format!("{table} (references {})", to.join(", ")) }
    }

    /// The tables that are named, each with what happens to it.
    pub(super) fn verbs(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let creates = self.creates.iter().map(|table| (table.as_str(), "creates"));
        let alters = self.alters.iter().map(|table| (table.as_str(), "alters"));
        let renames = self.renames.iter().map(|(_, new)| (new.as_str(), "renames"));
        let drops = self.drops.iter().map(|table| (table.as_str(), "drops"));
        creates.chain(alters).chain(renames).chain(drops)
    }
}

fn shown(table: &TableName) -> String {
    one_line(&table.to_string())
}
