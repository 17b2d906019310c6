use super::LifecycleError;
use super::estate::Estate;
use super::statement::prepared;
use crate::config::TenantOptions;
use crate::database::Transaction;

/// What `register` and `unregister` have as parameters.
#[derive(Debug)]
pub struct Registration<'a> {
    name: &'a str,
    url: String,
    schema: Option<&'a str>,
    /// A JSON list.
    tags: String,
}

impl<'a> Registration<'a> {
    /// Of a tenant.
    pub fn of(estate: &'a Estate) -> Self {
        let tags: Vec<&String> = estate.tenant.tags.iter().collect();
        Self {
            name: &estate.tenant.name,
            url: estate.url.accepted_by_sqlalchemy().without_password().with_password(),
            schema: estate.tenant.schema.as_deref(),
            tags: serde_json::json!(tags).to_string(),
        }
    }
}

/// Runs the statement that registers a tenant. Whether there is one.
///
/// # Errors
/// The statement is none, or the common database refuses it.
pub fn register(
    options: &TenantOptions,
    registration: &Registration<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<bool, LifecycleError> {
    run("register", options.register.as_deref(), registration, transaction)
}

/// Runs the statement that takes a tenant's registration back. Whether there is one.
///
/// # Errors
/// As [`register`].
pub fn unregister(
    options: &TenantOptions,
    registration: &Registration<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<bool, LifecycleError> {
    run("unregister", options.unregister.as_deref(), registration, transaction)
}

fn run(
    key: &'static str,
    text: Option<&str>,
    registration: &Registration<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<bool, LifecycleError> {
    let Some(text) = text else { return Ok(false) };
    let fault = |reason: String| LifecycleError::Statement { key, reason };
    let statement = prepared(text, &transaction.dialect()).map_err(fault)?;
    let value = |name: &&str| match *name {
        "name" => Some(registration.name),
        "url" => Some(registration.url.as_str()),
        "schema" => registration.schema,
        _ => Some(registration.tags.as_str()),
    };
    let values: Vec<Option<&str>> = statement.names.iter().map(value).collect();
    transaction.change_untyped(&statement.sql, &values).map_err(|error| fault(error.to_string()))?;
    Ok(true)
}
