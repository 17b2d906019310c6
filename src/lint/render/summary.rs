use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::fix_command;
use crate::lint::{Applicability, Report};

/// Which revisions were judged, and why those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The base branch, such as `origin/main`, where it is known.
    pub base: Option<String>,
    /// Only what changed since the base branch, or is not frozen, was judged.
    pub is_changed_only: bool,
    /// Only files that were named were judged.
    pub is_named_only: bool,
    /// Published revisions that were not judged.
    pub published_left_out: usize,
}

/// What was found and judged, in sentences for people.
pub fn summary(report: &Report, coverage: &Coverage) -> Vec<String> {
    let mut lines = vec![found(report), judged(report, coverage)];
    let summary = &report.summary;
    if summary.suppressed > 0 {
        lines.push(format!("{} accepted by comments.", counted(summary.suppressed, "finding is", "findings are")));
    }
    if summary.not_analysed > 0 {
        let calls = counted(summary.not_analysed, "call was", "calls were");
        lines.push(format!("{calls} not analysed, of {}; -v lists them.", summary.calls));
    }
    lines.extend(next(report));
    lines
}

fn found(report: &Report) -> String {
    let summary = &report.summary;
    let parts = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| counted(count, name, &format!("{name}s")))
        .collect();
    let files: HashSet<&Path> = report.diagnostics.iter().map(|found| found.location.path.as_path()).collect();
    match parts.split_last() {
        None => "No findings.".to_owned(),
        Some((last, [])) => format!("Found {last} in {}.", counted(files.len(), "file", "files")),
        Some((last, rest)) => {
            format!("Found {} and {last} in {}.", rest.join(", "), counted(files.len(), "file", "files"))
        }
    }
}

fn judged(report: &Report, coverage: &Coverage) -> String {
    let judged = counted(report.summary.judged, "revision", "revisions");
    let since = coverage.base.as_ref().map_or("are not frozen".to_owned(), |base| format!("changed since {base}"));
    let mut text = match (coverage.is_changed_only, coverage.is_named_only) {
        (true, true) => format!("{judged} judged, of those named that {since}"),
        (true, false) => format!("{judged} judged, that {since}"),
        (false, true) => format!("{judged} judged, those named"),
        (false, false) => format!("{judged} judged"),
    };
    if coverage.published_left_out > 0 {
        let others = counted(coverage.published_left_out, "published one was", "published ones were");
        text.push_str(&format!("; {others} not judged: `--all` judges them"));
    }
    text + "."
}

/// What to type.
fn next(report: &Report) -> Option<String> {
    let mut fixes: BTreeMap<Applicability, usize> = BTreeMap::new();
    for fix in report.diagnostics.iter().filter_map(|found| found.fix.as_ref()) {
        *fixes.entry(fix.applicability).or_default() += 1;
    }
    let of = |applicability| fixes.get(&applicability).copied().unwrap_or_default();
    let (safe, risky) = (of(Applicability::Safe), of(Applicability::Unsafe));
    let explain = report.diagnostics.first().map(|first| format!("`limbec rule {}` explains a rule.", first.rule));
    match (safe, risky) {
        (0, 0) => explain,
        (0, _) => fix_command(Applicability::Unsafe)
            .map(|command| format!("{risky} fixable by `{command}`, which may change what a revision does.")),
        (_, 0) => fix_command(Applicability::Safe).map(|command| format!("{safe} fixable by `{command}`.")),
        _ => fix_command(Applicability::Safe)
            .map(|command| format!("{safe} fixable by `{command}`, {risky} more with `--unsafe-fixes`.")),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
