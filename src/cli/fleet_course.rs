//! How tenants are migrated, put together for whoever does it: the commands of tenants, and the trial of sample tenants.

use super::context::CommandContext;
use super::error::CommandError;
use super::tenants::start_worker;
use super::ui::Ui;
use crate::config::{DeployOptions, EnvPy, SearchPath, TenantMode, TenantOptions};
use crate::database::DatabaseUrl;
use crate::gate::Permissions;
use crate::migrate::{Deployment, Operation, Readings};
use crate::runtime::{Interruption, RuntimeError};
use crate::script::ScriptDirectory;
use crate::tenant::{Feed, Fleet, FleetEvent, Renderings, RunSql, Surveyed};

/// What is done to tenants, and how.
#[derive(Clone, Copy)]
pub(super) struct Course<'a> {
    /// What is planned.
    pub(super) operation: &'a Operation,
    /// The same for env.py: command and arguments.
    pub(super) command: &'a [&'a str],
    /// The tenants; of those that are behind, their plans count.
    pub(super) surveyed: &'a [Surveyed],
    /// `[tenants]`
    pub(super) tenants: &'a TenantOptions,
    /// Settings of changing a database, with what the command line says over them.
    pub(super) deploy: &'a DeployOptions,
    /// Whether the project has limbec set the search path, so that names without a schema are the tenant's whoever sends them.
    pub(super) sets_path: bool,
    /// What the command line agrees to beforehand.
    pub(super) permissions: Permissions,
    /// How many tenants are migrated at a time.
    pub(super) workers: usize,
}

/// When Python is needed for what was all SQL.
const UNFORESEEN: &str = "all that is pending is SQL, but `DateStyle` or `standard_conforming_strings` of the database make Python necessary, \
                          or another run has changed what is pending";

impl Course<'_> {
    /// Why limbec sends nothing itself to tenants that are schemas.
    pub(super) const NO_PATH: &'static str =
        "tenants are schemas, and only env.py knows how names without one find them: set `search-path`";

    /// Refuses a search path by which all tenants would have their tables in one schema.
    fn check_search_path(&self) -> Result<(), CommandError> {
        let first = self.deploy.search_path.templates().first().filter(|first| *first != SearchPath::SCHEMA);
        match first.filter(|_| self.tenants.mode == TenantMode::Schema) {
            Some(first) => {
                let problem = format!("`search-path` begins with {first}, where every tenant's tables would be made");
                Err(CommandError::usage(problem).hint("let it begin with \"{schema}\", or set it to true"))
            }
            None => Ok(()),
        }
    }
}

impl CommandContext {
    /// Migrates what the feed gives out, until it gives no more.
    ///
    /// # Errors
    /// What keeps the run from beginning.
    pub(super) fn conduct(
        &mut self,
        course: &Course<'_>,
        feed: &dyn Feed,
        on_event: &mut dyn FnMut(&mut Ui, FleetEvent),
    ) -> Result<(), CommandError> {
        course.check_search_path()?;
        let scripts = self.scripts()?;
        let settings = self.script_settings()?;
        let invocation = self.tenant_invocation(course.command)?;
        let sql = self.sql_fleet(&scripts, (course.tenants, course.deploy), course.sets_path)?;
        let needs_python = !sql.as_ref().is_ok_and(|sql| sql.covers_all(course.surveyed));
        // A database whose own settings read SQL otherwise needs it after all.
        let interpreter = if needs_python { Some(self.interpreter()?) } else { self.interpreter().ok() };
        let environment = self.database_environment();
        let runner = self.runner()?;
        let driver = self.project()?.main_option("sqlalchemy.url").ok().flatten();
        let driver = driver.and_then(|text| DatabaseUrl::parse(&text).ok());
        let folder = tempfile::Builder::new()
            .prefix("limbec-tenants-")
            .tempdir()
            .map_err(|error| CommandError::crashed("no temporary folder can be made").caused_by(error.to_string()))?;
        let renderings = self.renderings(&scripts, course.tenants, course.sets_path)?;
        let run_sql = sql.as_ref().ok().map(|sql| {
            |found: &Surveyed, url: &DatabaseUrl, deployment: &mut Deployment<'_>| sql.run(found, url, deployment)
        });
        let fleet = Fleet {
            operation: course.operation,
            scripts: &scripts,
            locations: &settings.locations,
            options: course.deploy,
            tenants: course.tenants,
            permissions: course.permissions,
            environment: &environment,
            sets_transactions: self.globals.transaction.or(self.project()?.settings.transaction).is_some(),
            runner: &runner,
            readings: &Readings::default(),
            invocation: &invocation,
            driver: driver.as_ref(),
            start: &|output, variables| match &interpreter {
                Some(interpreter) => start_worker(interpreter, output, variables),
                None => Err(RuntimeError::NoInterpreter(UNFORESEEN.to_owned())),
            },
            run_sql: run_sql.as_ref().map(|run| run as RunSql<'_>),
            renderings: Some(&renderings),
            folder: folder.path(),
            workers: course.workers,
        };
        self.ui.flush();
        let _interruption = Interruption::watch_once();
        fleet.run(feed, &mut |event| on_event(&mut self.ui, event));
        if self.ui.verbosity() > 0 {
            let (served, reasons) = renderings.verdicts();
            if let Some(by_sql) = sql.as_ref().map(|sql| sql.served()).ok().filter(|by_sql| *by_sql > 0) {
                self.ui.status(&format!("{by_sql} tenants by SQL revisions"));
            }
            self.ui.status(&format!("{served} tenants by rendered SQL"));
            for reason in reasons {
                self.ui.status(&format!("by Python: {reason}"));
            }
        }
        Ok(())
    }

    /// Which revisions are rendered once for all tenants.
    ///
    /// # Errors
    /// Those of reading the configuration.
    pub(super) fn renderings<'a>(
        &mut self,
        scripts: &'a ScriptDirectory,
        tenants: &TenantOptions,
        sets_path: bool,
    ) -> Result<Renderings<'a>, CommandError> {
        let env_path = self.script_settings()?.locations.script_location.join("env.py");
        let env = EnvPy::read(&env_path, self.project()?.settings.adopted.as_ref());
        let imports = self.module_texts()?;
        Ok(Renderings::new(scripts, &imports, &env, &env_path)
            .unless(against_rendering(tenants, sets_path))
            .of_tenants(tenants))
    }
}

/// Why no revision is rendered, whatever it does.
fn against_rendering(tenants: &TenantOptions, sets_path: bool) -> Option<&'static str> {
    if tenants.render == Some(false) {
        return Some("rendering is switched off");
    }
    (tenants.mode == TenantMode::Schema && !sets_path).then_some(Course::NO_PATH)
}
