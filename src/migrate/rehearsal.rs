//! A plan that is run in one transaction and rolled back, with what every statement took.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use thiserror::Error;

use super::MigrateError;
use super::conversation::{misunderstood, step_json, target};
use crate::operation::{InTransaction, TransactionControl, statements};
use crate::plan::Plan;
use crate::revision::RevisionId;
use crate::runtime::{Host, HostRefusal, Rehearsal, Request, Runtime};

/// What one `run_migrations()` came to, up to where it failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RehearsedRun {
    /// In the order of the plan; those that were begun.
    pub steps: Vec<RehearsedStep>,
    /// What no rollback brings back.
    pub sequences: Vec<AdvancedSequence>,
}

/// A step that was run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RehearsedStep {
    /// How long all of it took; `None`: it failed.
    pub elapsed: Option<Duration>,
    /// In order; those that did not fail.
    pub statements: Vec<RehearsedStatement>,
}

impl RehearsedStep {
    /// The same text many times in a row, as in a loop over rows, is one entry.
    fn take(&mut self, statement: RehearsedStatement) {
        match self.statements.last_mut().filter(|last| last.sql == statement.sql) {
            Some(last) => {
                last.times += 1;
                last.elapsed += statement.elapsed;
                last.locks.extend(statement.locks);
            }
            None => self.statements.push(statement),
        }
    }
}

/// A statement that was run, once or several times in a row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RehearsedStatement {
    /// As it was sent.
    pub sql: String,
    /// How often.
    #[serde(default = "once")]
    pub times: u32,
    /// How long it took, all times together.
    #[serde(rename = "seconds", deserialize_with = "duration")]
    pub elapsed: Duration,
    /// Locks that the transaction did not hold before.
    pub locks: Vec<TakenLock>,
}

/// A lock that was taken (`pg_locks`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TakenLock {
    /// The table, view or sequence.
    pub relation: TakenRelation,
    /// `AccessExclusiveLock`
    pub mode: String,
    /// The rehearsal itself has made the relation: nobody else sees it.
    pub is_made: bool,
}

/// A relation as the server names it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TakenRelation {
    /// `None`: on the search path.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
}

/// A sequence whose values are used up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AdvancedSequence {
    /// With its schema.
    pub sequence: String,
    /// Its last value before; `None`: never used.
    pub before: Option<String>,
    /// Its last value now.
    pub after: Option<String>,
}

/// Why a rehearsal is not begun, or is given up and rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RehearsalRefusal {
    /// A statement that a rollback would not undo.
    #[error("a script sends `{statement}`, which {reason}")]
    Statement {
        /// How it begins.
        statement: String,
        /// Why not.
        reason: &'static str,
    },
    /// The database is not where it was when the rehearsal was planned.
    #[error("the database is not at the same revisions any more: another run has changed it")]
    Moved,
    /// The version table is not as it was.
    #[error("the version table is not as it was before the rehearsal: a script or another run has changed it")]
    NotRolledBack,
}

fn once() -> u32 {
    1
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Rehearses plans: for each the rows that it starts from. What has been run until a failure is told with it.
pub fn rehearse_env(
    runtime: &Runtime,
    rehearsal: Rehearsal,
    plans: &[(Vec<RevisionId>, Plan)],
) -> (Vec<RehearsedRun>, Result<(), MigrateError>) {
    let mut prompter = Prompter { plans, runs: Vec::new() };
    let outcome = runtime.run(&Request::Rehearse(rehearsal), &mut prompter);
    let finished = prompter.runs.len();
    let outcome = match outcome {
        Ok(_) if finished < plans.len() => Err(MigrateError::Protocol {
            method: "rehearse".to_owned(),
            reason: format!("env.py ran {finished} of {} plans", plans.len()),
        }),
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    };
    (prompter.runs, outcome)
}

/// Hands out the plans and keeps what comes back.
struct Prompter<'a> {
    plans: &'a [(Vec<RevisionId>, Plan)],
    runs: Vec<RehearsedRun>,
}

