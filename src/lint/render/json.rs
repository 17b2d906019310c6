use serde::Serialize;

use super::Coverage;
use crate::lint::{Applicability, Diagnostic, LintProject, Location, Report, Severity};

#[derive(Serialize)]
struct Document<'a> {
    findings: Vec<Finding<'a>>,
    summary: SummaryJson<'a>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    level: &'static str,
    #[serde(flatten)]
    place: Place,
    revision: Option<&'a str>,
    message: &'a str,
    help: Option<&'a str>,
    notes: &'a [String],
    annotations: Vec<AnnotationJson<'a>>,
    fixable: bool,
    fix: Option<FixJson<'a>>,
    grandfathered: bool,
}

#[derive(Serialize)]
struct Place {
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct AnnotationJson<'a> {
    #[serde(flatten)]
    place: Place,
    message: &'a str,
}

#[derive(Serialize)]
struct FixJson<'a> {
    title: &'a str,
    safe: bool,
}

#[derive(Serialize)]
struct SummaryJson<'a> {
    files: usize,
    judged: usize,
    base: Option<&'a str>,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    fixable: usize,
    calls: usize,
    not_analysed: usize,
    calls_not_analysed: Vec<CallJson<'a>>,
}

#[derive(Serialize)]
struct CallJson<'a> {
    #[serde(flatten)]
    place: Place,
    call: &'a str,
    reason: &'a str,
}

/// One JSON document; its keys are described in docs/json.md.
pub fn json(project: &LintProject, report: &Report, coverage: &Coverage) -> String {
    let summary = &report.summary;
    document(&Document {
        findings: report.diagnostics.iter().map(|diagnostic| finding(project, diagnostic)).collect(),
        summary: SummaryJson {
            files: summary.files,
            judged: summary.judged,
            base: coverage.base.as_deref(),
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: summary.suppressed,
            fixable: report.diagnostics.iter().filter(|diagnostic| diagnostic.is_fixable()).count(),
            calls: summary.calls,
            not_analysed: summary.not_analysed,
            calls_not_analysed: report
                .not_analysed
                .iter()
                .map(|call| CallJson { place: place(project, &call.location), call: &call.what, reason: &call.reason })
                .collect(),
        },
    })
}

/// The findings alone, as they are in the document.
pub fn findings(project: &LintProject, report: &Report) -> serde_json::Value {
    let found: Vec<Finding<'_>> = report.diagnostics.iter().map(|diagnostic| finding(project, diagnostic)).collect();
    // Only maps with keys that are no strings cannot be written, and no finding has one.
    serde_json::to_value(found).unwrap_or_default()
}

fn finding<'a>(project: &LintProject, diagnostic: &'a Diagnostic) -> Finding<'a> {
    Finding {
        rule: diagnostic.rule,
        level: match diagnostic.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        place: place(project, &diagnostic.location),
        revision: diagnostic.revision.as_deref(),
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        notes: &diagnostic.notes,
        annotations: diagnostic
            .annotations
            .iter()
            .map(|annotation| AnnotationJson {
                place: place(project, &annotation.location),
                message: &annotation.message,
            })
            .collect(),
        fixable: diagnostic.is_fixable(),
        fix: diagnostic
            .fix
            .as_ref()
            .map(|fix| FixJson { title: &fix.title, safe: fix.applicability == Applicability::Safe }),
        grandfathered: diagnostic.is_grandfathered,
    }
}

fn place(project: &LintProject, location: &Location) -> Place {
    Place {
        path: project.shown_path(&location.path),
        line: location.line,
        column: location.column,
        end_line: location.end_line,
        end_column: location.end_column,
    }
}

/// The text of a JSON document, with a newline.
pub(super) fn document(value: &impl Serialize) -> String {
    // Only maps with keys that are no strings cannot be written, and no result has one.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}
