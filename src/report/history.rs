use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::duration;
use crate::database::{HistoryEntry, Outcome};

/// The steps of one plan, in their order.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) steps: Vec<Step<'a>>,
}

/// A row of the history, as the page shows it.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) entry: &'a HistoryEntry,
    /// Its share of the longest step of all, in percent.
    pub(super) share: f64,
    pub(super) is_slow: bool,
}

/// The runs, newest first. `newest_first` are the rows; a step is slow that took so many milliseconds.
pub(super) fn runs(newest_first: &[HistoryEntry], slow_ms: i64) -> Vec<Run<'_>> {
    let longest = newest_first.iter().filter_map(|entry| entry.duration_ms).max().unwrap_or(0).max(1);
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut runs: Vec<Run<'_>> = Vec::new();
    for entry in newest_first {
        let place = *places.entry(&entry.plan_id).or_insert(runs.len());
        if place == runs.len() {
            runs.push(Run { steps: Vec::new() });
        }
        let took = entry.duration_ms.unwrap_or(0);
        // Both are far below what a float holds exactly.
        let share = took as f64 * 100.0 / longest as f64;
        if let Some(run) = runs.get_mut(place) {
            run.steps.push(Step { entry, share, is_slow: took >= slow_ms });
        }
    }
    for run in &mut runs {
        run.steps.reverse();
    }
    runs
}

impl Run<'_> {
    fn entries(&self) -> impl DoubleEndedIterator<Item = &HistoryEntry> {
        self.steps.iter().map(|step| step.entry)
    }

    /// When its first step began.
    pub(super) fn began(&self) -> Option<DateTime<Utc>> {
        self.entries().map(|entry| entry.started_at).min()
    }

    /// The outcome that says most about it.
    fn outcome(&self) -> Outcome {
        const TELLING: [Outcome; 6] = [
            Outcome::Failed,
            Outcome::Interrupted,
            Outcome::Started,
            Outcome::Planned,
            Outcome::RolledBack,
            Outcome::Adopted,
        ];
        let is_there = |outcome: &Outcome| self.entries().any(|entry| entry.outcome == *outcome);
        TELLING.into_iter().find(is_there).unwrap_or(Outcome::Done)
    }

    /// Its outcome for people.
    pub(super) fn words(&self) -> &'static str {
        words(self.outcome())
    }

    /// The class of its outcome in style.css.
    pub(super) fn class(&self) -> &'static str {
        class(self.outcome())
    }

    /// `upgrade, 3 steps`
    pub(super) fn what(&self) -> String {
        let Some(first) = self.entries().next() else { return String::new() };
        let same = self.entries().all(|entry| entry.direction == first.direction);
        let steps = match self.steps.len() {
            1 => "1 step".to_owned(),
            count => format!("{count} steps"),
        };
        match (same, first.outcome) {
            (true, Outcome::Adopted) => format!("adopted, {}", steps.replace("step", "revision")),
            (true, _) => format!("{}, {steps}", first.direction),
            (false, _) => steps,
        }
    }

    /// Of all steps; empty where none has an end.
    pub(super) fn took(&self) -> String {
        let known: Vec<i64> = self.entries().filter_map(|entry| entry.duration_ms).collect();
        if known.is_empty() { String::new() } else { duration(known.iter().sum()) }
    }

    /// `ann@ci-3`
    pub(super) fn who(&self) -> String {
        self.entries().next().map(HistoryEntry::who).unwrap_or_default()
    }

    /// `limbec 0.1.0, commit 1f0c7a2b9d3e`
    pub(super) fn with(&self) -> String {
        let Some(entry) = self.entries().next() else { return String::new() };
        let commit = entry.git_commit.as_deref().map(|commit| {
            let short: String = commit.chars().take(12).collect();
            format!(", commit {short}")
        });
        format!("limbec {}{}", entry.tool_version, commit.unwrap_or_default())
    }
}

impl Step<'_> {
    /// Its outcome for people.
    pub(super) fn words(&self) -> &'static str {
        words(self.entry.outcome)
    }

    /// The class of its outcome in style.css.
    pub(super) fn class(&self) -> &'static str {
        class(self.entry.outcome)
    }

    /// How long it took; empty where it has no end.
    pub(super) fn took(&self) -> String {
        self.entry.duration_ms.map(duration).unwrap_or_default()
    }

    /// For a bar.
    pub(super) fn width(&self) -> String {
        format!("{:.1}%", self.share)
    }
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Planned => "not begun",
        Outcome::Started => "not ended",
        Outcome::RolledBack => "rolled back",
        other => other.name(),
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "good",
        Outcome::Failed | Outcome::Interrupted => "bad",
        Outcome::Started | Outcome::Planned => "warn",
        Outcome::RolledBack | Outcome::Adopted => "plain",
    }
}
