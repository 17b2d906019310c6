use clap::Args;

use crate::cli::change_args::RunArgs;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::fleet::FleetRequest;
use crate::cli::fleet_args::FleetArgs;
use crate::migrate::Operation;
use crate::tenant::Selection;

/// Revert tenants to an earlier revision: those named, those with a tag, or all of them
#[derive(Debug, Clone, Args)]
pub struct DowngradeArgs {
    /// Names of tenants, then the target: a revision, base, -N
    #[arg(value_name = "NAME… REVISION", allow_negative_numbers = true)]
    pub words: Vec<String>,
    /// Those with this tag [can be repeated: those with all of them]
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Every tenant
    #[arg(long)]
    pub all: bool,
    /// How the fleet is.
    #[command(flatten)]
    pub fleet: FleetArgs,
    /// How it is run.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Runs the command.
///
/// # Errors
/// No target, no source of tenants, losses that nobody has agreed to, or no Python.
pub fn run(context: &mut CommandContext, args: &DowngradeArgs) -> Result<ExitStatus, CommandError> {
    let (target, names) = match (args.words.split_last(), args.fleet.resume) {
        (None, true) => ("", [].as_slice()),
        (Some(_), true) => return Err(CommandError::usage("`--resume` knows tenants and target by itself")),
        (Some((target, names)), false) => (target.as_str(), names),
        (None, false) => {
            return Err(CommandError::usage("no target is named").hint("`limbec tenant downgrade acme -1`"));
        }
    };
    let selection = Selection { names: names.to_vec(), tags: args.tag.iter().cloned().collect() };
    if !args.all && !args.fleet.resume && selection == Selection::default() {
        let failure = CommandError::usage("no tenant is named");
        return Err(failure.hint("names of tenants come before the target; or `--tag TAG`, or `--all`"));
    }
    let operation = Operation::Downgrade { target: target.to_owned() };
    context.run_fleet(&FleetRequest { operation, selection, fleet: &args.fleet, run: &args.run })
}
