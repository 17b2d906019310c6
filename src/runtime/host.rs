use std::error::Error;
use std::fmt;

use serde_json::Value;

/// Who answers the driver's questions while a request runs.
pub trait Host {
    /// Answers a call: `begin`, `plan`, `step_started`, `step_applied` and others (see `steps.py` and `locks.py` in `python/limbec/driver`).
    ///
    /// A refusal is raised as an Alembic command error inside env.py, so that its transactions are rolled back; the
    /// refusal itself comes back from `Runtime::run`.
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal>;
}

/// The host said no; carries the host's own error.
#[derive(Debug)]
pub struct HostRefusal(pub Box<dyn Error + Send + Sync>);

impl HostRefusal {
    /// Wraps the host's error.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for HostRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// For requests during which the driver asks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCalls;

impl Host for NoCalls {
    fn call(&mut self, method: &str, _: Value) -> Result<Value, HostRefusal> {
        Err(HostRefusal::new(format!("nobody answers '{method}' here")))
    }
}
