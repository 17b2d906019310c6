//! The group of commands that make, move and drop databases and schemas, rather than to migrate them.

/// `db create`
pub mod create;
/// `db drop`
pub mod drop;
/// `db init`
pub mod init;
/// `db move-schema`
pub mod move_schema;

use clap::{Args, Subcommand};

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Make what revisions run in: databases, schemas, limbec's and Alembic's own tables
#[derive(Debug, Clone, Args)]
pub struct DbArgs {
    /// The command of the group.
    #[command(subcommand)]
    pub command: DbCommand,
}

/// Every command of the group.
#[derive(Debug, Clone, Subcommand)]
pub enum DbCommand {
    Create(create::CreateArgs),
    Drop(drop::DropArgs),
    Init(init::InitArgs),
    MoveSchema(move_schema::MoveSchemaArgs),
}

/// Runs the command.
///
/// # Errors
/// Those of the command.
pub fn run(context: &mut CommandContext, args: &DbArgs) -> Result<ExitStatus, CommandError> {
    match &args.command {
        DbCommand::Create(args) => create::run(context, args),
        DbCommand::Drop(args) => drop::run(context, args),
        DbCommand::Init(args) => init::run(context, args),
        DbCommand::MoveSchema(args) => move_schema::run(context, args),
    }
}
