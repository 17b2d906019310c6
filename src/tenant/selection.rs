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
    /// A name that no tenant has, or tags that none of them has.
    pub fn of(&self, tenants: Vec<Tenant>) -> Result<Vec<Tenant>, TenantError> {
        if let Some(name) = self.names.iter().find(|name| !tenants.iter().any(|tenant| tenant.name == **name)) {
            let scored = tenants.iter().map(|tenant| (strsim::damerau_levenshtein(name, &tenant.name), &tenant.name));
            let similar = scored.filter(|(distance, known)| *distance <= known.len() / 3).min().map(|(_, known)| known);
            return Err(TenantError::Unknown { name: name.clone(), similar: similar.cloned() });
        }
        let is_named = |tenant: &Tenant| self.names.is_empty() || self.names.contains(&tenant.name);
        let is_tagged = |tenant: &Tenant| self.tags.is_subset(&tenant.tags);
        let known: BTreeSet<String> = tenants.iter().flat_map(|tenant| tenant.tags.iter().cloned()).collect();
        let found: Vec<Tenant> = tenants.into_iter().filter(|tenant| is_named(tenant) && is_tagged(tenant)).collect();
        if found.is_empty() && !self.tags.is_empty() {
            // A misspelt tag would be a deployment to nobody.
            return Err(TenantError::NoSuchTags { tags: self.tags.clone(), known });
        }
        Ok(found)
    }
}
