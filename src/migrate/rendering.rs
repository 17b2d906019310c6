//! The SQL of a plan's steps, as env.py prints it offline.

use serde::Deserialize;
use serde_json::{Value, json};

use super::MigrateError;
use super::conversation::{misunderstood, step_json, target};
use crate::plan::Plan;
use crate::runtime::{Host, HostRefusal, PythonFailure, Rendering, Request, Runtime};

/// What one step would send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RenderedStep {
    /// In order; up to the failure where there is one.
    pub statements: Vec<RenderedStatement>,
    /// Why the script could not be rendered to its end.
    pub failure: Option<StepFailure>,
}

/// What a script printed at once: one statement, or several where the script writes several in one text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RenderedStatement {
    /// With the terminator that Alembic prints.
    pub sql: String,
    /// Whose it is.
    pub part: RenderedPart,
    /// In an autocommit block: outside of the migration's transaction.
    pub autocommit: bool,
}

/// Whose statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenderedPart {
    /// Alembic's, before the script: the version table, where there is none yet.
    Prelude,
    /// The revision script's.
    Script,
    /// Alembic's, after it: the change of the version table.
    Heads,
}

/// What a script raised while it was rendered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StepFailure {
    /// The exception.
    #[serde(flatten)]
    pub failure: PythonFailure,
    /// It asked for what only a database has: it would run online.
    pub reads: bool,
}

/// Runs env.py offline: the steps of each of its runs, for the plans given in their order.
///
/// # Errors
/// env.py does not get as far as the steps, or runs another number of times.
pub fn render_env(
    runtime: &Runtime,
    rendering: Rendering,
    plans: &[Plan],
) -> Result<Vec<Vec<RenderedStep>>, MigrateError> {
    let mut renderer = Renderer { plans, runs: Vec::new() };
    runtime.run(&Request::Render(rendering), &mut renderer)?;
    match renderer.runs.iter().map(Vec::len).eq(plans.iter().map(|plan| plan.steps.len())) {
        true => Ok(renderer.runs),
        false => Err(MigrateError::Protocol {
            method: "render".to_owned(),
            reason: format!("env.py ran {} of {} plans offline", renderer.runs.len(), plans.len()),
        }),
    }
}

/// Hands out the plans and keeps what comes back.
struct Renderer<'a> {
    plans: &'a [Plan],
    runs: Vec<Vec<RenderedStep>>,
}

impl Host for Renderer<'_> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal> {
        match method {
            "plan" => {
                target(method, &params)?;
                let Some(plan) = self.plans.get(self.runs.len()) else {
                    return Err(misunderstood(method, "offline, env.py runs migrations more often than online"));
                };
                self.runs.push(Vec::new());
                Ok(json!({ "steps": plan.steps.iter().map(step_json).collect::<Vec<_>>() }))
            }
            "step_rendered" => {
                let step =
                    RenderedStep::deserialize(params).map_err(|error| misunderstood(method, &error.to_string()))?;
                self.runs.last_mut().ok_or_else(|| misunderstood(method, "no plan was asked for"))?.push(step);
                Ok(Value::Null)
            }
            _ => Err(misunderstood(method, "no such method")),
        }
    }
}
