use std::collections::HashMap;
use std::path::Path;

use super::comparison::compare;
use super::varying::{ARGUMENTS, Varying};
use super::way::Reason;
use crate::database::{Connection, VersionTableName};
use crate::migrate::{RecordedStep, Refusal, RenderedStep, RunTarget, StepScript, StepSource};
use crate::plan::{Plan, Step, TransactionMode};
use crate::rendered::{self, Heard};
use crate::revision::RevisionId;

/// What one tenant's run of a plan has sent, and nothing spoke against it.
#[derive(Debug)]
pub(crate) struct Witness {
    steps: Vec<RecordedStep>,
    target: RunTarget,
    setup: Vec<String>,
}

/// What limbec knows of a run before it is heard.
pub(super) struct Surroundings<'a> {
    pub(super) table: &'a VersionTableName,
    /// Whether limbec sets the search path.
    pub(super) has_path: bool,
    pub(super) env_path: &'a Path,
    /// What is not the same for every tenant.
    pub(super) varying: &'a Varying,
}

impl Witness {
    /// Judges what was heard of a run.
    ///
    /// # Errors
    /// Why the plan goes to Python.
    pub(super) fn of(
        heard: Heard,
        plan: &Plan,
        &Surroundings { table, has_path, env_path, varying }: &Surroundings<'_>,
        connection: Option<&mut Connection>,
    ) -> Result<Self, Reason> {
        let fault = |sentence: &str| Err(Reason::new(sentence));
        let ([target], Some(run)) = (heard.targets.as_slice(), &heard.run) else {
            return fault("env.py runs migrations more than once");
        };
        if heard.steps.len() != plan.steps.len() {
            return fault("env.py has another plan than limbec");
        }
        if target.table() != *table {
            return fault("env.py has another version table than limbec knows of");
        }
        if let Some(sentence) = heard.fault(env_path) {
            return Err(Reason::new(sentence));
        }
        if let Some(name) = run.read.iter().find(|name| varying.has(name)) {
            return Err(Reason::new(match name.as_str() {
                ARGUMENTS => "env.py, or what it imports, reads the tenant's -x arguments".to_owned(),
                name => format!("env.py, or what it imports, reads the tenant's {name}"),
            }));
        }
        for (step, recorded) in plan.steps.iter().zip(&heard.steps) {
            if let Some(why) = recorded.statements.iter().find_map(|statement| {
                rendered::refusal(&statement.sql).or_else(|| rendered::unsure_function(&statement.sql, &run.functions))
            }) {
                return Err(Reason::new(format!("revision {}: {why}", step.revision)));
            }
        }
        let Some(connection) = connection else { return fault("limbec does not speak this dialect itself") };
        let setup = rendered::setup(connection, &run.settings, has_path)
            .map_err(|error| Reason::new(error.to_string()))?
            .map_err(Reason::new)?;
        Ok(Self { target: target.clone(), steps: heard.steps, setup })
    }

    /// The name of the dialect with the driver, for SQLAlchemy.
    pub(super) fn driver(&self) -> String {
        let scheme = self.target.url.as_deref().and_then(|url| url.split_once("://")).map(|(scheme, _)| scheme);
        scheme.unwrap_or(&self.target.dialect).to_owned()
    }

    /// The rendered plan, if what env.py prints for another tenant is the same.
    ///
    /// # Errors
    /// Why the plan goes to Python.
    pub(super) fn rendered(&self, plan: &Plan, printed: &[RenderedStep]) -> Result<RenderedPlan, Reason> {
        if printed.len() != self.steps.len() {
            return Err(Reason::new("env.py prints other steps offline"));
        }
        for (step, (recorded, rendered)) in plan.steps.iter().zip(self.steps.iter().zip(printed)) {
            compare(recorded, rendered).map_err(|why| Reason::new(format!("revision {}: {why}", step.revision)))?;
        }
        let texts = |step: &RecordedStep| step.statements.iter().map(|statement| statement.sql.clone()).collect();
        let is_quiet = self.steps.iter().flat_map(|step| &step.statements).all(|sent| rendered::is_quiet(&sent.sql));
        let statements = plan.steps.iter().zip(&self.steps);
        Ok(RenderedPlan {
            statements: statements.map(|(step, recorded)| (step.revision.clone(), texts(recorded))).collect(),
            target: RunTarget { url: None, ..self.target.clone() },
            setup: self.setup.clone(),
            is_quiet,
        })
    }
}

/// A plan whose statements are known and proven to be the same for every tenant with this plan.
#[derive(Debug)]
pub(crate) struct RenderedPlan {
    statements: HashMap<RevisionId, Vec<String>>,
    /// As env.py's own run has it, without a URL.
    pub(crate) target: RunTarget,
    /// For an SQLite connection.
    pub(crate) setup: Vec<String>,
    /// Whether it leaves nothing in its session.
    pub(crate) is_quiet: bool,
}

impl RenderedPlan {
    /// What one transaction spans: as env.py has it where the dialect rolls DDL back. Where Alembic leaves a failed revision half done, limbec
    /// undoes it.
    pub(crate) fn transaction(&self) -> TransactionMode {
        match self.target.transactional_ddl && !self.target.transaction_per_migration {
            true => TransactionMode::PerRun,
            false => TransactionMode::PerRevision,
        }
    }
}

impl StepSource for RenderedPlan {
    fn knows(&self, step: &Step) -> bool {
        self.statements.contains_key(&step.revision)
    }

    fn script(&self, step: &Step, _connection: Option<&mut Connection>) -> Result<StepScript<'_>, Refusal> {
        Ok(StepScript::of_texts(self.statements.get(&step.revision).map(Vec::as_slice).unwrap_or_default()))
    }
}
