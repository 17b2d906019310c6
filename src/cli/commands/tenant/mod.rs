//! `limbec tenant …`: one history, many databases. One file a command.

/// `tenant bootstrap`
pub mod bootstrap;
/// `tenant create`
pub mod create;
/// `tenant downgrade`
pub mod downgrade;
/// `tenant drop`
pub mod drop;
/// `tenant list`
pub mod list;
/// `tenant migrate`
pub mod migrate;
/// `tenant runs`
pub mod runs;
/// `tenant seed`
pub mod seed;
/// `tenant status`
pub mod status;
/// `tenant verify`
pub mod verify;

use clap::{Args, Subcommand};

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::tenant::Selection;

/// Run one history on many databases or schemas
#[derive(Debug, Clone, Args)]
#[command(disable_help_subcommand = true)]
pub struct TenantArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TenantCommand,
}

/// Every command of the group. The order is that of the help.
#[derive(Debug, Clone, Subcommand)]
pub enum TenantCommand {
    Bootstrap(bootstrap::BootstrapArgs),
    Create(create::CreateArgs),
    Drop(drop::DropArgs),
    Downgrade(downgrade::DowngradeArgs),
    List(list::ListArgs),
    Migrate(Box<migrate::MigrateArgs>),
    Runs(runs::RunsArgs),
    Seed(seed::SeedArgs),
    Status(status::StatusArgs),
    Verify(verify::VerifyArgs),
}

/// Which tenants a command is about.
#[derive(Debug, Clone, Args)]
pub struct TenantsArgs {
    /// Names of tenants
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Those with this tag [can be repeated: those with all of them]
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
}

impl TenantsArgs {
    pub(super) fn selection(&self) -> Selection {
        Selection { names: self.names.clone(), tags: self.tag.iter().cloned().collect() }
    }
}

/// Runs the command.
pub(super) fn run(context: &mut CommandContext, args: &TenantArgs) -> Result<ExitStatus, CommandError> {
    match &args.command {
        TenantCommand::Bootstrap(args) => bootstrap::run(context, args),
        TenantCommand::Create(args) => create::run(context, args),
        TenantCommand::Drop(args) => drop::run(context, args),
        TenantCommand::Downgrade(args) => downgrade::run(context, args),
        TenantCommand::List(args) => list::run(context, args),
        TenantCommand::Migrate(args) => migrate::run(context, args),
        TenantCommand::Runs(args) => runs::run(context, args),
        TenantCommand::Seed(args) => seed::run(context, args),
        TenantCommand::Status(args) => status::run(context, args),
        TenantCommand::Verify(args) => verify::run(context, args),
    }
}
