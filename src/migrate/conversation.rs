//! The executor's side of the talk with the engine: heads in, steps out, progress on the way.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Event, MigrateError};
use crate::plan::{Direction, Plan, Step};
use crate::revision::RevisionId;
use crate::runtime::{Host, HostRefusal};

/// Turns the rows of one version table into a plan. Its error is raised inside env.py and comes back as
/// `MigrateError::Refused`.
pub type Planner<'a> = dyn FnMut(&[RevisionId], &RunTarget) -> Result<Plan, Refusal> + 'a;

/// What one `run_migrations()` of env.py works on, as its own MigrationContext has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RunTarget {
    /// URL of the connection's engine, password included (never printed); `None` offline.
    pub url: Option<String>,
    /// SQLAlchemy's name of the dialect.
    pub dialect: String,
    /// `version_table`
    pub version_table: String,
    /// `version_table_schema`
    pub version_table_schema: Option<String>,
    /// `version_table_pk`
    pub version_table_pk: bool,
    /// `transaction_per_migration`
    pub transaction_per_migration: bool,
    /// Whether `on_version_apply` is given.
    pub on_version_apply: bool,
    /// `--sql`
    pub offline: bool,
}

/// The planner's own error.
pub type Refusal = Box<dyn Error + Send + Sync>;

/// Answers the engine while env.py runs. An env.py may call `run_migrations` several times: each call plans anew.
pub(super) struct Conversation<'a> {
    planner: &'a mut Planner<'a>,
    observer: &'a mut dyn FnMut(Event<'_>),
    plan: Plan,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(planner: &'a mut Planner<'a>, observer: &'a mut dyn FnMut(Event<'_>)) -> Self {
        Self { planner, observer, plan: Plan::default() }
    }

    fn plan(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let rows = heads("plan", params)?;
        let target = params.get("target").cloned().unwrap_or_default();
        let target = RunTarget::deserialize(target).map_err(|error| misunderstood("plan", &error.to_string()))?;
        self.plan = (self.planner)(&rows, &target).map_err(HostRefusal)?;
        (self.observer)(Event::Planned(&self.plan));
        Ok(json!({ "steps": self.plan.steps.iter().map(step_json).collect::<Vec<_>>() }))
    }

    fn step(&mut self, method: &str, params: &Value) -> Result<Value, HostRefusal> {
        let index = params.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let Some((index, step)) = index.and_then(|index| Some((index, self.plan.steps.get(index)?))) else {
            return Err(misunderstood(method, "no such step"));
        };
        (self.observer)(if method == "step_started" {
            Event::StepStarted { index, step }
        } else {
            let seconds = params.get("seconds").and_then(Value::as_f64).unwrap_or(0.0);
            let elapsed = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            Event::StepFinished { index, step, elapsed }
        });
        Ok(Value::Null)
    }

    fn finished(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let Some(last) = self.plan.steps.last() else { return Ok(Value::Null) };
        if params.get("heads").is_some_and(Value::is_null) {
            return Ok(Value::Null); // offline: there is nothing to read
        }
        let expected = last.to_heads.clone();
        let mut found = heads("finished", params)?;
        found.sort();
        if found != expected {
            (self.observer)(Event::UnexpectedHeads { expected: &expected, found: &found });
        }
        Ok(Value::Null)
    }
}

impl Host for Conversation<'_> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal> {
        match method {
            "plan" => self.plan(&params),
            "step_started" | "step_finished" => self.step(method, &params),
            "finished" => self.finished(&params),
            _ => Err(misunderstood(method, "no such method")),
        }
    }
}

fn step_json(step: &Step) -> Value {
    let direction = match step.direction {
        Direction::Upgrade => "upgrade",
        Direction::Downgrade => "downgrade",
        Direction::Stamp => "stamp",
    };
    let ids = |ids: &[RevisionId]| ids.iter().map(RevisionId::as_str).map(Value::from).collect::<Vec<_>>();
    let stamp = step.stamp.as_ref().map(|stamp| {
        json!({
            "from": ids(&stamp.from),
            "to": ids(&stamp.to),
            "is_upgrade": stamp.is_upgrade,
            "branch_move": stamp.branch_move,
        })
    });
    json!({ "revision": step.revision.as_str(), "direction": direction, "stamp": stamp })
}

fn heads(method: &str, params: &Value) -> Result<Vec<RevisionId>, HostRefusal> {
    let heads: Option<Vec<RevisionId>> = params
        .get("heads")
        .and_then(Value::as_array)
        .and_then(|heads| heads.iter().map(|head| head.as_str().map(RevisionId::from)).collect());
    heads.ok_or_else(|| misunderstood(method, "`heads` is not a list of strings"))
}

fn misunderstood(method: &str, reason: &str) -> HostRefusal {
    HostRefusal::new(MigrateError::Protocol { method: method.to_owned(), reason: reason.to_owned() })
}
