use std::collections::HashSet;
use std::path::Path;

use super::{command, file, query, schemas};
use crate::config::{ListedTenant, TenantOptions, TenantSource};
use crate::database::{DatabaseUrl, Environment};
use crate::tenant::{Tenant, TenantError};

/// What a source may need.
#[derive(Debug, Clone, Copy)]
pub struct SourceRequest<'a> {
    /// `[tenants]`
    pub options: &'a TenantOptions,
    /// limbec's settings, for messages.
    pub settings: &'a Path,
    /// The project's own database, where it is known.
    pub own: Option<&'a DatabaseUrl>,
    /// The common database, where it is configured.
    pub common: Option<&'a DatabaseUrl>,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
}

/// All tenants, in the order of their source.
///
/// # Errors
/// The source cannot be read, or has a tenant that cannot be one.
pub fn tenants(request: &SourceRequest<'_>) -> Result<Vec<Tenant>, TenantError> {
    let listed = listed(request)?;
    let mut names = HashSet::new();
    if let Some(twice) = listed.iter().find(|tenant| !names.insert(&tenant.name)) {
        return Err(TenantError::Duplicate { name: twice.name.clone() });
    }
    listed.iter().map(|tenant| Tenant::new(tenant, request.options, request.own)).collect()
}

fn listed(request: &SourceRequest<'_>) -> Result<Vec<ListedTenant>, TenantError> {
    match &request.options.source {
        None => Err(TenantError::NoSource { settings: request.settings.to_owned() }),
        Some(TenantSource::List(tenants)) => Ok(tenants.clone()),
        Some(TenantSource::File(path)) => file::read(path),
        Some(TenantSource::Command { words, timeout }) => command::run(words, &request.options.folder, *timeout),
        Some(TenantSource::Query(sql)) => {
            let needs = "`common` in [tenants]";
            let common = request.common.ok_or(TenantError::NoDatabase { what: "the query of tenants", needs })?;
            query::run(sql, common, request.environment)
        }
        Some(TenantSource::Schemas(pattern)) => {
            let needs = "the project's own database, which only env.py knows: name it by `--url`, LIMBEC_URL or `url`";
            let own = request.own.ok_or(TenantError::NoDatabase { what: "the listing of schemas", needs })?;
            schemas::list(pattern, own, request)
        }
    }
}
