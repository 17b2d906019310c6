//! What the commands know of a database: where it is, what its version table holds, and how a plan is run on it.

use std::rc::Rc;

use super::context::CommandContext;
use super::engine::Mutation;
use super::error::CommandError;
use super::progress::Progress;
use crate::migrate::{self, MigrateError, Operation, RunTarget};
use crate::plan::Plan;
use crate::revision::RevisionId;

/// One database as one `run_migrations()` of env.py sees it, or as limbec read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DatabaseState {
    /// The rows of the version table, in the order of the database.
    pub(super) rows: Vec<RevisionId>,
    /// Its URL, password hidden.
    pub(super) url: String,
}

impl CommandContext {
    /// Every database that the project's env.py works on, usually one.
    ///
    /// # Errors
    /// No database, or one that does not answer.
    pub(super) fn database_states(&mut self) -> Result<Vec<DatabaseState>, CommandError> {
        let argv = self.alembic_argv(&["current"]);
        let mut states = Vec::new();
        self.run_env(argv, Mutation::Forbidden, &mut |rows, target| {
            states.push(DatabaseState { rows: rows.to_vec(), url: hidden_url(target) });
            Ok(Plan::default())
        })?;
        Ok(states)
    }

    /// The rows of the version table, in the order of the database; of several databases the first.
    ///
    /// # Errors
    /// As `database_states`.
    pub(super) fn version_rows(&mut self) -> Result<Vec<RevisionId>, CommandError> {
        Ok(self.database_states()?.into_iter().next().map(|state| state.rows).unwrap_or_default())
    }

    /// Runs the command that was typed through env.py: the operation is planned for what its connection reads.
    ///
    /// # Errors
    /// What the graph, the database or a script says.
    pub(super) fn migrate(&mut self, operation: &Operation) -> Result<(), CommandError> {
        let scripts = self.scripts()?;
        let argv = self.invocation.alembic.clone();
        let planner = |rows: &[RevisionId], _: &RunTarget| Ok(operation.plan(&scripts.map, rows)?);
        self.run_env(argv, Mutation::Allowed, &mut { planner })
    }

    fn run_env(
        &mut self,
        argv: Vec<String>,
        mutation: Mutation,
        planner: &mut migrate::Planner<'_>,
    ) -> Result<(), CommandError> {
        let invocation = self.engine_invocation(argv, mutation)?;
        let runtime = self.runtime()?;
        let scripts = self.scripts()?;
        let mut progress = Progress::new(&self.ui, Rc::clone(&scripts));
        self.ui.flush();
        let outcome = migrate::run_env(&runtime, invocation, planner, &mut |event| progress.show(&event));
        drop(progress);
        outcome.map_err(|error| match error {
            MigrateError::Runtime(error) => self.python_error(error),
            error => error.into(),
        })
    }
}

fn hidden_url(target: &RunTarget) -> String {
    let url = target.url.as_deref().unwrap_or_default();
    crate::database::DatabaseUrl::parse(url).map(|url| url.obfuscated()).unwrap_or_default()
}
