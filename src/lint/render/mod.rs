//! How a report is written, one file a format.

mod concise;
mod fingerprint;
mod github;
mod gitlab;
mod json;
mod junit;
mod page;
mod sarif;
mod summary;
mod text;

pub use concise::concise;
pub use github::github;
pub use gitlab::gitlab;
pub use json::{findings, json};
pub use junit::junit;
pub use page::{rule_markdown, rule_page, rules_markdown};
pub use sarif::sarif;
pub use summary::{Coverage, summary};
pub use text::{TextStyle, text};

use super::Applicability;

/// What to type for fixes of this kind; `None`: they are shown only.
fn fix_command(applicability: Applicability) -> Option<&'static str> {
    match applicability {
        Applicability::Display => None,
        Applicability::Unsafe => Some("limbec validate --fix --unsafe-fixes"),
        Applicability::Safe => Some("limbec validate --fix"),
    }
}

#[cfg(test)]
mod tests;
