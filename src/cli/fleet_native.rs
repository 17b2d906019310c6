//! Tenants whose every pending step is SQL: limbec runs them itself, as it does on a single database.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::context::CommandContext;
use super::error::CommandError;
use super::fleet_course::Course;
use super::native::{LIBPQ_SETTINGS, NativeTerms, NativeWay, variables_of};
use crate::config::{DeployOptions, EnvPy, Project, TenantMode, TenantOptions};
use crate::database::DatabaseUrl;
use crate::migrate::{Deployment, HasRun, MigrateError};
use crate::plan::Plan;
use crate::script::ScriptDirectory;
use crate::tenant::{Standing, Surveyed, TenantError, tenant_arguments, tenant_variables};

/// How limbec runs SQL revisions on the tenants of a fleet, or why it does not: a sentence without a full stop.
pub(super) type SqlFleetOr<'a> = Result<SqlFleet<'a>, String>;

/// How limbec runs SQL revisions on the tenants of a fleet.
pub(super) struct SqlFleet<'a> {
    terms: NativeTerms,
    env: EnvPy,
    project: Project,
    /// Variables of limbec's own environment.
    environment: BTreeMap<String, String>,
    scripts: &'a ScriptDirectory,
    tenants: &'a TenantOptions,
    options: &'a DeployOptions,
    /// The `-x` arguments of the command line.
    arguments: Vec<String>,
    /// Tenants that were served.
    served: AtomicUsize,
}

impl SqlFleet<'_> {
    /// Runs the plan that a tenant's deployment has made ready, under its lock; nothing, if a step of it needs Python.
    ///
    /// # Errors
    /// Those of the deployment and of the statements.
    pub(super) fn run(
        &self,
        surveyed: &Surveyed,
        url: &DatabaseUrl,
        deployment: &mut Deployment<'_>,
    ) -> Result<HasRun, MigrateError> {
        match self.way(surveyed, url).map_err(|error| MigrateError::Refused(error.into()))? {
            Some(way) => {
                let has_run = way.run(deployment, self.scripts)?;
                self.served.fetch_add((has_run == HasRun::Yes).into(), Ordering::Relaxed);
                Ok(has_run)
            }
            None => Ok(HasRun::No),
        }
    }

    /// How many tenants were served.
    pub(super) fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }

    /// `None`: limbec does not speak the dialect, or env.py connects by another URL than the tenant's.
    fn way(&self, surveyed: &Surveyed, url: &DatabaseUrl) -> Result<Option<NativeWay>, TenantError> {
        let variables =
            tenant_variables(self.tenants, &surveyed.tenant, &url.accepted_by_sqlalchemy().with_password())?;
        let variable = |name: &str| variables.get(name).or_else(|| self.environment.get(name)).cloned();
        if !self.env.connects_by(url, &self.project, &variable) {
            return Ok(None);
        }
        let own = tenant_arguments(self.tenants, &surveyed.tenant, &url.with_password())?;
        let arguments = own.iter().chain(&self.arguments).map(String::as_str);
        let variables = variables_of(&surveyed.table, arguments).map_err(|problem| TenantError::Variable {
            name: surveyed.tenant.name.clone(),
            reason: problem.to_string(),
        })?;
        Ok(self.terms.way(url, &surveyed.table, self.options, variables))
    }

    /// Whether all that is pending for a tenant is SQL.
    pub(super) fn covers(&self, surveyed: &Surveyed, plan: &Plan) -> bool {
        let way = surveyed.url.as_ref().and_then(|url| self.way(surveyed, url).ok().flatten());
        way.is_some_and(|way| way.steps(plan, self.scripts).is_some())
    }

    /// Whether nothing that is pending needs Python.
    pub(super) fn covers_all(&self, surveyed: &[Surveyed]) -> bool {
        // Tenants with the same rows share their plan.
        let mut last: Option<&Arc<Plan>> = None;
        surveyed.iter().all(|found| match &found.standing {
            Standing::Behind { plan, .. } if last.is_some_and(|last| Arc::ptr_eq(last, plan)) => true,
            Standing::Behind { plan, .. } => {
                last = Some(plan);
                self.covers(found, plan)
            }
            _ => true,
        })
    }
}

impl CommandContext {
    /// How limbec runs the SQL revisions of tenants itself, or why Python does.
    ///
    /// # Errors
    /// Those of reading the configuration.
    pub(super) fn sql_fleet<'a>(
        &mut self,
        scripts: &'a ScriptDirectory,
        course: (&'a TenantOptions, &'a DeployOptions),
        sets_path: bool,
    ) -> Result<SqlFleetOr<'a>, CommandError> {
        let (tenants, options) = course;
        let env_path = self.script_settings()?.locations.script_location.join("env.py");
        let env = EnvPy::read(&env_path, self.project()?.settings.adopted.as_ref());
        if tenants.mode == TenantMode::Schema && !sets_path {
            return Ok(Err(Course::NO_PATH.to_owned()));
        }
        if let Some(name) = tenants
            .variables
            .keys()
            .find(|name| LIBPQ_SETTINGS.contains(&name.as_str()) || name.as_str() == "PGOPTIONS")
        {
            return Ok(Err(format!(
                "`variables` in [tenants] has {name}, which changes the session of Python's driver"
            )));
        }
        let arguments = self.globals.x.clone();
        let terms = match self.native_terms(&env, options)? {
            Ok(terms) => terms,
            Err(why) => return Ok(Err(why)),
        };
        let text = |(name, value): (&String, &OsString)| Some((name.clone(), value.to_str()?.to_owned()));
        let environment = self.environment.variables.iter().filter_map(text).collect();
        let project = (*self.project()?).clone();
        let served = AtomicUsize::new(0);
        Ok(Ok(SqlFleet { terms, env, project, environment, scripts, tenants, options, arguments, served }))
    }
}
