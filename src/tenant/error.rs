use std::collections::BTreeSet;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::UrlSourceError;
use crate::database::{DatabaseError, UrlError};

/// What is wrong with a tenant, or with the list of them. No sentence has a password in it.
#[derive(Debug, Error)]
pub enum TenantError {
    /// Nothing says where the tenants are listed.
    #[error("no tenants are configured: `source` is missing in [tenants] of {}", settings.display())]
    NoSource {
        /// limbec's settings, or where they would be.
        settings: PathBuf,
    },
    /// The source cannot be read.
    #[error("cannot read the tenants from {place}: {reason}")]
    Source {
        /// In words.
        place: String,
        /// Why.
        reason: String,
    },
    /// The command that lists them did not do its part.
    #[error("the command `{program}` that lists the tenants {reason}")]
    Command {
        /// Its program.
        program: String,
        /// What happened to it.
        reason: String,
        /// The end of what it printed on standard error.
        said: String,
    },
    /// A query or the listing of schemas needs a database that is not known.
    #[error("{what} needs {needs}")]
    NoDatabase {
        /// What.
        what: &'static str,
        /// What is missing in the settings.
        needs: &'static str,
    },
    /// A name that cannot be one.
    #[error("'{}' cannot be a tenant's name: {reason}", name.escape_debug())]
    Name {
        /// As the source has it.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// Two tenants of one name.
    #[error("two tenants have the name '{}'", name.escape_debug())]
    Duplicate {
        /// The name.
        name: String,
    },
    /// No such tenant.
    #[error("there is no tenant '{name}'{}", similar.as_ref().map(|name| format!("; did you mean '{name}'?")).unwrap_or_default())]
    Unknown {
        /// As typed.
        name: String,
        /// One that is close.
        similar: Option<String>,
    },
    /// No tenant has these tags.
    #[error("no tenant that is meant has the {} {}", if tags.len() == 1 { "tag" } else { "tags" }, quoted(tags))]
    NoSuchTags {
        /// As typed.
        tags: BTreeSet<String>,
        /// Those that there are.
        known: BTreeSet<String>,
    },
    /// Two tenants in one place.
    #[error("the tenants '{}' and '{}' are one and the same: {place}", one.escape_debug(), other.escape_debug())]
    SamePlace {
        /// A tenant.
        one: String,
        /// Another one.
        other: String,
        /// Their database without its password, and their schema.
        place: String,
    },
    /// A tenant without a URL.
    #[error("tenant {name} has no URL: give it one in the source, or `url` in [tenants]")]
    NoUrl {
        /// The tenant.
        name: String,
    },
    /// The URL is not where the settings say.
    #[error("tenant {name}: {reason}")]
    Secret {
        /// The tenant.
        name: String,
        /// Why.
        reason: UrlSourceError,
    },
    /// A value that an SQL file cannot have.
    #[error("tenant {name}: {reason}")]
    Variable {
        /// The tenant.
        name: String,
        /// Why.
        reason: String,
    },
    /// The URL is none.
    #[error("tenant {name}: {reason}")]
    Url {
        /// The tenant.
        name: String,
        /// What is wrong with it.
        reason: UrlError,
    },
    /// A placeholder that there is none of.
    #[error("'{placeholder}' in [tenants] is no placeholder; there are {{name}}, {{NAME}}, {{schema}} and {{url}}")]
    Placeholder {
        /// With its braces.
        placeholder: String,
    },
    /// env.py works on another version table than the tenant's.
    #[error(
        "env.py uses the version table {found} and not {expected}, which is the one of tenant {name}; nothing was run"
    )]
    OtherTable {
        /// The tenant.
        name: String,
        /// The tenant's.
        expected: String,
        /// env.py's.
        found: String,
    },
    /// env.py came to its end without running anything.
    #[error(
        "env.py ran no migrations for tenant {name}: it has to call context.run_migrations() for the tenant that it is given"
    )]
    NothingRun {
        /// The tenant.
        name: String,
    },
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn quoted(tags: &BTreeSet<String>) -> String {
    let tags: Vec<String> = tags.iter().map(|tag| format!("'{}'", tag.escape_debug())).collect();
    tags.join(" and ")
}
