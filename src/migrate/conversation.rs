//! The executor's side of the talk with the engine: heads in, steps out, progress on the way.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::MigrateError;
use super::supervisor::{RunTarget, Supervisor};
use crate::database::{LockError, LockHolder};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;
use crate::runtime::{Host, HostRefusal};

/// Answers the engine while env.py runs, by what the supervisor says.
pub(super) struct Conversation<'a> {
    supervisor: &'a mut dyn Supervisor,
    plan: Plan,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(supervisor: &'a mut dyn Supervisor) -> Self {
        Self { supervisor, plan: Plan::default() }
    }

    fn begin(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let preparation = self.supervisor.begin(&target("begin", params)?).map_err(HostRefusal)?;
        json("begin", &preparation)
    }

    fn plan(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let rows = heads("plan", params)?;
        self.plan = self.supervisor.plan(&rows, &target("plan", params)?).map_err(HostRefusal)?;
        let described = |step: &Step| {
            let mut described = step_json(step);
            let sql = self.supervisor.sql_step(step).map_err(HostRefusal)?;
            if let (Some(object), Some(sql)) = (described.as_object_mut(), sql) {
                object.insert("sql".to_owned(), json("plan", &sql)?);
            }
            Ok(described)
        };
        let steps = self.plan.steps.iter().map(described).collect::<Result<Vec<_>, HostRefusal>>()?;
        Ok(json!({ "steps": steps }))
    }

    fn step(&mut self, method: &str, params: &Value) -> Result<Value, HostRefusal> {
        let index = params.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let Some((index, step)) = index.and_then(|index| Some((index, self.plan.steps.get(index)?))) else {
            return Err(misunderstood(method, "no such step"));
        };
        let seconds = params.get("seconds").and_then(Value::as_f64).unwrap_or(0.0);
        let elapsed = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        match method {
            "step_started" => self.supervisor.step_started(index, step).map_err(HostRefusal)?,
            "step_committed" => self.supervisor.step_committed(index),
            "step_unproven" => self.supervisor.step_unproven(index, step).map_err(HostRefusal)?,
            "step_finished" => self.supervisor.step_finished(index, step, elapsed).map_err(HostRefusal)?,
            _ => {
                let statements = self.supervisor.step_applied(index, step, elapsed).map_err(HostRefusal)?;
                return json(method, &statements);
            }
        }
        Ok(Value::Null)
    }

    fn finished(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let Some(last) = self.plan.steps.last() else { return Ok(Value::Null) };
        if params.get("heads").is_some_and(Value::is_null) {
            return Ok(Value::Null); // offline: there is nothing to read
        }
        let mut found = heads("finished", params)?;
        found.sort();
        if found != last.to_heads {
            self.supervisor.unexpected_heads(&last.to_heads, &found);
        }
        Ok(Value::Null)
    }
}

impl Host for Conversation<'_> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal> {
        match method {
            "begin" => self.begin(&params),
            "plan" => self.plan(&params),
            "step_started" | "step_committed" | "step_applied" | "step_unproven" | "step_finished" => {
                self.step(method, &params)
            }
            "step_recorded" => {
                self.supervisor.step_recorded(index(method, &params)?, parsed(method, &params)?);
                Ok(Value::Null)
            }
            "part_committed" => {
                let part = params.get("part").cloned().unwrap_or_default();
                self.supervisor.part_committed(index(method, &params)?, parsed(method, &part)?);
                Ok(Value::Null)
            }
            "statement_failed" => {
                let number =
                    params.get("number").and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
                let number = number.ok_or_else(|| misunderstood(method, "no such statement"))?;
                self.supervisor.statement_failed(index(method, &params)?, number);
                Ok(Value::Null)
            }
            "run_recorded" => {
                self.supervisor.run_recorded(parsed(method, &params)?);
                Ok(Value::Null)
            }
            "lock_waiting" => {
                self.supervisor.lock_waiting(&parsed(method, &params)?);
                Ok(Value::Null)
            }
            "lock_refused" => Err(HostRefusal::new(MigrateError::Lock(parsed::<Refused>(method, &params)?.into()))),
            "lock_lost" => Err(HostRefusal::new(MigrateError::Lock(parsed::<Lost>(method, &params)?.into()))),
            "finished" => self.finished(&params),
            _ => Err(misunderstood(method, "no such method")),
        }
    }
}

pub(super) fn target(method: &str, params: &Value) -> Result<RunTarget, HostRefusal> {
    let target = params.get("target").cloned().unwrap_or_default();
    RunTarget::deserialize(target).map_err(|error| misunderstood(method, &error.to_string()))
}

/// Another session has the named lock, and did not let go in time.
#[derive(Deserialize)]
struct Refused {
    holder: LockHolder,
    waited_seconds: f64,
}

/// The named lock is not held any more.
#[derive(Deserialize)]
struct Lost {
    reason: String,
}

impl From<Refused> for LockError {
    fn from(refused: Refused) -> Self {
        let waited = Duration::try_from_secs_f64(refused.waited_seconds).unwrap_or_default();
        Self::Held { holder: Box::new(refused.holder), waited }
    }
}

impl From<Lost> for LockError {
    fn from(Lost { reason }: Lost) -> Self {
        Self::Lost { reason }
    }
}

fn parsed<T: DeserializeOwned>(method: &str, params: &Value) -> Result<T, HostRefusal> {
    T::deserialize(params).map_err(|error| misunderstood(method, &error.to_string()))
}

fn json(method: &str, answer: &impl Serialize) -> Result<Value, HostRefusal> {
    serde_json::to_value(answer).map_err(|error| misunderstood(method, &error.to_string()))
}

pub(super) fn step_json(step: &Step) -> Value {
    let ids = |ids: &[RevisionId]| ids.iter().map(RevisionId::as_str).map(Value::from).collect::<Vec<_>>();
    let stamp = step.stamp.as_ref().map(|stamp| {
        json!({
            "from": ids(&stamp.from),
            "to": ids(&stamp.to),
            "is_upgrade": stamp.is_upgrade,
            "branch_move": stamp.branch_move,
        })
    });
    json!({ "revision": step.revision.as_str(), "direction": step.direction.name(), "stamp": stamp })
}

fn index(method: &str, params: &Value) -> Result<usize, HostRefusal> {
    let index = params.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
    index.ok_or_else(|| misunderstood(method, "no such step"))
}

fn heads(method: &str, params: &Value) -> Result<Vec<RevisionId>, HostRefusal> {
    let heads: Option<Vec<RevisionId>> = params
        .get("heads")
        .and_then(Value::as_array)
        .and_then(|heads| heads.iter().map(|head| head.as_str().map(RevisionId::from)).collect());
    heads.ok_or_else(|| misunderstood(method, "`heads` is not a list of strings"))
}

pub(super) fn misunderstood(method: &str, reason: &str) -> HostRefusal {
    HostRefusal::new(MigrateError::Protocol { method: method.to_owned(), reason: reason.to_owned() })
}
