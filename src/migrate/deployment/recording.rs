//! The history of a run: rows before it, a statement in each step's transaction, and what became of the rest.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Deployment, DeploymentRequest, Held};
use crate::config::HistorySetting;
use crate::database::{
    CommittedPart, Connection, DatabaseUrl, Dialect, History, HistoryEntry, HistoryError, HistoryFilter, HistoryTable,
    Outcome, Settlement, VersionTableName,
};
use crate::migrate::history::{EntryWriter, begin_history, new_plan_id, now};
use crate::migrate::{Event, MigrateError, Purge, RunTarget, Statement};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// More of an error than this helps nobody.
const SENTENCE: usize = 500;

/// The rows of one plan, from the time they are written until the run is over.
#[derive(Debug)]
pub(super) struct Recording {
    history: History,
    plan_id: String,
    /// The steps as they are in the table.
    steps: Vec<Step>,
    /// How many of them were done before the attempt that is under way.
    done_before: usize,
    /// The last step that began, counted in `steps`, and when.
    begun: Option<(usize, DateTime<Utc>)>,
    /// What of steps (counted in `steps`) is committed for itself.
    committed: BTreeMap<usize, CommittedPart>,
    /// How many steps of this attempt came to their end.
    finished: usize,
    /// Rows of the version table that are deleted by env.py before the first step.
    purges: bool,
    /// env.py has another plan, so that nothing here is about it.
    is_about_another: bool,
}

impl Recording {
    /// Writes the rows of the plan on limbec's own connection: its first step `started`, the others `planned`.
    fn begin(
        request: &DeploymentRequest<'_>,
        held: &mut Held,
        table: &HistoryTable,
        backup: Option<&str>,
    ) -> Result<Option<Self>, MigrateError> {
        let purged = match request.purge {
            Purge::Nothing => Vec::new(),
            Purge::All => held.connection.version_rows(&held.table)?.unwrap_or_default(),
        };
        if held.plan.steps.is_empty() && purged.is_empty() {
            return Ok(None);
        }
        let rows = if request.purge == Purge::All { &purged } else { &held.rows };
        let plan_id = new_plan_id();
        // pysqlite commits DDL at once unless limbec begins the transactions.
        let rolls_back_ddl = request.sets_transactions || held.connection.dialect().transactional_ddl();
        let writer = EntryWriter {
            scripts: request.scripts,
            runner: request.runner,
            readings: request.readings,
            rolls_back_ddl,
            plan_id: &plan_id,
        };
        let outcome = |index| if index == 0 { Outcome::Started } else { Outcome::Planned };
        let mut entries: Vec<HistoryEntry> =
            purged.iter().map(|row| writer.purged(row, &purged, Outcome::Started)).collect();
        let steps = held.plan.steps.iter().enumerate();
        entries.extend(steps.map(|(index, step)| {
            // A run that is killed in it leaves as much as there was before.
            writer.step(number(index), step, outcome(index)).with_committed(held.continues_behind(step))
        }));
        entries.iter_mut().for_each(|entry| entry.backup = backup.map(str::to_owned));
        let history = match held.begun_history.take() {
            Some(history) => {
                // One statement is a transaction of its own.
                history.record(&mut held.connection.within(), &entries)?;
                history
            }
            None => begin_with(&mut held.connection, (table, &held.table), rows, writer, &entries)?,
        };
        Ok(Some(Self {
            history,
            plan_id,
            steps: held.plan.steps.clone(),
            done_before: 0,
            begun: None,
            committed: BTreeMap::new(),
            finished: 0,
            purges: !purged.is_empty(),
            is_about_another: false,
        }))
    }

    /// Whether the plan that env.py's connection leads to is what is left of the recorded one: all of it, or after a retry the rest.
    fn continues_with(&mut self, plan: &Plan) -> bool {
        let Some(done_before) = self.steps.len().checked_sub(plan.steps.len()) else { return false };
        (self.done_before, self.begun, self.finished) = (done_before, None, 0);
        self.steps.get(done_before..) == Some(&plan.steps[..])
    }

