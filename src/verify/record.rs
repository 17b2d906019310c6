//! What the history says: checksums, order, runs that were killed.

use std::time::Duration;

use super::{Code, Finding, Subject, VerifyError};
use crate::database::{
    Connection, DatabaseLock, History, HistoryEntry, HistoryFilter, LatestRecords, LockError, LockMethod, LockRequest,
    OWN_SCHEMA, Outcome, Record,
};
use crate::published::{Meaning, changed_parts, is_of_former};
use crate::revision::RevisionId;
use crate::script::RevisionFile;

/// What the history knows, read once.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) latest: LatestRecords,
    /// Rows of runs that are not over.
    pub(super) open: Vec<HistoryEntry>,
    /// Rows of steps that failed after a part of them was committed.
    pub(super) torn: Vec<HistoryEntry>,
    /// Those of which somebody has said that they go on behind that part.
    pub(super) continued: Vec<HistoryEntry>,
}

impl Records {
    /// `None`: there is no history.
    pub(super) fn read(
        subject: &Subject<'_>,
        connection: &mut Connection,
        rows: &[RevisionId],
    ) -> Result<Option<Self>, VerifyError> {
        let Some(history) = History::open(connection, subject.history, subject.table)? else { return Ok(None) };
        let entries = history.entries(connection, &HistoryFilter::default())?;
        let open = entries.iter().filter(|entry| entry.outcome.is_open()).cloned().collect();
        let map = &subject.scripts.map;
        let torn = HistoryEntry::torn(&entries, rows, map).into_iter().cloned().collect();
        let continued = HistoryEntry::continued(&entries, rows, map).into_iter().cloned().collect();
        Ok(Some(Self { latest: LatestRecords::of(entries, map), open, torn, continued }))
    }

    /// The records whose file is another now, with what it was.
    pub(super) fn changed<'r>(
        &'r self,
        subject: &'r Subject<'_>,
        rows: &'r [RevisionId],
    ) -> impl Iterator<Item = (&'r RevisionId, &'r Record)> {
        let applied = subject.scripts.map.applied(rows);
        self.latest.iter().filter(move |(id, record)| {
            let index = subject.scripts.map.position(id.as_str()).filter(|index| applied.contains(index));
            let file = index.and_then(|index| subject.files.get(index));
            let recorded = record.entry.meaning.as_deref().and_then(Meaning::parse);
            match (file, recorded) {
                (Some(file), Some(recorded)) => {
                    let script = index.map(|index| subject.scripts.script(index));
                    !recorded.is_of(&file.file) && !script.is_some_and(|script| is_of_former(script, &recorded))
                }
                _ => false,
            }
        })
    }
}

pub(super) fn check(
    subject: &Subject<'_>,
    records: &Records,
    rows: &[RevisionId],
    (found, notes): (&mut Vec<Finding>, &mut Vec<String>),
) -> Result<(), VerifyError> {
    for (id, record) in records.changed(subject, rows) {
        let when = record.entry.started_at.format("%Y-%m-%d");
        let how = match record.entry.outcome {
            Outcome::Adopted => "adopted",
            _ => "applied",
        };
        let index = subject.scripts.map.position(id.as_str());
        let parts = index.and_then(|index| subject.files.get(index)).map(|read| parts_changed(&read.file, record));
        let parts =
            parts.filter(|parts| !parts.is_empty()).map(|parts| format!("; changed since: {}", parts.join(", ")));
        let message = format!(
            "the file of revision {id} is another than the one that was {how} on {when}{}",
            parts.unwrap_or_default()
        );
        let hint = match &record.entry.git_commit {
            Some(commit) => format!(
                "`git log {commit}.. -- {}` shows what changed; `limbec repair changed-revision` accepts it as it is",
                subject.path(id.as_str()).unwrap_or_default()
            ),
            None => "put the file back as it was, or `limbec repair changed-revision` accepts it as it is".to_owned(),
        };
        let finding = Finding::new(Code::ChangedRevision, message).revision(id.as_str()).hint(hint);
        found.push(match subject.path(id.as_str()) {
            Some(path) => finding.path(path),
            None => finding,
        });
    }
    order(subject, records, found);
    torn(subject, records, found);
    interrupted(subject, records, (found, notes))
}

