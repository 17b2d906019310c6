use serde::Deserialize;

use super::event::Event;
use super::progress::{Progress, TableRecord};
use super::run::{Watch, prelude};
use super::tables::{RowTable, pages};
use crate::database::{Connection, Transaction};
use crate::relocate::ask::{ask, ask_one};
use crate::relocate::moving::server_version;
use crate::relocate::{RelocateError, Request};

/// Pages of one batch: 16 MiB.
const BATCH: u64 = 2048;

/// Before PostgreSQL 14 a range of pages is found by reading all of them.
const RANGES_OF_PAGES: u32 = 140_000;

/// The position of a table that is complete.
const COMPLETE: i64 = -1;

/// The oldest transaction that runs now, as `xmin` of rows counts them: nobody writes to the source, so that whatever is written
/// later is as young as this or younger.
const HORIZON: &str = "SELECT (pg_catalog.txid_snapshot_xmin(pg_catalog.txid_current_snapshot()) & 4294967295)::text";

/// What rows are copied with.
pub(super) struct Rows<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) request: &'a Request,
    pub(super) progress: &'a Progress<'a>,
}

#[derive(Deserialize)]
struct State {
    rows: i64,
    young: i64,
}

impl Rows<'_> {
    /// Copies what is missing of a table.
    pub(super) fn copy(
        &mut self,
        table: &RowTable,
        before: Option<&TableRecord>,
        watch: &mut Watch<'_>,
    ) -> Result<(), RelocateError> {
        let begun = match before {
            Some(record) if self.is_unchanged(table, record)? => Some(record.clone()),
            Some(_) => {
                watch(&Event::Again { name: table.name.clone() })?;
                self.empty(table)?;
                None
            }
            None => None,
        };
        let mut record = match begun {
            Some(record) => record,
            None => TableRecord { item: table.name.clone(), mark: self.mark(table)?, ..TableRecord::default() },
        };
        let batch = if server_version(self.connection)? < RANGES_OF_PAGES { u64::MAX } else { BATCH };
        while record.position != COMPLETE {
            self.batch(table, &mut record, batch)?;
            let done = u64::try_from(record.position).unwrap_or(table.pages);
            watch(&Event::Rows { rows: u64::try_from(record.rows).unwrap_or_default(), pages: done, of: table.pages })?;
        }
        Ok(())
    }

    /// One batch, with the record of it.
    fn batch(&mut self, table: &RowTable, record: &mut TableRecord, size: u64) -> Result<(), RelocateError> {
        let first = u64::try_from(record.position).unwrap_or_default();
        let end = first.checked_add(size).filter(|end| *end < table.pages);
        let progress = self.progress;
        let mut transaction = self.begin()?;
        let copied = transaction.change(&table.insert(first, end), &[])?;
        record.rows += i64::try_from(copied).unwrap_or_default();
        record.position = end.and_then(|end| i64::try_from(end).ok()).unwrap_or(COMPLETE);
        progress.table(&mut transaction, record)?;
        Ok(transaction.commit()?)
    }

    /// Whether the source still has just the rows that were copied.
    pub(super) fn is_unchanged(&mut self, table: &RowTable, record: &TableRecord) -> Result<bool, RelocateError> {
        let Some((horizon, file)) = record.mark.split_once(' ') else { return Ok(false) };
        let Ok(horizon) = horizon.parse::<u32>() else { return Ok(false) };
        if file != table.file {
            return Ok(false);
        }
        let copied = pages(0, u64::try_from(record.position).ok());
        let sql = format!(
            "SELECT count(*)::bigint AS rows, count(*) FILTER (WHERE pg_catalog.age(xmin) <= pg_catalog.age('{horizon}'::xid)) \
             AS young FROM ONLY {}{copied}",
            table.source()
        );
        let mut transaction = self.begin()?;
        let state = ask::<State>(transaction.connection(), &sql, &[])?.into_iter().next();
        Ok(state.is_some_and(|state| state.rows == record.rows && state.young == 0))
    }

    fn empty(&mut self, table: &RowTable) -> Result<(), RelocateError> {
        let progress = self.progress;
        let mut transaction = self.begin()?;
        transaction.run(&format!("TRUNCATE ONLY {}", table.target()))?;
        let record = TableRecord { item: table.name.clone(), ..TableRecord::default() };
        progress.table(&mut transaction, &record)?;
        Ok(transaction.commit()?)
    }

    fn mark(&mut self, table: &RowTable) -> Result<String, RelocateError> {
        let horizon = ask_one(self.connection, HORIZON, &[])?.unwrap_or_default();
        Ok(format!("{horizon} {}", table.file))
    }

    fn begin(&mut self) -> Result<Transaction<'_>, RelocateError> {
        let mut transaction = self.connection.begin()?;
        transaction.run(&prelude(self.request))?;
        Ok(transaction)
    }
}
