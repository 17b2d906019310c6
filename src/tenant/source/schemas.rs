use glob::Pattern;

use super::all::SourceRequest;
use crate::config::ListedTenant;
use crate::database::{Access, Connection, DatabaseUrl, Dialect};
use crate::tenant::TenantError;

/// PostgreSQL's own are never tenants, whatever the pattern.
const SCHEMAS: &str = "SELECT nspname::text FROM pg_catalog.pg_namespace \
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname";

/// The schemas of a database that match a glob. With `schema = "t_{name}"` in the settings the schema `t_acme` is the tenant `acme`.
pub(super) fn list(
    pattern: &str,
    own: &DatabaseUrl,
    request: &SourceRequest<'_>,
) -> Result<Vec<ListedTenant>, TenantError> {
    let failed = |reason: String| TenantError::Source { place: format!("the schemas of {}", own.obfuscated()), reason };
    if own.dialect() != Dialect::Postgres {
        return Err(failed("only PostgreSQL's databases have schemas".to_owned()));
    }
    let pattern = Pattern::new(pattern).map_err(|error| failed(error.msg.to_owned()))?;
    let schemas = Connection::open(own, request.environment, Access::Read)
        .and_then(|mut connection| connection.first_column(SCHEMAS, &[]))
        .map_err(|error| failed(error.to_string()))?;
    let matching = schemas.into_iter().filter(|schema| pattern.matches(schema));
    let template = request.options.schema.as_deref();
    Ok(matching
        .map(|schema| {
            let name = name_in(template, &schema).unwrap_or(&schema).to_owned();
            ListedTenant { name, schema: Some(schema), ..ListedTenant::default() }
        })
        .collect())
}

/// What a template with one `{name}` has there.
fn name_in<'a>(template: Option<&str>, schema: &'a str) -> Option<&'a str> {
    let (before, after) = template?.split_once("{name}")?;
    let name = schema.strip_prefix(before)?.strip_suffix(after)?;
    (!name.is_empty() && !before.contains('{') && !after.contains('{')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_says_which_part_is_the_name() {
        assert_eq!(name_in(Some("t_{name}"), "t_acme"), Some("acme"));
        assert_eq!(name_in(Some("t_{name}_x"), "t_acme_x"), Some("acme"));
        assert_eq!(name_in(Some("{name}{name}"), "aa"), None);
        assert_eq!(name_in(Some("t_{name}"), "public"), None);
        assert_eq!(name_in(Some("t_{name}"), "t_"), None);
        assert_eq!(name_in(None, "t_acme"), None);
    }
}
