use clap::Args;

use crate::cli::change_args::ChangeArgs;
use crate::cli::context::CommandContext;
use crate::cli::deploy::Change;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

/// Upgrade to a later revision
#[derive(Debug, Clone, Args)]
pub struct UpgradeArgs {
    /// Target: a revision, head, heads, +N, branch@head; FROM:TO with --sql
    #[arg(value_name = "REVISION")]
    pub revision: String,
    /// How many revisions to go: the same as the revision +N
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
pub fn run(context: &mut CommandContext, args: &UpgradeArgs) -> Result<ExitStatus, CommandError> {
    let target = range_target(context, &args.revision, args.sql)?;
    let operation = Operation::Upgrade { target };
    let from = args.revision.split_once(':').map(|(from, _)| from);
    if args.sql && context.prints_sql_itself(&operation, from)? {
        return Ok(ExitStatus::Success);
    }
    context.deploy(&Change { operation, purge: Purge::Nothing, offline: args.sql, args: &args.change })?;
    Ok(ExitStatus::Success)
}

/// The target without the start of a range, which is env.py's business and allowed offline alone.
pub(super) fn range_target(context: &mut CommandContext, typed: &str, sql: bool) -> Result<String, CommandError> {
    // Alembic reads the script directory first, so its errors come first.
    context.script_settings()?;
    match typed.split_once(':') {
        None => Ok(typed.to_owned()),
        Some(_) if !sql => Err(CommandError::failed("Range revision not allowed")
            .hint("FROM:TO is for --sql; online, the database says where it is")),
        Some((_, target)) if target.contains(':') => {
            Err(CommandError::crashed(format!("a range has one colon, and '{typed}' has several")))
        }
        Some((_, target)) => Ok(target.to_owned()),
    }
}
