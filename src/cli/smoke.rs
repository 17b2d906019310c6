//! The project's own test of a migrated tenant: a command that is told where the tenant is.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::environment::Environment;
use super::error::CommandError;
use crate::runtime::Interruption;
use crate::trial::{Outcome, SampleTenant};

/// So many of the last lines of what it printed are shown.
const LINES: usize = 20;

/// The command.
#[derive(Debug, Clone)]
pub(super) struct Smoke {
    words: Vec<String>,
    variables: BTreeMap<OsString, OsString>,
    folder: PathBuf,
}

impl Smoke {
    /// The text is split as a shell would, and no shell is used. It runs where limbec was called, with limbec's environment.
    ///
    /// # Errors
    /// A quote that does not end, or no word at all.
    pub(super) fn read(text: &str, environment: &Environment) -> Result<Self, CommandError> {
        let words = shlex::split(text).filter(|words| !words.is_empty());
        let words = words.ok_or_else(|| CommandError::usage(format!("`--smoke '{text}'` is no command")))?;
        let variables = environment.variables.iter().map(|(name, value)| (name.into(), value.clone())).collect();
        Ok(Self { words, variables, folder: environment.current_dir.clone() })
    }

    /// Runs it for one tenant; `given` are the environment variables that env.py gets for this tenant.
    ///
    /// # Errors
    /// limbec was interrupted meanwhile.
    pub(super) fn run(&self, tenant: &SampleTenant, given: BTreeMap<String, String>) -> Result<Outcome, CommandError> {
        let Some((program, arguments)) = self.words.split_first() else { return Ok(Outcome::Passed) };
        let own = [
            ("LIMBEC_TENANT", tenant.name.clone()),
            ("LIMBEC_TENANT_URL", tenant.url.with_password()),
            ("LIMBEC_TENANT_SCHEMA", tenant.schema.clone().unwrap_or_default()),
        ];
        let done = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&self.variables)
            .envs(given)
            .envs(own)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output();
        if Interruption::is_requested() {
            return Err(CommandError::interrupted());
        }
        let done = match done {
            Ok(done) if done.status.success() => return Ok(Outcome::Passed),
            Ok(done) => done,
            Err(error) => return Ok(Outcome::Failed(vec![format!("`{program}` cannot be run: {error}")])),
        };
        let printed = [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let printed = tenant.url.censored(&printed);
        let lines: Vec<&str> = printed.lines().collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n");
        let failed = format!("`{program}` failed ({})", done.status);
        Ok(Outcome::Failed(if last.is_empty() { vec![failed] } else { vec![format!("{failed}\n{last}")] }))
    }
}
