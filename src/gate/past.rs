use std::collections::{HashMap, HashSet};

use crate::database::{HistoryDirection, HistoryEntry, LatestRecords, Outcome};
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};

use super::GateError;

/// What the history says about what is applied, and about runs that did not end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// Applied revisions whose files mean something else now.
    changed: Vec<HistoryEntry>,
    /// Revisions that were run and not undone, and have no file any more.
    missing: Vec<HistoryEntry>,
    /// Steps that were begun by a run that was killed.
    begun: Vec<HistoryEntry>,
    /// Steps that such a run would have done next.
    unbegun: Vec<HistoryEntry>,
    /// Steps that failed outside of a transaction, after a part of them was committed.
    torn: Vec<HistoryEntry>,
    /// Those of which somebody has said that they go on behind that part.
    continued: Vec<HistoryEntry>,
    /// The row that says what limbec left in the version table, where that holds something else now.
    left: Option<HistoryEntry>,
    /// What it holds, sorted.
    rows: Vec<RevisionId>,
}

impl Past {
    /// Judges the rows of a version table's history, oldest first. `is_changed` compares an applied revision's file with its row.
    pub fn of(
        entries: Vec<HistoryEntry>,
        rows: &[RevisionId],
        map: &RevisionMap,
        is_changed: impl Fn(RevisionIndex, &HistoryEntry) -> bool,
    ) -> Self {
        let mut rows = rows.to_vec();
        rows.sort();
        let of = |outcome| entries.iter().filter(move |entry| entry.outcome == outcome).cloned().collect();
        let last = entries.iter().rev().find(|entry| matches!(entry.outcome, Outcome::Done | Outcome::Adopted));
        let left = last.filter(|entry| entry.to_heads != rows).cloned();
        let (begun, unbegun) = (of(Outcome::Started), of(Outcome::Planned));
        let torn = HistoryEntry::torn(&entries, &rows, map).into_iter().cloned().collect();
        let continued: Vec<HistoryEntry> = HistoryEntry::continued(&entries, &rows, map).into_iter().cloned().collect();
        // Its file was mended, so that the step can go on.
        let goes_on = |id: &RevisionId| continued.iter().any(|entry| entry.revision == *id);
        let (mut changed, mut missing) = (Vec::new(), Vec::new());
        let applied = map.applied(&rows);
        let below = lineage(&entries, &rows);
        for (id, record) in LatestRecords::of(entries, map).iter() {
            match map.position(id.as_str()) {
                Some(index) if applied.contains(&index) && !goes_on(id) && is_changed(index, &record.entry) => {
                    changed.push(record.entry.clone());
                }
                None if record.was_run() && below.contains(id) => missing.push(record.entry.clone()),
                _ => {}
            }
        }
        Self { changed, missing, begun, unbegun, torn, continued, left, rows }
    }

    /// Steps that were begun and that the database undid with their transaction.
    pub fn undone(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.begun.iter().filter(|entry| entry.transactional)
    }

    /// Steps that the database could not undo, and that the version table says are done: it is set after a step, and with it.
    pub fn done(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.begun.iter().filter(|entry| !entry.transactional && self.rows == entry.to_heads)
    }

    /// Steps of a killed run that never began.
    pub fn unbegun(&self) -> impl Iterator<Item = &HistoryEntry> {
        self.unbegun.iter()
    }

    /// Steps that go on behind what of them is committed.
    pub fn continued(&self) -> &[HistoryEntry] {
        &self.continued
    }

    /// What shuts the gate; `path` is a revision's file, for people, and `parts` what of it has changed, as far as that is known.
    ///
    /// # Errors
    /// The first of: a step that may be half applied, or is known to be, changed revisions, missing ones unless `yes` was said.
    pub fn check(
        &self,
        path: impl Fn(&RevisionId) -> String,
        parts: impl Fn(&HistoryEntry) -> Vec<String>,
        yes: bool,
    ) -> Result<(), GateError> {
        if let Some(entry) = self.begun.iter().find(|entry| !entry.transactional && self.rows != entry.to_heads) {
            return Err(GateError::HalfApplied { lines: vec![self.half_applied(entry, &path(&entry.revision))] });
        }
        self.check_torn(&path)?;
        if !self.changed.is_empty() {
            let line = |entry: &HistoryEntry| {
                let line = format!("{} ({}) was {}", entry.revision, path(&entry.revision), ran(entry));
                match parts(entry).as_slice() {
                    [] => line,
                    parts => format!("{line}; changed since: {}", parts.join(", ")),
                }
            };
            return Err(GateError::Changed { lines: self.changed.iter().map(line).collect() });
        }
        if !self.missing.is_empty() && !yes {
            let line = |entry: &HistoryEntry| format!("{} ({}) was {}", entry.revision, entry.description, ran(entry));
            return Err(GateError::Missing { lines: self.missing.iter().map(line).collect() });
        }
        Ok(())
    }

