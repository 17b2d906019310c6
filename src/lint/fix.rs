use std::ops::Range;
use std::path::PathBuf;

use super::FileIndex;

/// A repair: edits that belong together, all or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, imperative: "add `postgresql_concurrently=True`".
    pub title: String,
    /// Whether `--fix` may apply it unasked.
    pub applicability: Applicability,
    /// In any order; they must not overlap.
    pub edits: Vec<Edit>,
}

/// How sure a fix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Applicability {
    /// Shown only.
    Display,
    /// Changes what the migration does in a way that someone has to look at: `--unsafe-fixes`.
    Unsafe,
    /// `--fix`.
    Safe,
}

/// One change of a fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Puts `text` (line ends `\n`) where the range of the decoded text is.
    Replace {
        /// Which file.
        file: FileIndex,
        /// Empty: an insertion.
        range: Range<usize>,
        /// Instead.
        text: String,
    },
    /// Renames a file within its folder.
    Rename {
        /// Which file.
        file: FileIndex,
        /// The new path, absolute.
        to: PathBuf,
    },
}
