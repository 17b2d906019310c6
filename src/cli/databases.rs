//! What the commands know of a database: where it is, what its version table holds, and how a plan is run on it.

use std::rc::Rc;

use super::context::CommandContext;
use super::engine::Mutation;
use super::error::CommandError;
use crate::config::{DatabaseTarget, TargetRequest};
use crate::database::{self, Access, Connection, Dialect, VersionTableName};
use crate::migrate::{self, MigrateError, Refusal, RunTarget, Supervisor};
use crate::plan::Plan;
use crate::revision::RevisionId;
use crate::runtime::RuntimeError;

/// One database as one `run_migrations()` of env.py sees it, or as limbec read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DatabaseState {
    /// The rows of the version table, in the order of the database.
    pub(super) rows: Vec<RevisionId>,
    /// Its URL, password hidden.
    pub(super) url: String,
}

/// A connection of limbec's own.
pub(super) struct Direct {
    /// Open.
    pub(super) connection: Connection,
    /// The version table that env.py configures.
    pub(super) table: VersionTableName,
    /// The URL as Alembic would print it, password hidden.
    pub(super) url: String,
}

impl CommandContext {
    /// Where the database is, as far as that can be known without running env.py.
    ///
    /// # Errors
    /// A configured URL that is none, or that cannot be found where the settings say.
    pub(super) fn database_target(&mut self) -> Result<Rc<DatabaseTarget>, CommandError> {
        if let Some(target) = &self.target {
            return Ok(Rc::clone(target));
        }
        let project = self.project()?;
        let location = self.script_settings()?.locations.script_location.clone();
        let target = DatabaseTarget::find(
            &project,
            &location,
            &TargetRequest {
                url: self.globals.url.as_deref(),
                url_variable: self.environment.variable("LIMBEC_URL"),
                schema: self.globals.schema.as_deref(),
                schema_variable: self.environment.variable("LIMBEC_SCHEMA"),
                transaction: self.globals.transaction,
                environment: &|name| self.environment.variables.get(name)?.to_str().map(str::to_owned),
            },
        )?;
        if let Some(url) = target.url() {
            self.ui.hide(url);
        }
        for warning in &target.warnings {
            self.ui.warning(warning);
        }
        Ok(Rc::clone(self.target.insert(Rc::new(target))))
    }

    /// A connection of limbec's own, where it is certain that env.py would use the same database and version table, and
    /// would do nothing else with them.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) fn direct(&mut self, access: Access) -> Result<Option<Direct>, CommandError> {
        let target = self.database_target()?;
        let Some((url, table)) = target.known().filter(|_| target.is_known_without_python()) else { return Ok(None) };
        if matches!(url.dialect(), Dialect::Other(_)) {
            return Ok(None);
        }
        let connection = Connection::open(url, &self.database_environment(), access)?;
        Ok(Some(Direct { connection, table: table.clone(), url: url.accepted_by_sqlalchemy().obfuscated() }))
    }

    /// What a connection may take from the environment: libpq's variables and HOME.
    pub(super) fn database_environment(&self) -> database::Environment {
        let text = |(name, value): (&String, &std::ffi::OsString)| Some((name.clone(), value.to_str()?.to_owned()));
        self.environment.variables.iter().filter_map(text).collect()
    }

    /// Every database that the project's env.py works on, usually one.
    ///
    /// # Errors
    /// No database, or one that does not answer.
    pub(super) fn database_states(&mut self) -> Result<Vec<DatabaseState>, CommandError> {
        if let Some(Direct { mut connection, table, url }) = self.direct(Access::Read)? {
            let rows = connection.version_rows(&table)?.unwrap_or_default();
            return Ok(vec![DatabaseState { rows, url }]);
        }
        let runs = self.observe_env(Mutation::Forbidden)?;
        Ok(runs.into_iter().map(|(rows, target)| DatabaseState { rows, url: hidden_url(&target) }).collect())
    }

    /// Runs env.py as `current` does, without a step and without creating anything: the rows that each of its
    /// `run_migrations()` found, and where.
    ///
    /// # Errors
    /// Whatever env.py raises.
    pub(super) fn observe_env(
        &mut self,
        mutation: Mutation,
    ) -> Result<Vec<(Vec<RevisionId>, RunTarget)>, CommandError> {
        let argv = self.alembic_argv(&["current"]);
        let invocation = self.engine_invocation(argv, mutation)?;
        let runtime = self.runtime()?;
        self.ui.flush();
        let mut observer = Observer::default();
        migrate::run_env(&runtime, invocation, &mut observer).map_err(|error| self.migrate_error(error))?;
        Ok(observer.runs)
    }

    /// The rows of the version table of each database, in the database's order.
    ///
    /// # Errors
    /// As `database_states`.
    pub(super) fn version_rows(&mut self) -> Result<Vec<Vec<RevisionId>>, CommandError> {
        Ok(self.database_states()?.into_iter().map(|state| state.rows).collect())
    }

    /// What a run came to, in words: Python's failures with their place in the project's files.
    pub(super) fn migrate_error(&mut self, error: MigrateError) -> CommandError {
        match error {
            error @ MigrateError::Runtime(RuntimeError::Interrupted) => error.into(),
            MigrateError::Runtime(error) => self.python_error(error),
            error => error.into(),
        }
    }
}

/// Lets env.py run nothing, and keeps what each of its `run_migrations()` found.
#[derive(Debug, Default)]
struct Observer {
    runs: Vec<(Vec<RevisionId>, RunTarget)>,
}

impl Supervisor for Observer {
    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal> {
        self.runs.push((rows.to_vec(), target.clone()));
        Ok(Plan::default())
    }
}

pub(super) fn hidden_url(target: &RunTarget) -> String {
    let url = target.url.as_deref().unwrap_or_default();
    crate::database::DatabaseUrl::parse(url).map(|url| url.obfuscated()).unwrap_or_default()
}
