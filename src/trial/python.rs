use super::judge::sentence;
use super::{Outcome, TrialError};
use crate::database::DatabaseUrl;
use crate::migrate::{self, MigrateError, Supervisor};
use crate::plan::TransactionMode;
use crate::runtime::{FailureKind, Invocation, NoCalls, Request, Runtime, RuntimeError};

/// Starts a Python with these environment variables besides ours.
pub type StartPython<'a> = &'a (dyn Fn(Vec<(String, String)>) -> Result<Runtime, RuntimeError> + Sync);

/// How env.py of a project is run.
#[derive(Clone)]
pub(super) struct EnvPy<'a> {
    start: StartPython<'a>,
    /// `upgrade heads` on the project; the database is filled in here.
    upgrade: Invocation,
    /// `check` on the project.
    check: Invocation,
    /// The project's own URL, for its driver alone.
    driver: Option<DatabaseUrl>,
    /// Environment variables by which env.py is told the database.
    variables: Vec<String>,
}

/// Runs env.py on one ephemeral database after the other, in one Python as long as that is possible.
pub struct EnvRuns<'a> {
    env: EnvPy<'a>,
    running: Option<(DatabaseUrl, Runtime)>,
}

impl<'a> From<EnvPy<'a>> for EnvRuns<'a> {
    fn from(env: EnvPy<'a>) -> Self {
        Self { env, running: None }
    }
}

/// What Alembic's `check` says of models and schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Models {
    /// They agree.
    Match,
    /// Alembic's sentence.
    Differ(String),
    /// env.py has no models.
    Absent,
    /// This Alembic has no `check` (before 1.9).
    Unknown,
}

impl Models {
    fn of(answer: Result<serde_json::Value, RuntimeError>) -> Result<Self, RuntimeError> {
        match answer {
            Ok(_) => Ok(Self::Match),
            Err(RuntimeError::Python(failure)) if failure.kind == FailureKind::CommandError => {
                // The words of alembic.autogenerate.api, in every version that has `check`.
                let has_models = !failure.message.contains("MetaData object");
                Ok(if has_models { Self::Differ(failure.message.clone()) } else { Self::Absent })
            }
            Err(RuntimeError::Python(failure)) if failure.kind == FailureKind::SystemExit => Ok(Self::Unknown),
            Err(error) => Err(error),
        }
    }

    /// As a check has it.
    pub(super) fn outcome(compared: Result<Self, RuntimeError>) -> Result<Outcome, TrialError> {
        Ok(match compared {
            Ok(Self::Match) => Outcome::Passed,
            Ok(Self::Differ(words)) => Outcome::Failed(vec![words]),
            Ok(Self::Unknown) => Outcome::Skipped("this version of Alembic has no command `check`".to_owned()),
            Ok(Self::Absent) => Outcome::Skipped("env.py gives Alembic no target_metadata".to_owned()),
            Err(RuntimeError::Interrupted) => return Err(TrialError::Interrupted),
            Err(error) => Outcome::Failed(vec![sentence(&MigrateError::Runtime(error))]),
        })
    }
}

/// Alembic's `check`, run for this request, as a check has it.
///
/// # Errors
/// It was interrupted.
pub fn compare_models(python: &Runtime, check: Invocation) -> Result<Outcome, TrialError> {
    Models::outcome(Models::of(python.run(&Request::Command(check), &mut NoCalls)))
}

impl<'a> EnvRuns<'a> {
    /// Nothing is started before the first run.
    pub fn new(start: StartPython<'a>, upgrade: Invocation, check: Invocation) -> Self {
        EnvPy { start, upgrade, check, driver: None, variables: Vec::new() }.into()
    }

    /// With the driver of the project's own URL, where none is named.
    #[must_use]
    pub fn with_driver_of(mut self, url: Option<DatabaseUrl>) -> Self {
        self.env.driver = url;
        self
    }

    /// For an env.py that takes its database from environment variables: each is set to the URL.
    #[must_use]
    pub fn with_variables(mut self, names: Vec<String>) -> Self {
        self.env.variables = names;
        self
    }

    /// What a Python beside this one needs to know.
    pub(super) fn env(&self) -> EnvPy<'a> {
        self.env.clone()
    }

    /// Runs env.py once, for the steps that the supervisor plans.
    pub(crate) fn run(
        &mut self,
        url: &DatabaseUrl,
        transaction: Option<TransactionMode>,
        supervisor: &mut dyn Supervisor,
    ) -> Result<(), MigrateError> {
        let mut invocation = self.env.upgrade.clone();
        invocation.overrides.url = Some(self.spelled(url).with_password());
        invocation.overrides.transaction = transaction.or(invocation.overrides.transaction);
        migrate::run_env(self.runtime(url)?, invocation, supervisor)
    }

    /// Alembic's own comparison of models and schema.
    pub(super) fn compare_models(&mut self, url: &DatabaseUrl) -> Result<Models, RuntimeError> {
        let mut invocation = self.env.check.clone();
        invocation.overrides.url = Some(self.spelled(url).with_password());
        Models::of(self.runtime(url)?.run(&Request::Command(invocation), &mut NoCalls))
    }

    /// The URL for an application, with its password and the project's driver.
    pub(super) fn url_for_sqlalchemy(&self, url: &DatabaseUrl) -> String {
        self.spelled(url).with_password()
    }

    /// Ends a Python in which an application may hold connections to the database at hand, which is about to go.
    pub(crate) fn let_go(&mut self) {
        if !self.env.variables.is_empty() {
            self.stop();
        }
    }

    /// Ends Python, so that no connection of an application is left.
    pub(super) fn stop(&mut self) {
        if let Some((_, runtime)) = self.running.take() {
            // Its exit handlers are not what is tested.
            let _ = runtime.finish();
        }
    }

    /// The URL as env.py gets it.
    fn spelled(&self, url: &DatabaseUrl) -> DatabaseUrl {
        url.accepted_by_sqlalchemy().with_driver_of(self.env.driver.as_ref())
    }

    /// A Python for this database: an application that reads its environment does so once.
    fn runtime(&mut self, url: &DatabaseUrl) -> Result<&Runtime, RuntimeError> {
        let is_stale = self.running.as_ref().is_some_and(|(of, _)| of != url && !self.env.variables.is_empty());
        if is_stale {
            self.stop();
        }
        let runtime = match self.running.take() {
            Some((_, runtime)) => runtime,
            None => {
                let text = self.spelled(url).with_password();
                (self.env.start)(self.env.variables.iter().map(|name| (name.clone(), text.clone())).collect())?
            }
        };
        Ok(&self.running.insert((url.clone(), runtime)).1)
    }
}

impl Drop for EnvRuns<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}
