use thiserror::Error;

use crate::database::{BackupError, DatabaseError, HistoryError, LockError};
use crate::gate::GateError;
use crate::revision::RevisionError;
use crate::runtime::{HostRefusal, RuntimeError};

use super::{HookError, NativeFailure, Refusal};

/// Why a plan could not be built or did not run to its end.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// The supervisor said no to what env.py's connection read.
    #[error(transparent)]
    Refused(Refusal),
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The lock was not to be had, or was lost.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A gate is shut.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The history could not be written.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is no backup, and so nothing was run.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A command of the project's settings says no.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// A statement that limbec sent itself failed.
    #[error(transparent)]
    Native(Box<NativeFailure>),
    /// Python, or what it ran, says no.
    #[error(transparent)]
    Runtime(RuntimeError),
    /// The engine sent something that is not part of the protocol.
    #[error("the engine's message `{method}` was not understood: {reason}")]
    Protocol {
        /// The method called.
        method: String,
        /// What was missing.
        reason: String,
    },
}

impl From<RuntimeError> for MigrateError {
    /// A refusal is the executor's own error, or the planner's.
    fn from(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Refused(HostRefusal(refusal)) => Self::refused(refusal),
            error => Self::Runtime(error),
        }
    }
}

impl MigrateError {
    /// A supervisor's refusal, which may be one of these.
    pub(super) fn refused(refusal: Refusal) -> Self {
        match refusal.downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => other.downcast::<GateError>().map_or_else(Self::Refused, |gate| Self::Gate(*gate)),
        }
    }

    /// Whether Alembic reports this by `FAILED:` (exit 255).
    pub fn is_command_error(&self) -> bool {
        match self {
            Self::Refused(error) => error.downcast_ref::<RevisionError>().is_some_and(RevisionError::is_command_error),
            Self::Database(error) => error.is_command_error(),
            Self::Runtime(error) => error.is_command_error(),
            Self::Lock(_)
            | Self::Gate(_)
            | Self::Hook(_)
            | Self::Backup(_)
            | Self::History(_)
            | Self::Native(_)
            | Self::Protocol { .. } => false,
        }
    }
}
