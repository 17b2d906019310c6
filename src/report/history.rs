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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::database::HistoryDirection;

    fn entry(plan: &str, step: u32, outcome: Outcome, duration_ms: Option<i64>) -> HistoryEntry {
        HistoryEntry {
            id: i64::from(step),
            plan_id: plan.to_owned(),
            step,
            version_schema: "public".to_owned(),
            version_table: "alembic_version".to_owned(),
            revision: format!("r{step}").as_str().into(),
            description: String::new(),
            direction: HistoryDirection::Upgrade,
            from_heads: Vec::new(),
            to_heads: Vec::new(),
            file_sha256: None,
            meaning: None,
            started_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(step.into()),
            finished_at: None,
            duration_ms,
            outcome,
            error: None,
            user_name: Some("ann".to_owned()),
            host: Some("ci".to_owned()),
            tool_version: "0.1.0".to_owned(),
            git_commit: Some("0123456789abcdef".to_owned()),
            transactional: true,
            backup: None,
            committed_statements: None,
            committed_sha256: None,
        }
    }

    #[test]
    fn the_rows_of_a_plan_are_a_run() {
        let newest_first = [
            entry("b", 5, Outcome::Planned, None),
            entry("b", 4, Outcome::Started, None),
            entry("b", 3, Outcome::Done, Some(40)),
            entry("a", 2, Outcome::Failed, Some(500)),
            entry("a", 1, Outcome::RolledBack, Some(2000)),
        ];
        let runs = runs(&newest_first, 2000);
        let told: Vec<_> = runs.iter().map(|run| (run.words(), run.class(), run.what(), run.took())).collect();
        assert_eq!(
            told,
            [
                ("not ended", "warn", "upgrade, 3 steps".to_owned(), "40 ms".to_owned()),
                ("failed", "bad", "upgrade, 2 steps".to_owned(), "2.5 s".to_owned()),
            ]
        );
        let steps: Vec<_> = runs[1].steps.iter().map(|step| (step.words(), step.width(), step.is_slow)).collect();
        assert_eq!(steps, [("rolled back", "100.0%".to_owned(), true), ("failed", "25.0%".to_owned(), false)]);
        assert_eq!(
            (runs[1].who(), runs[1].with()),
            ("ann@ci".to_owned(), "limbec 0.1.0, commit 0123456789ab".to_owned())
        );
    }

    #[test]
    fn what_was_killed_and_looked_at_is_interrupted() {
        let rows = [entry("a", 1, Outcome::Interrupted, None)];
        let runs = runs(&rows, 1);
        assert_eq!((runs[0].words(), runs[0].class(), runs[0].took()), ("interrupted", "bad", String::new()));
        assert!(super::runs(&[], 1).is_empty());
    }
}