fn parts_changed(file: &RevisionFile, record: &Record) -> Vec<String> {
    let meaning = record.entry.meaning.as_deref().and_then(Meaning::parse);
    meaning.map(|meaning| changed_parts(file, &meaning, record.entry.git_commit.as_deref())).unwrap_or_default()
}

/// A revision that was run later than one that builds on it.
fn order(subject: &Subject<'_>, records: &Records, found: &mut Vec<Finding>) {
    let map = &subject.scripts.map;
    for (id, record) in records.latest.iter().filter(|(_, record)| record.was_run()) {
        let Some(index) = map.position(id.as_str()) else { continue };
        for parent in map.normalized_down(index) {
            let parent = &map.revision(*parent).id;
            let Some(before) = records.latest.get(parent).filter(|before| before.was_run()) else { continue };
            if before.entry.started_at > record.entry.started_at {
                let when = |record: &Record| record.entry.started_at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
                let message = format!(
                    "revision {parent} was applied on {}, after {id} ({}), which builds on it",
                    when(before),
                    when(record)
                );
                found.push(Finding::new(Code::OutOfOrder, message).revision(parent.as_str()).hint(
                    "the schema may differ from that of a database which applied them in order: compare it with a new one, \
                     or go back and forth (`limbec downgrade`, `limbec upgrade`)",
                ));
            }
        }
    }
}

fn torn(subject: &Subject<'_>, records: &Records, found: &mut Vec<Finding>) {
    for entry in &records.torn {
        let HistoryEntry { revision, direction, started_at, error, .. } = entry;
        let message = format!(
            "the {direction} of {revision} failed on {}, {}{}",
            started_at.format("%Y-%m-%d %H:%M:%S UTC"),
            match entry.committed_statements.unwrap_or_default() {
                1 => "after its first statement was committed".to_owned(),
                number => format!("after its first {number} statements were committed"),
            },
            error.as_deref().map(|error| format!(": {error}")).unwrap_or_default()
        );
        let finding = Finding::new(Code::InterruptedRun, message)
            .revision(revision.as_str())
            .hint(format!("`limbec repair --continue {revision}` has the next run go on behind them"));
        found.push(match subject.path(revision.as_str()) {
            Some(path) => finding.path(path),
            None => finding,
        });
    }
}

fn interrupted(
    subject: &Subject<'_>,
    records: &Records,
    (found, notes): (&mut Vec<Finding>, &mut Vec<String>),
) -> Result<(), VerifyError> {
    if records.open.is_empty() {
        return Ok(());
    }
    // A row that is open is a killed run's only if nobody is running.
    let request = LockRequest {
        url: subject.url,
        environment: subject.environment,
        method: LockMethod::Auto,
        wait: Duration::ZERO.into(),
        own_schema: subject.history.schema.as_deref().unwrap_or(OWN_SCHEMA),
        expiry: LockRequest::EXPIRY,
    };
    match DatabaseLock::acquire(&request, subject.table, &mut |_| {}) {
        Ok(lock) => drop(lock),
        Err(LockError::Held { .. }) => {
            notes.push(
                "runs: another run is under way, so that its rows in the history are open is as it should be"
                    .to_owned(),
            );
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    for entry in records.open.iter().filter(|entry| entry.outcome == Outcome::Started) {
        let HistoryEntry { revision, direction, user_name, host, started_at, .. } = entry;
        let by = match (user_name, host) {
            (Some(user), Some(host)) => format!(" by {user} on {host}"),
            _ => String::new(),
        };
        let when = started_at.format("%Y-%m-%d %H:%M:%S UTC");
        let message = format!("the {direction} of {revision} that was begun{by} on {when} never ended: it was killed");
        let finding = Finding::new(Code::InterruptedRun, message)
            .revision(revision.as_str())
            .hint("`limbec repair interrupted-run` finds out how far it came");
        found.push(match subject.path(revision.as_str()) {
            Some(path) => finding.path(path),
            None => finding,
        });
    }
    let planned = records.open.iter().filter(|entry| entry.outcome == Outcome::Planned).count();
    if planned > 0 && planned == records.open.len() {
        found.push(
            Finding::new(Code::InterruptedRun, format!("a run was killed before {planned} of its steps began"))
                .hint("`limbec repair interrupted-run` clears its rows"),
        );
    }
    Ok(())
}
