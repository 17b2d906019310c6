//! What limbec knows of a project, or of a fleet run, as data and as one HTML page that needs nothing else.
//!
//! Nothing here looks anything up: a report is made by `cli`, and a page is a function of it. The templates are `frame.html` and those
//! that extend it; they escape whatever they are given unless it says `safe`, which is for text of limbec's own. A page loads nothing
//! and runs no code but its own: its policy names the hashes of its style and its script, and allows nothing else (`policy`).

mod document;
mod duration;
mod fleet;
mod history;
mod page;
mod policy;

pub use document::{
    AppliedHow, DatabaseReport, Finding, FindingTotals, ProjectFacts, ProjectReport, RevisionReport, StandingReport,
    StandingTotals, TenantStanding, TenantsReport,
};
pub use duration::duration;
pub use fleet::fleet_page;
pub use page::{PageOptions, project_page};
