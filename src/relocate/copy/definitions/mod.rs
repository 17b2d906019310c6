//! The statements that make the objects of one schema anew in another, from the server's own definitions.
//!
//! Read with the source as the search path, so that a definition names what is in the source without a schema; run with the target
//! in front. What is made is always named with the target.

mod after;
mod parts;
mod routines;
mod tables;
mod types;

use serde::Deserialize;

use super::order;
use crate::database::{Connection, quote_identifier};
use crate::relocate::ask::{ask, json_list};
use crate::relocate::{Inventory, RelocateError};

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Definition {
    /// What it makes, as `pg_class:16385`.
    pub(super) key: String,
    /// What, in words.
    pub(super) kind: String,
    /// Its name, without the schema.
    pub(super) name: String,
    /// Its turn among those that are ready.
    pub(super) turn: u8,
    /// What has to be there first, beside what `pg_depend` says.
    pub(super) needs: Vec<String>,
    /// The statement.
    pub(super) sql: String,
}

/// Everything that makes a copy, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Definitions {
    /// Before the rows: types, sequences, tables with their checks and defaults, and what those need.
    pub(super) before: Vec<Definition>,
    /// After them.
    pub(super) after: Vec<Definition>,
}

/// `$1` is the source, `$2` the target, `$3` the keys of the objects that are copied. `kept` has the keys, `rel` the relations.
const WITH: &str = "WITH t AS (SELECT quote_ident($2) AS schema, quote_ident($1) AS source),
    kept AS (SELECT json_array_elements_text($3::json) AS key),
    rel AS (SELECT c.*, quote_ident(c.relname) AS name, concat(t.schema, '.', quote_ident(c.relname)) AS place
        FROM pg_catalog.pg_class c CROSS JOIN t WHERE concat('pg_class:', c.oid) IN (SELECT key FROM kept))\n";

impl Definitions {
    /// Reads them; the search path of the connection has to be that of the source.
    pub(super) fn read(
        connection: &mut Connection,
        (from, to): (&str, &str),
        inventory: &Inventory,
    ) -> Result<Self, RelocateError> {
        let keys = json_list(inventory.objects.iter().map(|object| object.key.as_str()));
        let mut found: Vec<Definition> = Vec::new();
        let families = [types::ALL, tables::ALL, routines::ALL, parts::ALL, after::ALL];
        for query in families.into_iter().flatten() {
            found.extend(ask::<Definition>(connection, &format!("{WITH}{query}"), &[from, to, &keys])?);
        }
        order::sorted(connection, from, found)
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Definition> {
        self.before.iter().chain(&self.after)
    }
}

impl Definition {
    /// `foreign key orders.orders_user_fk`
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// The statement that lets names without a schema be looked for in these schemas, until the end of the transaction.
pub(super) fn search_path(schemas: &[&str]) -> String {
    let quoted: Vec<String> = schemas.iter().map(|schema| quote_identifier(schema)).collect();
    format!("SET LOCAL search_path = {}", quoted.join(", "))
}
