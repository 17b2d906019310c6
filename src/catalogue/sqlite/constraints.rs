use std::collections::BTreeMap;

use serde::Deserialize;

use super::statement::{Declared, DeclaredConstraint, DeclaredKind};
use crate::catalogue::read::rows;
use crate::catalogue::{Catalogue, CatalogueError, Constraint, ConstraintKind};
use crate::database::Connection;
use crate::operation::TableName;

const FOREIGN_KEYS: &str = "
    SELECT json_object('table', l.name, 'id', k.id, 'referent', k.\"table\", 'column', k.\"from\", 'referent_column', k.\"to\",
        'on_delete', k.on_delete, 'on_update', k.on_update)
    FROM pragma_table_list l, pragma_foreign_key_list(l.name) k WHERE l.schema = 'main' AND l.type = 'table'
    ORDER BY l.name, k.id, k.seq";

#[derive(Deserialize)]
struct ForeignKeyRow {
    table: String,
    id: i64,
    referent: String,
    column: String,
    referent_column: Option<String>,
    on_delete: String,
    on_update: String,
}

pub(super) fn primary_key(columns: Vec<String>, declared: Option<&Declared>) -> Constraint {
    let name = name_of(declared, |kind| *kind == DeclaredKind::PrimaryKey);
    let counts = if declared.is_some_and(|declared| declared.autoincrement) { " AUTOINCREMENT" } else { "" };
    let definition = format!("PRIMARY KEY ({}){counts}", columns.join(", "));
    Constraint { name, kind: ConstraintKind::PrimaryKey, columns, definition, validated: true }
}

pub(super) fn unique(columns: Vec<String>, declared: Option<&Declared>) -> Constraint {
    let name = name_of(declared, |kind| matches!(kind, DeclaredKind::Unique(of) if *of == columns));
    let definition = format!("UNIQUE ({})", columns.join(", "));
    Constraint { name, kind: ConstraintKind::Unique, columns, definition, validated: true }
}

/// Adds the foreign keys of every table.
pub(super) fn foreign_keys(
    connection: &mut Connection,
    catalogue: &mut Catalogue,
    declared: &BTreeMap<String, Declared>,
) -> Result<(), CatalogueError> {
    let mut keys: BTreeMap<(String, i64), Vec<ForeignKeyRow>> = BTreeMap::new();
    for row in rows::<ForeignKeyRow>(connection, FOREIGN_KEYS, &[])? {
        keys.entry((row.table.clone(), row.id)).or_default().push(row);
    }
    for ((table, _), parts) in keys {
        if let Some(relation) = catalogue.relations.get_mut(&TableName::new(table.clone())) {
            relation.constraints.extend(foreign_key(parts, declared.get(&table)));
        }
    }
    Ok(())
}

fn foreign_key(parts: Vec<ForeignKeyRow>, declared: Option<&Declared>) -> Option<Constraint> {
    let first = parts.first()?;
    let action = |words: &str| Some(words.to_owned()).filter(|words| words != "NO ACTION");
    let (on_delete, on_update) = (action(&first.on_delete), action(&first.on_update));
    let referent = TableName::new(first.referent.clone());
    let columns: Vec<String> = parts.iter().map(|part| part.column.clone()).collect();
    let referent_columns: Vec<String> = parts.into_iter().filter_map(|part| part.referent_column).collect();
    let found = declared.and_then(|declared| {
        declared.constraints.iter().find_map(|part| match &part.kind {
            DeclaredKind::ForeignKey { columns: of, deferrable } if *of == columns => {
                Some((part.name.clone(), deferrable))
            }
            _ => None,
        })
    });
    let (name, deferrable) = found.map_or((None, ""), |(name, deferrable)| (name, deferrable.as_str()));
    let mut definition = format!("FOREIGN KEY ({}) REFERENCES {referent}", columns.join(", "));
    if !referent_columns.is_empty() {
        definition.push_str(&format!(" ({})", referent_columns.join(", ")));
    }
    for (when, action) in [("UPDATE", &on_update), ("DELETE", &on_delete)] {
        if let Some(action) = action {
            definition.push_str(&format!(" ON {when} {action}"));
        }
    }
    definition.push_str(deferrable);
    let kind = ConstraintKind::ForeignKey { referent, referent_columns, on_delete, on_update };
    Some(Constraint { name, kind, columns, definition, validated: true })
}

/// Adds the checks of every table, and brings the constraints into the order of their names.
pub(super) fn checks(catalogue: &mut Catalogue, declared: &BTreeMap<String, Declared>) {
    for (table, relation) in &mut catalogue.relations {
        let parts = declared.get(&table.name).map(|declared| declared.constraints.as_slice()).unwrap_or_default();
        relation.constraints.extend(parts.iter().filter_map(check));
        relation.constraints.sort_by(|a, b| (&a.name, &a.definition).cmp(&(&b.name, &b.definition)));
    }
}

fn check(part: &DeclaredConstraint) -> Option<Constraint> {
    let DeclaredKind::Check(condition) = &part.kind else { return None };
    Some(Constraint {
        name: part.name.clone(),
        kind: ConstraintKind::Check,
        columns: Vec::new(),
        definition: format!("CHECK ({condition})"),
        validated: true,
    })
}

fn name_of(declared: Option<&Declared>, is: impl Fn(&DeclaredKind) -> bool) -> Option<String> {
    declared?.constraints.iter().find(|part| is(&part.kind))?.name.clone()
}
