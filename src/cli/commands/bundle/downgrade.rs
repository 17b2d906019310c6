use std::path::PathBuf;

use clap::Args;

use crate::cli::bundle_run::{BundleChange, BundleChangeArgs};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

/// Downgrade a database by a bundle, without Python
#[derive(Debug, Clone, Args)]
pub struct DowngradeArgs {
    /// Bundle that `limbec bundle build` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Target: a revision, base, -N, branch@base
    #[arg(value_name = "REVISION", allow_hyphen_values = true)]
    pub revision: String,
    /// How it is run.
    #[command(flatten)]
    pub change: BundleChangeArgs,
}

/// Runs the command.
///
/// # Errors
/// As `bundle apply`.
pub fn run(context: &mut CommandContext, args: &DowngradeArgs) -> Result<ExitStatus, CommandError> {
    let operation = Operation::Downgrade { target: args.revision.clone() };
    context.run_bundle(&BundleChange { file: &args.file, operation, purge: Purge::Nothing, args: &args.change })
}
