//! The one way in which commands change a database: `upgrade`, `downgrade`, `stamp`.

use std::rc::Rc;

use super::change_args::ChangeArgs;
use super::context::CommandContext;
use super::databases::Direct;
use super::engine::Mutation;
use super::error::CommandError;
use super::native::NativeWay;
use super::progress::{Progress, away};
use crate::config::DeployOptions;
use crate::database::{self, Access, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{self, Deployment, DeploymentRequest, HasRun, Operation, Purge, Readiness, Readings};
use crate::plan::Plan;
use crate::runtime::Interruption;
use crate::runtime::{Invocation, Runtime};

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

/// What a database needs, as it looks before it is locked.
enum Foreseen {
    /// It is where it should be.
    NothingToDo,
    /// These steps, or none but the version table.
    Steps(Plan),
}

/// Who carries a change out.
enum Course {
    /// limbec, on the version table.
    Stamp,
    /// limbec, by SQL.
    Native(Box<NativeWay>),
    /// env.py; why SQL that is planned is left to it.
    Python(Option<String>),
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
        let foreseen = if change.offline { None } else { self.foreseen(change, &options)? };
        if matches!(foreseen, Some(Foreseen::NothingToDo)) {
            return Ok(());
        }
        let mut course = self.course(change, known.as_ref(), foreseen.as_ref(), &options)?;
        if let Course::Python(why) = &mut course {
            *why = self.why_python(change, foreseen.as_ref(), &options);
        }
        let has_run = self.carry_out(change, known.as_ref(), &options, course)?;
        if has_run == HasRun::No {
            // Somebody else was faster, and under the lock another plan was due.
            self.carry_out(change, known.as_ref(), &options, Course::Python(None))?;
        }
        Ok(())
    }

    /// Who carries a change out, as far as that can be told before it is planned under the lock.
    fn course(
        &mut self,
        change: &Change<'_>,
        known: Option<&(DatabaseUrl, VersionTableName)>,
        foreseen: Option<&Foreseen>,
        options: &DeployOptions,
    ) -> Result<Course, CommandError> {
        let Some((url, table)) = known else { return Ok(Course::Python(None)) };
        if matches!(change.operation, Operation::Stamp { .. }) {
            let runs_code = self.database_target()?.env.runs_code_on_stamp();
            return Ok(if runs_code { Course::Python(None) } else { Course::Stamp });
        }
        let Some(Foreseen::Steps(plan)) = foreseen else { return Ok(Course::Python(None)) };
        let scripts = self.scripts()?;
        let native = self.native_way(url, table, options)?.filter(|way| way.steps(plan, &scripts).is_some());
        Ok(native.map_or(Course::Python(None), |way| Course::Native(Box::new(way))))
    }

    /// Why SQL that is planned is left to Python; told to whoever wants to know more.
    fn why_python(
        &mut self,
        change: &Change<'_>,
        foreseen: Option<&Foreseen>,
        options: &DeployOptions,
    ) -> Option<String> {
        if matches!(change.operation, Operation::Stamp { .. }) {
            return None;
        }
        let plan = match foreseen {
            Some(Foreseen::Steps(plan)) => Some(plan),
            _ => None,
        };
        let why = self.why_python_runs(plan, options)?;
        if self.ui.verbosity() > 0 {
            self.ui.status(&format!("Python runs the SQL revisions: {why}"));
        }
        Some(why)
    }

    /// What env.py needs to be run.
    fn python(&mut self, why: Option<&String>) -> Result<(Invocation, Rc<Runtime>), CommandError> {
        let argv = self.invocation.alembic.clone();
        let found = match self.engine_invocation(argv, Mutation::Allowed) {
            Ok(invocation) => self.runtime().map(|runtime| (invocation, runtime)),
            Err(error) => Err(error),
        };
        found.map_err(|error| match why {
            Some(why) => error.hint(format!("limbec runs SQL revisions without Python, but not here: {why}")),
            None => error,
        })
    }

    /// Plans and runs under the lock.
    fn carry_out(
        &mut self,
        change: &Change<'_>,
        known: Option<&(DatabaseUrl, VersionTableName)>,
        options: &DeployOptions,
        course: Course,
    ) -> Result<HasRun, CommandError> {
        let scripts = self.scripts()?;
        let settings = self.script_settings()?;
        let permissions = change.args.run.permissions(&self.environment);
        let can_ask = self.environment.can_ask();
        let environment = self.database_environment();
        let runner = self.runner()?;
        let is_native = matches!(course, Course::Native(_));
        let sets_transactions = self.globals.transaction.or(self.project()?.settings.transaction).is_some();
        // What Python needs is found before anything is locked.
        let engine = match &course {
            Course::Python(why) => Some(self.python(why.as_ref())?),
            Course::Stamp | Course::Native(_) => None,
        };
        self.ui.flush();
        let progress = Progress::new(&mut self.ui, &scripts).asking(can_ask);
        let mut progress = if is_native { progress.telling_steps() } else { progress };
        let request = DeploymentRequest {
            operation: &change.operation,
            purge: change.purge,
            scripts: &scripts,
            locations: &settings.locations,
            options,
            permissions,
            environment: &environment,
            sets_transactions,
            runner: &runner,
            readings: &Readings::default(),
        };
        let mut deployment = Deployment::new(request, &mut progress);
        let outcome = match (known, course, engine) {
            (Some((url, table)), Course::Stamp, _) => deployment.stamp(url, table).map(|()| HasRun::Yes),
            (Some((url, table)), Course::Native(way), _) => {
                deployment.ready(url, table).and_then(|readiness| match readiness {
                    Readiness::NothingToDo => Ok(HasRun::Yes),
                    Readiness::Ready => {
                        let _interruption = Interruption::watch();
                        way.run(&mut deployment, &scripts)
                    }
                })
            }
            (known, _, Some((invocation, runtime))) => {
                let ready = known.map_or(Ok(Readiness::Ready), |(url, table)| deployment.ready(url, table));
                let run = ready.and_then(|readiness| match readiness {
                    Readiness::NothingToDo => Ok(()),
                    Readiness::Ready => {
                        deployment.run(&mut |supervisor| migrate::run_env(&runtime, invocation.clone(), supervisor))
                    }
                });
                run.map(|()| HasRun::Yes)
            }
            (None, _, None) | (_, Course::Python(_), None) => Ok(HasRun::No),
        };
        if let Some(url) = deployment.url().cloned() {
            drop(deployment);
            self.ui.hide(&url);
        }
        outcome.map_err(|error| self.migrate_error(error))
    }

    /// What is to be done, as it looks before any lock and without Python; `None`: that cannot be told.
    fn foreseen(&mut self, change: &Change<'_>, options: &DeployOptions) -> Result<Option<Foreseen>, CommandError> {
        if matches!(change.operation, Operation::Stamp { .. }) {
            return Ok(None);
        }
        let Some(Direct { mut connection, table, .. }) = self.direct(Access::Read)? else { return Ok(None) };
        let scripts = self.scripts()?;
        let rows = connection.version_rows(&table)?.unwrap_or_default();
        let plan = change.operation.plan(&scripts.map, &rows).map_err(|error| {
            let unknown = rows.iter().find(|row| scripts.map.position(row.as_str()).is_none());
            match unknown {
                Some(row) => CommandError::from(error).hint(format!(
                    "the version table holds {row}, which no file here has: the database is ahead of this code, or the file was deleted"
                )),
                None => error.into(),
            }
        })?;
        // Without rows Alembic creates the table even if there is nothing else to do.
        let is_done = !rows.is_empty()
            && plan.steps.is_empty()
            // Whoever may not read the history has nothing to do all the same.
            && !migrate::has_half_downgrades(options, &mut connection, &table).unwrap_or_default();
        Ok(Some(if is_done { Foreseen::NothingToDo } else { Foreseen::Steps(plan) }))
    }

    /// The database and its version table, where they are known before env.py is run and limbec speaks the dialect.
    pub(super) fn known_database(&mut self) -> Result<Option<(DatabaseUrl, VersionTableName)>, CommandError> {
        let target = self.database_target()?;
        let known = target.known().filter(|_| target.is_known_without_python());
        let native = known.filter(|(url, _)| !matches!(url.dialect(), Dialect::Other(_)));
        Ok(native.map(|(url, table)| (url.clone(), table.clone())))
    }
}