    fn applied(&self, index: usize, elapsed: Duration) -> Statement {
        let finished = now();
        let started = chrono::TimeDelta::from_std(elapsed).map_or(finished, |elapsed| finished - elapsed);
        let step = number(self.done_before + index);
        let statement = self.history.advance(&self.plan_id, step, (started, finished));
        Statement { sql: statement.sql, parameters: statement.parameters, needs_row: false }
    }

    /// What became of the rows that the run left open.
    fn close(self, held: &mut Held, error: Option<&MigrateError>) -> Result<(), HistoryError> {
        let all_done = self.done_before + self.finished == self.steps.len();
        if error.is_none() && all_done && !self.purges && !self.is_about_another {
            return Ok(());
        }
        let sentence = error
            .map_or_else(|| "env.py went on without finishing it".to_owned(), |error| sentence_of(error, &held.url));
        let mut transaction = held.connection.begin()?;
        let open = self.history.entries_within(&mut transaction, &HistoryFilter::open())?;
        for entry in open.iter().filter(|entry| entry.plan_id == self.plan_id) {
            let settlement = self.settlement(entry, error.is_none() && all_done, &sentence);
            self.history.settle(&mut transaction, entry, &settlement)?;
        }
        Ok(transaction.commit()?)
    }

    fn settlement(&self, entry: &HistoryEntry, is_success: bool, sentence: &str) -> Settlement {
        let Some(begun) = self.begun.filter(|_| !self.is_about_another) else {
            // Nothing ran; a purge without steps after it is over when env.py is.
            return if is_success && !self.is_about_another { Settlement::Done } else { Settlement::Removed };
        };
        match (entry.step as usize).checked_sub(1) {
            None if is_success => Settlement::Done,
            None => Settlement::RolledBack(None),
            Some(index) if index < begun.0 => Settlement::RolledBack(self.committed_of(index, entry)),
            Some(index) if index == begun.0 => {
                let committed = self.committed_of(index, entry);
                Settlement::Failed { error: sentence.to_owned(), started: begun.1, committed }
            }
            Some(_) => Settlement::Removed,
        }
    }
}

impl Recording {
    /// In this run, else in the one that it continues.
    fn committed_of(&self, index: usize, entry: &HistoryEntry) -> Option<CommittedPart> {
        self.committed.get(&index).cloned().or_else(|| entry.committed())
    }
}

/// Writes rows into a history that may have to be made, or begun, in the same transaction.
fn begin_with(
    connection: &mut Connection,
    (table, version_table): (&HistoryTable, &VersionTableName),
    rows: &[RevisionId],
    writer: EntryWriter<'_>,
    entries: &[HistoryEntry],
) -> Result<History, MigrateError> {
    let mut transaction = connection.begin()?;
    let history = begin_history(&mut transaction, table, version_table, rows, writer)?;
    history.record(&mut transaction, entries)?;
    transaction.commit()?;
    Ok(history)
}

