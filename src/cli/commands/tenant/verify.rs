use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use serde::Serialize;

use super::TenantsArgs;
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::subjects::{KnownDatabase, read_files};
use crate::database::{Access, Connection};
use crate::script::ScriptDirectory;
use crate::verify::{Finding, RevisionFiles, Verification};

/// Compare tenants with the revision files, concurrently, and change nothing
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// Which.
    #[command(flatten)]
    pub tenants: TenantsArgs,
    /// Every tenant
    #[arg(long)]
    pub all: bool,
    /// How many tenants are looked at at a time
    #[arg(long, value_name = "NUMBER", default_value = "8", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: u16,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct VerifyJson {
    tenants: Vec<TenantJson>,
    /// Of all tenants.
    findings: usize,
    /// Tenants that could not be looked at.
    failures: usize,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    tenant: String,
    /// Password hidden; `None` where it could not be found.
    database: Option<String>,
    version_table: Option<String>,
    heads: Vec<String>,
    findings: Vec<Finding>,
    notes: Vec<String>,
    error: Option<String>,
}

/// A tenant's database, or why there is none.
type Place = Result<KnownDatabase, String>;

/// Runs the command.
///
/// # Errors
/// No tenants, or a project that cannot be read. What is found is no error, but status 1.
pub fn run(context: &mut CommandContext, args: &VerifyArgs) -> Result<ExitStatus, CommandError> {
    let selection = args.tenants.selection();
    if !args.all && selection == Default::default() {
        return Err(CommandError::usage("no tenant is named").hint("name tenants, `--tag TAG`, or `--all`"));
    }
    let scripts = context.scripts()?;
    let mut places = Vec::new();
    for tenant in context.tenants(&selection)? {
        let place = context.database_of_tenant(&tenant).map_err(|error| error.sentence);
        places.push((tenant.name.clone(), place));
    }
    let files = read_files(&context.script_settings()?.locations, &scripts);
    let tenants = verify_all(&places, &scripts, &files, usize::from(args.jobs));
    let result = VerifyJson {
        findings: tenants.iter().map(|tenant| tenant.findings.len()).sum(),
        failures: tenants.iter().filter(|tenant| tenant.error.is_some()).count(),
        tenants,
    };
    match args.format {
        Format::Json => context.ui.json(&result),
        Format::Text => tell(context, &result),
    }
    Ok(if result.findings + result.failures > 0 { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn verify_all(
    places: &[(String, Place)],
    scripts: &ScriptDirectory,
    files: &RevisionFiles,
    jobs: usize,
) -> Vec<TenantJson> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, TenantJson)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, places.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, place)) = places.get(index) else { break };
                    let verified = verify(name, place, scripts, files);
                    found.lock().unwrap_or_else(PoisonError::into_inner).push((index, verified));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, tenant)| tenant).collect()
}

fn verify(name: &str, place: &Place, scripts: &ScriptDirectory, files: &RevisionFiles) -> TenantJson {
    let mut result = TenantJson {
        tenant: name.to_owned(),
        database: None,
        version_table: None,
        heads: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
        error: None,
    };
    let database = match place {
        Ok(database) => database,
        Err(reason) => return TenantJson { error: Some(reason.clone()), ..result },
    };
    result.database = Some(database.shown_url());
    result.version_table = Some(database.table().to_string());
    let run = || -> Result<Verification, CommandError> {
        let mut connection = Connection::open(&database.url, database.environment(), Access::Read)?;
        Ok(Verification::run(&database.subject(scripts, files), &mut connection)?)
    };
    match run() {
        Ok(verification) => TenantJson {
            heads: verification.rows.ids.iter().map(ToString::to_string).collect(),
            findings: verification.findings,
            notes: verification.notes,
            ..result
        },
        Err(error) => TenantJson { error: Some(error.sentence), ..result },
    }
}

fn tell(context: &mut CommandContext, result: &VerifyJson) {
    for tenant in &result.tenants {
        let name = tenant.tenant.escape_debug();
        if let Some(error) = &tenant.error {
            context.ui.result(&format!("{name}: {error}"));
        }
        for finding in &tenant.findings {
            context.ui.result(&format!("{name}: {}: {}", finding.code, finding.message));
            if let Some(path) = &finding.path {
                context.ui.result(&format!("  at {path}"));
            }
            if let Some(hint) = &finding.hint {
                context.ui.result(&format!("  hint: {hint}"));
            }
        }
        for note in &tenant.notes {
            context.ui.status(&format!("note: {name}: {note}"));
        }
    }
    let good = result.tenants.iter().filter(|tenant| tenant.error.is_none() && tenant.findings.is_empty()).count();
    context.ui.result(&format!("{good} of {} tenants are as the revision files say", result.tenants.len()));
}
