use super::{LockMode, LockedRelation, RelationLock};
use crate::operation::{Column, Constraint, ConstraintKind, Name, ObjectKind, OperationKind, TableName};

/// What an operation locks. Nothing for what concerns no table, or only tables that it makes itself.
pub fn locks_of(operation: &OperationKind) -> Vec<RelationLock> {
    use LockMode::{AccessExclusive, RowExclusive, RowShare, Share, ShareUpdateExclusive};
    use OperationKind as K;
    let lock = |table: &Option<TableName>, mode| RelationLock::of(table.as_ref(), mode);
    match operation {
        K::CreateTable(create) => {
            let of_columns = create.columns.iter().flat_map(|column| &column.constraints);
            referents(create.constraints.iter().chain(of_columns))
        }
        K::AddColumn { table, column, .. } => with_referents(lock(table, AccessExclusive), column),
        K::DropTable { table, .. } => {
            let others = table.iter().map(|table| of_referents(table, None, AccessExclusive));
            std::iter::once(lock(table, AccessExclusive)).chain(others).collect()
        }
        K::DropConstraint { table, name, .. } => {
            let others = table.iter().map(|table| of_referents(table, name.known(), AccessExclusive));
            std::iter::once(lock(table, AccessExclusive)).chain(others).collect()
        }
        K::RenameTable { table, .. } | K::DropColumn { table, .. } | K::Rewrite { table, .. } => {
            vec![lock(table, AccessExclusive)]
        }
        K::AlterColumn(alter) => vec![lock(&alter.table, AccessExclusive)],
        K::CreateIndex { table, concurrently, .. } => {
            vec![lock(table, if *concurrently { ShareUpdateExclusive } else { Share })]
        }
        K::DropIndex { table, name, concurrently, .. } => {
            let mode = if *concurrently { ShareUpdateExclusive } else { AccessExclusive };
            vec![of_index(table.as_ref(), name, mode)]
        }
        K::CreateConstraint { table, constraint } => of_constraint(table.as_ref(), constraint),
        K::ValidateConstraint { table, name } => {
            let others = table.iter().map(|table| of_referents(table, name.known(), RowShare));
            std::iter::once(lock(table, ShareUpdateExclusive)).chain(others).collect()
        }
        K::Insert { table } | K::Update { table, .. } | K::Delete { table, .. } => vec![lock(table, RowExclusive)],
        K::Truncate { tables, .. } => {
            tables.iter().map(|table| RelationLock::of(Some(table), AccessExclusive)).collect()
        }
        K::DropObject { object, name, .. }
        | K::RenameObject { object, name, .. }
        | K::MoveObject { object, name, .. } => of_object(*object, name.as_deref()),
        _ => Vec::new(),
    }
}

/// What foreign keys lock besides the table that has them: the tables that they refer to.
pub(in crate::operation) fn referents<'a>(constraints: impl Iterator<Item = &'a Constraint>) -> Vec<RelationLock> {
    let referents = constraints.filter_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey { referent, .. } => {
            Some(RelationLock::of(referent.as_ref(), LockMode::ShareRowExclusive))
        }
        _ => None,
    });
    let mut locks: Vec<RelationLock> = Vec::new();
    for lock in referents {
        if !locks.contains(&lock) {
            locks.push(lock);
        }
    }
    locks
}

/// Dropping a foreign key takes its triggers from the table that it refers to.
pub(in crate::operation) fn of_referents(table: &TableName, constraint: Option<&str>, mode: LockMode) -> RelationLock {
    RelationLock { relation: LockedRelation::Referents(table.clone(), constraint.map(str::to_owned)), mode }
}

fn with_referents(own: RelationLock, column: &Column) -> Vec<RelationLock> {
    let others = referents(column.constraints.iter()).into_iter().filter(|other| other.relation != own.relation);
    let others: Vec<RelationLock> = others.collect();
    std::iter::once(own).chain(others).collect()
}

fn of_constraint(table: Option<&TableName>, constraint: &Constraint) -> Vec<RelationLock> {
    let is_foreign_key = matches!(constraint.kind, ConstraintKind::ForeignKey { .. });
    let mode = if is_foreign_key { LockMode::ShareRowExclusive } else { LockMode::AccessExclusive };
    let own = RelationLock::of(table, mode);
    let others = referents(std::iter::once(constraint)).into_iter().filter(|other| *other != own);
    let others: Vec<RelationLock> = others.collect();
    std::iter::once(own).chain(others).collect()
}

fn of_index(table: Option<&TableName>, name: &Name, mode: LockMode) -> RelationLock {
    let relation = match (table, name.known()) {
        (Some(table), _) => LockedRelation::Table(table.clone()),
        (None, Some(name)) => LockedRelation::TableOfIndex(parsed(name)),
        (None, None) => LockedRelation::Unknown,
    };
    RelationLock { relation, mode }
}

/// Objects that are relations themselves.
fn of_object(object: ObjectKind, name: Option<&str>) -> Vec<RelationLock> {
    let Some(name) = name.map(parsed) else { return Vec::new() };
    match object {
        ObjectKind::View | ObjectKind::MaterializedView | ObjectKind::Sequence | ObjectKind::Table => {
            vec![RelationLock { relation: LockedRelation::Table(name), mode: LockMode::AccessExclusive }]
        }
        ObjectKind::Index => {
            vec![RelationLock { relation: LockedRelation::Index(name), mode: LockMode::ShareUpdateExclusive }]
        }
        _ => Vec::new(),
    }
}

/// `schema.name`, as operations hold the names of objects.
fn parsed(name: &str) -> TableName {
    match name.split_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.to_owned()), name: name.to_owned() },
        None => TableName::new(name),
    }
}
