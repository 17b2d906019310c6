use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// What can be wrong; the names stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A row of the version table is NULL.
    NullRow,
    /// A row of the version table is there more than once.
    DuplicateRow,
    /// A row of the version table comes before another one, which implies it.
    ImpliedRow,
    /// A row of the version table has no revision file.
    UnknownRevision,
    /// Rows of another application are in the same version table.
    TwoApplications,
    /// The version table's column is too narrow for a revision's id.
    NarrowVersionColumn,
    /// The file of an applied revision is another than the one that was run.
    ChangedRevision,
    /// A revision was applied after one that builds on it.
    OutOfOrder,
    /// A run was killed, and nobody has looked at it since.
    InterruptedRun,
    /// The version table says that a revision is applied, and nothing of it is there.
    StampedNotRun,
    /// What a pending revision makes is there already, wholly or in part.
    UnrecordedStep,
    /// An index that a failed concurrent build left behind.
    InvalidIndex,
    /// The schema is not what the applied revisions make.
    SchemaDrift,
}

impl Code {
    /// Its name on the command line and in JSON.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of thing it is.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The revision that it is about.
    pub revision: Option<String>,
    /// The table, column, index that it is about.
    pub object: Option<String>,
    /// The file of that revision.
    pub path: Option<String>,
    /// What to type or to do.
    pub hint: Option<String>,
}

impl Finding {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), revision: None, object: None, path: None, hint: None }
    }

    pub(super) fn revision(mut self, id: impl Into<String>) -> Self {
        self.revision = Some(id.into());
        self
    }

    pub(super) fn object(mut self, name: impl Into<String>) -> Self {
        self.object = Some(name.into());
        self
    }

    pub(super) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
