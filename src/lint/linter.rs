use std::collections::HashSet;

use super::suppression::suppress;
use super::{
    Check, Diagnostic, Edit, FileIndex, Fix, Level, LintContext, LintProject, Location, ProjectContext, RULES,
    Severity, Standing,
};
use super::{apply, sql_words};
use crate::script::ScriptError;

/// Which files are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// `None`: every file.
    pub files: Option<HashSet<FileIndex>>,
    /// Published revisions are judged as new ones (`--all`).
    pub judges_published: bool,
}

/// What the linter found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// In the order of files and lines.
    pub diagnostics: Vec<Diagnostic>,
    /// What was looked at.
    pub summary: Summary,
    /// The calls of the judged files that were not understood, or not in full.
    pub not_analysed: Vec<UnreadCall>,
}

/// A call that was not understood, or not in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadCall {
    /// Where.
    pub location: Location,
    /// What is called: `op.execute`, `helper()`.
    pub what: String,
    /// Why it was not understood, in words.
    pub reason: String,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Revision files of the project.
    pub files: usize,
    /// Those that were judged.
    pub judged: usize,
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    /// Findings that a comment in the file accepts.
    pub suppressed: usize,
    /// Calls of the judged files that limbec looked at.
    pub calls: usize,
    /// Those that it did not understand, or not in full.
    pub not_analysed: usize,
}

/// Runs all rules that are on.
pub fn lint(project: &LintProject, selection: &Selection) -> Report {
    let judged: Vec<FileIndex> = project.indexes().filter(|index| selection.contains(*index)).collect();
    let mut found = Vec::new();
    let rules = || RULES.iter().copied().filter(|rule| project.input.settings.concerns(rule));
    for rule in rules() {
        match rule.check {
            Check::Suppressions(_) => {}
            Check::Project(check) => check(&mut ProjectContext::new(project, rule, &mut found)),
            Check::Revision(check) => {
                for index in &judged {
                    let level = project.level(rule, *index);
                    if level != Level::Off && is_revision(project, *index) {
                        check(&mut LintContext::new(project, *index, rule, level, &mut found));
                    }
                }
            }
        }
    }
    found.retain(|diagnostic| is_wanted(diagnostic, project, selection));
    let (suppressions, suppressed) = suppress(project, &judged, &mut found);
    for rule in rules() {
        if let Check::Suppressions(check) = rule.check {
            check(&mut ProjectContext::new(project, rule, &mut found), &judged, &suppressions);
        }
    }
    // Once more, as these rules can be off, too.
    found.retain(|diagnostic| is_wanted(diagnostic, project, selection));
    for diagnostic in &mut found {
        diagnostic.fix.take_if(|fix| !apply::is_possible(project, fix));
        if diagnostic.location.file.is_some_and(|file| project.file(file).file.sql().is_some()) {
            sql_words::translate(diagnostic);
        }
        grandfather(diagnostic, project, selection);
    }
    found.sort_by(|a, b| {
        (&a.location.path, a.location.range.start, a.rule).cmp(&(&b.location.path, b.location.range.start, b.rule))
    });
    let summary = Summary { suppressed, ..summary(project, &judged, &found) };
    Report { diagnostics: found, summary, not_analysed: not_analysed(project, &judged) }
}

/// Whether there is a revision to judge; what is none has a finding of its own, from the rules of the project.
fn is_revision(project: &LintProject, index: FileIndex) -> bool {
    let file = &project.file(index).file;
    file.body().is_some() && !matches!(file.declared, Err(ScriptError::NoRevisionId { .. }))
}

impl Selection {
    pub(super) fn contains(&self, index: FileIndex) -> bool {
        self.files.as_ref().is_none_or(|files| files.contains(&index))
    }
}

fn is_wanted(diagnostic: &Diagnostic, project: &LintProject, selection: &Selection) -> bool {
    let place = &diagnostic.location;
    let level = super::rule(diagnostic.rule).map(|rule| match place.file {
        Some(file) => project.level(rule, file),
        None => project.input.settings.level(rule, Some(&place.path)),
    });
    let is_selected = place.file.is_none_or(|file| diagnostic.is_global || selection.contains(file));
    level != Some(Level::Off) && is_selected
}

/// What is published cannot be changed any more: its errors are warnings, and nothing is repaired in it.
fn grandfather(diagnostic: &mut Diagnostic, project: &LintProject, selection: &Selection) {
    if selection.judges_published {
        return;
    }
    let is_published = |file: FileIndex| project.file(file).standing == Standing::Published;
    let touches_published = |fix: &Fix| {
        fix.edits.iter().any(|edit| match edit {
            Edit::Replace { file, .. } | Edit::Rename { file, .. } => is_published(*file),
        })
    };
    diagnostic.fix.take_if(|fix| touches_published(fix));
    let is_in_published = diagnostic.location.file.is_some_and(is_published) && !diagnostic.is_global;
    if is_in_published && diagnostic.severity == Severity::Error {
        diagnostic.severity = Severity::Warning;
        diagnostic.is_grandfathered = true;
    }
}

fn summary(project: &LintProject, judged: &[FileIndex], found: &[Diagnostic]) -> Summary {
    let count = |severity| found.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let bodies = judged.iter().flat_map(|index| {
        let operations = &project.file(*index).operations;
        [&operations.upgrade, &operations.downgrade]
    });
    let (calls, not_analysed) =
        bodies.fold((0, 0), |(calls, not), body| (calls + body.calls(), not + body.not_analysed.len()));
    Summary {
        files: project.files.len(),
        judged: judged.len(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        suppressed: 0,
        calls,
        not_analysed,
    }
}

fn not_analysed(project: &LintProject, judged: &[FileIndex]) -> Vec<UnreadCall> {
    let calls = judged.iter().flat_map(|index| {
        let operations = &project.file(*index).operations;
        let calls = operations.upgrade.not_analysed.iter().chain(&operations.downgrade.not_analysed);
        calls.map(|call| UnreadCall {
            location: project.location(*index, call.range.clone()),
            what: call.what.clone(),
            reason: call.reason.clone(),
        })
    });
    calls.collect()
}