    /// The part of [`Past::check`] that shuts the gate of a run with nothing to do, too: what is half done is no state to be content with.
    ///
    /// # Errors
    /// A step of which a part is committed, and nobody has said how to go on.
    pub fn check_torn(&self, path: impl Fn(&RevisionId) -> String) -> Result<(), GateError> {
        let Some(entry) = self.torn.first() else { return Ok(()) };
        let line = |entry: &HistoryEntry| torn(entry, &path(&entry.revision));
        Err(GateError::Torn { revision: entry.revision.clone(), lines: self.torn.iter().map(line).collect() })
    }

    /// What is remarkable, and nothing to stop for.
    pub fn warnings(&self) -> Vec<String> {
        let undone = self.undone().map(|entry| {
            format!(
                "an earlier {} of {} was killed after {}; the database has rolled it back",
                entry.direction,
                entry.revision,
                ran_since(entry)
            )
        });
        let done = self.done().map(|entry| {
            format!(
                "an earlier {} of {} was killed after {}; the version table says that it is done",
                entry.direction,
                entry.revision,
                ran_since(entry)
            )
        });
        let left = self.left.iter().filter(|_| self.begun.is_empty()).map(|entry| {
            format!(
                "the version table holds {}, but limbec left {} there on {}: plain alembic, or somebody by hand, has changed it since",
                list(&self.rows),
                list(&entry.to_heads),
                day(entry)
            )
        });
        undone.chain(done).chain(left).chain(self.continued.iter().map(goes_on)).collect()
    }

    fn half_applied(&self, entry: &HistoryEntry, path: &str) -> String {
        let says = if self.rows == entry.from_heads {
            "the version table says that it was not done"
        } else {
            "the version table says neither that it was done nor that it was not"
        };
        format!("{} of {} ({path}), begun {}: {says}", entry.direction, entry.revision, ran_since(entry))
    }
}

/// What the rows of the version table were reached through, as recorded: without its file, a revision has no other place in the graph.
fn lineage(entries: &[HistoryEntry], rows: &[RevisionId]) -> HashSet<RevisionId> {
    let mut parents: HashMap<&RevisionId, Vec<&RevisionId>> = HashMap::new();
    for entry in entries {
        if entry.outcome == Outcome::Done && entry.direction == HistoryDirection::Upgrade {
            parents
                .insert(&entry.revision, entry.from_heads.iter().filter(|id| !entry.to_heads.contains(id)).collect());
        }
    }
    let (mut found, mut open) = (HashSet::new(), rows.to_vec());
    while let Some(id) = open.pop() {
        open.extend(parents.get(&id).into_iter().flatten().map(|id| (*id).clone()).filter(|id| !found.contains(id)));
        found.insert(id);
    }
    found
}

