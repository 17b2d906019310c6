//! The group of commands that put a history into a file, and run it from there without Python.

/// `bundle apply`
pub mod apply;
/// `bundle build`
pub mod build;
/// `bundle downgrade`
pub mod downgrade;
/// `bundle show`
pub mod show;
/// `bundle stamp`
pub mod stamp;
/// `bundle verify`
pub mod verify;

use clap::{Args, Subcommand};

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Put the SQL of the history into one file, and run it where there is no Python
#[derive(Debug, Clone, Args)]
pub struct BundleArgs {
    /// The command of the group.
    #[command(subcommand)]
    pub command: BundleCommand,
}

/// Every command of the group.
#[derive(Debug, Clone, Subcommand)]
pub enum BundleCommand {
    Apply(apply::ApplyArgs),
    Build(build::BuildArgs),
    Downgrade(downgrade::DowngradeArgs),
    Show(show::ShowArgs),
    Stamp(stamp::StampArgs),
    Verify(verify::VerifyArgs),
}

/// Runs the command.
///
/// # Errors
/// Those of the command.
pub fn run(context: &mut CommandContext, args: &BundleArgs) -> Result<ExitStatus, CommandError> {
    match &args.command {
        BundleCommand::Apply(args) => apply::run(context, args),
        BundleCommand::Build(args) => build::run(context, args),
        BundleCommand::Downgrade(args) => downgrade::run(context, args),
        BundleCommand::Show(args) => show::run(context, args),
        BundleCommand::Stamp(args) => stamp::run(context, args),
        BundleCommand::Verify(args) => verify::run(context, args),
    }
}
