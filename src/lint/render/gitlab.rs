use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::json::document;
use crate::lint::{LintProject, Report, Severity};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// GitLab's Code Quality report.
pub fn gitlab(project: &LintProject, report: &Report) -> String {
    let mut fingerprints = Fingerprints::default();
    let issues = report.diagnostics.iter().map(|diagnostic| Issue {
        description: diagnostic.message.clone(),
        check_name: diagnostic.rule,
        fingerprint: fingerprints.next(project, diagnostic),
        severity: match diagnostic.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        },
        location: Place {
            path: project.shown_path(&diagnostic.location.path),
            lines: Lines { begin: diagnostic.location.line, end: diagnostic.location.end_line },
        },
    });
    document(&issues.collect::<Vec<_>>())
}