fn list(rows: &[RevisionId]) -> String {
    if rows.is_empty() {
        return "nothing".to_owned();
    }
    rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

fn day(entry: &HistoryEntry) -> String {
    entry.finished_at.unwrap_or(entry.started_at).format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `applied on 2026-05-01 12:00 UTC, at commit 0123abcd`
fn ran(entry: &HistoryEntry) -> String {
    let commit =
        entry.git_commit.as_deref().map(|commit| format!(", at commit {}", commit.get(..12).unwrap_or(commit)));
    format!("applied on {}{}", day(entry), commit.unwrap_or_default())
}

/// What was said of a step may be forgotten by now, or not known to whoever runs it.
fn goes_on(entry: &HistoryEntry) -> String {
    let HistoryEntry { direction, revision, .. } = entry;
    format!(
        "the {direction} of {revision} is half done and goes on behind statement {}, as `limbec repair --continue` has said; if that is not \
         so any more: `limbec repair --undone {revision}`, `limbec repair --done {revision}`",
        entry.committed_statements.unwrap_or_default()
    )
}

/// `upgrade of r2 (versions/r2.py), run 2026-05-01 12:00:00 UTC: its first 3 statements are committed; then …`
fn torn(entry: &HistoryEntry, path: &str) -> String {
    let part = match entry.committed_statements.unwrap_or_default() {
        1 => "its first statement is committed".to_owned(),
        number => format!("its first {number} statements are committed"),
    };
    let error = entry.error.as_deref().map(|error| format!("; then: {error}")).unwrap_or_default();
    format!("{} of {} ({path}), run {}: {part}{error}", entry.direction, entry.revision, ran_since(entry))
}

fn ran_since(entry: &HistoryEntry) -> String {
    let host = entry.host.as_deref().map(|host| format!(" on {host}")).unwrap_or_default();
    format!("{}{host}", entry.started_at.format("%Y-%m-%d %H:%M:%S UTC"))
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;
    use crate::revision::text_graph;

    fn entry(revision: &str, outcome: Outcome, heads: [&[&str]; 2]) -> HistoryEntry {
        let ids = |heads: &[&str]| heads.iter().map(|id| RevisionId::from(*id)).collect();
        HistoryEntry {
            id: 0,
            plan_id: "p".into(),
            step: 1,
            version_schema: String::new(),
            version_table: "alembic_version".into(),
            revision: revision.into(),
            description: format!("what {revision} does"),
            direction: HistoryDirection::Upgrade,
            from_heads: ids(heads[0]),
            to_heads: ids(heads[1]),
            file_sha256: None,
            meaning: None,
            started_at: Utc.with_ymd_and_hms(2026, 5, 1, 12, 0, 0).unwrap(),
            finished_at: None,
            duration_ms: None,
            outcome,
            error: None,
            user_name: None,
            host: Some("web-1".into()),
            tool_version: String::new(),
            git_commit: Some("0123456789abcdef".into()),
            transactional: true,
            backup: None,
            committed_statements: None,
            committed_sha256: None,
        }
    }

    /// a, then b; the database is at these rows.
    fn past(entries: Vec<HistoryEntry>, rows: &[&str], changed: &str) -> Past {
        let map = text_graph::map("a\nb < a");
        let rows: Vec<RevisionId> = rows.iter().map(|id| RevisionId::from(*id)).collect();
        Past::of(entries, &rows, &map, |_, entry| entry.revision.as_str() == changed)
    }

    fn refusal(past: &Past, yes: bool) -> String {
        past.check(|id| format!("versions/{id}.py"), |_| Vec::new(), yes)
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    fn done(revision: &str, heads: [&[&str]; 2]) -> HistoryEntry {
        entry(revision, Outcome::Done, heads)
    }

    #[test]
    fn what_agrees_passes() {
        let past = past(vec![done("a", [&[], &["a"]])], &["a"], "b");
        assert_eq!(refusal(&past, false), "");
        assert!(past.warnings().is_empty());
    }

    #[test]
    fn a_changed_file_is_named() {
        let past = past(vec![done("a", [&[], &["a"]])], &["a"], "a");
        insta::assert_snapshot!(refusal(&past, true), @r"
        revisions that are applied have been changed since
          a (versions/a.py) was applied on 2026-05-01 12:00 UTC, at commit 0123456789ab
        ");
    }

    #[test]
    fn a_missing_file_is_named() {
        let past = past(vec![done("gone", [&[], &["gone"]]), done("a", [&["gone"], &["a"]])], &["a"], "");
        insta::assert_snapshot!(refusal(&past, false), @r"
        revisions that are applied have no file any more
          gone (what gone does) was applied on 2026-05-01 12:00 UTC, at commit 0123456789ab
        ");
        assert_eq!(refusal(&past, true), "");
    }

    #[test]
    fn what_another_hand_has_taken_back_or_squashed_is_not_missed() {
        let history = || vec![done("a", [&[], &["a"]]), done("gone", [&["a"], &["gone"]])];
        assert_eq!(refusal(&past(history(), &["a"], ""), false), "");
        assert_eq!(refusal(&past(history(), &["b"], ""), false), "");
        assert_eq!(refusal(&past(history(), &[], ""), false), "");
    }

    #[test]
    fn a_killed_step_is_told_or_stops_everything() {
        let started = entry("a", Outcome::Started, [&[], &["a"]]);
        let undone = past(vec![started.clone()], &[], "");
        assert_eq!(refusal(&undone, false), "");
        insta::assert_snapshot!(undone.warnings().join("\n"), @"an earlier upgrade of a was killed after 2026-05-01 12:00:00 UTC on web-1; the database has rolled it back");
        let half = past(vec![HistoryEntry { transactional: false, ..started }], &[], "");
        insta::assert_snapshot!(refusal(&half, true), @r"
        an earlier run was killed in a step that may be half applied
          upgrade of a (versions/a.py), begun 2026-05-01 12:00:00 UTC on web-1: the version table says that it was not done
        ");
    }

    #[test]
    fn a_step_that_is_committed_in_part_stops_everything_until_somebody_has_looked() {
        let failed = HistoryEntry {
            error: Some("no such table: t in a.up.sql:4, statement 3: SELECT".to_owned()),
            committed_statements: Some(2),
            ..entry("a", Outcome::Failed, [&[], &["a"]])
        };
        insta::assert_snapshot!(refusal(&past(vec![failed.clone()], &[], ""), true), @r"
        an earlier run failed in a file outside of a transaction, of which a part is committed
          upgrade of a (versions/a.py), run 2026-05-01 12:00:00 UTC on web-1: its first 2 statements are committed; then: no such table: t in a.up.sql:4, statement 3: SELECT
        ");
        // The version table says that it is done: somebody has stamped it.
        assert_eq!(refusal(&past(vec![failed.clone()], &["a"], ""), false), "");
        let looked_at = HistoryEntry { outcome: Outcome::Interrupted, ..failed.clone() };
        let going_on = past(vec![looked_at.clone()], &[], "");
        assert_eq!(refusal(&going_on, false), "");
        assert_eq!(going_on.continued().len(), 1);
        assert!(going_on.warnings().iter().any(|warning| warning.contains("goes on behind statement 2")));
        // What was said of an earlier run is no answer to a later one.
        assert_ne!(refusal(&past(vec![looked_at, failed.clone()], &[], ""), false), "");
        let undone = HistoryEntry { committed_statements: None, ..failed };
        assert_eq!(refusal(&past(vec![undone], &[], ""), false), "");
    }

    #[test]
    fn the_file_of_a_downgrade_that_goes_on_may_be_mended() {
        let failed = HistoryEntry {
            direction: HistoryDirection::Downgrade,
            committed_statements: Some(1),
            ..entry("a", Outcome::Failed, [&["a"], &[]])
        };
        let before = done("a", [&[], &["a"]]);
        let torn = past(vec![before.clone(), failed.clone()], &["a"], "a");
        assert!(torn.check_torn(|id| id.to_string()).is_err());
        let going_on = HistoryEntry { outcome: Outcome::Interrupted, ..failed };
        assert_eq!(refusal(&past(vec![before, going_on], &["a"], "a"), false), "");
    }

    #[test]
    fn a_killed_step_that_the_version_table_knows_is_done() {
        let started = HistoryEntry { transactional: false, ..entry("a", Outcome::Started, [&[], &["a"]]) };
        let stamped = past(vec![started], &["a"], "");
        assert_eq!(refusal(&stamped, false), "");
        assert_eq!(stamped.done().count(), 1);
        assert!(stamped.warnings()[0].ends_with("the version table says that it is done"));
    }

    #[test]
    fn another_hand_in_the_version_table_is_told() {
        let past = past(vec![done("a", [&[], &["a"]])], &["b"], "");
        assert_eq!(refusal(&past, false), "");
        insta::assert_snapshot!(past.warnings().join("\n"), @"the version table holds b, but limbec left a there on 2026-05-01 12:00 UTC: plain alembic, or somebody by hand, has changed it since");
    }
}
