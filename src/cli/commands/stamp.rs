use clap::Args;

use crate::cli::change_args::ChangeArgs;
use crate::cli::context::CommandContext;
use crate::cli::deploy::Change;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

/// Set the version table to revisions without running them
#[derive(Debug, Clone, Args)]
pub struct StampArgs {
    /// Revisions, heads or base
    #[arg(value_name = "REVISIONS", required = true)]
    pub revisions: Vec<String>,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Arbitrary tag, for env.py
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Delete all rows of the version table first
    #[arg(long)]
    pub purge: bool,
    /// How it is run.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Runs the command.
///
/// # Errors
/// A revision that is not there, and what the database says.
pub fn run(context: &mut CommandContext, args: &StampArgs) -> Result<ExitStatus, CommandError> {
    context.script_settings()?;
    let targets = if args.sql { offline_targets(&args.revisions)? } else { args.revisions.clone() };
    let purge = if args.purge { Purge::All } else { Purge::Nothing };
    let operation = Operation::Stamp { targets };
    context.deploy(&Change { operation, purge, offline: args.sql, args: &args.change })?;
    Ok(ExitStatus::Success)
}

/// With --sql every revision may be FROM:TO; all starts have to agree.
fn offline_targets(typed: &[String]) -> Result<Vec<String>, CommandError> {
    let mut start: Option<&str> = None;
    let mut targets = Vec::with_capacity(typed.len());
    for revision in typed {
        let Some((from, target)) = revision.split_once(':') else {
            targets.push(revision.clone());
            continue;
        };
        if target.contains(':') {
            return Err(CommandError::crashed(format!("a range has one colon, and '{revision}' has several")));
        }
        if start.is_some_and(|start| start != from) {
            return Err(CommandError::failed(
                "Stamp operation with --sql only supports a single starting revision at a time",
            ));
        }
        start = Some(from);
        targets.push(target.to_owned());
    }
    Ok(targets)
}
