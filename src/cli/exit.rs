use std::process::ExitCode;

/// How a command ended, other than by an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// Everything was done, or there was nothing to do.
    Success,
    /// The command itself says another number: `sys.exit(3)` in an `env.py`, findings of a check.
    Code(u8),
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => ExitCode::SUCCESS,
            ExitStatus::Code(code) => ExitCode::from(code),
        }
    }
}