impl Deployment<'_> {
    /// Writes the rows of the plan in hand, once. To be called when the gates are passed and before env.py reads the heads: later, its
    /// connection may hold the lock of an SQLite file.
    pub(super) fn record_plan(&mut self) -> Result<(), MigrateError> {
        let backup = self.backup_path();
        let (None, Some(held)) = (&self.recording, &mut self.held) else { return Ok(()) };
        let Some(setting) = enabled(&self.request) else { return Ok(()) };
        let table = history_table(setting, &held.connection.dialect());
        self.recording = Recording::begin(&self.request, held, &table, backup.as_deref())?;
        Ok(())
    }

    /// Compares the plan that env.py's connection leads to with the recorded one.
    pub(super) fn compare_with_recorded(&mut self, plan: &Plan, target: &RunTarget) {
        if target.offline || plan.steps.is_empty() || enabled(&self.request).is_none() {
            return;
        }
        let is_recorded = match &mut self.recording {
            Some(recording) => {
                recording.is_about_another = !recording.continues_with(plan);
                !recording.is_about_another
            }
            None => false,
        };
        if is_recorded {
            return;
        }
        let sentence = if target.native_url().is_some() {
            "this run is not in the history table: env.py's connection sees other rows of the version table than limbec's own \
             (does env.py set a search_path?)"
                .to_owned()
        } else {
            format!("this run is not in the history table, which limbec does not write on {}", target.dialect)
        };
        self.attendant.event(Event::Warning(&sentence));
    }

    /// A step begins.
    pub(super) fn record_start(&mut self, index: usize) {
        if let Some(recording) = &mut self.recording {
            recording.begun = Some((recording.done_before + index, now()));
        }
    }

    /// What the script's connection has to run in the step's transaction.
    pub(super) fn record_applied(&self, index: usize, elapsed: Duration) -> Vec<Statement> {
        let recording = self.recording.as_ref().filter(|recording| !recording.is_about_another);
        recording.map(|recording| recording.applied(index, elapsed)).into_iter().collect()
    }

    /// Whether runs are recorded at all.
    pub(super) fn is_recorded(&self) -> bool {
        enabled(&self.request).is_some()
    }

    /// A part of a step is committed for itself.
    pub(super) fn record_part(&mut self, index: usize, part: CommittedPart) {
        if let Some(recording) = &mut self.recording {
            recording.committed.insert(recording.done_before + index, part);
        }
    }

    /// A step is over.
    pub(super) fn record_end(&mut self) {
        if let Some(recording) = &mut self.recording {
            recording.finished += 1;
        }
    }

    /// Closes the rows that a run left open, after its last attempt. That it cannot is told, but changes nothing about the run.
    pub(super) fn close_recording(&mut self, error: Option<&MigrateError>) {
        let (Some(recording), Some(held)) = (self.recording.take(), &mut self.held) else { return };
        if let Err(fault) = recording.close(held, error) {
            let sentence = format!("the history table could not be brought up to date after the run: {fault}");
            self.attendant.event(Event::Warning(&sentence));
        }
    }
}

/// Writes a stamp's rows as done, in its own transaction.
pub(super) fn record_stamp(
    transaction: &mut crate::database::Transaction<'_>,
    request: &DeploymentRequest<'_>,
    version_table: &VersionTableName,
    before: &[RevisionId],
    plan: &Plan,
) -> Result<(), MigrateError> {
    let Some(setting) = enabled(request) else { return Ok(()) };
    let purged = if request.purge == Purge::All { before } else { &[] };
    if plan.steps.is_empty() && purged.is_empty() {
        return Ok(());
    }
    let (plan_id, dialect) = (new_plan_id(), transaction.dialect());
    let rolls_back_ddl = dialect.transactional_ddl();
    let writer = EntryWriter {
        scripts: request.scripts,
        runner: request.runner,
        readings: request.readings,
        rolls_back_ddl,
        plan_id: &plan_id,
    };
    let history = begin_history(transaction, &history_table(setting, &dialect), version_table, before, writer)?;
    let mut entries: Vec<HistoryEntry> = purged.iter().map(|row| writer.purged(row, purged, Outcome::Done)).collect();
    let steps = plan.steps.iter().enumerate();
    entries.extend(steps.map(|(index, step)| writer.step(number(index), step, Outcome::Done)));
    Ok(history.record(transaction, &entries)?)
}

fn enabled<'a>(request: &DeploymentRequest<'a>) -> Option<&'a HistorySetting> {
    request.options.history.as_ref().filter(|setting| setting.enabled)
}

/// Where the history of a database is, by the settings.
pub fn history_table(setting: &HistorySetting, dialect: &Dialect) -> HistoryTable {
    HistoryTable::new(dialect, setting.schema.as_deref(), setting.table.as_deref())
}

/// Steps count from 1 in the table.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The first line of an error: what follows has the statement and its parameters.
fn sentence_of(error: &MigrateError, url: &DatabaseUrl) -> String {
    let text = error.to_string();
    let line = url.censored(text.lines().next().unwrap_or_default()).replace('\0', "");
    line.chars().take(SENTENCE).collect()
}
