//! What the commands know that make, fill and remove tenants.

use super::change_args::RunArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::fleet_course::Course;
use super::tenants::environment_of;
use crate::config::TenantSource;
use crate::database::{DatabaseLock, DatabaseUrl, OWN_SCHEMA};
use crate::migrate::Operation;
use crate::runtime::{NoCalls, Request};
use crate::tenant::{
    Assignment, Estate, EstateRequest, FleetEvent, Home, InOrder, Journal, LifecycleError, SeedFile, SeedLanguage,
    SeedOutcome, SeedPlace, Seeded, Selection, Standing, Tenant, TenantOutcome, seed_files, take_turn,
};

/// A tenant, and whether its source has it.
pub(super) struct NamedTenant {
    pub(super) tenant: Tenant,
    pub(super) is_listed: bool,
}

/// What Python printed last, where a revision failed.
const OUTPUT_CHARACTERS: usize = 2000;

impl CommandContext {
    /// Tenants by name, in the order of the names: those that the source does not list are made of the templates in the settings.
    ///
    /// # Errors
    /// A source that cannot be read, or a name that cannot be one.
    pub(super) fn named_tenants(
        &mut self,
        names: &[String],
        tags: &[String],
    ) -> Result<Vec<NamedTenant>, CommandError> {
        let options = self.tenant_options()?;
        let mut listed = match options.source {
            Some(_) => self.tenants(&Selection::default())?,
            None => Vec::new(),
        };
        for tenant in listed.iter_mut().filter(|tenant| names.contains(&tenant.name)) {
            tenant.tags.extend(tags.iter().cloned());
        }
        let find = |context: &mut Self, name: &String| match listed.iter().find(|tenant| tenant.name == *name) {
            Some(tenant) => Ok(NamedTenant { tenant: tenant.clone(), is_listed: true }),
            None => Ok(NamedTenant { tenant: context.unlisted_tenant(name, tags)?, is_listed: false }),
        };
        names.iter().map(|name| find(self, name)).collect()
    }

    /// Everything that belongs to a tenant; secrets are hidden from now on.
    ///
    /// # Errors
    /// Settings that do not do for it.
    pub(super) fn estate(&mut self, tenant: Tenant, admin: Option<&str>) -> Result<Estate, CommandError> {
        let estate = self.with_grounds(admin, |request| Estate::of(request, tenant))?;
        self.ui.hide(&estate.url);
        if let Home::Server(home) = &estate.home {
            self.ui.hide(&home.admin);
        }
        Ok(estate)
    }

