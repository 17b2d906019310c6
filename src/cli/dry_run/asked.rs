//! What only the database knows: which table an index belongs to, and how much is in a table.

use std::collections::BTreeMap;

use super::report::{DatabaseReport, LockReport, StepReport, TableReport};
use crate::database::{Connection, DatabaseError, Gauge, MeasureLimits, RelationName};
use crate::operation::{LockMode, LockedRelation, TableName};

/// Asks on limbec's own connection; without one, and where the database says no, what is not known stays open.
pub(super) fn ask(report: &mut DatabaseReport<'_>) {
    let mut connection = report.target.connection.borrow_mut();
    if let Some(connection) = connection.as_mut() {
        let locks: Vec<&mut Vec<LockReport>> = report.steps.iter_mut().flat_map(locks_of).collect();
        let resolved: Result<(), DatabaseError> = connection.looking_in(&report.target.search_path, |connection| {
            locks.into_iter().for_each(|locks| resolve(connection, locks));
            Ok(())
        });
        // Where the database says no, what is not known stays open.
        let _ = resolved;
    }
    let mut tables = tables(report);
    if let Some(connection) = connection.as_mut() {
        let mut gauge =
            Gauge::new(connection, MeasureLimits::default()).on_search_path(Some(report.target.search_path.clone()));
        for table in &mut tables {
            table.facts = gauge.table(table.name.schema.as_deref(), &table.name.name);
        }
    }
    report.tables = tables;
}

fn locks_of<'r>(step: &'r mut StepReport<'_>) -> impl Iterator<Item = &'r mut Vec<LockReport>> {
    let statements = step.statements.iter_mut().map(|statement| &mut statement.locks);
    statements.chain(step.calls.iter_mut().map(|call| &mut call.locks))
}

/// Puts names where a statement has none. What the database does not know is made by the plan, or is in nobody's way.
fn resolve(connection: &mut Connection, locks: &mut Vec<LockReport>) {
    let mut resolved: Vec<LockReport> = Vec::with_capacity(locks.len());
    for lock in locks.drain(..) {
        let found = match &lock.relation {
            LockedRelation::TableOfIndex(index) => {
                connection.table_of_index(index.schema.as_deref(), &index.name).map(Vec::from_iter)
            }
            LockedRelation::Referents(table, constraint) => {
                connection.referents(table.schema.as_deref(), &table.name, constraint.as_deref())
            }
            _ => Ok(Vec::new()),
        };
        push(&mut resolved, lock, found);
    }
    *locks = resolved;
}

fn push(locks: &mut Vec<LockReport>, lock: LockReport, found: Result<Vec<RelationName>, DatabaseError>) {
    let is_open = matches!(lock.relation, LockedRelation::TableOfIndex(_) | LockedRelation::Referents(..));
    let named: Vec<LockReport> = match found {
        Ok(found) if is_open => found
            .into_iter()
            .map(|RelationName { schema, name }| LockReport {
                relation: LockedRelation::Table(TableName { schema, name }),
                mode: lock.mode,
            })
            .collect(),
        _ => vec![lock],
    };
    for lock in named {
        match locks.iter_mut().find(|other| other.relation == lock.relation) {
            Some(other) => other.mode = other.mode.max(lock.mode),
            None => locks.push(lock),
        }
    }
}

/// The tables that are touched, the version table left out.
fn tables(report: &DatabaseReport<'_>) -> Vec<TableReport> {
    let version_table = &report.target.table;
    let mut found: BTreeMap<TableName, (Vec<usize>, Option<LockMode>)> = BTreeMap::new();
    for (index, step) in report.steps.iter().enumerate() {
        let mut touch = |table: &TableName, mode: Option<LockMode>| {
            if table.name == version_table.name && table.schema == version_table.schema {
                return;
            }
            let (steps, strongest) = found.entry(table.clone()).or_default();
            if steps.last() != Some(&index) {
                steps.push(index);
            }
            *strongest = mode.max(*strongest);
        };
        let named = step.statements.iter().map(|statement| &statement.tables);
        let named = named.chain(step.calls.iter().map(|call| &call.tables));
        named.flatten().for_each(|table| touch(table, None));
        let locks = step.statements.iter().map(|statement| &statement.locks);
        for lock in locks.chain(step.calls.iter().map(|call| &call.locks)).flatten() {
            if let LockedRelation::Table(table) = &lock.relation {
                touch(table, Some(lock.mode));
            }
        }
    }
    let report = |(name, (steps, mode))| TableReport { name, steps, mode, facts: None };
    found.into_iter().map(report).collect()
}
