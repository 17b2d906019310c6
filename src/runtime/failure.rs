use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What a Python exception amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// Alembic's `CommandError` or one of its subclasses: `FAILED: message`, exit 255.
    CommandError,
    /// Any other exception: Alembic dies of a traceback.
    Exception,
    /// `sys.exit()` in user code.
    SystemExit,
    /// Ctrl-C.
    Interrupt,
    /// The host refused a call, and nothing in Python made another failure of it.
    Refused,
}

/// One frame of a traceback.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Frame {
    /// File name as Python has it.
    pub file: PathBuf,
    /// Line, from 1; absent for code without lines.
    pub line: Option<u32>,
    /// Function name, `<module>` for module level.
    pub function: String,
}

/// A Python exception as a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PythonFailure {
    /// What it amounts to.
    pub kind: FailureKind,
    /// Qualified name of its class, without `builtins.`.
    #[serde(rename = "type")]
    pub type_name: String,
    /// `str(exception)`.
    pub message: String,
    /// The traceback as Python prints it, causes included, limbec's own outermost frames left out.
    pub traceback: String,
    /// Frames, outermost first.
    pub frames: Vec<Frame>,
    /// For `SystemExit`: the status that Python would exit with.
    pub exit_code: Option<i64>,
    /// What the database said, where it said anything.
    #[serde(default)]
    pub database: Option<DatabaseFailure>,
}

/// What the exception, or one that it came of, has of the database's own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DatabaseFailure {
    /// PostgreSQL's SQLSTATE, SQLite's name (`SQLITE_BUSY`), MySQL's number.
    pub code: Option<String>,
    /// The statement, without its parameters; cut off after 10,000 characters.
    pub statement: Option<String>,
    /// Whether SQLAlchemy says that the connection is gone.
    pub lost: bool,
    /// The first line of what the driver says; absent where limbec has asked itself.
    pub reason: Option<String>,
    /// Where in the statement, counted in characters from 1, as far as the driver knows.
    pub position: Option<u32>,
}

impl PythonFailure {
    /// The innermost frame that lies in one of `files` (revision files, env.py): its file and line.
    pub fn location(&self, files: &[PathBuf]) -> Option<(&Path, u32)> {
        self.frames
            .iter()
            .rev()
            .find(|frame| files.contains(&frame.file))
            .and_then(|frame| Some((frame.file.as_path(), frame.line?)))
    }

    /// `Type: message` in one go, as the last line of a traceback has it.
    pub fn sentence(&self) -> String {
        if self.message.is_empty() { self.type_name.clone() } else { format!("{}: {}", self.type_name, self.message) }
    }
}
