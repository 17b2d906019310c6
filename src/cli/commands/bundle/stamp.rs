use std::path::PathBuf;

use clap::Args;

use crate::cli::bundle_run::{BundleChange, BundleChangeArgs};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

/// Set the version table to revisions of a bundle without running them
#[derive(Debug, Clone, Args)]
pub struct StampArgs {
    /// Bundle that `limbec bundle build` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Revisions, heads or base
    #[arg(value_name = "REVISIONS", required = true)]
    pub revisions: Vec<String>,
    /// Delete all rows of the version table first
    #[arg(long)]
    pub purge: bool,
    /// How it is run.
    #[command(flatten)]
    pub change: BundleChangeArgs,
}

/// Runs the command.
///
/// # Errors
/// As `bundle apply`.
pub fn run(context: &mut CommandContext, args: &StampArgs) -> Result<ExitStatus, CommandError> {
    let purge = if args.purge { Purge::All } else { Purge::Nothing };
    let operation = Operation::Stamp { targets: args.revisions.clone() };
    context.run_bundle(&BundleChange { file: &args.file, operation, purge, args: &args.change })
}
