use askama::Template;

use super::policy::Frame;
use crate::revision::RevisionId;
use crate::tenant::{FleetReport, TenantState};

/// The report of a fleet run as a page.
pub fn fleet_page(report: &FleetReport) -> String {
    let totals = &report.totals;
    let counted = [
        ("tenants", totals.tenants, "plain"),
        ("done", totals.done, "good"),
        ("current", totals.current, "good"),
        ("failed", totals.failed, "bad"),
        ("interrupted", totals.interrupted, "bad"),
        ("not begun", totals.not_begun, "warn"),
        ("inconsistent", totals.inconsistent, "bad"),
        ("missing", totals.missing, "bad"),
        ("unreachable", totals.unreachable, "bad"),
    ];
    let page = FleetPage {
        frame: Frame::new(),
        title: format!("{} to {}", report.operation, report.target),
        seconds: format!("{:.1}", report.seconds),
        counted: counted.into_iter().filter(|(what, count, _)| *count > 0 || *what == "tenants").collect(),
        report,
    };
    // Writing to a text does not fail.
    page.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage<'a> {
    frame: Frame,
    report: &'a FleetReport,
    title: String,
    seconds: String,
    counted: Vec<(&'static str, usize, &'static str)>,
}

fn class(state: &TenantState) -> &'static str {
    match state {
        TenantState::Done | TenantState::Current => "good",
        TenantState::NotBegun => "warn",
        _ => "bad",
    }
}

fn ids(ids: &[RevisionId]) -> String {
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
