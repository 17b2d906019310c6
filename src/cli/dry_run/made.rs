use std::collections::HashSet;

use crate::operation::{LockedRelation, OperationKind, TableName};

/// The tables that a plan itself has made so far: nobody else sees them, so that their locks are in nobody's way.
#[derive(Debug, Default)]
pub(super) struct Made(HashSet<TableName>);

impl Made {
    /// Takes note of what an operation makes, renames and drops.
    pub(super) fn take(&mut self, operation: &OperationKind) {
        match operation {
            OperationKind::CreateTable(create) => self.0.extend(create.table.clone()),
            OperationKind::RenameTable { table: Some(table), new_name: Some(name) } => {
                let was_made = self.0.remove(table);
                self.0.extend(was_made.then(|| TableName { schema: table.schema.clone(), name: name.clone() }));
            }
            OperationKind::DropTable { table: Some(table), .. } => {
                self.0.remove(table);
            }
            _ => {}
        }
    }

    /// Whether the plan has made it.
    pub(super) fn contains(&self, relation: &LockedRelation) -> bool {
        matches!(relation, LockedRelation::Table(table) if self.0.contains(table))
    }
}
