use crate::operation::{ConstraintKind, TableName};

use super::Table;

/// Longest name of PostgreSQL, in bytes.
const LONGEST: usize = 63;

/// How PostgreSQL names a constraint that was given no name (`ChooseConstraintName`); `None` where that cannot be told.
pub(super) fn constraint_name(table: &Table, kind: &ConstraintKind) -> Option<String> {
    let joined = |columns: &Option<Vec<String>>| columns.as_ref().map(|columns| columns.join("_"));
    let (columns, label) = match kind {
        ConstraintKind::PrimaryKey { .. } => (String::new(), "pkey"),
        ConstraintKind::Unique { columns } => (joined(columns)?, "key"),
        ConstraintKind::ForeignKey { columns, .. } => (joined(columns)?, "fkey"),
        ConstraintKind::Check { condition } => (checked_column(table, condition.as_deref()?), "check"),
        ConstraintKind::Exclude => return None,
    };
    let is_taken = |name: &str| table.constraints.iter().any(|other| other.known_as(name));
    let first = object_name(&table.name.name, &columns, label);
    if !is_taken(&first) {
        return Some(first);
    }
    (1..100)
        .map(|number| object_name(&table.name.name, &columns, &format!("{label}{number}")))
        .find(|name| !is_taken(name))
}

/// The one column that a condition is about; empty where it is none or several.
fn checked_column(table: &Table, condition: &str) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let words: Vec<&str> = condition.split(|c| !is_name(c)).collect();
    let mut found = table.columns.iter().filter(|column| words.contains(&column.name.as_str()));
    match (found.next(), found.next()) {
        (Some(column), None) => column.name.clone(),
        _ => String::new(),
    }
}

/// `makeObjectName`: both parts are cut, the longer one first, until the name fits.
fn object_name(table: &str, columns: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!columns.is_empty());
    let room = LONGEST.saturating_sub(overhead);
    let (mut first, mut second) = (table.len(), columns.len());
    while first + second > room {
        if first > second { first -= 1 } else { second -= 1 }
    }
    let first = &table[..table.floor_char_boundary(first)];
    let second = &columns[..columns.floor_char_boundary(second)];
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// How SQLAlchemy names the index of `index=True`.
pub(super) fn index_name(table: &TableName, column: &str) -> String {
    let schema = table.schema.as_ref().map(|schema| format!("{}_", schema.replace('.', "_"))).unwrap_or_default();
    format!("ix_{schema}{}_{column}", table.name)
}

/// Whether `name` is how a naming convention would call it: `uq_users_email`, `fk_a_b_id_b`.
pub(super) fn follows_convention(table: &TableName, kind: &ConstraintKind, name: &str) -> bool {
    let (prefixes, columns): (&[&str], _) = match kind {
        ConstraintKind::PrimaryKey { .. } => return ["pk_", "PK_"].iter().any(|prefix| name.starts_with(prefix)),
        ConstraintKind::Unique { columns } => (&["uq_", "uix_", "unique_", "uc_", "_"], columns),
        ConstraintKind::ForeignKey { columns, .. } => (&["fk_", "_"], columns),
        ConstraintKind::Check { .. } | ConstraintKind::Exclude => return false,
    };
    let first = columns.as_ref().and_then(|columns| columns.first());
    let lower = name.to_lowercase();
    prefixes.iter().any(|prefix| lower.starts_with(prefix))
        && lower.contains(&table.name.to_lowercase())
        && first.is_some_and(|first| lower.contains(&first.to_lowercase()))
}
