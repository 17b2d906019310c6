use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::ask::{ask, json_list};
use super::holder::holder_of;
use super::{RelocateError, Request};
use crate::database::Connection;

/// An object of a schema that stands for itself; what belongs to it (indexes, owned sequences, constraints) goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Object {
    /// Which, as `pg_class:16385`.
    pub(super) key: String,
    /// In words, as PostgreSQL has them: `table`, `materialized view`, `function`.
    pub kind: String,
    /// Without its schema, quoted where it has to be: `orders`, `"Order Lines"`, `total(integer)`.
    pub name: String,
    /// With its schema.
    pub(super) identity: String,
    /// The role that owns it.
    pub(super) owner: String,
    /// Whether the current role may act as that role.
    pub(super) is_mine: bool,
    /// The object of the schema that it is a part of, such as the range of a multirange.
    pub(super) part_of: Option<String>,
    /// Of a type: what has to do with it.
    users: Vec<String>,
    /// Of a table, a view or a sequence: its name as it is, without quotes.
    pub relation: Option<String>,
}

/// What goes from one schema to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// In the order in which they are altered: what is named by the types of its arguments comes before the types.
    pub objects: Vec<Object>,
    /// Those of kinds that have no `SET SCHEMA`, and those that only a superuser may alter.
    pub left: Vec<Object>,
}

/// Everything in a schema depends on it (`pg_depend`), but for what belongs to an object that does. Members of extensions are the
/// extension's, sequences of a column go with its table.
const OBJECTS: &str = "SELECT concat((SELECT relname FROM pg_catalog.pg_class WHERE oid = d.classid), ':', d.objid) AS key,
        i.type AS kind, substr(i.identity, length(quote_ident($1)) + 2) AS name, i.identity, o.rolname AS owner,
        pg_catalog.pg_has_role(o.oid, 'USAGE') AS is_mine, c.relname AS relation, {part_of} AS part_of,
        ARRAY(SELECT DISTINCT {user} FROM pg_catalog.pg_depend u
            WHERE d.classid = 'pg_catalog.pg_type'::regclass AND u.refclassid = 'pg_catalog.pg_type'::regclass
                AND u.refobjid IN (SELECT d.objid UNION SELECT y.typarray FROM pg_catalog.pg_type y WHERE y.oid = d.objid)) AS users
    FROM pg_catalog.pg_depend d
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
    LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_catalog.pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_catalog.pg_statistic_ext s ON d.classid = 'pg_catalog.pg_statistic_ext'::regclass AND s.oid = d.objid
    LEFT JOIN pg_catalog.pg_shdepend w ON w.classid = d.classid AND w.objid = d.objid AND w.deptype = 'o'
        AND w.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    LEFT JOIN pg_catalog.pg_roles o ON o.oid = coalesce(w.refobjid, 10)
    WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'n'
        AND d.classid <> 'pg_catalog.pg_extension'::regclass
        AND d.refobjid = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
            WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')
        AND NOT (coalesce(c.relkind, 'r') = 'S' AND EXISTS (SELECT FROM pg_catalog.pg_depend m
            WHERE m.classid = d.classid AND m.objid = d.objid AND m.refobjsubid > 0 AND m.deptype IN ('a', 'i')))
    ORDER BY 2, 3";

/// A statistics object is its table's; the functions that make a range are the range's, its multirange as well.
const PART_OF: &str = "coalesce(CASE WHEN s.oid IS NOT NULL THEN concat('pg_class:', s.stxrelid) END,
    (SELECT concat('pg_type:', m.refobjid) FROM pg_catalog.pg_depend m WHERE m.classid = d.classid AND m.objid = d.objid
        AND m.refclassid = 'pg_catalog.pg_type'::regclass AND m.deptype = 'i' LIMIT 1))";

/// The relations that are named, and the partitions of those.
const CHOSEN: &str = "WITH RECURSIVE chosen(oid) AS (
        SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname IN (SELECT json_array_elements_text($2::json))
            AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN chosen ON chosen.oid = i.inhparent
        JOIN pg_catalog.pg_class p ON p.oid = i.inhrelid WHERE p.relispartition)
    SELECT concat('pg_class:', c.oid) AS key, c.relname AS name FROM chosen JOIN pg_catalog.pg_class c USING (oid)";

#[derive(Deserialize)]
struct Chosen {
    key: String,
    name: String,
}

impl Inventory {
    /// Reads what a request is about.
    ///
    /// # Errors
    /// A table that is not there, or nothing at all.
    pub fn read(connection: &mut Connection, request: &Request) -> Result<Self, RelocateError> {
        let found = in_schema(connection, &request.from)?;
        let found =
            found.into_iter().filter(|object| object.relation.as_ref().is_none_or(|name| !request.is_own(name)));
        let mut found: Vec<Object> = found.collect();
        if !request.tables.is_empty() {
            let chosen = chosen(connection, request)?;

            let kept = selection(&found, chosen);
            found.retain(|object| kept.contains(&object.key));
        }
        let (mut objects, left): (Vec<Object>, Vec<Object>) =
            found.into_iter().partition(|object| object.alter().is_some() && !object.is_bootstrap());
        objects.sort_by_key(Object::turn);
        if objects.is_empty() {
            return Err(RelocateError::Nothing { schema: request.from.clone() });
        }
        Ok(Self { objects, left })
    }

