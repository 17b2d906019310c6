//! Revision files: where they are, what they declare, how new ones are written. Never runs Python.

mod announce;
mod bundled;
mod directory;
mod docstring;
mod editor;
pub mod env;
mod error;
mod evaluate;
mod file;
mod hooks;
mod init;
mod listing;
mod naming;
mod parse;
mod paths;
pub mod python;
pub(crate) mod python_text;
mod reparent;
mod rewrite;
mod source;
mod sql_revision;
mod squash;
mod stamped;
pub mod template;
mod timestamp;
mod write;
mod write_error;

pub use announce::{Announce, WorkKind};
pub use directory::{Loaded, Locations, ReadFiles, Restored, ScriptDirectory, is_revision_file, load, read_files};
pub use docstring::dedent_docstring;
pub use editor::{EditorError, EditorVariables};
pub use error::ScriptError;
pub use evaluate::Imports;
pub(crate) use evaluate::{BoundNames, ModuleSource, imported_as};
pub use file::RevisionFile;
pub use hooks::{HookConfig, HookError, HookNeedsPython, HookPython, PreparedHook, prepare_hooks};
pub use init::{InitError, InitRequest, Templates, init};
pub use naming::{DEFAULT_FILE_TEMPLATE, DEFAULT_SLUG_LENGTH, Naming, NamingError, random_id};
pub use parse::{Parsed, Undecided, parse_revision};
pub(crate) use paths::{joined, relative_to as relative};
pub use reparent::{ReparentError, Reparenting, reparent};
pub use rewrite::{Replacement, Rewrite, RewriteError, rewrite};
pub use sql_revision::{AttachedSql, SqlContent, SqlFile, SqlRevision, SqlState, sql_revision};
pub use squash::{REPLACED_FILES, REPLACES, Squash, Squashed};
pub use stamped::{NameStamp, NameStamps};
pub use timestamp::{StampedName, description_slug, free_stamp, stamp};
pub use write::{MainOption, NewRevision, NewWork, RevisionWriter, SqlTexts, WriteSettings, Written};
pub use write_error::{NeedsPython, WriteError};

use std::ops::Range;
use std::path::PathBuf;

use crate::revision::Revision;

/// One revision file: what it declares, where it lies and where in the text it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// What the graph needs.
    pub revision: Revision,
    /// Absolute, symlinks resolved: what `Path:` prints.
    pub path: PathBuf,
    /// `__doc__` as Python would have it (dedented only as Python's compiler does), `None` without one.
    pub docstring: Option<String>,
    /// Byte ranges of the values in the source; absent where they were not found in the text.
    pub spans: Spans,
    /// Of a baseline: what was squashed into it.
    pub squash: Option<Squash>,
}

/// Byte ranges in a revision's source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spans {
    /// Value of `revision`.
    pub revision: Option<Range<usize>>,
    /// Value of `down_revision`.
    pub down_revision: Option<Range<usize>>,
    /// The docstring literal, quotes included.
    pub docstring: Option<Range<usize>>,
}
