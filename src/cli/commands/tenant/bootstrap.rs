use clap::Args;
use serde::Serialize;

use super::{create, seed};
use crate::cli::args::Format;
use crate::cli::change_args::RunArgs;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::lifecycle::{NamedTenant, about};
use crate::config::TenantOptions;
use crate::migrate::Operation;
use crate::tenant::{Estate, Journal, LifecycleError, Registration, Standing, Step, register};

/// Create, migrate, seed and register tenants; what is done is recorded, and a broken bootstrap goes on from there
#[derive(Debug, Clone, Args)]
pub struct BootstrapArgs {
    /// Names of tenants
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// A tag of tenants that the source does not list yet [can be repeated]
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// As whom things are made: a URL, env:NAME or file:PATH [default: as `tenant create`]
    #[arg(long, value_name = "URL")]
    pub admin_url: Option<String>,
    /// Do every step, whatever is recorded
    #[arg(long)]
    pub restart: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// How it is migrated.
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Serialize)]
struct BootstrapJson {
    tenants: Vec<TenantJson>,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    tenant: String,
    steps: Vec<StepJson>,
}

#[derive(Debug, Serialize)]
struct StepJson {
    step: &'static str,
    /// `done`, `recorded` (before) or `skipped` (nothing is configured for it).
    outcome: &'static str,
}

/// Runs the command.
///
/// # Errors
/// A step fails: those before it are recorded. Or somebody else works on the tenant.
pub fn run(context: &mut CommandContext, args: &BootstrapArgs) -> Result<ExitStatus, CommandError> {
    let mut results = Vec::new();
    for named in context.named_tenants(&args.names, &args.tag)? {
        let name = named.tenant.name.clone();
        let steps = bootstrap(context, args, named).map_err(about(&name))?;
        results.push(TenantJson { tenant: name, steps });
    }
    if args.format == Format::Json {
        context.ui.json(&BootstrapJson { tenants: results });
    }
    Ok(ExitStatus::Success)
}

fn bootstrap(
    context: &mut CommandContext,
    args: &BootstrapArgs,
    named: NamedTenant,
) -> Result<Vec<StepJson>, CommandError> {
    let options = context.tenant_options()?;
    let estate = context.estate(named.tenant, args.admin_url.as_deref())?;
    let _turn = context.turn_on(&estate)?;
    let recorded = if args.restart { Vec::new() } else { recorded(context, &options, &estate)? };
    check_there(context, &estate, &recorded)?;
    let mut results = Vec::new();
    for step in Step::ALL {
        let is_registered = named.is_listed && context.lists_registered()?;
        let outcome = if recorded.contains(&step) {
            "recorded"
        } else if is_unconfigured(&options, step) || (step == Step::Register && is_registered) {
            "skipped"
        } else {
            take(context, args, &estate, step)?;
            "done"
        };
        if args.format == Format::Text {
            context.ui.result(&sentence(&estate.tenant.name, step, outcome));
        }
        results.push(StepJson { step: step.name(), outcome });
    }
    Ok(results)
}

/// Steps that are done. Where the tenant's own database records them and is not there, none is.
fn recorded(context: &mut CommandContext, options: &TenantOptions, estate: &Estate) -> Result<Vec<Step>, CommandError> {
    if options.common.is_none() && !estate.exists()? {
        return Ok(Vec::new());
    }
    let journal = match context.journal_of(&estate.tenant) {
        // Its password is written by the step that makes it.
        Err(_) if options.common.is_none() => return Ok(Vec::new()),
        journal => journal?,
    };
    match journal.open() {
        Ok(mut connection) => Ok(journal.done(&mut connection, &estate.tenant.name)?),
        Err(_) if options.common.is_none() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// What is recorded elsewhere says nothing about a database that was dropped, or restored, since.
fn check_there(context: &mut CommandContext, estate: &Estate, recorded: &[Step]) -> Result<(), CommandError> {
    if !recorded.contains(&Step::Create) {
        return Ok(());
    }
    let operation = Operation::Upgrade { target: "heads".to_owned() };
    let standing = if estate.exists()? {
        context.survey(&operation, vec![estate.tenant.clone()])?.pop().map(|found| found.standing)
    } else {
        Some(Standing::Unreachable { reason: "it is not there".to_owned() })
    };
    let reason = match standing {
        Some(Standing::Missing { reason } | Standing::Unreachable { reason }) => reason,
        Some(Standing::Behind { rows, plan }) if rows.is_empty() && !plan.steps.is_empty() => {
            if !recorded.contains(&Step::Migrate) {
                return Ok(());
            }
            "its version table has no revision".to_owned()
        }
        _ => return Ok(()),
    };
    let names: Vec<&str> = recorded.iter().map(|step| step.name()).collect();
    let sentence = format!(
        "tenant {}: {} is recorded as done, but its database is another one now: {reason}",
        estate.tenant.name.escape_debug(),
        names.join(", ")
    );
    Err(CommandError::crashed(sentence)
        .hint("`--restart` does every step again, in a new database if there is none; where a backup is to be had, restore that first"))
}

fn is_unconfigured(options: &TenantOptions, step: Step) -> bool {
    match step {
        Step::Create | Step::Migrate => false,
        Step::Seed => options.seed.is_none(),
        Step::Register => options.register.is_none(),
    }
}

fn take(context: &mut CommandContext, args: &BootstrapArgs, estate: &Estate, step: Step) -> Result<(), CommandError> {
    let tenant = &estate.tenant;
    match step {
        Step::Create => {
            let made = create::create(context, estate, (args.admin_url.as_deref(), false))?;
            if args.format == Format::Text {
                made.iter().for_each(|made| context.ui.result(&create::sentence(&tenant.name, made)));
            }
        }
        Step::Migrate => context.migrate_tenant(tenant, &args.run)?,
        Step::Seed => {
            let files = context.seeds(&[])?;
            let seeds = context.seed_tenant(tenant, &files, &[])?;
            if args.format == Format::Text {
                context.ui.result(&seed::sentence(&tenant.name, &seeds));
            }
        }
        Step::Register => {}
    }
    let journal = context.journal_of(tenant)?;
    record(context, &journal, estate, step)
}

/// The registration and its record are one transaction: whatever ends this, it is done once.
fn record(context: &mut CommandContext, journal: &Journal, estate: &Estate, step: Step) -> Result<(), CommandError> {
    let options = context.tenant_options()?;
    if step == Step::Register && options.common.is_none() {
        return Err(CommandError::usage("`register` in [tenants] needs `common`: the database that it is run on"));
    }
    let mut connection = journal.open()?;
    let mut write = || -> Result<(), LifecycleError> {
        let mut transaction = connection.begin()?;
        if step == Step::Register {
            register(&options, &Registration::of(estate), &mut transaction)?;
        }
        journal.record(&mut transaction, &estate.tenant.name, step)?;
        Ok(transaction.commit()?)
    };
    Ok(write()?)
}

fn sentence(tenant: &str, step: Step, outcome: &str) -> String {
    let tenant = tenant.escape_debug();
    match outcome {
        "recorded" => format!("{tenant}: {} was done before", step.name()),
        "skipped" => format!("{tenant}: {} is not needed", step.name()),
        _ => format!("{tenant}: {} is done", step.name()),
    }
}