    /// The tables whose rows are told: ordinary, partitioned and foreign ones, by name.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().filter(|object| object.is_table()).filter_map(|object| object.relation.as_deref())
    }

    /// Everything by its key, with what comes and goes with it.
    pub(super) fn keys(&self) -> BTreeSet<&str> {
        self.objects.iter().chain(&self.left).map(|object| object.key.as_str()).collect()
    }

    /// The numbers of those of one system table.
    pub(super) fn numbers(&self, class: &str) -> Vec<&str> {
        self.objects.iter().filter_map(|object| object.key.strip_prefix(class)?.strip_prefix(':')).collect()
    }
}

/// Everything that is in a schema.
pub(super) fn in_schema(connection: &mut Connection, schema: &str) -> Result<Vec<Object>, RelocateError> {
    let sql = OBJECTS.replace("{part_of}", PART_OF).replace("{user}", &holder_of("u.classid", "u.objid"));
    ask(connection, &sql, &[schema])
}

fn chosen(connection: &mut Connection, request: &Request) -> Result<BTreeSet<String>, RelocateError> {
    let names = json_list(request.tables.iter().map(String::as_str));
    let chosen: Vec<Chosen> = ask(connection, CHOSEN, &[&request.from, &names])?;
    let known: BTreeSet<&str> = chosen.iter().map(|one| one.name.as_str()).collect();
    let missing: Vec<String> =
        request.tables.iter().filter(|name| !known.contains(name.as_str()) || request.is_own(name)).cloned().collect();
    if !missing.is_empty() {
        return Err(RelocateError::NoSuchTables { schema: request.from.clone(), tables: missing });
    }
    Ok(chosen.into_iter().map(|one| one.key).collect())
}

/// The chosen relations, the types that nothing else uses, and the parts of both.
fn selection(found: &[Object], chosen: BTreeSet<String>) -> BTreeSet<String> {
    let parts: BTreeMap<&str, &str> =
        found.iter().filter_map(|object| Some((object.key.as_str(), object.part_of.as_deref()?))).collect();
    let whole = |key: &str| parts.get(key).map_or_else(|| key.to_owned(), |of| (*of).to_owned());
    let is_type = |object: &&Object| object.kind == "type" && object.part_of.is_none();
    let mut types: BTreeSet<String> = found.iter().filter(is_type).map(|object| object.key.clone()).collect();
    loop {
        let is_kept = |object: &&Object| {
            let mut users = object.users.iter().map(|user| whole(user)).filter(|user| *user != object.key).peekable();
            users.peek().is_some() && users.all(|user| chosen.contains(&user) || types.contains(&user))
        };
        let kept: BTreeSet<String> = found
            .iter()
            .filter(is_type)
            .filter(|object| types.contains(&object.key))
            .filter(is_kept)
            .map(|object| object.key.clone())
            .collect();
        if kept == types {
            break;
        }
        types = kept;
    }
    let wholes: BTreeSet<String> = chosen.into_iter().chain(types).collect();
    let is_selected = |object: &&Object| wholes.contains(&whole(&object.key));
    found.iter().filter(is_selected).map(|object| object.key.clone()).collect()
}

impl Object {
    /// Whether it has rows, or stands for some elsewhere.
    pub(super) fn is_table(&self) -> bool {
        ["table", "foreign table"].contains(&self.kind.as_str())
    }

    /// The words after ALTER; `None`: there is no `SET SCHEMA` for it.
    pub(super) fn alter(&self) -> Option<&'static str> {
        Some(match self.kind.as_str() {
            "table" => "TABLE",
            "view" => "VIEW",
            "materialized view" => "MATERIALIZED VIEW",
            "foreign table" => "FOREIGN TABLE",
            "sequence" => "SEQUENCE",
            "type" => "TYPE",
            "function" | "procedure" | "aggregate" => "ROUTINE",
            "operator" => "OPERATOR",
            "operator class" => "OPERATOR CLASS",
            "operator family" => "OPERATOR FAMILY",
            "collation" => "COLLATION",
            "conversion" => "CONVERSION",
            "statistics object" => "STATISTICS",
            "text search configuration" => "TEXT SEARCH CONFIGURATION",
            "text search dictionary" => "TEXT SEARCH DICTIONARY",
            "text search parser" => "TEXT SEARCH PARSER",
            "text search template" => "TEXT SEARCH TEMPLATE",
            _ => return None,
        })
    }

    /// The functions that make a range belong to the superuser whoever makes the type: nobody else may alter them.
    fn is_bootstrap(&self) -> bool {
        self.part_of.is_some() && self.kind == "function" && !self.is_mine
    }

    fn turn(&self) -> u8 {
        match self.alter() {
            Some("ROUTINE" | "OPERATOR" | "OPERATOR CLASS" | "OPERATOR FAMILY") => 0,
            Some("TYPE") => 2,
            _ => 1,
        }
    }

    /// `materialized view totals`
    pub fn shown(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}