    /// Runs something that looks up URLs, passwords and the administrator.
    pub(super) fn with_grounds<T>(
        &mut self,
        admin: Option<&str>,
        run: impl FnOnce(&EstateRequest<'_>) -> Result<T, LifecycleError>,
    ) -> Result<T, CommandError> {
        let options = self.tenant_options()?;
        let environment = self.database_environment();
        let variables = environment_of(self);
        let variable = |name: &str| variables.get(name).cloned();
        let request = EstateRequest {
            options: &options,
            admin: admin.or_else(|| self.environment.variable("LIMBEC_ADMIN_URL")),
            environment: &environment,
            variable: &variable,
        };
        Ok(run(&request)?)
    }

    /// A tenant's URL with its password, hidden from now on.
    pub(super) fn url_of_tenant(&mut self, tenant: &Tenant) -> Result<DatabaseUrl, CommandError> {
        let variables = environment_of(self);
        let url = tenant.database_url(&|name| variables.get(name).cloned())?;
        self.ui.hide(&url);
        Ok(url)
    }

    /// Where limbec's own tables are on PostgreSQL.
    pub(super) fn own_schema(&mut self) -> Result<String, CommandError> {
        let history = self.project()?.settings.deploy.history.clone();
        Ok(history.and_then(|history| history.schema).unwrap_or_else(|| OWN_SCHEMA.to_owned()))
    }

    /// Keeps others from working on the same tenant, until it is dropped.
    ///
    /// # Errors
    /// Somebody does.
    pub(super) fn turn_on(&mut self, estate: &Estate) -> Result<DatabaseLock, CommandError> {
        let options = self.tenant_options()?;
        let place = match (self.common_url(&options)?, &estate.home) {
            (Some(common), _) => common,
            (None, Home::Server(home)) => home.admin.clone(),
            (None, Home::File(path)) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    // The lock file lies beside the database, whose folder may have to be made.
                    let made = std::fs::create_dir_all(folder);
                    made.map_err(|error| {
                        CommandError::crashed(format!("cannot make {}", folder.display())).caused_by(error.to_string())
                    })?;
                }
                estate.url.clone()
            }
        };
        let (environment, own_schema) = (self.database_environment(), self.own_schema()?);
        Ok(take_turn(&place, &environment, &own_schema, &estate.tenant.name)?)
    }

    /// Where the steps of a bootstrap are recorded: in the common database, else in the tenant's own, which has to be there then.
    pub(super) fn journal_of(&mut self, tenant: &Tenant) -> Result<Journal, CommandError> {
        let options = self.tenant_options()?;
        let environment = self.database_environment();
        let own_schema = self.own_schema()?;
        Ok(match self.common_url(&options)? {
            Some(url) => Journal { url, environment, schema: own_schema },
            None => {
                let schema = tenant.schema.clone().unwrap_or(own_schema);
                Journal { url: self.url_of_tenant(tenant)?, environment, schema }
            }
        })
    }

    /// Upgrades one tenant to the newest revision, as `tenant migrate` does.
    ///
    /// # Errors
    /// It cannot be reached, is inconsistent, or a revision fails.
    pub(super) fn migrate_tenant(&mut self, tenant: &Tenant, run: &RunArgs) -> Result<(), CommandError> {
        let operation = Operation::Upgrade { target: "heads".to_owned() };
        let surveyed = self.survey(&operation, vec![tenant.clone()])?.pop();
        let Some(surveyed) = surveyed else { return Ok(()) };
        match &surveyed.standing {
            Standing::AtTarget { .. } => return Ok(()),
            Standing::Behind { .. } => {}
            Standing::Inconsistent { reason, .. } | Standing::Missing { reason } | Standing::Unreachable { reason } => {
                return Err(CommandError::crashed(reason.clone()));
            }
        }
        let options = self.tenant_options()?;
        let deploy = run.over(&self.project()?.settings.deploy);
        let surveyed = [surveyed];
        let course = Course {
            operation: &operation,
            command: &["upgrade", "heads"],
            surveyed: &surveyed,
            tenants: &options,
            deploy: &deploy,
            sets_path: deploy.search_path.is_set(),
            permissions: run.permissions(&self.environment),
            workers: 1,
        };
        let mut ended: Option<TenantOutcome> = None;
        let [only] = surveyed.clone();
        self.conduct(
            &course,
            &InOrder::new([Assignment { index: 0, surveyed: only }]),
            &mut |ui, event| match event {
                FleetEvent::Warning { sentence, .. } => ui.warning(&sentence),
                FleetEvent::Finished { outcome, .. } => ended = Some(outcome),
                _ => {}
            },
        )?;
        match ended {
            Some(TenantOutcome { error: Some(error), output, .. }) => {
                let failure = self.migrate_error(error);
                let skipped = output.chars().count().saturating_sub(OUTPUT_CHARACTERS);
                let output: String = output.chars().skip(skipped).collect();
                Err(if output.trim().is_empty() { failure } else { failure.caused_by(output.trim_end()) })
            }
            Some(_) => Ok(()),
            None => Err(CommandError::crashed("it was not migrated")),
        }
    }

    /// The project's seeds, in their order.
    ///
    /// # Errors
    /// There are none, or one cannot be read, or `again` names one that there is none of.
    pub(super) fn seeds(&mut self, again: &[String]) -> Result<Vec<SeedFile>, CommandError> {
        let options = self.tenant_options()?;
        let place = options.seed.as_ref().ok_or_else(|| {
            CommandError::usage("no seeds are configured")
                .hint("write `seed = \"seeds\"` into [tenants]: a folder of *.sql and *.py")
        })?;
        let files = seed_files(place)?;
        match again.iter().find(|name| !files.iter().any(|file| file.name == **name)) {
            Some(name) => Err(CommandError::usage(format!("there is no seed {name} in {}", place.display()))
                .hint("--again takes a file's name")),
            None => Ok(files),
        }
    }

    /// Runs the seeds that a tenant does not have, one after the other; `on_seed` is told of each.
    ///
    /// # Errors
    /// One fails; nothing of that one remains.
    pub(super) fn seed_tenant(
        &mut self,
        tenant: &Tenant,
        files: &[SeedFile],
        again: &[String],
    ) -> Result<Vec<Seeded>, CommandError> {
        let search_path = self.project()?.settings.deploy.search_path.resolve(tenant.schema.as_deref());
        let place = SeedPlace {
            url: self.url_of_tenant(tenant)?,
            environment: self.database_environment(),
            schema: tenant.schema.clone(),
            search_path: if search_path.is_empty() { tenant.schema.iter().cloned().collect() } else { search_path },
            own_schema: self.own_schema()?,
        };
        let mut seeded = Vec::new();
        for file in files {
            let is_again = again.contains(&file.name);
            let outcome = match file.language {
                SeedLanguage::Sql => place.run_sql(file, is_again)?,
                SeedLanguage::Python => self.seed_by_python(&place, file, is_again)?,
            };
            if outcome == SeedOutcome::Changed {
                let (name, file) = (&tenant.name, &file.name);
                self.ui.warning(&format!("tenant {name}: the seed {file} has changed since it was run"));
                self.ui.hint(&format!("`--again {file}` runs it again"));
            }
            seeded.push(Seeded { file: file.name.clone(), outcome });
        }
        Ok(seeded)
    }

    fn seed_by_python(&mut self, place: &SeedPlace, file: &SeedFile, again: bool) -> Result<SeedOutcome, CommandError> {
        let sys_path = self.script_settings()?.prepend_sys_path.clone();
        let driver = self.project()?.main_option("sqlalchemy.url").ok().flatten();
        let driver = driver.and_then(|text| DatabaseUrl::parse(&text).ok());
        let seeding = match place.python(file, again, &sys_path, driver.as_ref())? {
            Ok(seeding) => seeding,
            Err(outcome) => return Ok(outcome),
        };
        let runtime = self.runtime()?;
        self.ui.flush();
        let answer = runtime.run(&Request::Seed(seeding), &mut NoCalls);
        let answer = answer.map_err(|error| {
            let failure = self.python_error_in(error, std::slice::from_ref(&file.path));
            CommandError { sentence: format!("the seed {} failed: {}", file.name, failure.sentence), ..failure }
        })?;
        Ok(if answer.as_bool() == Some(true) { SeedOutcome::Run } else { SeedOutcome::Recorded })
    }

    /// Whether the source is a query on the common database, which has the registered ones alone.
    pub(super) fn lists_registered(&mut self) -> Result<bool, CommandError> {
        Ok(matches!(self.tenant_options()?.source, Some(TenantSource::Query(_))))
    }
}

