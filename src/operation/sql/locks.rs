//! Locks of statements whose operations say too little: each form of ALTER TABLE, and statements on objects of a table.

use squawk_syntax::ast::{self, AstNode, Stmt};
use squawk_syntax::{SyntaxKind as K, SyntaxNode};

use super::names;
use super::table::constraint;
use crate::operation::locks::{of_referents, referents};
use crate::operation::{LockMode, LockedRelation, RelationLock, TableName};

/// Statements that lock one table that they name: the statement, how it names the table, the mode.
const ON_ONE_TABLE: &[(K, &[K], LockMode)] = &[
    (K::CREATE_TRIGGER, TABLE, LockMode::ShareRowExclusive),
    (K::DROP_TRIGGER, TABLE, LockMode::AccessExclusive),
    (K::ALTER_TRIGGER, TABLE, LockMode::AccessExclusive),
    (K::CREATE_POLICY, TABLE, LockMode::AccessExclusive),
    (K::ALTER_POLICY, TABLE, LockMode::AccessExclusive),
    (K::DROP_POLICY, TABLE, LockMode::AccessExclusive),
    (K::CREATE_RULE, TABLE, LockMode::AccessExclusive),
    (K::ALTER_RULE, TABLE, LockMode::AccessExclusive),
    (K::DROP_RULE, TABLE, LockMode::AccessExclusive),
    (K::CREATE_STATISTICS, TABLE, LockMode::ShareUpdateExclusive),
    (K::ALTER_VIEW, &[K::VIEW_REF], LockMode::AccessExclusive),
    (K::ALTER_MATERIALIZED_VIEW, &[K::VIEW_REF], LockMode::AccessExclusive),
    (K::ALTER_FOREIGN_TABLE, TABLE, LockMode::AccessExclusive),
    (K::DROP_FOREIGN_TABLE, TABLE, LockMode::AccessExclusive),
    (K::ALTER_SEQUENCE, &[K::SEQUENCE_REF], LockMode::ShareRowExclusive),
];

const TABLE: &[K] = &[K::TABLE_NAME_REF, K::RELATION_NAME_REF];

/// What the statement locks; `None`: its operations say it.
pub(super) fn locks(statement: &Stmt) -> Option<Vec<RelationLock>> {
    let node = statement.syntax();
    match statement {
        Stmt::AlterTable(alter) => Some(alter_table(alter)),
        Stmt::CreateTable(create) => create.partition_of().is_some().then(|| partition_of(create)),
        Stmt::Refresh(refresh) => {
            let is_concurrent = refresh.concurrently_token().is_some();
            let mode = if is_concurrent { LockMode::Exclusive } else { LockMode::AccessExclusive };
            Some(all(node, &[K::VIEW_REF], mode))
        }
        Stmt::Lock(lock) => Some(lock_table(lock)),
        Stmt::Analyze(_) => Some(all(node, TABLE, LockMode::ShareUpdateExclusive)),
        Stmt::Vacuum(vacuum) if !vacuum.is_full() => Some(all(node, TABLE, LockMode::ShareUpdateExclusive)),
        Stmt::CreatePublication(_) | Stmt::AlterPublication(_) => {
            Some(all(node, TABLE, LockMode::ShareUpdateExclusive))
        }
        Stmt::Reindex(reindex) => Some(reindexed(reindex)),
        Stmt::CommentOn(comment) => Some(commented(comment)),
        _ => {
            let (_, names, mode) = ON_ONE_TABLE.iter().find(|(kind, ..)| *kind == node.kind())?;
            let is_new_owner = matches!(statement, Stmt::AlterSequence(_)) && changes_the_object(node);
            let mode = if is_new_owner { LockMode::AccessExclusive } else { *mode };
            Some(all(node, names, mode).into_iter().take(1).collect())
        }
    }
}

/// RENAME, SET SCHEMA, OWNER TO.
fn changes_the_object(statement: &SyntaxNode) -> bool {
    let words = statement.text().to_string().to_ascii_uppercase();
    [" RENAME ", " SET SCHEMA ", " OWNER TO "].iter().any(|word| words.contains(word))
}

/// A lock on every relation that is named by nodes of these kinds.
fn all(node: &SyntaxNode, kinds: &[K], mode: LockMode) -> Vec<RelationLock> {
    let named = node.descendants().filter(|found| kinds.contains(&found.kind()));
    // A name within a name is the same one.
    let outer = named.filter(|found| !found.ancestors().skip(1).any(|above| kinds.contains(&above.kind())));
    outer.filter_map(|found| names::qualified(&found)).map(|name| on(Some(name), mode)).collect()
}

fn on(table: Option<TableName>, mode: LockMode) -> RelationLock {
    RelationLock { relation: table.map_or(LockedRelation::Unknown, LockedRelation::Table), mode }
}

/// The strongest lock that an action needs is taken for all of them, at once.
fn alter_table(alter: &ast::AlterTable) -> Vec<RelationLock> {
    let table = names::relation(alter.table_relation_name());
    let own = alter.actions().map(|action| mode_of(&action)).max().unwrap_or(LockMode::AccessExclusive);
    let mut locks = vec![on(table.clone(), own)];
    for other in alter.actions().flat_map(|action| others_of(&action, table.as_ref())) {
        if !locks.iter().any(|lock| lock.relation == other.relation && lock.mode >= other.mode) {
            locks.push(other);
        }
    }
    locks
}

