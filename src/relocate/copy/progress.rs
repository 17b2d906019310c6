use std::collections::BTreeMap;

use serde::Deserialize;

use super::PROGRESS_TABLE;
use crate::database::{Connection, DatabaseError, Transaction, quote_identifier};
use crate::relocate::ask::{ask, ask_one};
use crate::relocate::{RelocateError, Request};

/// How far a copy is. Rows that are there by then are never written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The structure is there.
    Rows,
    /// All rows are there, and so many of the statements after them.
    After(usize),
    /// Everything is there and was compared.
    Complete,
}

/// What the record says of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct TableRecord {
    /// Its name.
    pub(super) item: String,
    /// The next page of the source; -1: it is complete.
    pub(super) position: i64,
    /// Rows that are there.
    pub(super) rows: i64,
    /// The transaction that no row of the source that was copied is younger than, and the file that the pages are in.
    pub(super) mark: String,
}

/// The record of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) phase: Phase,
    /// Of the structure.
    pub(super) fingerprint: String,
    /// When it began, as the server writes it.
    pub(super) began: String,
    pub(super) tables: BTreeMap<String, TableRecord>,
}

#[derive(Deserialize)]
struct Run {
    position: i64,
    mark: String,
    began: String,
}

/// Where the records are.
#[derive(Debug, Clone)]
pub(super) struct Progress<'r> {
    request: &'r Request,
    table: String,
}

/// The item of the run itself; no table has this name.
const RUN: &str = "";

const ROWS: i64 = 0;
const COMPLETE: i64 = -1;

impl<'r> Progress<'r> {
    pub(super) fn new(request: &'r Request) -> Self {
        let table = format!("{}.{}", quote_identifier(&request.own_schema), quote_identifier(PROGRESS_TABLE));
        Self { request, table }
    }

    fn pair(&self) -> [&str; 2] {
        [&self.request.from, &self.request.to]
    }

    /// What is known of this copy; `None`: it was never begun, or its target has been dropped.
    pub(super) fn read(&self, connection: &mut Connection, has_target: bool) -> Result<Option<Record>, RelocateError> {
        // `to_regclass` would ask for the right to use the schema.
        let exists = "SELECT 'yes' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                      WHERE n.nspname = $1 AND c.relname = $2";
        let exists = ask_one(connection, exists, &[&self.request.own_schema, PROGRESS_TABLE])?;
        if exists.is_none() || !has_target {
            return Ok(None);
        }
        let of_pair = format!("FROM {} WHERE from_schema = $1 AND to_schema = $2", self.table);
        let sql = format!("SELECT position, mark, began_at::text AS began {of_pair} AND item = '{RUN}'");
        let Some(run) = ask::<Run>(connection, &sql, &self.pair())?.into_iter().next() else { return Ok(None) };
        let sql = format!("SELECT item, position, rows, mark {of_pair} AND item <> '{RUN}'");
        let tables = ask::<TableRecord>(connection, &sql, &self.pair())?.into_iter();
        let phase = match run.position {
            COMPLETE => Phase::Complete,
            ROWS => Phase::Rows,
            position => Phase::After(usize::try_from(position - 1).unwrap_or_default()),
        };
        let tables = tables.map(|table| (table.item.clone(), table)).collect();
        Ok(Some(Record { phase, fingerprint: run.mark, began: run.began, tables }))
    }

    /// Makes the table of records where it is absent.
    pub(super) fn ensure(&self, transaction: &mut Transaction<'_>) -> Result<(), RelocateError> {
        let schema = self.request.own_schema.as_str();
        let role = ask_one(transaction.connection(), "SELECT current_user::text", &[])?.unwrap_or_default();
        let exists = "SELECT 'yes' FROM pg_catalog.pg_namespace WHERE nspname = $1";
        let has_schema = ask_one(transaction.connection(), exists, &[schema])?.is_some();
        let quoted = quote_identifier(schema);
        let made = if has_schema { Ok(()) } else { transaction.run(&format!("CREATE SCHEMA {quoted}")) };
        let made = made.and_then(|()| {
            transaction.run(&format!(
                "CREATE TABLE IF NOT EXISTS {} (from_schema text NOT NULL, to_schema text NOT NULL, item text NOT NULL, \
                 position bigint NOT NULL, rows bigint NOT NULL, mark text NOT NULL, \
                 began_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (from_schema, to_schema, item))",
                self.table
            ))
        });
        match made {
            Err(DatabaseError::Permission { database, .. }) => {
                let role_name = quote_identifier(&role);
                let grants = if has_schema {
                    vec![format!("GRANT USAGE, CREATE ON SCHEMA {quoted} TO {role_name};")]
                } else {
                    vec![format!("GRANT CREATE ON DATABASE {} TO {role_name};", quote_identifier(&database))]
                };
                let what = vec![format!("keep the record of the copy in the schema {schema}")];
                Err(DatabaseError::MissingGrants { role, database, what, grants }.into())
            }
            made => Ok(made?),
        }
    }

    /// Begins anew.
    pub(super) fn begin(&self, transaction: &mut Transaction<'_>, fingerprint: &str) -> Result<(), RelocateError> {
        self.forget(transaction)?;
        self.put(transaction, RUN, (ROWS, 0), fingerprint)
    }

    /// Says how far the run is.
    pub(super) fn advance(&self, transaction: &mut Transaction<'_>, phase: Phase) -> Result<(), RelocateError> {
        let position = match phase {
            Phase::Rows => ROWS,
            Phase::After(done) => i64::try_from(done).unwrap_or(i64::MAX - 1) + 1,
            Phase::Complete => COMPLETE,
        };
        let sql = format!(
            "UPDATE {} SET position = $3::text::bigint WHERE from_schema = $1 AND to_schema = $2 AND item = '{RUN}'",
            self.table
        );
        let [from, to] = self.pair();
        transaction.change(&sql, &[from, to, &position.to_string()])?;
        Ok(())
    }

    /// Says how far a table is.
    pub(super) fn table(&self, transaction: &mut Transaction<'_>, record: &TableRecord) -> Result<(), RelocateError> {
        self.put(transaction, &record.item, (record.position, record.rows), &record.mark)
    }

    /// Nothing was ever begun.
    pub(super) fn forget(&self, transaction: &mut Transaction<'_>) -> Result<(), RelocateError> {
        let sql = format!("DELETE FROM {} WHERE from_schema = $1 AND to_schema = $2", self.table);
        transaction.change(&sql, &self.pair())?;
        Ok(())
    }

    fn put(
        &self,
        transaction: &mut Transaction<'_>,
        item: &str,
        (position, rows): (i64, i64),
        mark: &str,
    ) -> Result<(), RelocateError> {
        let sql = format!(
            "INSERT INTO {} (from_schema, to_schema, item, position, rows, mark) \
             VALUES ($1, $2, $3, $4::text::bigint, $5::text::bigint, $6) ON CONFLICT (from_schema, to_schema, item) \
             DO UPDATE SET position = excluded.position, rows = excluded.rows, mark = excluded.mark",
            self.table
        );
        let [from, to] = self.pair();
        transaction.change(&sql, &[from, to, item, &position.to_string(), &rows.to_string(), mark])?;
        Ok(())
    }
}
