//! What the commands of tenants know: which tenants there are, where they stand, and what migrates them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::CommandContext;
use super::engine::{Mutation, own_executable};
use super::error::{CommandError, ErrorKind};
use super::subjects::KnownDatabase;
use super::unsquash::check_rows;
use crate::config::{
    CommonSource, EnvPy, ListedTenant, Project, ProjectOptions, TargetRequest, TenantMode, TenantOptions, TenantSource,
    UrlSource,
};
use crate::config::{DEFAULT_INI_SECTION, DatabaseTarget};
use crate::database::{DatabaseUrl, VersionTableName};
use crate::migrate::Operation;
use crate::revision::{RevisionError, RevisionId};
use crate::runtime::{self, Interpreter, Mode, Overrides, Runtime, RuntimeError, RuntimeOptions};
use crate::tenant::{self, Selection, SourceRequest, SurveyRequest, Surveyed, Tenant, TenantError};

/// Connections at a time, where nothing says otherwise: more than a small server minds nobody has asked for.
const CONNECTIONS: usize = 16;

impl CommandContext {
    /// The settings of tenants. With `section` in them the command works on that ini section, unless `-n` names another.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub(super) fn tenant_options(&mut self) -> Result<TenantOptions, CommandError> {
        let project = self.project()?;
        if let Some(section) = &project.settings.tenants.section
            && self.globals.name == DEFAULT_INI_SECTION
            && project.section != *section
        {
            let section = section.clone();
            self.use_section(&section);
        }
        Ok(self.project()?.settings.tenants.clone())
    }

    /// The tenants that are meant, in the order of their source.
    ///
    /// # Errors
    /// No source, one that cannot be read, or a name that no tenant has.
    pub(super) fn tenants(&mut self, selection: &Selection) -> Result<Vec<Tenant>, CommandError> {
        let options = self.tenant_options()?;
        let own = match (&options.source, &options.url) {
            (Some(TenantSource::Schemas(_)), Some(template)) => Some(self.url_of_schemas(template, &options)?),
            _ => self.own_url(&options)?,
        };
        // Only a query needs it: a common database that cannot be found keeps nobody from the tenants of a list.
        let common = match &options.source {
            Some(TenantSource::Query(_)) => self.common_url(&options)?,
            _ => None,
        };
        let project = self.project()?;
        let settings = project.settings.origin.clone().unwrap_or_else(|| project.toml_path());
        let environment = self.database_environment();
        let request = SourceRequest {
            options: &options,
            settings: &settings,
            own: own.as_ref(),
            common: common.as_ref(),
            environment: &environment,
        };
        match tenant::tenants(&request) {
            Err(TenantError::NoUrl { .. }) if options.mode == TenantMode::Schema && own.is_none() => {
                Err(self.unknown_own_url()?)
            }
            listed => Ok(selection.of(listed?)?),
        }
    }

    /// What to do about schemas of a database that only running env.py could name.
    fn unknown_own_url(&mut self) -> Result<CommandError, CommandError> {
        let reason = self.database_target()?.why_python().unwrap_or_default().to_owned();
        let failure = CommandError::usage("the database of the tenants cannot be known without running env.py");
        Ok(failure
            .caused_by(reason)
            .hint("let `limbec adopt` look at it once, or write `url = \"env:NAME\"` into [tenants]"))
    }

    /// A tenant that no source lists, made of the templates in the settings.
    ///
    /// # Errors
    /// A name that cannot be one, or no template for its URL.
    pub(super) fn unlisted_tenant(&mut self, name: &str, tags: &[String]) -> Result<Tenant, CommandError> {
        let options = self.tenant_options()?;
        let own = self.own_url(&options)?;
        let listed = ListedTenant { name: name.to_owned(), tags: tags.to_vec(), ..ListedTenant::default() };
        Ok(Tenant::new(&listed, &options, own.as_ref())?)
    }

    /// A tenant's database for `verify`.
    ///
    /// # Errors
    /// Its URL is not where the settings say, or limbec does not speak its dialect.
    pub(super) fn database_of_tenant(&mut self, tenant: &Tenant) -> Result<KnownDatabase, CommandError> {
        let url = self.url_of_tenant(tenant)?;
        let table = self.tenant_version_table()?;
        let table = match &tenant.schema {
            Some(schema) => table.in_schema(Some(schema.clone())),
            None => table,
        };
        self.known_place(url, table, "verify")
    }

    /// Where tenants stand towards an operation, in their order.
    ///
    /// # Errors
    /// Revision files that cannot be read, a target that there is none of, or two tenants in one place.
    pub(super) fn survey(
        &mut self,
        operation: &Operation,
        tenants: Vec<Tenant>,
    ) -> Result<Vec<Surveyed>, CommandError> {
        self.survey_patiently(operation, tenants, None)
    }

    /// The same for those who wait so long for databases that do not answer yet.
    ///
    /// # Errors
    /// As [`Self::survey`].
    pub(super) fn survey_patiently(
        &mut self,
        operation: &Operation,
        tenants: Vec<Tenant>,
        patience: Option<Duration>,
    ) -> Result<Vec<Surveyed>, CommandError> {
        let map = &self.scripts()?.map;
        // Every tenant would say the same.
        if let Err(error @ (RevisionError::NotFound(_) | RevisionError::MultipleHeads(_))) = operation.plan(map, &[]) {
            return Err(CommandError { kind: ErrorKind::Usage, ..error.into() });
        }
        self.look((operation, patience), |request| {
            let surveyed = tenant::survey(request, tenants);
            tenant::check_apart(&surveyed).map(|()| surveyed)
        })
    }

    /// The same by what was recorded of their version tables: no database is asked.
    ///
    /// # Errors
    /// Revision files that cannot be read, or a URL that is not where the settings say.
    pub(super) fn recorded(
        &mut self,
        operation: &Operation,
        tenants: Vec<(Tenant, Vec<RevisionId>)>,
    ) -> Result<Vec<Surveyed>, CommandError> {
        self.look((operation, None), |request| tenant::recorded(request, tenants))
    }

    fn look(
        &mut self,
        (operation, patience): (&Operation, Option<Duration>),
        at: impl FnOnce(&SurveyRequest<'_>) -> Result<Vec<Surveyed>, TenantError>,
    ) -> Result<Vec<Surveyed>, CommandError> {
        let scripts = self.scripts()?;
        let table = self.tenant_version_table()?;
        let environment = self.database_environment();
        let variables = environment_of(self);
        let location = self.script_settings()?.locations.script_location.clone();
        let env = EnvPy::read(&location.join("env.py"), self.project()?.settings.adopted.as_ref());
        let request = SurveyRequest {
            map: &scripts.map,
            operation,
            table: &table,
            environment: &environment,
            variable: &|name| variables.get(name).cloned(),
            connections: CONNECTIONS,
            patience,
            // Nothing else than its own statements could make them before the version table.
            makes_schemas: !matches!(env, EnvPy::Understood(_)),
        };
        let surveyed = at(&request)?;
        for found in &surveyed {
            check_rows(&scripts, found.standing.rows())?;
        }
        for url in surveyed.iter().filter_map(|surveyed| surveyed.url.as_ref()) {
            self.ui.hide(url);
        }
        Ok(surveyed)
    }

    /// The version table of every tenant, as env.py configures it; one that only running env.py could tell is taken to be Alembic's
    /// default, and compared with what env.py uses in every run.
    ///
    /// # Errors
    /// A configuration that cannot be read.
    pub(super) fn tenant_version_table(&mut self) -> Result<VersionTableName, CommandError> {
        let location = self.script_settings()?.locations.script_location.clone();
        let project = self.project()?;
        let env = EnvPy::read(&location.join("env.py"), project.settings.adopted.as_ref());
        let table = env.version_table().unwrap_or_default();
        let schema = self.schema_override().map(str::to_owned).or_else(|| project.settings.schema.clone());
        Ok(match schema {
            Some(schema) => table.in_schema(Some(schema)),
            None => table,
        })
    }

    /// What env.py is run by, for no tenant yet.
    ///
    /// # Errors
    /// Those of reading the revision files.
    pub(super) fn tenant_invocation(&mut self, command: &[&str]) -> Result<runtime::Invocation, CommandError> {
        let project = self.project()?;
        let overrides = Overrides {
            url: None,
            schema: self.schema_override().map(str::to_owned).or_else(|| project.settings.schema.clone()),
            search_path: project.settings.deploy.search_path.templates().to_vec(),
            transaction: self.globals.transaction.or(project.settings.transaction),
            options: project.given_options(),
        };
        self.engine_invocation_with(self.alembic_argv(command), Mutation::Allowed, overrides)
    }

    /// The project's own database, which tenants that are schemas lie in.
    fn own_url(&mut self, options: &TenantOptions) -> Result<Option<DatabaseUrl>, CommandError> {
        match self.database_target() {
            Ok(target) => Ok(target.url().cloned()),
            Err(error) if options.mode == TenantMode::Schema && options.url.is_none() => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// The database whose schemas are the tenants, where `url` names it: they are listed where they are migrated.
    fn url_of_schemas(&mut self, template: &str, options: &TenantOptions) -> Result<DatabaseUrl, CommandError> {
        let fault = |reason: String| CommandError::usage(format!("`url` in [tenants]: {reason}"));
        let variable = |name: &str| self.environment.variable(name).map(str::to_owned);
        let resolve = |text: &str| {
            if text.contains('{') {
                return Err(fault(
                    "tenants that are listed by their schemas share one database: no placeholder can be in it"
                        .to_owned(),
                ));
            }
            let source = UrlSource::read(text, &options.folder.join("limbec.toml"));
            let source = source.ok_or_else(|| fault("it names nothing".to_owned()))?;
            source.resolve(&variable).map_err(|error| fault(error.to_string()))
        };
        let url = DatabaseUrl::parse(&resolve(template)?).map_err(|error| fault(error.to_string()))?;
        let url = match &options.password {
            Some(password) if !url.has_password() => url.with_secret(resolve(password)?),
            _ => url,
        };
        self.ui.hide(&url);
        Ok(url)
    }

    /// The common database, where it is configured.
    ///
    /// # Errors
    /// Its URL is not where the settings say.
    pub(super) fn common_url(&mut self, options: &TenantOptions) -> Result<Option<DatabaseUrl>, CommandError> {
        let url = match &options.common {
            None => return Ok(None),
            Some(CommonSource::Url(source)) => {
                let text = source
                    .resolve(&|name| self.environment.variable(name).map(str::to_owned))
                    .map_err(|error| CommandError::usage(format!("`common` in [tenants]: {error}")))?;
                DatabaseUrl::parse(&text)
                    .map_err(|error| CommandError::usage(format!("`common` in [tenants]: {error}")))?
            }
            Some(CommonSource::Section(section)) => self.url_of_section(section)?,
        };
        self.ui.hide(&url);
        Ok(Some(url))
    }

    /// The database of another ini section.
    fn url_of_section(&mut self, section: &str) -> Result<DatabaseUrl, CommandError> {
        let project = Project::load(&ProjectOptions {
            cwd: self.environment.current_dir.clone(),
            config: self.globals.config.clone(),
            alembic_config: self.environment.variable("ALEMBIC_CONFIG").map(str::to_owned),
            script_location: self.environment.variable("LIMBEC_SCRIPT_LOCATION").map(str::to_owned),
            section: section.to_owned(),
        })?;
        let location = project.script_settings(&self.static_package_resolver())?.locations.script_location;
        // `--url` and LIMBEC_URL are about the tenants.
        let target = DatabaseTarget::find(
            &project,
            &location,
            &TargetRequest {
                url: None,
                url_variable: None,
                schema: None,
                schema_variable: None,
                transaction: None,
                environment: &|name| self.environment.variable(name).map(str::to_owned),
            },
        )?;
        target.url().cloned().ok_or_else(|| {
            let reason = target.why_python().unwrap_or_default();
            CommandError::usage(format!("the database of section [{section}] cannot be known without running env.py"))
                .caused_by(reason)
                .hint(format!(
                    "let `limbec -n {section} adopt` look at it once, or write `common = \"env:NAME\"` into [tenants]"
                ))
        })
    }
}

/// The environment, for threads.
pub(super) fn environment_of(context: &CommandContext) -> BTreeMap<String, String> {
    let variables = &context.environment.variables;
    variables.iter().filter_map(|(name, value)| Some((name.clone(), value.to_str()?.to_owned()))).collect()
}

/// A Python in a process of its own, whose output goes to a file, with these environment variables besides ours.
pub(super) fn start_worker(
    interpreter: &Interpreter,
    output: &std::path::Path,
    variables: &BTreeMap<String, String>,
) -> Result<Runtime, RuntimeError> {
    let options = RuntimeOptions {
        mode: Some(Mode::Child),
        executable: own_executable(),
        output: Some(output.to_owned()),
        variables: variables.clone().into_iter().collect(),
        ..RuntimeOptions::default()
    };
    Runtime::new(interpreter.clone(), &options)
}
