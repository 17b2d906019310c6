use serde::Deserialize;

use super::{Reading, no_member};
use crate::catalogue::{
    Catalogue, CatalogueError, Column, Constraint, ConstraintKind, Generation, Index, Relation, RelationKind,
};
use crate::operation::ObjectKind;

const RELATIONS: &str = "
    SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
        CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
        array_remove(ARRAY[
            CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END,
            CASE WHEN c.relrowsecurity THEN 'row level security' END,
            CASE WHEN c.relforcerowsecurity THEN 'forced row level security' END,
            CASE WHEN c.relkind = 'p' THEN 'partitioned by ' || pg_get_partkeydef(c.oid) END,
            CASE WHEN c.relispartition THEN 'partition ' || pg_get_expr(c.relpartbound, c.oid) END,
            CASE WHEN c.relkind IN ('r', 'p') AND c.relreplident <> 'd' THEN concat('replica identity ', c.relreplident) END]
            || coalesce(c.reloptions, '{}')
            || ARRAY(SELECT 'inherits ' || i.inhparent::regclass::text FROM pg_catalog.pg_inherits i
                WHERE i.inhrelid = c.oid ORDER BY i.inhseqno), NULL) AS properties
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname IN (SELECT json_array_elements_text($1::json)) AND ";

const COLUMNS: &str = "
    SELECT n.nspname AS schema, c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type_,
        NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default,
        a.attidentity AS identity, a.attgenerated AS generated,
        CASE WHEN a.attcollation <> t.typcollation THEN l.collname END AS collation,
        s.oid::regclass::text AS sequence,
        concat_ws(' ', format_type(q.seqtypid, NULL), 'start', q.seqstart, 'increment', q.seqincrement,
            CASE WHEN q.seqcycle THEN 'cycle' END) AS sequence_form
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
    LEFT JOIN (pg_catalog.pg_depend o JOIN pg_catalog.pg_class s ON s.oid = o.objid AND s.relkind = 'S'
            JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid)
        ON o.classid = 'pg_catalog.pg_class'::regclass AND o.refclassid = 'pg_catalog.pg_class'::regclass
        AND o.refobjid = c.oid AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i')
    WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
        AND n.nspname IN (SELECT json_array_elements_text($1::json))
    ORDER BY c.oid, a.attnum";

/// NOT NULL (`n`, from PostgreSQL 18 on) is the column's, a constraint trigger (`t`) is a trigger.
const CONSTRAINTS: &str = "
    SELECT n.nspname AS schema, c.relname AS table, k.conname AS name, k.contype AS kind,
        pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated,
        ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY AS u(number, at)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number ORDER BY u.at) AS columns,
        rn.nspname AS referent_schema, r.relname AS referent,
        ARRAY(SELECT a.attname FROM unnest(k.confkey) WITH ORDINALITY AS u(number, at)
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number ORDER BY u.at)
            AS referent_columns,
        k.confdeltype AS on_delete, k.confupdtype AS on_update
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (pg_catalog.pg_class r JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace) ON r.oid = k.confrelid
    WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND n.nspname IN (SELECT json_array_elements_text($1::json))
    ORDER BY k.conname";

const INDEXES: &str = "
    SELECT n.nspname AS schema, c.relname AS table, i.relname AS name, x.indisunique AS unique,
        pg_get_indexdef(x.indexrelid) AS definition, x.indisvalid AND x.indisready AS valid,
        ARRAY(SELECT a.attname FROM unnest(x.indkey::smallint[]) WITH ORDINALITY AS u(number, at)
            LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.number AND u.number > 0
            WHERE u.at <= x.indnkeyatts ORDER BY u.at) AS columns
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN (SELECT json_array_elements_text($1::json)) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
    ORDER BY i.relname";

const PARTS: &str = "
    SELECT n.nspname AS schema, c.relname AS table, p.kind, p.name, p.definition
    FROM (
        SELECT tgrelid AS relation, 'trigger' AS kind, tgname AS name,
            concat(pg_get_triggerdef(oid), CASE WHEN tgenabled <> 'O' THEN concat(' enabled ', tgenabled) END) AS definition
        FROM pg_catalog.pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT ev_class, 'rule', rulename, pg_get_ruledef(oid) FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'
        UNION ALL
        SELECT polrelid, 'policy', polname, concat_ws(' ', polcmd,
            CASE WHEN polpermissive THEN 'permissive' ELSE 'restrictive' END,
            'to ' || array_to_string(ARRAY(SELECT CASE WHEN o = 0 THEN 'public' ELSE pg_get_userbyid(o)::text END
                FROM unnest(polroles) AS o), ', '),
            'using ' || pg_get_expr(polqual, polrelid), 'with check ' || pg_get_expr(polwithcheck, polrelid))
        FROM pg_catalog.pg_policy
    ) p
    JOIN pg_catalog.pg_class c ON c.oid = p.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN (SELECT json_array_elements_text($1::json))";

#[derive(Deserialize)]
struct RelationRow {
    schema: String,
    name: String,
    kind: String,
    definition: Option<String>,
    properties: Vec<String>,
}

