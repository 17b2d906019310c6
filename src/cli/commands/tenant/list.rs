use clap::Args;
use serde::Serialize;

use super::TenantsArgs;
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;
use crate::tenant::Tenant;

/// List the tenants, with schema, database and tags
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Which.
    #[command(flatten)]
    pub tenants: TenantsArgs,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct ListJson {
    tenants: Vec<TenantJson>,
}

#[derive(Debug, Serialize)]
struct TenantJson {
    tenant: String,
    /// Password hidden; `None` where it could not be found.
    database: Option<String>,
    schema: Option<String>,
    tags: Vec<String>,
    error: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// No source of tenants, or one that cannot be read.
pub fn run(context: &mut CommandContext, args: &ListArgs) -> Result<ExitStatus, CommandError> {
    let tenants = context.tenants(&args.tenants.selection())?;
    let listed: Vec<TenantJson> = tenants.iter().map(|tenant| json(context, tenant)).collect();
    if args.format == Format::Json {
        context.ui.json(&ListJson { tenants: listed });
        return Ok(ExitStatus::Success);
    }
    let mut table = Table::new(&["Tenant", "Schema", "Database", "Tags"]);
    for tenant in listed {
        let database = tenant.database.or(tenant.error).unwrap_or_default();
        table.row(vec![tenant.tenant, tenant.schema.unwrap_or_default(), database, tenant.tags.join(", ")]);
    }
    context.ui.table(&table);
    Ok(ExitStatus::Success)
}

fn json(context: &CommandContext, tenant: &Tenant) -> TenantJson {
    let url = tenant.database_url(&|name| context.environment.variable(name).map(str::to_owned));
    let (database, error) = match url {
        Ok(url) => (Some(url.obfuscated()), None),
        Err(error) => (None, Some(error.to_string())),
    };
    TenantJson {
        tenant: tenant.name.clone(),
        database,
        schema: tenant.schema.clone(),
        tags: tenant.tags.iter().cloned().collect(),
        error,
    }
}
