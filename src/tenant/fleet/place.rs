//! What says, without a secret, whether a tenant of today is the tenant that a run was of.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::database::{DatabaseUrl, Dialect, Environment};
use crate::tenant::Tenant;

/// Where libpq looks for what a URL leaves out.
const VARIABLES: [&str; 4] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"];

/// What the place of a tenant depends on besides its URL.
#[derive(Debug, Clone, Copy)]
pub struct PlaceRequest<'a> {
    /// Hosts and names could be guessed: digests of two projects cannot be compared.
    pub salt: &'a str,
    /// Where relative paths begin.
    pub folder: &'a Path,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
}

impl PlaceRequest<'_> {
    /// A digest of the tenant's name, schema, and its database's dialect, hosts, ports and name; `None` where its URL is not known.
    /// User and password are not in it.
    pub fn place(&self, tenant: &Tenant, url: Option<&DatabaseUrl>) -> Option<String> {
        let url = url?;
        let mut digest = Sha256::new();
        let mut add = |part: &str| {
            // With its length: `a` and `bc` are not `ab` and `c`.
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        for part in [self.salt, &tenant.name, tenant.schema.as_deref().unwrap_or_default()] {
            add(part);
        }
        add(&url.identity());
        match url.dialect() {
            Dialect::Sqlite => {
                let path = url.sqlite_file().ok().flatten().map(|path| self.folder.join(path));
                add(&path.unwrap_or_default().display().to_string());
            }
            _ if url.hosts().iter().all(|(host, _)| host.is_empty()) => {
                VARIABLES.iter().for_each(|name| add(self.environment.get(name).unwrap_or_default()));
            }
            _ => {}
        }
        Some(digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}
