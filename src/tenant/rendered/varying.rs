//! What each tenant gets for itself besides its database: if the application reads it, its SQL may depend on it.

use std::collections::BTreeSet;

use crate::config::TenantOptions;

/// What stands for the `-x` arguments among the names of variables, as in python/limbec/driver/reads.py.
pub(super) const ARGUMENTS: &str = "-x";

/// Names of variables, and [`ARGUMENTS`], whose values are not the same for every tenant. Those that are nothing but the URL are left out: what comes
/// of it is the connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Varying(BTreeSet<String>);

impl Varying {
    pub(super) fn of(tenants: &TenantOptions) -> Self {
        let varies = |template: &str| template != "{url}" && template.contains('{');
        let mut names: BTreeSet<String> =
            tenants.variables.iter().filter(|(_, template)| varies(template)).map(|(name, _)| name.clone()).collect();
        let value = |argument: &String| varies(argument.split_once('=').map_or(argument.as_str(), |(_, value)| value));
        if tenants.arguments.as_ref().is_none_or(|arguments| arguments.iter().any(value)) {
            names.insert(ARGUMENTS.to_owned());
        }
        Self(names)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// The variable that the libraries of databases read, if one is not the same for every tenant: sessions would differ beside Python's back.
pub(super) fn library_variable(tenants: &TenantOptions) -> Option<&str> {
    let mut varying = tenants.variables.iter().filter(|(_, template)| template.contains('{'));
    varying.find(|(name, _)| name.starts_with("PG")).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_alone_and_what_all_have_do_not_vary() {
        let variables = [("URL", "{url}"), ("STAGE", "live"), ("NAME", "{name}"), ("DSN", "{url}?a=b")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let tenants = TenantOptions { variables, arguments: Some(vec!["url={url}".to_owned()]), ..Default::default() };
        let varying = Varying::of(&tenants);
        assert_eq!(varying.0, BTreeSet::from(["DSN".to_owned(), "NAME".to_owned()]));
        assert!(Varying::of(&TenantOptions::default()).has(ARGUMENTS), "each tenant gets its name by -x");
    }
}
