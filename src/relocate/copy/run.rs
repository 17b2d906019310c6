use super::compare::{Compared, Verify, compare};
use super::definitions::search_path;
use super::event::Event;
use super::finish::finish;
use super::plan::CopyPlan;
use super::progress::{Phase, Progress};
use super::removal::drop_source;
use super::rows::Rows;
use super::tables::RowTable;
use crate::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment, Transaction};
use crate::relocate::{RelocateError, Request, records};

/// Is told of everything; may end the copy by an error, after which it can be resumed.
pub(super) type Watch<'a> = dyn FnMut(&Event) -> Result<(), RelocateError> + 'a;

/// Where the database is.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Its URL.
    pub url: &'a DatabaseUrl,
    /// What connections may take from the environment.
    pub environment: &'a Environment,
}

/// How a copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyOptions {
    /// How rows are compared.
    pub verify: Verify,
    /// Whether one that was begun is gone on with.
    pub resume: bool,
    /// Whether the source is dropped once both are alike.
    pub drop_source: bool,
}

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// What was copied.
    pub plan: CopyPlan,
    /// The rows of every table, alike on both sides.
    pub compared: Vec<Compared>,
    /// Rows of the history that name a version table by its new schema.
    pub history_rows: u64,
}

/// What every transaction of a copy begins with: the target is looked at first, no row is hidden, and texts of values are exact.
pub(super) fn prelude(request: &Request) -> String {
    format!(
        "{}; {}; SET LOCAL row_security = off; SET LOCAL statement_timeout = 0; SET LOCAL check_function_bodies = off; \
         SET LOCAL default_tablespace = ''; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'postgres'; \
         SET LOCAL extra_float_digits = 3; SET LOCAL idle_in_transaction_session_timeout = 0",
        request.limits(),
        search_path(&[&request.to, &request.from])
    )
}

/// Copies, compares and, if asked to, drops the source.
///
/// # Errors
/// Whatever the database says. The source is as it was; the copy can be resumed.
pub fn run(
    site: Site<'_>,
    request: &Request,
    options: CopyOptions,
    watch: &mut Watch<'_>,
) -> Result<CopyReport, RelocateError> {
    let mut worker = Connection::open(site.url, site.environment, Access::Write)?;
    let first = CopyPlan::plan(&mut worker, request, options.resume)?;
    let mut holder = Connection::open(site.url, site.environment, Access::Write)?;
    let mut held = lock(&mut holder, request, &first)?;
    let tables = first.lockable().len();
    watch(&Event::Locked { tables })?;
    // What was changed before the tables were locked is seen now.
    let plan = CopyPlan::plan(&mut worker, request, options.resume)?;
    if plan.inventory.objects != first.inventory.objects {
        let what = vec!["while it was looked at".to_owned()];
        return Err(RelocateError::StructureChanged { from: request.from.clone(), to: request.to.clone(), what });
    }
    let mut copy = Copy { worker: &mut worker, request, plan: &plan, progress: Progress::new(request) };
    let phase = match &plan.record {
        Some(record) if options.resume => copy.check_structure(&record.fingerprint).map(|()| record.phase)?,
        _ => copy.structure(watch)?,
    };
    let tables = copy.tables()?;
    copy.rows(&tables, phase, watch)?;
    copy.after(phase, watch)?;
    still_held(&mut held)?;
    let place = (&plan.inventory, tables.as_slice());
    if phase != Phase::Complete {
        finish(copy.worker, request, place)?;
    }
    let compared = compare(copy.worker, request, (&plan, &tables, options.verify), watch)?;
    let history_rows = if phase == Phase::Complete { 0 } else { copy.complete()? };
    if options.drop_source {
        watch(&Event::Dropping)?;
        drop_source(&mut held, request, &plan)?;
        held.commit()?;
    }
    Ok(CopyReport { plan, compared, history_rows })
}

/// Keeps writers away from the source until the transaction ends; readers go on.
fn lock<'c>(holder: &'c mut Connection, request: &Request, plan: &CopyPlan) -> Result<Transaction<'c>, RelocateError> {
    let mut held = holder.begin()?;
    held.run(&prelude(request))?;
    let tables = plan.lockable();
    if !tables.is_empty() {
        held.run(&format!("LOCK TABLE {} IN SHARE MODE", tables.join(", ")))?;
    }
    Ok(held)
}