impl Prompter<'_> {
    fn plan(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        target("plan", params)?;
        let Some((rows, plan)) = self.plans.get(self.runs.len()) else {
            return Err(misunderstood("plan", "env.py runs migrations more often than before"));
        };
        let mut expected: Vec<&str> = rows.iter().map(RevisionId::as_str).collect();
        let mut found: Vec<&str> =
            params.get("heads").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        expected.sort_unstable();
        found.sort_unstable();
        if expected != found {
            return Err(HostRefusal::new(RehearsalRefusal::Moved));
        }
        self.runs.push(RehearsedRun::default());
        Ok(json!({ "steps": plan.steps.iter().map(step_json).collect::<Vec<_>>() }))
    }

    fn take(&mut self, params: Value) -> Result<Value, HostRefusal> {
        let index = params.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let statement = RehearsedStatement::deserialize(params)
            .map_err(|error| misunderstood("statement_rehearsed", &error.to_string()))?;
        if let (Some(index), Some(run)) = (index, self.runs.last_mut()) {
            step_of(run, index).take(statement);
        }
        Ok(Value::Null)
    }

    fn rolled_back(&mut self, params: &Value) -> Result<Value, HostRefusal> {
        let sequences = params.get("sequences").cloned().unwrap_or_default();
        let sequences = Vec::<AdvancedSequence>::deserialize(sequences)
            .map_err(|error| misunderstood("rolled_back", &error.to_string()))?;
        if let Some(run) = self.runs.last_mut() {
            run.sequences = sequences;
        }
        match params.get("unchanged").and_then(Value::as_bool) {
            Some(true) => Ok(Value::Null),
            _ => Err(HostRefusal::new(RehearsalRefusal::NotRolledBack)),
        }
    }
}

impl Host for Prompter<'_> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal> {
        match method {
            "plan" => self.plan(&params),
            "statement" => {
                let sql = params.get("sql").and_then(Value::as_str).unwrap_or_default();
                check(sql).map(|()| Value::Null).map_err(HostRefusal::new)
            }
            "statement_rehearsed" => self.take(params),
            "step_started" | "step_rehearsed" => {
                let index = params.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
                let seconds = params.get("seconds").and_then(Value::as_f64);
                if let (Some(index), Some(run)) = (index, self.runs.last_mut()) {
                    step_of(run, index).elapsed = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                }
                Ok(Value::Null)
            }
            "rolled_back" => self.rolled_back(&params),
            _ => Err(misunderstood(method, "no such method")),
        }
    }
}

fn step_of(run: &mut RehearsedRun, index: usize) -> &mut RehearsedStep {
    if run.steps.len() <= index {
        run.steps.resize_with(index + 1, RehearsedStep::default);
    }
    &mut run.steps[index]
}

/// Whether a rollback undoes what this text does.
fn check(sql: &str) -> Result<(), RehearsalRefusal> {
    for statement in statements(sql) {
        let reason = match statement.transaction {
            InTransaction::Part | InTransaction::Control(TransactionControl::Begin) => continue,
            InTransaction::Control(_) => "ends the transaction that is to be rolled back",
            InTransaction::Outside => "cannot run inside of a transaction",
        };
        let shown: String = statement.sql.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
        return Err(RehearsalRefusal::Statement { statement: shown, reason });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_ends_the_transaction_is_sent() {
        for sql in [
            "COMMIT",
            "commit;",
            "INSERT INTO t VALUES (1); COMMIT",
            "/* x */ END",
            "COMMIT/**/",
            "ABORT",
            "ROLLBACK AND CHAIN",
            "PREPARE TRANSACTION 'a'",
            "CREATE INDEX CONCURRENTLY ix ON t (a)",
            "VACUUM t",
        ] {
            assert!(check(sql).is_err(), "{sql}");
        }
        for sql in [
            "SELECT 'COMMIT'",
            "ROLLBACK TO SAVEPOINT a",
            "ROLLBACK WORK TO a",
            "SAVEPOINT a",
            "BEGIN",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1; COMMIT'",
            "ALTER TYPE mood ADD VALUE 'x'",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }
}
