use thiserror::Error;

/// Why a graph could not be built, or a symbol not resolved. `Display` is Alembic's own sentence where Alembic has one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RevisionError {
    /// Nothing, several, or a revision of the wrong branch.
    #[error("Can't locate revision identified by '{0}'")]
    NotFound(String),
}

impl RevisionError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1).
    pub fn is_command_error(&self) -> bool {
        todo!()
    }
}

/// What Alembic says as a `UserWarning` while it builds the map; `Display` is its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapWarning {
    /// Two files declare one id.
    #[error("Revision {0} is present more than once")]
    Duplicate(super::RevisionId),
}
