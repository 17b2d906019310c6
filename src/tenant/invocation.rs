use std::collections::BTreeMap;

use super::template::Placeholders;
use super::{Tenant, TenantError};
use crate::config::{Isolation, TenantOptions};
use crate::database::DatabaseUrl;
use crate::runtime::Invocation;

/// What env.py gets for one tenant: the same command with its `-x` arguments, its environment variables, its URL and its schema. `driver` is
/// the project's own URL, for its driver alone.
///
/// # Errors
/// A placeholder in the settings that there is none of.
pub fn tenant_invocation(
    command: &Invocation,
    options: &TenantOptions,
    tenant: &Tenant,
    url: &DatabaseUrl,
    driver: Option<&DatabaseUrl>,
) -> Result<Invocation, TenantError> {
    let url = url.accepted_by_sqlalchemy().with_driver_of(driver).with_password();
    let mut invocation = command.clone();
    let arguments = tenant_arguments(options, tenant, &url)?;
    invocation.argv.splice(0..0, arguments.into_iter().flat_map(|argument| ["-x".to_owned(), argument]));
    invocation.environment.extend(tenant_variables(options, tenant, &url)?);
    invocation.tenant_schema = tenant.schema.clone();
    invocation.overrides.schema = tenant.schema.clone().or(invocation.overrides.schema);
    invocation.overrides.url = Some(url);
    invocation.isolated = options.isolation == Isolation::Process;
    Ok(invocation)
}

/// The environment variables that env.py gets for a tenant; `url` is what `{url}` stands for.
///
/// # Errors
/// A placeholder in the settings that there is none of.
pub fn tenant_variables(
    options: &TenantOptions,
    tenant: &Tenant,
    url: &str,
) -> Result<BTreeMap<String, String>, TenantError> {
    let values = Placeholders { name: &tenant.name, schema: tenant.schema.as_deref(), url: Some(url) };
    let filled = |(name, template): (&String, &String)| Ok((name.clone(), values.fill(template, str::to_owned)?));
    options.variables.iter().map(filled).collect()
}

/// The `-x` arguments that a tenant gets, `NAME=VALUE` each; `url` is what `{url}` stands for.
///
/// # Errors
/// A placeholder in the settings that there is none of.
pub fn tenant_arguments(options: &TenantOptions, tenant: &Tenant, url: &str) -> Result<Vec<String>, TenantError> {
    let values = Placeholders { name: &tenant.name, schema: tenant.schema.as_deref(), url: Some(url) };
    let templates = match &options.arguments {
        Some(templates) => templates.clone(),
        None if tenant.schema.is_some() => vec!["tenant={name}".to_owned(), "schema={schema}".to_owned()],
        None => vec!["tenant={name}".to_owned()],
    };
    templates.iter().map(|template| values.fill(template, str::to_owned)).collect()
}
