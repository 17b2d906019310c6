use clap::Args;

use super::TenantsArgs;
use crate::cli::args::Format;
use crate::cli::change_args::RunArgs;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::fleet::FleetRequest;
use crate::cli::fleet_args::FleetArgs;
use crate::cli::shared_run::SharedArgs;
use crate::migrate::Operation;

const HEADS: &str = "heads";

/// Upgrade tenants: those named, those with a tag, or all of them
#[derive(Debug, Clone, Args)]
pub struct MigrateArgs {
    /// Which.
    #[command(flatten)]
    pub tenants: TenantsArgs,
    /// Every tenant
    #[arg(long)]
    pub all: bool,
    /// Target: a revision, head, heads, +N
    #[arg(long, value_name = "REVISION", default_value = HEADS)]
    pub to: String,
    /// How the fleet is.
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// Whether other runners take part.
    #[command(flatten)]
    pub shared: SharedArgs,
    /// How it is run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Runs the command.
///
/// # Errors
/// No source of tenants, revision files that cannot be read, or no Python where it is needed.
pub fn run(context: &mut CommandContext, args: &MigrateArgs) -> Result<ExitStatus, CommandError> {
    let selection = args.tenants.selection();
    let is_shared = args.shared.join.is_some() || args.shared.start_run.is_some();
    if is_shared && (args.fleet.resume || args.fleet.report.is_some() || args.fleet.format == Format::Json) {
        let failure = CommandError::usage("a shared run has neither `--resume` nor a report of its own");
        return Err(failure.hint("`limbec tenant runs RUN` shows it, `--join RUN` continues it"));
    }
    if !args.all && !args.fleet.resume && args.shared.join.is_none() && selection == Default::default() {
        return Err(CommandError::usage("no tenant is named").hint("name tenants, `--tag TAG`, or `--all`"));
    }
    if args.fleet.resume && (args.all || args.to != HEADS || selection != Default::default()) {
        return Err(CommandError::usage("`--resume` knows tenants and target by itself"));
    }
    let operation = Operation::Upgrade { target: args.to.clone() };
    let request = FleetRequest { operation, selection, fleet: &args.fleet, run: &args.run };
    match (&args.shared.start_run, &args.shared.join) {
        (Some(_), _) => context.start_shared_run(&request, &args.shared),
        (None, Some(run)) => context.join_shared_run(&request, run),
        (None, None) => context.run_fleet(&request),
    }
}
