use std::io::{self, ErrorKind};
use std::process::Output;

use thiserror::Error;

/// Why nothing is known about a base branch. Only where a base was asked for by name, this is a failure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoBase {
    /// There is no git.
    #[error("the program git was not found")]
    NoProgram,
    /// The version locations lie in no work tree of git.
    #[error("the revision files are in no git repository")]
    NotARepository,
    /// A repository without a commit.
    #[error("the git repository has no commits yet")]
    NoCommits,
    /// Nothing says what the base branch is.
    #[error(
        "there is no base branch: neither origin/HEAD, origin/main, origin/master nor another branch main or master"
    )]
    NoBranch,
    /// What was named is not there.
    #[error("the base '{reference}' ({given_by}) is no commit of this repository")]
    Missing {
        /// As given.
        reference: String,
        /// `--base`, a setting or a variable.
        given_by: String,
    },
    /// HEAD and the base have no common ancestor, as far as this clone goes.
    #[error(
        "HEAD and {base} have no common ancestor{}",
        if *is_shallow { " in this shallow clone" } else { "" }
    )]
    NoMergeBase {
        /// As shown to people.
        base: String,
        /// Whether the clone's history is cut off.
        is_shallow: bool,
    },
    /// git failed otherwise: its own sentence.
    #[error("git failed: {0}")]
    Failed(String),
}

impl NoBase {
    /// What to type, if something helps.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoBranch => Some("name it by `--base REF`, or by `base` in [tool.limbec.lint]".to_owned()),
            Self::Missing { reference, .. } => Some(match reference.strip_prefix("origin/") {
                Some(branch) => {
                    format!("`git fetch origin {branch}` brings it; in CI, check out with `fetch-depth: 0`")
                }
                None => "`git branch --all` lists the branches".to_owned(),
            }),
            Self::NoMergeBase { is_shallow: true, .. } => {
                Some("`git fetch --unshallow` brings the rest; in CI, check out with `fetch-depth: 0`".to_owned())
            }
            Self::Failed(sentence) if sentence.contains("dubious ownership") => Some(
                "`git config --global --add safe.directory DIRECTORY` tells git to trust the repository".to_owned(),
            ),
            _ => None,
        }
    }

    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NoProgram,
            _ => Self::Failed(error.to_string()),
        }
    }

    pub(super) fn of_output(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("not a git repository") || text.contains("must be run in a work tree") {
            return Self::NotARepository;
        }
        let sentence = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
        Self::Failed(sentence.trim().trim_start_matches("fatal: ").to_owned())
    }
}
