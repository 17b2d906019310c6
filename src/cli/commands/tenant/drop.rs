use std::path::PathBuf;

use clap::Args;
use dialoguer::Input;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::lifecycle::about;
use crate::gate::is_production;
use crate::runtime::Interruptible;
use crate::tenant::{Dropped, Estate, Force, LifecycleError, Registration, unregister};

/// Unregister a tenant and drop its database with its role, or its schema
///
/// On a terminal the tenant's name has to be typed; elsewhere, and in production, `--yes NAME` is required.
#[derive(Debug, Clone, Args)]
pub struct DropArgs {
    /// The tenant
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Agree to it, by the tenant's name once more
    #[arg(long, value_name = "NAME")]
    pub yes: Option<String>,
    /// Drop it although it is in use
    #[arg(long)]
    pub force: bool,
    /// Make a backup before, in this folder [default: beside the SQLite file, else the current one]
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub backup: Option<PathBuf>,
    /// Remove the file with its role's password as well
    #[arg(long)]
    pub delete_secret: bool,
    /// As whom: a URL, env:NAME or file:PATH [default: as `tenant create`]
    #[arg(long, value_name = "URL")]
    pub admin_url: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct DropJson {
    tenant: String,
    /// Password hidden.
    database: String,
    backup: Option<PathBuf>,
    unregistered: bool,
    objects: Vec<ObjectJson>,
}

#[derive(Debug, Serialize)]
struct ObjectJson {
    kind: &'static str,
    name: String,
    was_there: bool,
}

/// Runs the command.
///
/// # Errors
/// Nobody agrees, somebody is connected, there is no backup, or the role that asks may not.
pub fn run(context: &mut CommandContext, args: &DropArgs) -> Result<ExitStatus, CommandError> {
    let tenant = context.named_tenants(std::slice::from_ref(&args.name), &[])?.pop();
    let Some(tenant) = tenant.map(|named| named.tenant) else { return Ok(ExitStatus::Success) };
    let estate = context.estate(tenant, args.admin_url.as_deref()).map_err(about(&args.name))?;
    let _turn = context.turn_on(&estate).map_err(about(&args.name))?;
    let result = drop(context, args, &estate).map_err(about(&args.name))?;
    match args.format {
        Format::Json => context.ui.json(&result),
        Format::Text => {
            if let Some(path) = &result.backup {
                context.ui.result(&format!("{}: the backup is {}", args.name.escape_debug(), path.display()));
            }
            for ObjectJson { kind, name, was_there } in &result.objects {
                let tenant = args.name.escape_debug();
                context.ui.result(&match was_there {
                    true => format!("{tenant}: dropped the {kind} {name}"),
                    false => format!("{tenant}: there is no {kind} {name}"),
                });
            }
        }
    }
    Ok(ExitStatus::Success)
}

fn drop(context: &mut CommandContext, args: &DropArgs, estate: &Estate) -> Result<DropJson, CommandError> {
    let exists = estate.exists()?;
    if exists && !args.force {
        estate.check_unused()?;
    }
    agree(context, args, estate)?;
    let backup = match &args.backup {
        Some(folder) if exists => Some(back_up(context, estate, folder.clone())?),
        _ => None,
    };
    let (mut dropped, unregistered) = remove(context, args, estate)?;
    if args.delete_secret {
        dropped.extend(estate.remove_secret()?);
    } else if let Some(path) = estate.secret_file().filter(|path| path.exists()) {
        context.ui.hint(&format!("the password is still in {}; `--delete-secret` removes it", path.display()));
    }
    let object = |Dropped { kind, name, was_there }| ObjectJson { kind, name, was_there };
    Ok(DropJson {
        tenant: args.name.clone(),
        database: estate.url.obfuscated(),
        backup,
        unregistered,
        objects: dropped.into_iter().map(object).collect(),
    })
}

/// The registration is taken back in the same moment: if dropping fails, the tenant stays registered, and the same command can be typed again.
fn remove(
    context: &mut CommandContext,
    args: &DropArgs,
    estate: &Estate,
) -> Result<(Vec<Dropped>, bool), CommandError> {
    let options = context.tenant_options()?;
    let force = if args.force { Force::Given } else { Force::Refused };
    if options.common.is_none() {
        return Ok((estate.remove(force)?, false));
    }
    if options.register.is_some() && options.unregister.is_none() {
        context.ui.warning("the tenant stays registered: `unregister` in [tenants] is not set");
    }
    let journal = context.journal_of(&estate.tenant)?;
    let mut connection = journal.open()?;
    let mut write = || -> Result<_, LifecycleError> {
        let mut transaction = connection.begin()?;
        let unregistered = unregister(&options, &Registration::of(estate), &mut transaction)?;
        journal.forget(&mut transaction, &estate.tenant.name)?;
        let dropped = estate.remove(force)?;
        transaction.commit()?;
        Ok((dropped, unregistered))
    };
    Ok(write()?)
}

fn agree(context: &mut CommandContext, args: &DropArgs, estate: &Estate) -> Result<(), CommandError> {
    let name = &args.name;
    match &args.yes {
        Some(typed) if typed == name => return Ok(()),
        Some(_) => return Err(CommandError::usage("--yes names another tenant than the one to be dropped")),
        None => {}
    }
    let setting = context.project()?.settings.deploy.production.clone();
    let is_production = is_production(setting.as_ref(), Some(&estate.url));
    let can_ask = context.environment.can_ask();
    if is_production || !can_ask {
        let why = if is_production { ": the settings call this database production" } else { "" };
        let refusal = CommandError::crashed(format!("dropping tenant {name} has to be agreed to"));
        return Err(refusal.hint(format!("nothing was changed; `--yes {name}` agrees to it{why}")));
    }
    context.ui.flush();
    let shown = estate.url.obfuscated();
    context.ui.warning(&format!("tenant {name} on {shown} is dropped with all that is in it"));
    let _interruptible = Interruptible::begin();
    let typed = Input::<String>::new().with_prompt("Type the tenant's name to go on").allow_empty(true).interact();
    match typed {
        Ok(typed) if typed.trim() == name => Ok(()),
        Ok(_) => Err(CommandError::crashed("nothing was changed: that is not the tenant's name")),
        Err(_) => Err(CommandError::interrupted()),
    }
}

fn back_up(context: &mut CommandContext, estate: &Estate, folder: PathBuf) -> Result<PathBuf, CommandError> {
    let environment = context.database_environment();
    let folder = Some(folder).filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map(|folder| context.environment.current_dir.join(folder));
    let name = chrono::Utc::now().format("dropped-%Y%m%dT%H%M%SZ").to_string();
    Ok(estate.back_up(&environment, folder.as_deref(), &name).map_err(LifecycleError::Backup)?)
}
