//! The result of a fleet run: as text, as JSON, and as a file.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::error::CommandError;
use super::ui::Ui;
use crate::report::fleet_page;
use crate::tenant::{FleetReport, RunOutcome, TenantReport, TenantState};

/// More names than this in a row are only counted.
const NAMES_SHOWN: usize = 20;

/// More failures than this are only counted; the report file has them all.
const FAILURES_SHOWN: usize = 20;

/// So many lines of Python's output are shown with a failure.
const LINES_SHOWN: usize = 5;

/// So many of the slowest are named.
const SLOWEST_SHOWN: usize = 3;

/// Where a report is written, and how.
#[derive(Debug, Clone)]
pub(super) struct ReportFile {
    path: PathBuf,
    is_html: bool,
}

impl ReportFile {
    /// A file that can be written, which is found out before the run.
    ///
    /// # Errors
    /// A name that says nothing about the form, or a file that cannot be written.
    pub(super) fn prepare(path: &Path, folder: &Path) -> Result<Self, CommandError> {
        let is_html = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html" | "htm") => true,
            Some("json") => false,
            _ => {
                return Err(CommandError::usage(format!(
                    "--report {}: the name has to end in .html or .json",
                    path.display()
                )));
            }
        };
        let path = folder.join(path);
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        opened.map_err(|error| CommandError::usage(format!("cannot write {}: {error}", path.display())))?;
        Ok(Self { path, is_html })
    }

    /// Writes it.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn write(&self, report: &FleetReport) -> Result<(), CommandError> {
        let json = || serde_json::to_string_pretty(report).map(|text| text + "\n").unwrap_or_default();
        let text = if self.is_html { fleet_page(report) } else { json() };
        let crashed = |error| CommandError::crashed(format!("cannot write {}: {error}", self.path.display()));
        std::fs::write(&self.path, text).map_err(crashed)
    }
}

/// Prints the report for people.
pub(super) fn print(ui: &mut Ui, report: &FleetReport) {
    for line in lines(report) {
        ui.result(&line);
    }
}

fn lines(report: &FleetReport) -> Vec<String> {
    let totals = &report.totals;
    let verb = if report.operation == "downgrade" { "downgraded" } else { "migrated" };
    let counted = [
        (totals.current, "at the target already"),
        (totals.failed, "failed"),
        (totals.interrupted, "interrupted"),
        (totals.not_begun, "not begun"),
        (totals.inconsistent, "inconsistent"),
        (totals.missing, "missing"),
        (totals.unreachable, "unreachable"),
    ];
    let others: Vec<String> =
        counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!(", {count} {what}")).collect();
    let time = format!("{:.1} s", report.seconds);
    let mut lines = vec![format!("{} of {} tenants {verb}{} ({time})", totals.done, totals.tenants, others.concat())];
    let of = |state: TenantState| report.tenants.iter().filter(move |tenant| tenant.state == state);
    for state in [
        TenantState::Failed,
        TenantState::Interrupted,
        TenantState::Inconsistent,
        TenantState::Missing,
        TenantState::Unreachable,
    ] {
        let found: Vec<&TenantReport> = of(state).collect();
        for tenant in found.iter().take(FAILURES_SHOWN) {
            lines.extend(failure(tenant));
        }
        if let Some(more) = found.len().checked_sub(FAILURES_SHOWN).filter(|more| *more > 0) {
            lines.push(format!("  and {more} more {}", state.words()));
        }
    }
    let not_begun: Vec<&str> = of(TenantState::NotBegun).map(|tenant| tenant.tenant.as_str()).collect();
    if !not_begun.is_empty() {
        lines.push(format!("  not begun: {}", names(&not_begun)));
    }
    if report.outcome == RunOutcome::Stopped {
        lines.push(
            "  the failures ended the run: `--on-error continue` would go on, `--resume` continues it".to_owned(),
        );
    }
    let mut slowest: Vec<&TenantReport> = of(TenantState::Done).collect();
    slowest.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    if slowest.len() > SLOWEST_SHOWN {
        let shown = slowest.iter().take(SLOWEST_SHOWN);
        let shown: Vec<String> = shown.map(|tenant| format!("{} {:.1} s", tenant.tenant, tenant.seconds)).collect();
        lines.push(format!("  slowest: {}", shown.join(", ")));
    }
    lines
}

fn failure(tenant: &TenantReport) -> Vec<String> {
    let at = tenant.revision.as_ref().map(|revision| format!(" at {revision}")).unwrap_or_default();
    let reason = tenant.reason.as_deref().unwrap_or_default();
    let mut lines = vec![format!("  {} {}{at}: {reason}", tenant.tenant, tenant.state.words())];
    let skipped = tenant.output.len().saturating_sub(LINES_SHOWN);
    lines.extend(tenant.output.iter().skip(skipped).map(|line| format!("      {line}")));
    lines
}

fn names(names: &[&str]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_SHOWN).copied().collect();
    match names.len().checked_sub(NAMES_SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", shown.join(", ")),
        None => shown.join(", "),
    }
}
