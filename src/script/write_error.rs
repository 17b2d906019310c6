use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::python::{DateError, FormatError, repr_string};
use super::{HookError, HookNeedsPython, NamingError, ScriptError, Undecided, template};
use crate::revision::{RevisionError, RevisionId};

/// Why a revision file was not written, or not as it should be. `Display` is Alembic's sentence where it has one.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A symbol stands for nothing, or an identifier is not one.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// A revision of this identifier was squashed, and databases may be at it.
    #[error("{id} is the identifier of a revision that was squashed into {baseline}")]
    Squashed {
        /// The identifier.
        id: RevisionId,
        /// What it was squashed into.
        baseline: RevisionId,
    },
    /// A parent was squashed.
    #[error("{id} was squashed into {baseline}: nothing can build on it any more")]
    SquashedParent {
        /// The parent as typed.
        id: String,
        /// What it was squashed into.
        baseline: RevisionId,
    },
    /// The graph would be broken with the new revision; Alembic writes the file and dies of an exception, now or with the
    /// next command.
    #[error("the new revision does not fit in: {0}")]
    DoesNotFit(RevisionError),
    /// `file_template` cannot be used.
    #[error(transparent)]
    Naming(NamingError),
    /// `timezone` cannot be used.
    #[error(transparent)]
    Date(#[from] DateError),
    /// No `--version-path`, several locations and no parent to follow.
    #[error("Multiple version locations present, please specify --version-path")]
    MultipleLocations,
    /// `--version-path` is none of the version locations.
    #[error("Path {0} is not represented in current version locations")]
    NotALocation(String),
    /// The parent is no head, and there is no `--splice`.
    #[error("Revision {0} is not a head revision; please specify --splice to create a new branch from this revision")]
    NotAHead(RevisionId),
    /// The template leaves branch labels out; the file has been written.
    #[error(
        "Version {revision} specified branch_labels {labels}, however the migration file {} does not have them; have \
         you upgraded your script.py.mako to include the 'branch_labels' section?",
        path.display()
    )]
    LabelsMissing {
        /// The new revision.
        revision: RevisionId,
        /// As typed.
        labels: String,
        /// The new file.
        path: PathBuf,
    },
    /// `--depends-on base` and the like: Alembic dies of an `AssertionError`.
    #[error("'{0}' is no revision to depend on")]
    DependsOnNothing(String),
    /// The file is there already; Alembic would overwrite it.
    #[error("{} exists already and is not overwritten", .0.display())]
    Exists(PathBuf),
    /// What the template makes is no revision file (quotes in the message, for example); nothing has been written.
    #[error("{} would not be a valid revision file", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ScriptError,
    },
    /// The file was written, and a hook has made something else of it.
    #[error("{} is no valid revision file any more", path.display())]
    BrokenByHook {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ScriptError,
    },
    /// A post write hook; the file has been written.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The file system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: "read", "create", "write".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Only Python can write this file; nothing has been done.
    #[error(transparent)]
    NeedsPython(#[from] NeedsPython),
}

/// What only Python can do about a new file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NeedsPython {
    /// The template is not simple enough.
    #[error("{} uses what only Mako can render: {need}", path.display())]
    Template {
        /// The template.
        path: PathBuf,
        /// Where and what.
        need: template::NeedsPython,
    },
    /// `file_template` has a conversion that is not known here.
    #[error(transparent)]
    FileTemplate(NamingError),
    /// `output_encoding` is not known, or does not have all characters.
    #[error("output_encoding {} is left to Python", repr_string(.0))]
    Encoding(String),
    /// What the new file declares cannot be told from its text.
    #[error("line {} of the new file: {} {}", .0.line, .0.name, .0.reason)]
    Unreadable(Undecided),
    /// A hook is registered in Python.
    #[error(transparent)]
    Hook(#[from] HookNeedsPython),
}

impl From<NamingError> for WriteError {
    fn from(error: NamingError) -> Self {
        match error.reason {
            FormatError::Conversion(_) => Self::NeedsPython(NeedsPython::FileTemplate(error)),
            _ => Self::Naming(error),
        }
    }
}

impl From<HookNeedsPython> for WriteError {
    fn from(need: HookNeedsPython) -> Self {
        Self::NeedsPython(need.into())
    }
}

impl WriteError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback, or it is limbec's own refusal.
    pub fn is_command_error(&self) -> bool {
        match self {
            Self::Revision(error) => error.is_command_error(),
            Self::Date(error) => error.is_command_error(),
            Self::Hook(error) => error.is_command_error(),
            Self::MultipleLocations
            | Self::NotALocation(_)
            | Self::NotAHead(_)
            | Self::Squashed { .. }
            | Self::SquashedParent { .. }
            | Self::LabelsMissing { .. } => true,
            Self::DoesNotFit(_)
            | Self::Naming(_)
            | Self::DependsOnNothing(_)
            | Self::Exists(_)
            | Self::Broken { .. }
            | Self::BrokenByHook { .. }
            | Self::Io { .. }
            | Self::NeedsPython(_) => false,
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}
