//! The one way in which commands change a database: `upgrade`, `downgrade`, `stamp`.

use super::change_args::ChangeArgs;
use super::context::CommandContext;
use super::databases::Direct;
use super::engine::Mutation;
use super::error::CommandError;
use super::progress::{Progress, away};
use crate::database::{self, Access, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{self, Deployment, DeploymentRequest, Operation, Purge, Readiness, Readings};

/// What a command was asked to change, and how.
pub(super) struct Change<'a> {
    /// What is planned.
    pub(super) operation: Operation,
    /// Whether the rows of the version table are deleted first.
    pub(super) purge: Purge,
    /// `--sql`: nothing is changed, SQL is printed.
    pub(super) offline: bool,
    /// The options.
    pub(super) args: &'a ChangeArgs,
}

impl CommandContext {
    /// Carries out a change: what needs no Python without it, under the lock; the rest by env.py.
    ///
    /// # Errors
    /// What the graph, the database, a gate or a script says.
    pub(super) fn deploy(&mut self, change: &Change<'_>) -> Result<(), CommandError> {
        if change.args.dry_run.is_some() {
            return self.dry_run(change);
        }
        let options = change.args.run.over(&self.project()?.settings.deploy);
        let known = if change.offline { None } else { self.known_database()? };
        if let (Some((url, _)), Some(limit)) = (&known, options.wait_for_db) {
            let environment = self.database_environment();
            database::wait_for_database(url, &environment, limit, &mut |reason| {
                self.ui.status(&away(&reason.to_string(), limit));
            })?;
        }
        if !change.offline && self.is_done_already(change)? {
            return Ok(());
        }
        let stamps_natively = matches!(change.operation, Operation::Stamp { .. })
            && known.is_some()
            && !self.database_target()?.env.runs_code_on_stamp();
        let scripts = self.scripts()?;
        let settings = self.script_settings()?;
        let permissions = change.args.run.permissions(&self.environment);
        let can_ask = self.environment.interactive && self.environment.variable("CI").is_none();
        let environment = self.database_environment();
        let runner = self.runner()?;
        let sets_transactions = self.globals.transaction.or(self.project()?.settings.transaction).is_some();
        // What Python needs is found before anything is locked.
        let engine = if stamps_natively {
            None
        } else {
            let argv = self.invocation.alembic.clone();
            Some((self.engine_invocation(argv, Mutation::Allowed)?, self.runtime()?))
        };
        self.ui.flush();
        let mut progress = Progress::new(&mut self.ui, &scripts).asking(can_ask);
        let request = DeploymentRequest {
            operation: &change.operation,
            purge: change.purge,
            scripts: &scripts,
            locations: &settings.locations,
            options: &options,
            permissions,
            environment: &environment,
            sets_transactions,
            runner: &runner,
            readings: &Readings::default(),
        };
        let mut deployment = Deployment::new(request, &mut progress);
        let outcome = match (&known, engine) {
            (Some((url, table)), None) => deployment.stamp(url, table),
            (known, Some((invocation, runtime))) => {
                let ready = known.as_ref().map_or(Ok(Readiness::Ready), |(url, table)| deployment.ready(url, table));
                ready.and_then(|readiness| match readiness {
                    Readiness::NothingToDo => Ok(()),
                    Readiness::Ready => {
                        deployment.run(&mut |supervisor| migrate::run_env(&runtime, invocation.clone(), supervisor))
                    }
                })
            }
            (None, None) => Ok(()),
        };
        if let Some(url) = deployment.url().cloned() {
            drop(deployment);
            self.ui.hide(&url);
        }
        outcome.map_err(|error| self.migrate_error(error))
    }

    /// Whether the database is already where it should be, which is answered before any lock and without Python.
    fn is_done_already(&mut self, change: &Change<'_>) -> Result<bool, CommandError> {
        if matches!(change.operation, Operation::Stamp { .. }) {
            return Ok(false);
        }
        let Some(Direct { mut connection, table, .. }) = self.direct(Access::Read)? else { return Ok(false) };
        let scripts = self.scripts()?;
        let rows = connection.version_rows(&table)?.unwrap_or_default();
        // Without rows Alembic creates the table even if there is nothing else to do.
        let plan = change.operation.plan(&scripts.map, &rows).map_err(|error| {
            let unknown = rows.iter().find(|row| scripts.map.position(row.as_str()).is_none());
            match unknown {
                Some(row) => CommandError::from(error).hint(format!(
                    "the version table holds {row}, which no file here has: the database is ahead of this code, or the file was deleted"
                )),
                None => error.into(),
            }
        })?;
        Ok(!rows.is_empty() && plan.steps.is_empty())
    }

    /// The database and its version table, where they are known before env.py is run and limbec speaks the dialect.
    pub(super) fn known_database(&mut self) -> Result<Option<(DatabaseUrl, VersionTableName)>, CommandError> {
        let target = self.database_target()?;
        let known = target.known().filter(|_| target.is_known_without_python());
        let native = known.filter(|(url, _)| !matches!(url.dialect(), Dialect::Other(_)));
        Ok(native.map(|(url, table)| (url.clone(), table.clone())))
    }
}
