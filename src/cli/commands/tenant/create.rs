use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::lifecycle::about;
use crate::tenant::{Estate, Home, Made};

/// Make a tenant's database with its role, or its schema; what is there is kept
///
/// A tenant that the source does not list is made by its name, from the templates `url` and `schema` in [tenants]. The password of a new role
/// is generated and written to the file that `secret-file` names.
#[derive(Debug, Clone, Args)]
pub struct CreateArgs {
    /// Names of tenants
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// A tag of tenants that the source does not list yet [can be repeated]
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// As whom: a URL, env:NAME or file:PATH [default: LIMBEC_ADMIN_URL, `admin-url`, the tenant's URL with database postgres]
    #[arg(long, value_name = "URL")]
    pub admin_url: Option<String>,
    /// Give the role a new password, and replace the secret file
    #[arg(long)]
    pub new_password: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct CreateJson {
    tenants: Vec<TenantJson>,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    tenant: String,
    /// Password hidden.
    database: String,
    objects: Vec<ObjectJson>,
}

#[derive(Debug, Serialize)]
struct ObjectJson {
    kind: &'static str,
    name: String,
    was_absent: bool,
}

/// Runs the command.
///
/// # Errors
/// The role that asks may not, or something of that name is somebody else's.
pub fn run(context: &mut CommandContext, args: &CreateArgs) -> Result<ExitStatus, CommandError> {
    let mut created = Vec::new();
    for named in context.named_tenants(&args.names, &args.tag)? {
        let name = named.tenant.name.clone();
        let estate = context.estate(named.tenant, args.admin_url.as_deref()).map_err(about(&name))?;
        let _turn = context.turn_on(&estate).map_err(about(&name))?;
        let made = create(context, &estate, (args.admin_url.as_deref(), args.new_password)).map_err(about(&name))?;
        if args.format == Format::Text {
            made.iter().for_each(|made| context.ui.result(&sentence(&name, made)));
        }
        created.push(TenantJson::of(&estate, made));
    }
    if args.format == Format::Json {
        context.ui.json(&CreateJson { tenants: created });
    }
    Ok(ExitStatus::Success)
}

/// Makes what is absent; `as_whom` and whether the role gets a new password.
pub(super) fn create(
    context: &mut CommandContext,
    estate: &Estate,
    (as_whom, new_password): (Option<&str>, bool),
) -> Result<Vec<Made>, CommandError> {
    let has_password = estate.url.has_password() || estate.tenant.password.is_some();
    if let Home::Server(home) = &estate.home
        && home
            .role
            .as_ref()
            .is_some_and(|role| role.secret_file.is_some() && estate.url.username() == Some(&role.name))
        && !has_password
    {
        context.ui.warning("`secret-file` is where the password is written; nothing says that it is read there");
        context.ui.hint("write `password = \"file:…\"` with the same file into [tenants]");
    }
    context.with_grounds(as_whom, |request| estate.create(request, new_password))
}

/// `acme: created the role acme`
pub(super) fn sentence(tenant: &str, made: &Made) -> String {
    let Made { kind, name, was_absent } = made;
    let tenant = tenant.escape_debug();
    if *was_absent {
        format!("{tenant}: made the {kind} {name}")
    } else {
        format!("{tenant}: the {kind} {name} is there")
    }
}

impl TenantJson {
    fn of(estate: &Estate, made: Vec<Made>) -> Self {
        let object = |Made { kind, name, was_absent }| ObjectJson { kind, name, was_absent };
        Self {
            tenant: estate.tenant.name.clone(),
            database: estate.url.obfuscated(),
            objects: made.into_iter().map(object).collect(),
        }
    }
}