#[derive(Deserialize)]
struct ColumnRow {
    schema: String,
    table: String,
    name: String,
    type_: String,
    nullable: bool,
    default: Option<String>,
    identity: String,
    generated: String,
    collation: Option<String>,
    sequence: Option<String>,
    sequence_form: String,
}

#[derive(Deserialize)]
struct ConstraintRow {
    schema: String,
    table: String,
    name: String,
    kind: String,
    definition: Option<String>,
    validated: bool,
    columns: Vec<String>,
    referent_schema: Option<String>,
    referent: Option<String>,
    referent_columns: Vec<String>,
    on_delete: String,
    on_update: String,
}

#[derive(Deserialize)]
struct IndexRow {
    schema: String,
    table: String,
    name: String,
    unique: bool,
    definition: Option<String>,
    valid: bool,
    columns: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct PartRow {
    schema: String,
    table: String,
    kind: String,
    name: String,
    definition: Option<String>,
}

/// Fills in tables and views. All of them by schema and name, also those that are left out.
pub(super) fn read(
    reading: &mut Reading<'_>,
    catalogue: &mut Catalogue,
) -> Result<Vec<(String, String)>, CatalogueError> {
    let found: Vec<RelationRow> = reading.ask(&format!("{RELATIONS}{}", no_member("pg_class", "c.oid")))?;
    let mut all = Vec::new();
    for row in found {
        all.push((row.schema.clone(), row.name.clone()));
        if reading.scope.has_table(&row.schema, &row.name) {
            let relation = relation(reading, row);
            catalogue.relations.insert(relation.name.clone(), relation);
        }
    }
    for row in reading.ask::<ColumnRow>(COLUMNS)? {
        if let Some(relation) = catalogue.relations.get_mut(&reading.name(row.schema.clone(), row.table.clone())) {
            relation.columns.push(column(row));
        }
    }
    for row in reading.ask::<ConstraintRow>(CONSTRAINTS)? {
        if let Some(relation) = catalogue.relations.get_mut(&reading.name(row.schema.clone(), row.table.clone())) {
            relation.constraints.push(constraint(reading, row));
        }
    }
    for row in reading.ask::<IndexRow>(INDEXES)? {
        if let Some(relation) = catalogue.relations.get_mut(&reading.name(row.schema, row.table)) {
            let IndexRow { name, unique, definition, valid, columns, .. } = row;
            relation.indexes.push(Index { name, columns, unique, definition: definition.unwrap_or_default(), valid });
        }
    }
    for row in reading.ask::<PartRow>(PARTS)? {
        if let Some(relation) = catalogue.relations.get_mut(&reading.name(row.schema, row.table)) {
            let kind = match row.kind.as_str() {
                "rule" => ObjectKind::Rule,
                "policy" => ObjectKind::Policy,
                _ => ObjectKind::Trigger,
            };
            relation.parts.insert((kind, row.name), row.definition.unwrap_or_default());
        }
    }
    Ok(all)
}

fn relation(reading: &Reading<'_>, row: RelationRow) -> Relation {
    let kind = match row.kind.as_str() {
        "p" => RelationKind::Partitioned,
        "f" => RelationKind::Foreign,
        "v" => RelationKind::View,
        "m" => RelationKind::MaterializedView,
        _ => RelationKind::Table,
    };
    let mut properties = row.properties;
    properties.sort();
    Relation {
        name: reading.name(row.schema, row.name),
        kind,
        definition: row.definition,
        properties,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        parts: std::collections::BTreeMap::new(),
    }
}

fn column(row: ColumnRow) -> Column {
    let computed = |stored| Generation::Computed { expression: row.default.clone().unwrap_or_default(), stored };
    let generation = match (row.identity.as_str(), row.generated.as_str()) {
        ("a", _) => Some(Generation::IdentityAlways),
        ("d", _) => Some(Generation::IdentityByDefault),
        (_, "s") => Some(computed(true)),
        (_, "v") => Some(computed(false)),
        _ => None,
    };
    let default = row.default.filter(|_| !matches!(generation, Some(Generation::Computed { .. })));
    let sequence = row.sequence.map(|name| format!("{name} ({})", row.sequence_form));
    Column {
        name: row.name,
        type_: row.type_,
        nullable: row.nullable,
        default,
        generation,
        collation: row.collation,
        sequence,
    }
}

fn constraint(reading: &Reading<'_>, row: ConstraintRow) -> Constraint {
    let kind = match (row.kind.as_str(), row.referent_schema, row.referent) {
        ("p", ..) => ConstraintKind::PrimaryKey,
        ("u", ..) => ConstraintKind::Unique,
        ("f", Some(schema), Some(name)) => ConstraintKind::ForeignKey {
            referent: reading.name(schema, name),
            referent_columns: row.referent_columns,
            on_delete: action(&row.on_delete),
            on_update: action(&row.on_update),
        },
        ("x", ..) => ConstraintKind::Exclude,
        _ => ConstraintKind::Check,
    };
    let definition = row.definition.unwrap_or_default();
    Constraint { name: Some(row.name), kind, columns: row.columns, definition, validated: row.validated }
}

fn action(letter: &str) -> Option<String> {
    let words = match letter {
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        "r" => "RESTRICT",
        _ => return None,
    };
    Some(words.to_owned())
}
