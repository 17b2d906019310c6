use clap::Args;
use serde::Serialize;

use super::TenantsArgs;
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::lifecycle::about;
use crate::tenant::{SeedOutcome, Seeded, Tenant};

/// Fill tenants with the project's seeds, each once
///
/// The files *.sql and *.py of the folder that `seed` in [tenants] names, in the order of their names, each in a transaction of its own with the
/// record that it was run.
#[derive(Debug, Clone, Args)]
pub struct SeedArgs {
    /// Which.
    #[command(flatten)]
    pub tenants: TenantsArgs,
    /// Every tenant
    #[arg(long)]
    pub all: bool,
    /// Run this seed again although it was run [can be repeated]
    #[arg(long, value_name = "FILE")]
    pub again: Vec<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct SeedJson {
    tenants: Vec<TenantJson>,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    tenant: String,
    seeds: Vec<Seeded>,
    error: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// No seeds, or no tenants. A tenant whose seed fails is no error, but status 1.
pub fn run(context: &mut CommandContext, args: &SeedArgs) -> Result<ExitStatus, CommandError> {
    let tenants = chosen(context, args)?;
    let files = context.seeds(&args.again)?;
    let mut results = Vec::new();
    for tenant in tenants {
        let name = tenant.name.clone();
        match context.seed_tenant(&tenant, &files, &args.again).map_err(about(&name)) {
            Ok(seeds) => {
                if args.format == Format::Text {
                    context.ui.result(&sentence(&name, &seeds));
                }
                results.push(TenantJson { tenant: name, seeds, error: None });
            }
            Err(error) => {
                error.tell(&mut context.ui);
                results.push(TenantJson { tenant: name, seeds: Vec::new(), error: Some(error.sentence) });
            }
        }
    }
    let has_failed = results.iter().any(|result| result.error.is_some());
    if args.format == Format::Json {
        context.ui.json(&SeedJson { tenants: results });
    }
    Ok(if has_failed { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn chosen(context: &mut CommandContext, args: &SeedArgs) -> Result<Vec<Tenant>, CommandError> {
    if !args.tenants.names.is_empty() && args.tenants.tag.is_empty() {
        return Ok(context.named_tenants(&args.tenants.names, &[])?.into_iter().map(|named| named.tenant).collect());
    }
    let selection = args.tenants.selection();
    if !args.all && selection == Default::default() {
        return Err(CommandError::usage("no tenant is named").hint("name tenants, `--tag TAG`, or `--all`"));
    }
    context.tenants(&selection)
}

/// `acme: 2 seeds run, 1 recorded before`
pub(super) fn sentence(tenant: &str, seeds: &[Seeded]) -> String {
    let count = |outcome| seeds.iter().filter(|seed| seed.outcome == outcome).count();
    let (run, recorded, changed) = (count(SeedOutcome::Run), count(SeedOutcome::Recorded), count(SeedOutcome::Changed));
    let mut parts = vec![format!("{run} {} run", if run == 1 { "seed" } else { "seeds" })];
    parts.extend((recorded > 0).then(|| format!("{recorded} recorded before")));
    parts.extend((changed > 0).then(|| format!("{changed} changed since")));
    format!("{}: {}", tenant.escape_debug(), parts.join(", "))
}