/// The error, with the name of the tenant that it is about.
pub(super) fn about(tenant: &str) -> impl Fn(CommandError) -> CommandError {
    let prefix = format!("tenant {tenant}");
    move |error| {
        if error.sentence.contains(&prefix) {
            return error;
        }
        CommandError { sentence: format!("{prefix}: {}", error.sentence), ..error }
    }
}

impl From<LifecycleError> for CommandError {
    fn from(error: LifecycleError) -> Self {
        let failure = Self::from_error(&error, false);
        let configuration = |failure: Self| Self { is_configuration: true, ..failure };
        match error {
            LifecycleError::Tenant(error) => error.into(),
            LifecycleError::Database(error) => error.into(),
            LifecycleError::Lock(error) => error.into(),
            LifecycleError::Busy { .. } => failure.hint(
                "nothing was changed here; when that run has ended, the same command goes on from where it stopped",
            ),
            LifecycleError::Settings { hint, .. } => configuration(failure.hint(hint)),
            LifecycleError::ForeignRole { hint, .. } => failure.hint(hint),
            LifecycleError::Statement { .. } => failure,
            LifecycleError::NotThere { reason, .. } => {
                let failure = failure
                    .hint("compare `url`, `password` and `admin-url` in [tenants]: do they mean the same server?");
                match *reason {
                    crate::database::DatabaseError::Password { .. } => {
                        failure.hint("`tenant create NAME --new-password` gives its role a new password")
                    }
                    _ => failure,
                }
            }
            LifecycleError::InUse { .. } | LifecycleError::FileInUse { .. } => {
                failure.hint("nothing was changed; --force drops it all the same")
            }
            LifecycleError::Seed { .. } => failure.hint("nothing of it remains; the seeds before it are recorded"),
            LifecycleError::SeedEnds { .. } => {
                failure.hint("nothing of it was run; take the statement out, or make two seeds of it")
            }
            LifecycleError::Backup(_) => failure.hint("nothing was dropped"),
            LifecycleError::Foreign { .. } | LifecycleError::File { .. } | LifecycleError::SeedTransaction { .. } => {
                failure
            }
        }
    }
}