/// The mode that an action needs on the table that is altered (PostgreSQL's `AlterTableGetLockLevel`).
fn mode_of(action: &ast::AlterTableAction) -> LockMode {
    use ast::{AlterColumnOption as Column, AlterTableAction as Action};
    match action {
        Action::AddConstraint(add) => match add.constraint() {
            Some(ast::Constraint::ForeignKeyConstraint(_)) => LockMode::ShareRowExclusive,
            _ => LockMode::AccessExclusive,
        },
        Action::EnableTrigger(_)
        | Action::EnableAlwaysTrigger(_)
        | Action::EnableReplicaTrigger(_)
        | Action::DisableTrigger(_) => LockMode::ShareRowExclusive,
        Action::ValidateConstraint(_)
        | Action::ClusterOn(_)
        | Action::SetWithoutCluster(_)
        | Action::SetOptions(_)
        | Action::ResetOptions(_)
        | Action::AttachPartition(_) => LockMode::ShareUpdateExclusive,
        Action::DetachPartition(detach) if is_concurrent(detach) => LockMode::ShareUpdateExclusive,
        Action::AlterColumn(alter) => match alter.option() {
            Some(
                Column::SetStatistics(_) | Column::SetOptions(_) | Column::ResetOptions(_) | Column::SetOptionsList(_),
            ) => LockMode::ShareUpdateExclusive,
            _ => LockMode::AccessExclusive,
        },
        _ => LockMode::AccessExclusive,
    }
}

fn is_concurrent(detach: &ast::DetachPartition) -> bool {
    detach.detach_partition_option().is_some_and(|option| option.syntax().kind() == K::DETACH_CONCURRENTLY)
}

/// What an action locks besides the table.
fn others_of(action: &ast::AlterTableAction, table: Option<&TableName>) -> Vec<RelationLock> {
    use ast::AlterTableAction as Action;
    match action {
        Action::DropConstraint(drop) => {
            let name = names::last(drop.constraint_name_ref());
            table.map(|table| of_referents(table, name.as_deref(), LockMode::AccessExclusive)).into_iter().collect()
        }
        Action::ValidateConstraint(validate) => {
            let name = names::last(validate.constraint_name_ref());
            table.map(|table| of_referents(table, name.as_deref(), LockMode::RowShare)).into_iter().collect()
        }
        Action::AddColumn(add) => {
            let constraints = add.constraints().filter_map(|written| constraint(&written, None, 0..0));
            referents(constraints.collect::<Vec<_>>().iter())
        }
        Action::AddConstraint(add) => {
            let constraint = add.constraint().and_then(|written| constraint(&written, None, 0..0));
            referents(constraint.iter())
        }
        Action::AttachPartition(attach) => vec![on(names::table(attach.table_name_ref()), LockMode::AccessExclusive)],
        Action::DetachPartition(detach) => vec![on(names::table(detach.table_name_ref()), LockMode::AccessExclusive)],
        Action::InheritTable(inherit) => {
            vec![on(names::table(inherit.table_name_ref()), LockMode::ShareUpdateExclusive)]
        }
        _ => Vec::new(),
    }
}

/// `CREATE TABLE … PARTITION OF parent`
fn partition_of(create: &ast::CreateTable) -> Vec<RelationLock> {
    let parent = create.partition_of().map(|parent| all(parent.syntax(), TABLE, LockMode::AccessExclusive));
    parent.into_iter().flatten().take(1).collect()
}

fn lock_table(lock: &ast::Lock) -> Vec<RelationLock> {
    let mode = lock.lock_mode_clause().map(|clause| clause.syntax().text().to_string());
    let words: Vec<String> = mode
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(str::to_ascii_uppercase)
        .filter(|word| !["IN", "MODE"].contains(&word.as_str()))
        .collect();
    let mode = LockMode::named(&words.join(" ")).unwrap_or(LockMode::AccessExclusive);
    lock.relation_list().map(|list| all(list.syntax(), TABLE, mode)).unwrap_or_default()
}

fn reindexed(reindex: &ast::Reindex) -> Vec<RelationLock> {
    let node = reindex.syntax();
    let is_concurrent = node.text().to_string().to_ascii_uppercase().contains("CONCURRENTLY");
    let mode = if is_concurrent { LockMode::ShareUpdateExclusive } else { LockMode::Share };
    match reindex.reindex_target() {
        Some(ast::ReindexTarget::ReindexTargetTable(target)) => all(target.syntax(), TABLE, mode),
        Some(ast::ReindexTarget::ReindexTargetIndex(target)) => all(target.syntax(), &[K::INDEX_REF], mode)
            .into_iter()
            .map(|lock| match lock.relation {
                LockedRelation::Table(index) => RelationLock { relation: LockedRelation::TableOfIndex(index), ..lock },
                _ => lock,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// `COMMENT ON` a table or a column. A comment on a constraint or a trigger keeps no lock.
fn commented(comment: &ast::CommentOn) -> Vec<RelationLock> {
    let Some(object) = comment.comment_object() else { return Vec::new() };
    let object = object.syntax();
    let words = object.text().to_string().to_ascii_uppercase();
    if words.starts_with("COLUMN") {
        let mut parts = names::segments(object);
        parts.pop();
        let name = parts.pop().map(|name| TableName { schema: parts.pop(), name });
        return name.map(|name| on(Some(name), LockMode::ShareUpdateExclusive)).into_iter().collect();
    }
    if words.starts_with("TABLE") {
        return all(object, TABLE, LockMode::ShareUpdateExclusive);
    }
    Vec::new()
}
