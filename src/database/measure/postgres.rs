use std::time::Duration;

use super::super::postgres::PostgresConnection;
use super::super::search_path::set_local;
use super::super::{DatabaseError, quote_identifier};
use super::{Count, Counted, TableFacts, beyond};

/// How long a table that somebody else has locked is waited for, in milliseconds.
const LOCK_TIMEOUT_MS: u128 = 200;

/// The kind of a relation, rows by the planner's estimate (`reltuples`; -1 where a table was never analysed) and bytes, over
/// it and all that inherits from it (a partitioned table's own estimate is that of its partitions). `{place}` chooses the one row of `pg_class`.
const FACTS: &str = "WITH RECURSIVE parts (oid) AS (\
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind IN ('r', 'p', 'f', 'm') AND c.relname = $1 AND {place} \
    UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN parts p ON i.inhparent = p.oid) \
    SELECT count(*)::text, sum(CASE c.relkind WHEN 'p' THEN 0 ELSE greatest(c.reltuples, 0) END)::bigint::text, \
    sum(pg_catalog.pg_total_relation_size(c.oid))::text FROM parts JOIN pg_catalog.pg_class c ON c.oid = parts.oid";

/// The share of NULL that the planner believes in, of all partitions together where there are any.
const NULL_SHARE: &str = "SELECT s.null_frac::text FROM pg_catalog.pg_stats s \
    JOIN pg_catalog.pg_namespace n ON n.nspname = s.schemaname \
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename \
    WHERE s.tablename = $1 AND s.attname = $2 AND {place} ORDER BY s.inherited DESC LIMIT 1";

const HAS_COLUMN: &str = "SELECT 1::text FROM pg_catalog.pg_attribute a \
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relname = $1 AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND {place}";

/// The tables that refer to others by a foreign key, directly or not: schema and name. `{places}` chooses the rows of `pg_class`
/// where it begins.
const REFERENCING: &str = "WITH RECURSIVE reached (oid) AS (\
    SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {places} \
    UNION SELECT f.conrelid FROM pg_catalog.pg_constraint f JOIN reached r ON f.confrelid = r.oid WHERE f.contype = 'f') \
    SELECT n.nspname::text, c.relname::text FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.oid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT ({places}) AND NOT c.relispartition ORDER BY 1, 2";

const VISIBLE: &str = "pg_catalog.pg_table_is_visible(c.oid) AND n.nspname NOT IN ('pg_catalog', 'information_schema')";

/// What the catalogue says without counting.
struct Estimate {
    rows: Option<u64>,
    bytes: Option<u64>,
}

pub(super) struct Asked<'a> {
    pub(super) connection: &'a mut PostgresConnection,
    pub(super) search_path: Option<&'a [String]>,
    pub(super) time: Duration,
}

