use std::fmt::Write;

use crate::lint::{Diagnostic, LintProject, Report, Severity};

/// Workflow commands of GitHub Actions, which become annotations of the changed files.
pub fn github(project: &LintProject, report: &Report) -> String {
    report.diagnostics.iter().map(|diagnostic| command(project, diagnostic)).collect()
}

fn command(project: &LintProject, diagnostic: &Diagnostic) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let place = &diagnostic.location;
    let mut text = format!("::{command} title={}", property(&format!("limbec ({})", diagnostic.rule)));
    // Writing to a string does not fail.
    let _ = write!(text, ",file={},line={}", property(&project.shown_path(&place.path)), place.line);
    if place.end_line == place.line {
        let _ = write!(text, ",col={},endColumn={}", place.column, place.end_column);
    } else {
        // Columns are those of one line.
        let _ = write!(text, ",endLine={}", place.end_line);
    }
    let help = diagnostic.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let notes: String = diagnostic.notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let _ = writeln!(text, "::{}", data(&format!("{}{help}{notes}", diagnostic.message)));
    text
}

/// As `escapeData` of @actions/core.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As `escapeProperty` of @actions/core.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
