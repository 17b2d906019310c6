use std::path::PathBuf;

use thiserror::Error;

use super::review::printable;
use crate::revision::RevisionId;

/// Why a plan must not run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GateError {
    /// Somebody would have to agree to it.
    #[error("{}", with_lines(heading, lines))]
    NeedsConsent {
        /// What the plan does.
        heading: String,
        /// In detail.
        lines: Vec<String>,
        /// The options that agree to it.
        options: Vec<&'static str>,
        /// The project's settings call this database production.
        is_production: bool,
    },
    /// Files of applied revisions mean something else than when they were run.
    #[error("{}", with_lines("revisions that are applied have been changed since", lines))]
    Changed {
        /// One for each revision.
        lines: Vec<String>,
    },
    /// Applied revisions have no files.
    #[error("{}", with_lines("revisions that are applied have no file any more", lines))]
    Missing {
        /// One for each revision.
        lines: Vec<String>,
    },
    /// A run was killed where the database does not undo a step.
    #[error("{}", with_lines("an earlier run was killed in a step that may be half applied", lines))]
    HalfApplied {
        /// One for each step.
        lines: Vec<String>,
    },
    /// A file failed that runs outside of a transaction.
    #[error(
        "{}",
        with_lines("an earlier run failed in a file outside of a transaction, of which a part is committed", lines)
    )]
    Torn {
        /// The first revision.
        revision: RevisionId,
        /// One for each.
        lines: Vec<String>,
    },
    /// What was squashed into a baseline would be taken back.
    #[error(
        "{revision} is a baseline, which cannot be downgraded: whether this database was made by it, or by the files that it has taken the place of, is not known"
    )]
    Baseline {
        /// The baseline.
        revision: RevisionId,
        /// Where those files are.
        archive: PathBuf,
    },
    /// Somebody was asked and said no.
    #[error("nothing was changed: the answer was no")]
    Declined,
    /// Ctrl-C at the question.
    #[error("nothing was changed: interrupted at the question")]
    Interrupted,
}

fn with_lines(heading: &str, lines: &[String]) -> String {
    let mut text = heading.to_owned();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&printable(line));
    }
    text
}
