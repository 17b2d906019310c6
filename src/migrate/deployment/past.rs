//! The gates of what happened before: applied revisions whose files changed or went away, and runs that were killed.

use super::recording::history_table;
use super::{Attendant, DeploymentRequest, Held};
use crate::config::{DeployOptions, LockSetting};
use crate::database::{
    Connection, History, HistoryDirection, HistoryEntry, HistoryFilter, Outcome, Settlement, VersionTableName,
};
use crate::gate::Past;
use crate::migrate::{Event, MigrateError, Operation};
use crate::published::{Meaning, changed_parts};

/// Looks at the history of the version table in hand before its plan runs. Rows that a killed run left open are closed here, where that
/// is certain.
pub(super) fn check_past(
    request: &DeploymentRequest<'_>,
    held: &mut Held,
    attendant: &mut dyn Attendant,
) -> Result<(), MigrateError> {
    let setting = request.options.history.as_ref().filter(|setting| setting.enabled);
    let is_stamp = matches!(request.operation, Operation::Stamp { .. });
    let Some(setting) = setting.filter(|_| !is_stamp) else { return Ok(()) };
    let table = history_table(setting, &held.connection.dialect());
    let Some(history) = History::open(&mut held.connection, &table, &held.table)? else { return Ok(()) };
    let is_idle = held.plan.steps.is_empty();
    if is_idle && !has_halves(&history, &mut held.connection)? {
        return Ok(());
    }
    let mut entries = history.entries(&mut held.connection, &HistoryFilter::default())?;
    // What was squashed is not missed.
    entries.retain(|entry| entry.outcome.is_open() || request.scripts.find_squashed(entry.revision.as_str()).is_none());
    let has_entries = !entries.is_empty();
    let map = &request.scripts.map;
    let past =
        Past::of(entries, &held.rows, map, |index, entry| request.readings.is_changed(request.scripts, index, entry));
    let path = |id: &crate::revision::RevisionId| {
        let position = map.position(id.as_str());
        position.map_or_else(|| "no file".to_owned(), |at| request.scripts.script(at).path.display().to_string())
    };
    if is_idle {
        past.check_torn(path)?;
        tell(&past, attendant);
        return Ok(());
    }
    let parts = |entry: &HistoryEntry| {
        let file =
            map.position(entry.revision.as_str()).and_then(|at| request.readings.plain_file(request.scripts, at));
        let meaning = entry.meaning.as_deref().and_then(Meaning::parse);
        let (Some(file), Some(meaning)) = (file, meaning) else { return Vec::new() };
        changed_parts(&file, &meaning, entry.git_commit.as_deref())
    };
    past.check(path, parts, request.permissions.yes)?;
    tell(&past, attendant);
    held.continued = past.continued().to_vec();
    // Without a lock another run may be in the midst of these.
    if request.options.lock != Some(LockSetting::Off) && close(&history, held, &past)? {
        return Ok(());
    }
    held.begun_history = has_entries.then_some(history);
    Ok(())
}

fn tell(past: &Past, attendant: &mut dyn Attendant) {
    for warning in past.warnings() {
        attendant.event(Event::Warning(&warning));
    }
}

/// Whether a downgrade of this version table may have been left in the middle, so that a run with nothing to do is not over either.
///
/// # Errors
/// The database does not answer, or the history cannot be read.
pub fn has_half_downgrades(
    options: &DeployOptions,
    connection: &mut Connection,
    table: &VersionTableName,
) -> Result<bool, MigrateError> {
    let Some(setting) = options.history.as_ref().filter(|setting| setting.enabled) else { return Ok(false) };
    let place = history_table(setting, &connection.dialect());
    match History::open(connection, &place, table)? {
        Some(history) => has_halves(&history, connection),
        None => Ok(false),
    }
}

/// What has nothing to do need not know more of the history.
fn has_halves(history: &History, connection: &mut Connection) -> Result<bool, MigrateError> {
    let filter = HistoryFilter {
        direction: Some(HistoryDirection::Downgrade),
        outcomes: vec![Outcome::Failed, Outcome::RolledBack, Outcome::Interrupted],
        ..HistoryFilter::default()
    };
    let entries = history.entries(connection, &filter)?;
    Ok(entries.iter().any(|entry| entry.committed().is_some()))
}

/// Whether there was something to close.
fn close(history: &History, held: &mut Held, past: &Past) -> Result<bool, MigrateError> {
    if past.undone().chain(past.done()).chain(past.unbegun()).next().is_none() {
        return Ok(false);
    }
    let mut transaction = held.connection.begin()?;
    for entry in past.undone() {
        history.settle(&mut transaction, entry, &Settlement::Interrupted(None))?;
    }
    for entry in past.done() {
        history.settle(&mut transaction, entry, &Settlement::Done)?;
    }
    for entry in past.unbegun() {
        history.settle(&mut transaction, entry, &Settlement::Removed)?;
    }
    transaction.commit()?;
    Ok(true)
}
