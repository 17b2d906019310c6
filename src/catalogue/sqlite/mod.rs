//! SQLite: its pragmas, and the statements that it keeps where no pragma tells (names of constraints, checks).

mod constraints;
mod statement;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::read::rows;
use super::{Catalogue, CatalogueError, Column, Generation, Index, Relation, RelationKind, Scope};
use crate::database::Connection;
use crate::operation::{ObjectKind, TableName};
use statement::Declared;

/// The only schema that migrations know.
const MAIN: &str = "main";

const RELATIONS: &str = "
    SELECT json_object('name', l.name, 'kind', l.type, 'sql', m.sql, 'without_rowid', l.wr, 'strict', l.strict)
    FROM pragma_table_list l JOIN sqlite_schema m ON m.name = l.name AND m.type IN ('table', 'view')
    WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const COLUMNS: &str = "
    SELECT json_object('table', l.name, 'name', c.name, 'type_', c.type, 'not_null', c.\"notnull\", 'default', c.dflt_value,
        'key', c.pk, 'hidden', c.hidden)
    FROM pragma_table_list l, pragma_table_xinfo(l.name) c WHERE l.schema = 'main' AND l.type = 'table'
    ORDER BY l.name, c.cid";

/// Those of constraints have no statement.
const INDEXES: &str = "
    SELECT json_object('table', l.name, 'name', i.name, 'unique', i.\"unique\", 'origin', i.origin, 'sql', m.sql,
        'columns', json((SELECT json_group_array(x.name) FROM
            (SELECT name FROM pragma_index_xinfo(i.name) WHERE key = 1 ORDER BY seqno) x)))
    FROM pragma_table_list l, pragma_index_list(l.name) i LEFT JOIN sqlite_schema m ON m.type = 'index' AND m.name = i.name
    WHERE l.schema = 'main' AND l.type = 'table' ORDER BY i.name";

const TRIGGERS: &str = "
    SELECT json_object('table', tbl_name, 'name', name, 'sql', sql) FROM sqlite_schema WHERE type = 'trigger'";

#[derive(Deserialize)]
struct RelationRow {
    name: String,
    kind: String,
    sql: Option<String>,
    without_rowid: i64,
    strict: i64,
}

#[derive(Deserialize)]
struct ColumnRow {
    table: String,
    name: String,
    type_: Option<String>,
    not_null: i64,
    default: Option<String>,
    key: i64,
    hidden: i64,
}

#[derive(Deserialize)]
struct IndexRow {
    table: String,
    name: String,
    unique: i64,
    origin: String,
    sql: Option<String>,
    columns: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct TriggerRow {
    table: String,
    name: String,
    sql: Option<String>,
}

pub(super) fn read(connection: &mut Connection, scope: &Scope) -> Result<Catalogue, CatalogueError> {
    let mut catalogue = Catalogue { default_schema: Some(MAIN.to_owned()), ..Catalogue::default() };
    let mut declared: BTreeMap<String, Declared> = BTreeMap::new();
    for row in rows::<RelationRow>(connection, RELATIONS, &[])? {
        if scope.has_table(MAIN, &row.name) {
            let sql = row.sql.as_deref().unwrap_or_default();
            declared.insert(row.name.clone(), Declared::of_table(sql));
            catalogue.relations.insert(TableName::new(row.name.clone()), relation(row));
        }
    }
    let mut keys: BTreeMap<String, BTreeMap<i64, String>> = BTreeMap::new();
    for row in rows::<ColumnRow>(connection, COLUMNS, &[])? {
        let Some(relation) = catalogue.relations.get_mut(&TableName::new(row.table.clone())) else { continue };
        if row.key > 0 {
            keys.entry(row.table.clone()).or_default().insert(row.key, row.name.clone());
        }
        let of = declared.get(&row.table);
        relation.columns.push(column(row, of));
    }
    for (table, key) in keys {
        if let Some(relation) = catalogue.relations.get_mut(&TableName::new(table.clone())) {
            relation.constraints.push(constraints::primary_key(key.into_values().collect(), declared.get(&table)));
        }
    }
    for row in rows::<IndexRow>(connection, INDEXES, &[])? {
        let Some(relation) = catalogue.relations.get_mut(&TableName::new(row.table.clone())) else { continue };
        match row.origin.as_str() {
            "c" => relation.indexes.push(index(row)),
            "u" => {
                let columns = row.columns.into_iter().flatten().collect();
                relation.constraints.push(constraints::unique(columns, declared.get(&row.table)));
            }
            _ => {}
        }
    }
    constraints::foreign_keys(connection, &mut catalogue, &declared)?;
    constraints::checks(&mut catalogue, &declared);
    for row in rows::<TriggerRow>(connection, TRIGGERS, &[])? {
        if let Some(relation) = catalogue.relations.get_mut(&TableName::new(row.table)) {
            relation.parts.insert((ObjectKind::Trigger, row.name), row.sql.unwrap_or_default());
        }
    }
    Ok(catalogue)
}

fn relation(row: RelationRow) -> Relation {
    let kind = match row.kind.as_str() {
        "view" => RelationKind::View,
        "virtual" => RelationKind::Virtual,
        _ => RelationKind::Table,
    };
    let flags = [(row.strict, "strict"), (row.without_rowid, "without rowid")];
    Relation {
        name: TableName::new(row.name),
        kind,
        definition: row.sql.filter(|_| kind != RelationKind::Table),
        properties: flags.iter().filter(|(flag, _)| *flag != 0).map(|(_, name)| (*name).to_owned()).collect(),
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        parts: BTreeMap::new(),
    }
}

fn column(row: ColumnRow, declared: Option<&Declared>) -> Column {
    // 2 and 3: a generated column, virtual or stored.
    let generation = match row.hidden {
        2 | 3 => {
            let expression = declared.and_then(|declared| declared.generated.get(&row.name)).cloned();
            Some(Generation::Computed { expression: expression.unwrap_or_default(), stored: row.hidden == 3 })
        }
        _ => None,
    };
    Column {
        collation: declared.and_then(|declared| declared.collations.get(&row.name)).cloned(),
        name: row.name,
        type_: row.type_.unwrap_or_default(),
        nullable: row.not_null == 0,
        default: row.default,
        generation,
        sequence: None,
    }
}

fn index(row: IndexRow) -> Index {
    let sql = row.sql.unwrap_or_default();
    Index {
        definition: statement::index_definition(&sql).unwrap_or(sql),
        name: row.name,
        columns: row.columns,
        unique: row.unique != 0,
        valid: true,
    }
}
