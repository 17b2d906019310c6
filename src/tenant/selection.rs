use std::collections::BTreeSet;

use super::{Tenant, TenantError};

/// Which of the tenants are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// By name, in any order; empty: all of those with the tags.
    pub names: Vec<String>,
    /// Each tenant has to have all of them.
    pub tags: BTreeSet<String>,
}

impl Selection {
    /// The tenants that are meant, in the order of their list.
    ///
    /// # Errors
    /// A name or a tag that no tenant has.
    pub fn of(&self, tenants: Vec<Tenant>) -> Result<Vec<Tenant>, TenantError> {
        if let Some(name) = self.names.iter().find(|name| !tenants.iter().any(|tenant| tenant.name == **name)) {
            let scored = tenants.iter().map(|tenant| (strsim::damerau_levenshtein(name, &tenant.name), &tenant.name));
            let similar = scored.filter(|(distance, known)| *distance <= known.len() / 3).min().map(|(_, known)| known);
            return Err(TenantError::Unknown { name: name.clone(), similar: similar.cloned() });
        }
        if let Some(tag) = self.tags.iter().find(|tag| !tenants.iter().any(|tenant| tenant.tags.contains(*tag))) {
            return Err(TenantError::UnknownTag { tag: tag.clone() });
        }
        let is_named = |tenant: &Tenant| self.names.is_empty() || self.names.contains(&tenant.name);
        let is_tagged = |tenant: &Tenant| self.tags.is_subset(&tenant.tags);
        Ok(tenants.into_iter().filter(|tenant| is_named(tenant) && is_tagged(tenant)).collect())
    }
}
