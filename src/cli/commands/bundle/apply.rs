use std::path::PathBuf;

use clap::Args;

use crate::cli::bundle_run::{BundleChange, BundleChangeArgs};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::migrate::{Operation, Purge};

/// Upgrade a database by a bundle, without Python
///
/// Plan, gates, lock, history and messages are those of `limbec upgrade`. Neither the project nor its configuration is read: the database is named by
/// `--url` or $LIMBEC_URL, everything else is in the bundle.
#[derive(Debug, Clone, Args)]
pub struct ApplyArgs {
    /// Bundle that `limbec bundle build` has written
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Target: a revision, head, heads, +N, branch@head
    #[arg(value_name = "REVISION", default_value = "heads")]
    pub revision: String,
    /// How it is run.
    #[command(flatten)]
    pub change: BundleChangeArgs,
}

/// Runs the command.
///
/// # Errors
/// A bundle that is not whole or not for this database, a target that does not fit, and what the database says.
pub fn run(context: &mut CommandContext, args: &ApplyArgs) -> Result<ExitStatus, CommandError> {
    let operation = Operation::Upgrade { target: args.revision.clone() };
    context.run_bundle(&BundleChange { file: &args.file, operation, purge: Purge::Nothing, args: &args.change })
}