/// The connection that has the locks may have been ended by somebody.
fn still_held(held: &mut Transaction<'_>) -> Result<(), RelocateError> {
    Ok(held.run("SELECT 1")?)
}

fn failed(request: &Request, object: &str, error: DatabaseError) -> RelocateError {
    RelocateError::Statement { object: object.to_owned(), schema: request.to.clone(), error: Box::new(error) }
}

struct Copy<'a> {
    worker: &'a mut Connection,
    request: &'a Request,
    plan: &'a CopyPlan,
    progress: Progress<'a>,
}

impl Copy<'_> {
    fn check_structure(&mut self, fingerprint: &str) -> Result<(), RelocateError> {
        if self.plan.fingerprint() == fingerprint {
            return Ok(());
        }
        let Request { from, to, .. } = self.request.clone();
        let what = vec!["objects were made, changed or dropped".to_owned()];
        Err(RelocateError::StructureChanged { from, to, what })
    }

    /// Schema, types, tables: in one transaction with the record of it.
    fn structure(&mut self, watch: &mut Watch<'_>) -> Result<Phase, RelocateError> {
        let mut transaction = self.worker.begin()?;
        self.progress.ensure(&mut transaction)?;
        self.progress.begin(&mut transaction, &self.plan.fingerprint())?;
        for statement in &self.plan.schema {
            transaction.run(statement)?;
        }
        transaction.run(&prelude(self.request))?;
        for definition in &self.plan.definitions.before {
            transaction.run(&definition.sql).map_err(|error| failed(self.request, &definition.shown(), error))?;
        }
        transaction.commit()?;
        watch(&Event::Structure { statements: self.plan.definitions.before.len() })?;
        Ok(Phase::Rows)
    }

    fn tables(&mut self) -> Result<Vec<RowTable>, RelocateError> {
        let mut transaction = self.worker.begin()?;
        transaction.run(&prelude(self.request))?;
        RowTable::read(transaction.connection(), self.request, &self.plan.inventory)
    }

    /// All rows. Once keys and triggers are there, rows that have changed in the source cannot be copied anew.
    fn rows(&mut self, tables: &[RowTable], phase: Phase, watch: &mut Watch<'_>) -> Result<(), RelocateError> {
        let records = self.plan.record.as_ref().map(|record| &record.tables);
        let mut rows = Rows { connection: self.worker, request: self.request, progress: &self.progress };
        let mut changed = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            let record = records.and_then(|records| records.get(&table.name));
            if phase == Phase::Rows {
                watch(&Event::Table { name: table.name.clone(), number: at + 1, of: tables.len() })?;
                rows.copy(table, record, watch)?;
            } else if let Some(record) = record
                && !rows.is_unchanged(table, record)?
            {
                changed.push(format!("table {} was written to while no copy was running", table.name));
            }
        }
        if !changed.is_empty() {
            return Err(RelocateError::Differs { from: self.request.from.clone(), differences: changed });
        }
        if phase == Phase::Rows {
            let mut transaction = self.worker.begin()?;
            self.progress.advance(&mut transaction, Phase::After(0))?;
            transaction.commit()?;
        }
        Ok(())
    }

    /// Keys, indexes, views, triggers, grants: each in one transaction with the record of it.
    fn after(&mut self, phase: Phase, watch: &mut Watch<'_>) -> Result<(), RelocateError> {
        let done = match phase {
            Phase::Complete => return Ok(()),
            Phase::After(done) => done,
            Phase::Rows => 0,
        };
        let definitions = &self.plan.definitions.after;
        for (at, definition) in definitions.iter().enumerate().skip(done) {
            watch(&Event::Statement { what: definition.shown(), number: at + 1, of: definitions.len() })?;
            let mut transaction = self.worker.begin()?;
            transaction.run(&prelude(self.request))?;
            transaction.run(&definition.sql).map_err(|error| failed(self.request, &definition.shown(), error))?;
            self.progress.advance(&mut transaction, Phase::After(at + 1))?;
            transaction.commit()?;
        }
        Ok(())
    }

    /// The copy is good: the history speaks of it, and so does the record.
    fn complete(&mut self) -> Result<u64, RelocateError> {
        let moved: Vec<&str> = self.plan.inventory.tables().collect();
        let mut transaction = self.worker.begin()?;
        let rows = if self.plan.has_history { records::duplicate(&mut transaction, self.request, &moved)? } else { 0 };
        self.progress.advance(&mut transaction, Phase::Complete)?;
        transaction.commit()?;
        Ok(rows)
    }
}
