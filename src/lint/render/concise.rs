use crate::lint::{LintProject, Report};

/// One line a finding: `path:line:column: severity[rule] message`.
pub fn concise(project: &LintProject, report: &Report) -> String {
    let lines = report.diagnostics.iter().map(|diagnostic| {
        let place = &diagnostic.location;
        let path = project.shown_path(&place.path);
        let (line, column) = (place.line, place.column);
        format!("{path}:{line}:{column}: {}[{}] {}\n", diagnostic.severity, diagnostic.rule, diagnostic.message)
    });
    lines.collect()
}
