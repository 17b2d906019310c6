//! The report of a fleet run as one HTML page that needs nothing else.

use std::fmt::Write;

use crate::revision::RevisionId;
use crate::tenant::{FleetReport, TenantReport, TenantState};

const PAGE: &str = include_str!("fleet_page.html");

/// The page.
pub(super) fn page(report: &FleetReport) -> String {
    let totals = &report.totals;
    let counted = [
        ("tenants", totals.tenants),
        ("done", totals.done),
        ("current", totals.current),
        ("failed", totals.failed),
        ("interrupted", totals.interrupted),
        ("not begun", totals.not_begun),
        ("inconsistent", totals.inconsistent),
        ("unreachable", totals.unreachable),
    ];
    let mut tiles = String::new();
    for (what, count) in counted.iter().filter(|(what, count)| *count > 0 || *what == "tenants") {
        // Writing to a text does not fail.
        let _ = write!(tiles, "<div class=\"tile\"><b>{count}</b>{what}</div>");
    }
    let rows: String = report.tenants.iter().map(row).collect();
    let title = format!("{} to {}", report.operation, report.target);
    let parts = [
        ("{title}", escaped(&title)),
        ("{began}", escaped(&report.began)),
        ("{seconds}", format!("{:.1}", report.seconds)),
        ("{tiles}", tiles),
        ("{rows}", rows),
    ];
    // The rows come last: what tenants say must not be taken for a place to fill.
    parts
        .iter()
        .fold(PAGE.to_owned(), |page, (place, text)| page.replacen(place, text, 1 + usize::from(*place == "{title}")))
}

fn row(tenant: &TenantReport) -> String {
    let class = match tenant.state {
        TenantState::Done | TenantState::Current => "good",
        TenantState::NotBegun => "",
        _ => "bad",
    };
    let ids = |ids: &[RevisionId]| escaped(&ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", "));
    let revision = tenant.revision.as_ref().map(|id| format!("{}: ", escaped(id.as_str()))).unwrap_or_default();
    let reason = escaped(tenant.reason.as_deref().unwrap_or_default());
    let output = match tenant.output.is_empty() {
        true => String::new(),
        false => format!("<pre>{}</pre>", escaped(&tenant.output.join("\n"))),
    };
    format!(
        "<tr><td>{}</td><td class=\"{class}\">{}</td><td class=\"number\">{}</td><td class=\"number\">{:.3}</td><td>{}</td><td>{}</td>\
         <td>{revision}{reason}{output}</td></tr>\n",
        escaped(&tenant.tenant),
        tenant.state.words(),
        tenant.steps,
        tenant.seconds,
        ids(&tenant.from),
        tenant.to.as_deref().map(ids).unwrap_or_default(),
    )
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
        escaped
    })
}
