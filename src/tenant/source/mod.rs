//! Where tenants are listed.

use std::collections::HashSet;
use std::path::Path;

use super::{Tenant, TenantError};
use crate::config::{ListedTenant, TenantOptions, TenantSource};
use crate::database::{DatabaseUrl, Environment};

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
        Some(_) => {
            Err(TenantError::Source { place: "this source".to_owned(), reason: "it is not read yet".to_owned() })
        }
    }
}
