use clap::Args;

use crate::cli::change_args::ChangeArgs;
use crate::cli::context::CommandContext;
use crate::cli::deploy::Change;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

use super::upgrade::range_target;

/// Revert to an earlier revision
#[derive(Debug, Clone, Args)]
pub struct DowngradeArgs {
    /// Target: a revision, base, -N, branch@-N; FROM:TO with --sql
    #[arg(value_name = "REVISION")]
    pub revision: String,
    /// How many revisions to go: the same as the revision -N
    #[arg(long, value_name = "N")]
    pub step: Option<u32>,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Arbitrary tag, for env.py
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// How it is run.
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Runs the command.
///
/// # Errors
/// A target that does not fit the graph or the database, and whatever a script raises.
pub fn run(context: &mut CommandContext, args: &DowngradeArgs) -> Result<ExitStatus, CommandError> {
    let target = range_target(context, &args.revision, args.sql)?;
    if args.sql && !args.revision.contains(':') {
        return Err(CommandError::failed("downgrade with --sql requires <fromrev>:<torev>"));
    }
    let operation = Operation::Downgrade { target };
    let from = args.revision.split_once(':').map(|(from, _)| from);
    if args.sql && context.prints_sql_itself(&operation, from)? {
        return Ok(ExitStatus::Success);
    }
    context.deploy(&Change { operation, purge: Purge::Nothing, offline: args.sql, args: &args.change })?;
    Ok(ExitStatus::Success)
}
