use serde::Deserialize;

use crate::database::{Connection, quote_identifier};
use crate::relocate::ask::{ask, json_list};
use crate::relocate::{Inventory, RelocateError, Request};

/// A table whose rows are copied, on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RowTable {
    pub(super) name: String,
    /// Pages of the source.
    pub(super) pages: u64,
    /// The file that they are in: another one after VACUUM FULL and the like.
    pub(super) file: String,
    columns: Vec<Column>,
    #[serde(skip)]
    from: String,
    #[serde(skip)]
    to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Column {
    /// Quoted.
    name: String,
    is_generated: bool,
    /// Of the copy, where it is another type than the source's: one of the copied types.
    cast: Option<String>,
}

const TABLES: &str = "SELECT c.relname AS name, pg_relation_size(c.oid) / current_setting('block_size')::bigint AS pages,
        coalesce(pg_relation_filenode(c.oid), 0)::text AS file,
        coalesce((SELECT json_agg(json_build_object('name', quote_ident(a.attname), 'is_generated', a.attgenerated <> '',
                'cast', CASE WHEN a.atttypid <> b.atttypid THEN format_type(b.atttypid, b.atttypmod) END) ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attribute b ON b.attrelid = o.oid AND b.attname = a.attname
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_class o ON o.relname = c.relname
        AND o.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $2)
    WHERE c.relkind = 'r' AND c.oid IN (SELECT json_array_elements_text($1::json)::oid) ORDER BY 1";

impl RowTable {
    /// All of them, by name; the copies have to be there. The search path decides how types are named.
    pub(super) fn read(
        connection: &mut Connection,
        request: &Request,
        inventory: &Inventory,
    ) -> Result<Vec<Self>, RelocateError> {
        let numbers = json_list(inventory.numbers("pg_class"));
        let mut tables: Vec<Self> = ask(connection, TABLES, &[&numbers, &request.to])?;
        for table in &mut tables {
            (table.from, table.to) = (request.from.clone(), request.to.clone());
        }
        Ok(tables)
    }

    /// The source as SQL.
    pub(super) fn source(&self) -> String {
        format!("{}.{}", quote_identifier(&self.from), quote_identifier(&self.name))
    }

    /// The copy as SQL.
    pub(super) fn target(&self) -> String {
        format!("{}.{}", quote_identifier(&self.to), quote_identifier(&self.name))
    }

    /// Copies the pages from one on, up to another. Identities keep their values; what is generated is generated anew. Values of a
    /// copied type take the way by their text, as the server knows no other between two types.
    pub(super) fn insert(&self, first: u64, end: Option<u64>) -> String {
        let written: Vec<&Column> = self.columns.iter().filter(|column| !column.is_generated).collect();
        let names: Vec<&str> = written.iter().map(|column| column.name.as_str()).collect();
        let values: Vec<String> = written.iter().map(|column| column.value()).collect();
        let list = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
        format!(
            "INSERT INTO {}{list} OVERRIDING SYSTEM VALUE SELECT {} FROM ONLY {}{}",
            self.target(),
            values.join(", "),
            self.source(),
            pages(first, end)
        )
    }

    /// The rows as one row of texts: their number and, with a hash, a sum over all values in any order.
    pub(super) fn summary(&self, place: &str, is_hashed: bool) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let hash = if is_hashed {
            format!("coalesce(sum(pg_catalog.hashtextextended(ROW({})::text, 0)::numeric), 0)::text", names.join(", "))
        } else {
            "NULL::text".to_owned()
        };
        format!("SELECT count(*)::bigint AS rows, {hash} AS hash FROM ONLY {place}")
    }
}

impl Column {
    fn value(&self) -> String {
        match &self.cast {
            Some(type_) => format!("CAST(CAST({} AS text) AS {type_})", self.name),
            None => self.name.clone(),
        }
    }
}

/// The condition on the place of a row.
pub(super) fn pages(first: u64, end: Option<u64>) -> String {
    let mut conditions = Vec::new();
    if first > 0 {
        conditions.push(format!("ctid >= '({first},0)'::tid"));
    }
    if let Some(end) = end {
        conditions.push(format!("ctid < '({end},0)'::tid"));
    }
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}
