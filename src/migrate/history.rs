//! Rows of the history table, made from plans, files and heads.

use std::collections::HashSet;

use chrono::{DateTime, SubsecRound, Utc};

use super::{MigrateError, Readings};
use crate::database::{
    Connection, History, HistoryDirection, HistoryEntry, HistoryFilter, HistoryTable, LatestRecords, Outcome,
    Transaction, VersionTableName,
};
use crate::plan::Step;
use crate::revision::{RevisionId, RevisionIndex};
use crate::script::ScriptDirectory;

/// Who changes a database, and with what: as every row of the history has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Runner {
    /// The operating system's user.
    pub user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// limbec's version.
    pub tool_version: String,
    /// The commit of the project's working copy.
    pub git_commit: Option<String>,
}

/// What rows are made of, besides the step.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryWriter<'a> {
    pub(super) scripts: &'a ScriptDirectory,
    pub(super) runner: &'a Runner,
    pub(super) readings: &'a Readings,
    /// Whether a failed or killed step is rolled back, DDL included.
    pub(super) rolls_back_ddl: bool,
    pub(super) plan_id: &'a str,
}

/// Now, as exact as both dialects keep it.
pub(super) fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// The identifier of a new plan.
pub(super) fn new_plan_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl EntryWriter<'_> {
    /// The row of a step; `number` counts from 1.
    pub(super) fn step(&self, number: u32, step: &Step, outcome: Outcome) -> HistoryEntry {
        let mut entry = self.entry(&step.revision, number, step.direction.into(), outcome);
        entry.from_heads.clone_from(&step.from_heads);
        entry.to_heads.clone_from(&step.to_heads);
        entry
    }

    /// The row of a row of the version table that is deleted before a stamp.
    pub(super) fn purged(&self, revision: &RevisionId, rows: &[RevisionId], outcome: Outcome) -> HistoryEntry {
        let entry = self.entry(revision, 0, HistoryDirection::Purge, outcome);
        HistoryEntry { from_heads: sorted(rows), ..entry }
    }

    fn adopted(&self, revision: &RevisionId, rows: &[RevisionId]) -> HistoryEntry {
        let entry = self.entry(revision, 0, HistoryDirection::Stamp, Outcome::Adopted);
        HistoryEntry { from_heads: sorted(rows), to_heads: sorted(rows), ..entry }
    }

    fn entry(&self, revision: &RevisionId, step: u32, direction: HistoryDirection, outcome: Outcome) -> HistoryEntry {
        let position = self.scripts.map.position(revision.as_str());
        let script = position.map(|index| self.scripts.script(index));
        let print = position.and_then(|index| self.readings.print(self.scripts, index));
        let transactional = match (&print, direction) {
            (Some(print), HistoryDirection::Upgrade) => print.upgrade_in_transaction,
            (Some(print), HistoryDirection::Downgrade) => print.downgrade_in_transaction,
            (None, HistoryDirection::Upgrade | HistoryDirection::Downgrade) => false,
            // Rows of the version table alone.
            (_, HistoryDirection::Stamp | HistoryDirection::Purge) => true,
        };
        let only_rows = matches!(direction, HistoryDirection::Stamp | HistoryDirection::Purge);
        let fingerprint = print.as_ref().map(|print| &print.fingerprint);
        let started_at = now();
        let is_over = matches!(outcome, Outcome::Done);
        HistoryEntry {
            id: 0,
            plan_id: self.plan_id.to_owned(),
            step,
            version_schema: String::new(),
            version_table: String::new(),
            revision: revision.clone(),
            // PostgreSQL's texts and JSON have no NUL.
            description: script.and_then(|script| script.doc().lines().next()).unwrap_or_default().replace('\0', ""),
            direction,
            from_heads: Vec::new(),
            to_heads: Vec::new(),
            file_sha256: fingerprint.map(|fingerprint| fingerprint.file_sha256.clone()),
            meaning: fingerprint.map(|fingerprint| fingerprint.meaning.to_string()),
            started_at,
            finished_at: is_over.then_some(started_at),
            duration_ms: is_over.then_some(0),
            outcome,
            error: None,
            user_name: self.runner.user.clone(),
            host: self.runner.host.clone(),
            tool_version: self.runner.tool_version.clone(),
            git_commit: self.runner.git_commit.clone(),
            transactional: transactional && (only_rows || self.rolls_back_ddl),
            backup: None,
            committed_statements: None,
            committed_sha256: None,
        }
    }
}

fn sorted(rows: &[RevisionId]) -> Vec<RevisionId> {
    let mut rows = rows.to_vec();
    rows.sort();
    rows
}

/// The revisions that are applied and of which the history knows nothing: their rows, oldest revision first.
pub(super) fn adoption(writer: EntryWriter<'_>, rows: &[RevisionId], known: &LatestRecords) -> Vec<HistoryEntry> {
    let map = &writer.scripts.map;
    let applied: HashSet<RevisionIndex> = map.applied(rows).into_iter().collect();
    let in_order: Vec<RevisionIndex> = map.ancestors_first().map_or_else(|| map.iter().collect(), <[_]>::to_vec);
    let unknown = |id: &&RevisionId| known.get(id).is_none();
    let ids = in_order.iter().filter(|index| applied.contains(index)).map(|index| &map.revision(*index).id);
    ids.filter(unknown).map(|id| writer.adopted(id, rows)).collect()
}

/// What [`adopt_history`] found and made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdoptedHistory {
    /// Whether the table was created.
    pub is_created: bool,
    /// How many revisions were recorded as adopted.
    pub adopted: usize,
}

/// Creates the history table where it is absent, and records every applied revision that it does not know as adopted.
///
/// # Errors
/// Above all: the role may not create schema or table.
pub fn adopt_history(
    connection: &mut Connection,
    table: &HistoryTable,
    version_table: &VersionTableName,
    scripts: &ScriptDirectory,
    runner: &Runner,
) -> Result<AdoptedHistory, MigrateError> {
    let rows = connection.version_rows(version_table)?.unwrap_or_default();
    let dialect = connection.dialect();
    let mut transaction = connection.begin()?;
    let (history, is_created) = History::create(&mut transaction, table, version_table)?;
    let entries = history.entries_within(&mut transaction, &HistoryFilter::default())?;
    let known = LatestRecords::of(entries, &scripts.map);
    let plan_id = new_plan_id();
    let readings = &Readings::default();
    let rolls_back_ddl = dialect.transactional_ddl();
    let writer = EntryWriter { scripts, runner, readings, rolls_back_ddl, plan_id: &plan_id };
    let adopted = adoption(writer, &rows, &known);
    history.record(&mut transaction, &adopted)?;
    transaction.commit()?;
    Ok(AdoptedHistory { is_created, adopted: adopted.len() })
}

/// The history of a version table that is about to change: created where it is absent, and begun with what is applied already.
pub(super) fn begin_history(
    transaction: &mut Transaction<'_>,
    table: &HistoryTable,
    version_table: &VersionTableName,
    rows: &[RevisionId],
    writer: EntryWriter<'_>,
) -> Result<History, MigrateError> {
    let (history, _) = History::create(transaction, table, version_table)?;
    let newest = HistoryFilter { limit: Some(1), ..HistoryFilter::default() };
    if !rows.is_empty() && history.entries_within(transaction, &newest)?.is_empty() {
        let own_id = new_plan_id();
        let writer = EntryWriter { plan_id: &own_id, ..writer };
        history.record(transaction, &adoption(writer, rows, &LatestRecords::default()))?;
    }
    Ok(history)
}
