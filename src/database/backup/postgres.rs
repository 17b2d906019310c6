use std::path::Path;
use std::process::{Command, Stdio};

use super::BackupError;
use crate::database::postgres::libpq_variables;
use crate::database::{DatabaseUrl, Environment, quote_identifier};

/// More of what pg_dump says is noise.
const LINES: usize = 3;

/// `pg_dump --format=custom`. Everything about the connection goes through the environment of the child alone: its command
/// line can be seen by everybody on the machine.
pub(super) fn dump(
    url: &DatabaseUrl,
    environment: &Environment,
    schema: Option<&str>,
    path: &Path,
) -> Result<(), BackupError> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=custom", "--no-password", "--file"]).arg(path).stdin(Stdio::null());
    // A pattern; in quotes it is a name.
    command.args(schema.map(|schema| format!("--schema={}", quote_identifier(schema))));
    run(command, url, environment).map(drop)
}

/// A whole database as SQL for people and `psql`, with these options of `pg_dump`.
///
/// # Errors
/// There is no `pg_dump`, or it fails.
pub fn dump_sql(url: &DatabaseUrl, environment: &Environment, options: &[String]) -> Result<String, BackupError> {
    let mut command = Command::new("pg_dump");
    command.args(["--format=plain", "--no-password", "--encoding=UTF8"]).args(options).stdin(Stdio::null());
    let output = run(command, url, environment)?;
    String::from_utf8(output).map_err(|_| BackupError::Dump { said: "its output is not UTF-8".to_owned() })
}

/// What it prints.
fn run(mut command: Command, url: &DatabaseUrl, environment: &Environment) -> Result<Vec<u8>, BackupError> {
    command.envs(libpq_variables(url, environment)?);
    let done = command.output().map_err(|error| BackupError::NoProgram { reason: error.to_string() })?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let text = String::from_utf8_lossy(&done.stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("; ");
    Err(BackupError::Dump { said: if said.is_empty() { done.status.to_string() } else { said } })
}
