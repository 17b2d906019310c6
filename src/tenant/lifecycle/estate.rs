use std::path::PathBuf;

use super::LifecycleError;
use crate::config::{TenantMode, TenantOptions, UrlSource};
use crate::database::{DatabaseUrl, Dialect, Environment, PostgresServer};
use crate::tenant::{Placeholders, Tenant};

/// Where a tenant's things are looked up.
#[derive(Clone, Copy)]
pub struct EstateRequest<'a> {
    /// `[tenants]`
    pub options: &'a TenantOptions,
    /// The URL as whom roles, databases and schemas are made, as the command line or the environment has it: `env:…`, `file:…` or the URL.
    pub admin: Option<&'a str>,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// Variables of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// A tenant with everything that is made for it and dropped with it.
#[derive(Debug)]
pub struct Estate {
    /// The tenant.
    pub tenant: Tenant,
    /// Its URL, without the password that `password` in the settings would add.
    pub url: DatabaseUrl,
    /// Where it lives.
    pub home: Home,
}

/// Where a tenant lives.
#[derive(Debug)]
pub enum Home {
    /// In an SQLite file.
    File(PathBuf),
    /// On a PostgreSQL server.
    Server(Box<ServerHome>),
}

/// What there is on a PostgreSQL server.
#[derive(Debug)]
pub struct ServerHome {
    /// The server, as somebody who may make and drop things.
    pub server: PostgresServer,
    /// The same as a URL.
    pub admin: DatabaseUrl,
    /// The database.
    pub database: String,
    /// Whether it is the tenant's alone.
    pub owns_database: bool,
    /// The schema, where it has one.
    pub schema: Option<String>,
    /// The role that owns it, where there is one.
    pub role: Option<TenantRole>,
}

/// The role of a tenant.
#[derive(Debug)]
pub struct TenantRole {
    /// Its name.
    pub name: String,
    /// Where its password is.
    pub secret_file: Option<PathBuf>,
    /// Whether it is the role of other tenants as well: the template has no placeholder.
    pub is_shared: bool,
}

impl Estate {
    /// Finds out what belongs to a tenant; connects to nothing.
    ///
    /// # Errors
    /// A URL that cannot be found, or settings that do not do.
    pub fn of(request: &EstateRequest<'_>, tenant: Tenant) -> Result<Self, LifecycleError> {
        let url = tenant.own_url(request.variable)?;
        let fault = |reason: &str, hint| LifecycleError::Settings {
            tenant: tenant.name.clone(),
            reason: reason.to_owned(),
            hint,
        };
        let home = match url.dialect() {
            Dialect::Other(dialect) => {
                return Err(fault(&format!("limbec makes no databases of {dialect}"), "make it by its own tools"));
            }
            Dialect::Sqlite if tenant.schema.is_some() => {
                return Err(fault("SQLite has no schemas", "`mode = \"database\"` in [tenants]"));
            }
            Dialect::Sqlite => match url.sqlite_file().map_err(crate::database::DatabaseError::from)? {
                Some(file) => Home::File(file),
                None => return Err(fault("a database in memory is gone at once", "name a file in its URL")),
            },
            Dialect::Postgres => Home::Server(Box::new(ServerHome::of(request, &tenant, &url)?)),
        };
        Ok(Self { tenant, url, home })
    }

    /// The role's secret file, where there is one.
    pub fn secret_file(&self) -> Option<&std::path::Path> {
        match &self.home {
            Home::Server(home) => home.role.as_ref()?.secret_file.as_deref(),
            Home::File(_) => None,
        }
    }
}

impl ServerHome {
    fn of(request: &EstateRequest<'_>, tenant: &Tenant, url: &DatabaseUrl) -> Result<Self, LifecycleError> {
        let options = request.options;
        let fault = |reason: &str, hint| LifecycleError::Settings {
            tenant: tenant.name.clone(),
            reason: reason.to_owned(),
            hint,
        };
        let database = url.database().filter(|name| !name.is_empty());
        let database = database.ok_or_else(|| fault("its URL names no database", "name it after the last slash"))?;
        let values = Placeholders { name: &tenant.name, schema: tenant.schema.as_deref(), url: None };
        let role = match &options.role {
            Some(template) => Some(TenantRole {
                name: values.fill(template, str::to_owned)?,
                secret_file: secret_file(options, &values)?,
                is_shared: !template.contains('{'),
            }),
            None => None,
        };
        let owns_database = options.mode == TenantMode::Database;
        let admin = match admin_url(request, tenant, &values)? {
            Some(admin) if admin.dialect() != Dialect::Postgres => {
                return Err(fault("the administrator's URL is none of PostgreSQL", ADMIN_HINT));
            }
            Some(admin) => admin,
            None if role.as_ref().is_some_and(|role| url.username() == Some(role.name.as_str())) => {
                return Err(fault("nothing says as whom its role is made", ADMIN_HINT));
            }
            None if owns_database => url.with_database("postgres"),
            None => url.clone(),
        };
        Ok(Self {
            server: PostgresServer::new(admin.clone(), request.environment.clone()),
            admin,
            database: database.to_owned(),
            owns_database,
            schema: tenant.schema.clone(),
            role,
        })
    }
}

const ADMIN_HINT: &str = "name the server's administrator by --admin-url, LIMBEC_ADMIN_URL or `admin-url` in [tenants]";

fn admin_url(
    request: &EstateRequest<'_>,
    tenant: &Tenant,
    values: &Placeholders<'_>,
) -> Result<Option<DatabaseUrl>, LifecycleError> {
    let text = match (request.admin, &request.options.admin_url) {
        (Some(text), _) => text.to_owned(),
        (None, Some(template)) => values.fill(template, str::to_owned)?,
        (None, None) => return Ok(None),
    };
    let fault = |reason: String| LifecycleError::Settings {
        tenant: tenant.name.clone(),
        reason: format!("the administrator's URL: {reason}"),
        hint: ADMIN_HINT,
    };
    let settings = request.options.folder.join("limbec.toml");
    let source = UrlSource::read(&text, &settings).ok_or_else(|| fault("it names nothing".to_owned()))?;
    let text = source.resolve(request.variable).map_err(|error| fault(error.to_string()))?;
    DatabaseUrl::parse(&text).map(Some).map_err(|error| fault(error.to_string()))
}

/// A schema's name may have a slash, which must not lead out of the folder.
fn secret_file(options: &TenantOptions, values: &Placeholders<'_>) -> Result<Option<PathBuf>, LifecycleError> {
    let Some(template) = &options.secret_file else { return Ok(None) };
    let schema = values.schema.map(|schema| schema.replace(['/', '\0'], "_").replace("..", "_"));
    let values = Placeholders { schema: schema.as_deref(), ..*values };
    Ok(Some(values.fill(&template.to_string_lossy(), str::to_owned)?.into()))
}