impl Asked<'_> {
    pub(super) fn table(&mut self, schema: Option<&str>, table: &str, limit: u64) -> Option<TableFacts> {
        let estimate = match self.estimate(schema, table) {
            Ok(found) => found?,
            Err(reason) => return Some(TableFacts { rows: Count::Unknown(reason), bytes: None }),
        };
        let counted = self.count(&quoted(schema, table), "", limit);
        Some(TableFacts { rows: beyond(counted, estimate.rows), bytes: estimate.bytes })
    }

    pub(super) fn column(&mut self, schema: Option<&str>, table: &str, column: &str, limit: u64) -> Option<Count> {
        match self.ask(HAS_COLUMN, &[table, column], schema) {
            Ok(rows) if rows.is_empty() => return None,
            Ok(_) => {}
            Err(reason) => return Some(Count::Unknown(reason)),
        }
        // Qualified, so that a name that is no column of the table is never anything else.
        let condition = format!(" WHERE t.{} IS NOT NULL", quote_identifier(column));
        let counted = self.count(&quoted(schema, table), &condition, limit);
        if let Counted::All(number) = counted {
            return Some(Count::Exact(number));
        }
        Some(beyond(counted, self.estimated_values(schema, table, column)))
    }

    pub(super) fn tables_of(&mut self, schema: Option<&str>) -> Option<Vec<String>> {
        let select = "SELECT c.relname::text FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
            WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition AND {place} ORDER BY 1";
        let rows = self.ask(select, &[], schema).ok()?;
        Some(rows.into_iter().filter_map(|mut row| row.pop().flatten()).collect())
    }

    pub(super) fn referencing(&mut self, tables: &[(Option<&str>, &str)]) -> Option<Vec<(Option<String>, String)>> {
        let mut parameters = Vec::new();
        let mut places = Vec::new();
        for (schema, table) in tables {
            parameters.push(*table);
            let name = parameters.len();
            places.push(match schema {
                Some(schema) => {
                    parameters.push(schema);
                    format!("(c.relname = ${name} AND n.nspname = ${})", name + 1)
                }
                None => format!("(c.relname = ${name} AND {VISIBLE})"),
            });
        }
        let rows = self.guarded(&REFERENCING.replace("{places}", &places.join(" OR ")), &parameters).ok()?;
        let named = rows.into_iter().filter_map(|row| match <[_; 2]>::try_from(row) {
            Ok([schema, name]) => Some((schema, name?)),
            Err(_) => None,
        });
        Some(named.collect())
    }

    /// `None`: there is no such table.
    fn estimate(&mut self, schema: Option<&str>, table: &str) -> Result<Option<Estimate>, String> {
        let rows = self.ask(FACTS, &[table], schema)?;
        let number = |column: usize| -> Option<u64> { rows.first()?.get(column)?.as_deref()?.parse().ok() };
        Ok((number(0) != Some(0)).then(|| Estimate { rows: number(1), bytes: number(2) }))
    }

    fn estimated_values(&mut self, schema: Option<&str>, table: &str, column: &str) -> Option<u64> {
        let rows = self.estimate(schema, table).ok()??.rows;
        let share = self.ask(NULL_SHARE, &[table, column], schema).ok()?;
        let null: f64 = share.first()?.first()?.as_deref()?.parse().ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an estimate"
        )]
        Some((rows? as f64 * (1.0 - null)).round() as u64)
    }

    /// `name` and `condition` are SQL.
    fn count(&mut self, name: &str, condition: &str, limit: u64) -> Counted {
        let sql = format!("SELECT count(*)::text FROM (SELECT 1 FROM {name} AS t{condition} LIMIT {}) AS s", limit + 1);
        match self.guarded(&sql, &[]) {
            Ok(rows) => {
                let number = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok());
                number
                    .map_or_else(|| Counted::Not("it was not counted".to_owned()), |number| Counted::of(number, limit))
            }
            Err(reason) => Counted::Not(reason),
        }
    }

    /// A query of the catalogue with `{place}` filled in: the schema, as the last parameter, or the search path.
    fn ask(&mut self, sql: &str, names: &[&str], schema: Option<&str>) -> Result<Vec<Vec<Option<String>>>, String> {
        let mut parameters = names.to_vec();
        let place = match schema {
            Some(schema) => {
                parameters.push(schema);
                format!("n.nspname = ${}", parameters.len())
            }
            None => VISIBLE.to_owned(),
        };
        self.guarded(&sql.replace("{place}", &place), &parameters)
    }

    /// Runs a query in a transaction of its own that ends in time, and that is told of row-level security rather than shown a
    /// part of the rows.
    fn guarded(&mut self, sql: &str, parameters: &[&str]) -> Result<Vec<Vec<Option<String>>>, String> {
        if self.time.is_zero() {
            return Err("there was no time left".to_owned());
        }
        let milliseconds = self.time.as_millis().max(1);
        let mut begin = format!(
            "BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds}; SET LOCAL lock_timeout = {}; \
             SET LOCAL row_security = off",
            LOCK_TIMEOUT_MS.min(milliseconds)
        );
        if let Some(schemas) = self.search_path.filter(|schemas| !schemas.is_empty()) {
            begin.push_str(&format!("; {}", set_local(schemas)));
        }
        let connection = &mut *self.connection;
        let answer = connection.end(&begin).and_then(|()| connection.texts(sql, parameters));
        // The transaction is gone with the connection where this fails.
        let _ = connection.end("ROLLBACK");
        answer.map_err(|error| phrase(&error))
    }
}

fn quoted(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(table)),
        None => quote_identifier(table),
    }
}

fn phrase(error: &DatabaseError) -> String {
    match error {
        DatabaseError::Server { code, .. } if code == "57014" => "counting took too long".to_owned(),
        DatabaseError::Server { code, .. } if code == "55P03" => "the table is locked by another session".to_owned(),
        DatabaseError::Server { reason, .. } | DatabaseError::Permission { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}
