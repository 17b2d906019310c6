use std::collections::BTreeSet;
use std::path::Path;

use super::TenantError;
use super::template::Placeholders;
use crate::config::{ListedTenant, TenantMode, TenantOptions, UrlSource};
use crate::database::DatabaseUrl;

/// Longer names are no names.
const NAME_BYTES: usize = 200;

/// One of many databases, or schemas, with the same history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name.
    pub name: String,
    /// What it can be selected by.
    pub tags: BTreeSet<String>,
    /// Where its URL is.
    pub url: UrlSource,
    /// Where its password is, if the URL has none.
    pub password: Option<UrlSource>,
    /// Its schema.
    pub schema: Option<String>,
}

impl Tenant {
    /// A tenant as its source has it, completed by the settings; `own` is the project's own database.
    ///
    /// # Errors
    /// A name that cannot be one, a wrong placeholder, or no URL.
    pub fn new(listed: &ListedTenant, options: &TenantOptions, own: Option<&DatabaseUrl>) -> Result<Self, TenantError> {
        let refused = |reason| TenantError::Name { name: listed.name.clone(), reason };
        check_name(&listed.name).map_err(refused)?;
        let plain = Placeholders { name: &listed.name, ..Placeholders::default() };
        let schema = match (&listed.schema, &options.schema, options.mode) {
            (Some(schema), _, _) => Some(schema.clone()),
            (None, Some(template), _) => Some(plain.fill(template, str::to_owned)?),
            (None, None, TenantMode::Schema) => Some(listed.name.clone()),
            (None, None, TenantMode::Database) => None,
        };
        let values = Placeholders { schema: schema.as_deref(), ..plain };
        let template = match (&listed.url, &options.url) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(template)) => Some(values.fill_url(template)?),
            (None, None) => own.filter(|_| options.mode == TenantMode::Schema).map(DatabaseUrl::with_password),
        };
        let settings = options.folder.join("limbec.toml");
        let url = template.and_then(|text| UrlSource::read(&text, &settings));
        let url = url.ok_or_else(|| TenantError::NoUrl { name: listed.name.clone() })?;
        let password = match &options.password {
            Some(template) => UrlSource::read(&values.fill(template, str::to_owned)?, Path::new(&settings)),
            None => None,
        };
        Ok(Self { name: listed.name.clone(), tags: listed.tags.iter().cloned().collect(), url, password, schema })
    }

    /// The URL as it is, without the password that the settings have elsewhere.
    ///
    /// # Errors
    /// As [`Self::database_url`].
    pub fn own_url(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<DatabaseUrl, TenantError> {
        let secret = |reason| TenantError::Secret { name: self.name.clone(), reason };
        let text = self.url.resolve(environment).map_err(secret)?;
        DatabaseUrl::parse(&text).map_err(|reason| TenantError::Url { name: self.name.clone(), reason })
    }

    /// The URL, with its password; `environment` gives variables.
    ///
    /// # Errors
    /// It is not where the settings say, or no URL.
    pub fn database_url(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<DatabaseUrl, TenantError> {
        let secret = |reason| TenantError::Secret { name: self.name.clone(), reason };
        let url = self.own_url(environment)?;
        match &self.password {
            Some(password) if !url.has_password() => {
                Ok(url.with_secret(password.resolve(environment).map_err(secret)?))
            }
            _ => Ok(url),
        }
    }
}

impl Placeholders<'_> {
    /// A URL is quoted where a value is put in; `env:` and `file:` are not.
    fn fill_url(&self, template: &str) -> Result<String, TenantError> {
        let is_reference = template.starts_with("env:") || template.starts_with("file:");
        self.fill(template, |value| if is_reference { value.to_owned() } else { DatabaseUrl::quote_part(value) })
    }
}

/// Names become parts of paths, arguments and lines of logs.
pub(super) fn check_name(name: &str) -> Result<(), &'static str> {
    match name {
        "" => Err("it is empty"),
        "." | ".." => Err("it is a folder"),
        name if name.len() > NAME_BYTES => Err("it is too long"),
        name if name.starts_with('-') => Err("it begins with a dash"),
        name if name.contains(['/', '\\']) => Err("it has a slash"),
        name if name.chars().any(char::is_control) => Err("it has a control character"),
        name if name.chars().any(is_invisible) => Err("it has an invisible character"),
        name if name.trim() != name => Err("it begins or ends with white space"),
        _ => Ok(()),
    }
}

/// Characters without a width, and those that turn the direction of a line: two names would look the same.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> ListedTenant {
        ListedTenant { name: name.to_owned(), ..ListedTenant::default() }
    }

    fn url_of(options: &TenantOptions, name: &str, own: Option<&DatabaseUrl>) -> Result<String, String> {
        let tenant = Tenant::new(&listed(name), options, own).map_err(|error| error.to_string())?;
        let environment = |name: &str| (name == "ACME_PASSWORD").then(|| "s3cret".to_owned());
        Ok(tenant.database_url(&environment).map_err(|error| error.to_string())?.with_password())
    }

    #[test]
    fn a_url_is_made_of_a_template_and_a_password() {
        let options = TenantOptions {
            url: Some("postgresql://app@db/{name}".to_owned()),
            password: Some("env:{NAME}_PASSWORD".to_owned()),
            ..TenantOptions::default()
        };
        assert_eq!(url_of(&options, "acme", None).unwrap(), "postgresql://app:s3cret@db/acme");
        assert_eq!(
            url_of(&options, "foo", None).unwrap_err(),
            "tenant foo: the environment variable FOO_PASSWORD is not set"
        );
        let options = TenantOptions { password: None, ..options };
        assert_eq!(url_of(&options, "a@b?", None).unwrap(), "postgresql://app@db/a%40b%3F");
    }

    #[test]
    fn schemas_are_in_the_projects_own_database() {
        let own = DatabaseUrl::parse("postgresql://u:p@h/d").unwrap();
        let options = TenantOptions { mode: TenantMode::Schema, ..TenantOptions::default() };
        assert_eq!(url_of(&options, "acme", Some(&own)).unwrap(), "postgresql://u:p@h/d");
        assert_eq!(Tenant::new(&listed("acme"), &options, Some(&own)).unwrap().schema.as_deref(), Some("acme"));
        let by_database = TenantOptions::default();
        assert!(url_of(&by_database, "acme", Some(&own)).unwrap_err().contains("has no URL"));
    }

    #[test]
    fn names_that_could_be_something_else_are_refused() {
        for name in ["", "..", "-x", "a/b", "a\nb", " a", &"x".repeat(201)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("Müller & Söhne GmbH").is_ok());
    }
}
