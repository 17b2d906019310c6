use std::time::Duration;

use askama::Template;
use chrono::{DateTime, Utc};

use super::history::{Run, runs};
use super::policy::Frame;
use super::{AppliedHow, DatabaseReport, ProjectReport, StandingReport, TenantsReport, duration};
use crate::lint::Severity;
use crate::migrate::RevisionState;
use crate::revision::RevisionId;

/// What of a page can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct PageOptions {
    /// Steps of the history that took so long are marked.
    pub slow: Duration,
}

/// The page of a project: complete, with everything escaped that is not limbec's own.
pub fn project_page(report: &ProjectReport, options: PageOptions) -> String {
    let slow = i64::try_from(options.slow.as_millis()).unwrap_or(i64::MAX);
    let numbered = report.databases.iter().zip(1..);
    let databases: Vec<DatabaseView<'_>> =
        numbered.map(|(report, number)| DatabaseView::new(report, number, slow)).collect();
    let page = ProjectPage { tiles: tiles(report, &databases), frame: Frame::new(), report, databases, slow };
    // Writing to a text does not fail.
    page.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "project.html")]
struct ProjectPage<'a> {
    frame: Frame,
    report: &'a ProjectReport,
    databases: Vec<DatabaseView<'a>>,
    tiles: Vec<Tile>,
    slow: i64,
}

/// A number and where it is explained.
struct Tile {
    place: String,
    count: String,
    what: &'static str,
    class: &'static str,
}

struct DatabaseView<'a> {
    report: &'a DatabaseReport,
    /// From 1.
    number: usize,
    runs: Option<Vec<Run<'a>>>,
}

impl<'a> DatabaseView<'a> {
    fn new(report: &'a DatabaseReport, number: usize, slow: i64) -> Self {
        Self { report, number, runs: report.history.as_ref().map(|entries| runs(entries, slow)) }
    }

    /// Runs that did not end well.
    fn troubled(&self) -> usize {
        let runs = self.runs.iter().flatten();
        runs.filter(|run| matches!(run.class(), "bad" | "warn")).count()
    }

    fn heads(&self) -> String {
        ids(&self.report.heads)
    }
}

impl ProjectPage<'_> {
    fn slow_text(&self) -> String {
        duration(self.slow)
    }

    fn has_several_databases(&self) -> bool {
        self.databases.len() > 1
    }
}

fn tiles(report: &ProjectReport, databases: &[DatabaseView<'_>]) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for view in databases {
        let totals = &view.report.totals;
        let status = format!("status-{}", view.number);
        let of = format!("{} of {}", totals.applied, totals.revisions);
        let is_complete = totals.applied == totals.revisions;
        let good = if is_complete { "good" } else { "plain" };
        tiles.push(Tile { place: status.clone(), count: of, what: "applied", class: good });
        let counted = [
            (totals.pending, "pending", "warn"),
            (totals.changed, "changed since applied", "bad"),
            (totals.missing, "missing", "bad"),
            (totals.unknown, "unknown", "bad"),
        ];
        for (count, what, class) in counted.into_iter().filter(|(count, ..)| *count > 0) {
            tiles.push(Tile { place: status.clone(), count: count.to_string(), what, class });
        }
        if view.troubled() > 0 {
            let what = if view.troubled() == 1 { "run in trouble" } else { "runs in trouble" };
            let place = format!("history-{}", view.number);
            tiles.push(Tile { place, count: view.troubled().to_string(), what, class: "bad" });
        }
    }
    if databases.is_empty() {
        let count = report.revisions.len().to_string();
        tiles.push(Tile { place: "revisions".to_owned(), count, what: "revisions", class: "plain" });
    }
    let totals = &report.finding_totals;
    let counted = [
        (totals.errors, "error", "errors", "bad"),
        (totals.warnings, "warning", "warnings", "warn"),
        (totals.notes, "note", "notes", "plain"),
    ];
    for (count, one, many, class) in counted.into_iter().filter(|(count, ..)| *count > 0) {
        let what = if count == 1 { one } else { many };
        tiles.push(Tile { place: "findings".to_owned(), count: count.to_string(), what, class });
    }
    tiles.extend(report.tenants.as_ref().map(tenant_tile));
    tiles
}

fn tenant_tile(tenants: &TenantsReport) -> Tile {
    let totals = &tenants.totals;
    let place = "tenants".to_owned();
    if tenants.error.is_some() {
        return Tile { place, count: "?".to_owned(), what: "tenants", class: "bad" };
    }
    let class = match () {
        () if totals.missing + totals.inconsistent + totals.unreachable > 0 => "bad",
        () if totals.behind > 0 => "warn",
        () => "good",
    };
    Tile { place, count: format!("{} of {}", totals.current, totals.tenants), what: "tenants current", class }
}

fn ids(ids: &[RevisionId]) -> String {
    if ids.is_empty() {
        return "base".to_owned();
    }
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

/// The parts of a text for people, and which of them are in backticks.
fn parts(text: &str) -> Vec<(bool, &str)> {
    // An odd backtick is a letter like any other.
    if text.matches('`').count() % 2 == 1 {
        return vec![(false, text)];
    }
    text.split('`').enumerate().map(|(place, part)| (place % 2 == 1, part)).collect()
}

fn took(milliseconds: &i64) -> String {
    duration(*milliseconds)
}

fn minute(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

fn machine(time: &DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn state_class(of: &StandingReport) -> &'static str {
    match of.state {
        RevisionState::Applied => "good",
        RevisionState::Pending => "warn",
        RevisionState::Missing | RevisionState::Unknown => "bad",
    }
}

fn how(of: &StandingReport) -> &'static str {
    match of.how {
        Some(AppliedHow::Stamped) => "stamped",
        Some(AppliedHow::Adopted) => "before the history",
        Some(AppliedHow::Run) | None => "",
    }
}

fn level_class(level: &Severity) -> &'static str {
    match level {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Note => "plain",
    }
}

fn tenant_class(state: &str) -> &'static str {
    match state {
        "current" => "good",
        "behind" => "warn",
        _ => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_backticks_is_code() {
        assert_eq!(
            parts("drop `a` and `b`"),
            [(false, "drop "), (true, "a"), (false, " and "), (true, "b"), (false, "")]
        );
        assert_eq!(parts("it`s"), [(false, "it`s")]);
    }
}
