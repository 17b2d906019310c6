use std::path::PathBuf;
use std::process::ExitStatus;

use thiserror::Error;

use super::signal::status_of_end;
use super::{FailureKind, HostRefusal, PythonFailure};

/// Why Python could not be found or started, or how what ran in it ended.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// No interpreter in any of the places looked at.
    #[error("no Python interpreter found: {0}")]
    NoInterpreter(String),
    /// A path that was given, or that a virtualenv should have, is not an interpreter.
    #[error("{} is not a Python interpreter: {reason}", path.display())]
    NotAnInterpreter {
        /// The path as given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Older than 3.9.
    #[error("{} is Python {version}; limbec needs Python 3.9 or newer", path.display())]
    TooOld {
        /// The interpreter.
        path: PathBuf,
        /// `3.8`
        version: String,
    },
    /// A shared library (libpython or the engine) could not be used.
    #[error("cannot load {}: {reason}", path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// The dynamic linker's sentence, or what is missing.
        reason: String,
    },
    /// Python itself failed to start.
    #[error("Python did not start ({}): {reason}", interpreter.display())]
    Start {
        /// The interpreter.
        interpreter: PathBuf,
        /// Its own words.
        reason: String,
    },
    /// The child could not be started.
    #[error("cannot run {}", interpreter.display())]
    Spawn {
        /// The interpreter.
        interpreter: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The child ended without an answer.
    #[error("Python ({}) was lost: {}", interpreter.display(), describe_status(*status))]
    Lost {
        /// The interpreter.
        interpreter: PathBuf,
        /// How it ended.
        status: ExitStatus,
    },
    /// The driver and limbec do not understand each other: a bug.
    #[error("unexpected message from Python: {0}")]
    Protocol(String),
    /// The request ended by an exception.
    #[error("{}", .0.message_or_type())]
    Python(Box<PythonFailure>),
    /// Ctrl-C; everything that Python does on it has been done.
    #[error("interrupted")]
    Interrupted,
    /// The host refused a call.
    #[error("{0}")]
    Refused(HostRefusal),
    /// The last output could not be written (a closed pipe, a full disk); Python's exit status for it is 120.
    #[error("standard output could not be written")]
    Unflushed,
}

impl RuntimeError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::Python(failure) if failure.kind == FailureKind::CommandError)
    }

    /// The Python exception behind it, if there is one.
    pub fn python(&self) -> Option<&PythonFailure> {
        match self {
            Self::Python(failure) => Some(failure),
            _ => None,
        }
    }

    /// The exit status that this error asks for by itself: a `sys.exit()` in user code, Ctrl-C, a failed last write.
    pub fn exit_code(&self) -> Option<i64> {
        match self {
            Self::Interrupted => Some(status_of_end().into()),
            Self::Unflushed => Some(120),
            Self::Python(failure) => failure.exit_code,
            _ => None,
        }
    }
}

impl PythonFailure {
    fn message_or_type(&self) -> String {
        match self.kind {
            FailureKind::CommandError | FailureKind::Refused => self.message.clone(),
            _ => self.sentence(),
        }
    }
}

fn describe_status(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("killed by signal {signal}{}", signal_name(signal)),
        (None, Some(code)) => format!("it exited with status {code} in the middle of its work"),
        (None, None) => "it stopped".to_owned(),
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGKILL => " (SIGKILL; out of memory, perhaps)",
        libc::SIGSEGV => " (SIGSEGV)",
        libc::SIGABRT => " (SIGABRT)",
        libc::SIGBUS => " (SIGBUS)",
        libc::SIGTERM => " (SIGTERM)",
        libc::SIGINT => " (SIGINT)",
        libc::SIGHUP => " (SIGHUP)",
        _ => "",
    }
}
