//! `--dry-run=execute`: the plan is run in one transaction, which is rolled back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::super::args::Format;
use super::super::context::CommandContext;
use super::super::deploy::Change;
use super::super::engine::Mutation;
use super::super::error::{CommandError, ErrorKind};
use super::source::Sources;
use super::target::DryRunTarget;
use crate::cli::commands::plan::table as plan_table;
use crate::migrate::{self, Operation, RehearsedRun, RehearsedStatement, RehearsedStep, TakenLock};
use crate::operation::{Dialect, LockMode, OperationKind, TransactionControl};
use crate::plan::{Plan, Step, StepSummary};
use crate::revision::RevisionId;
use crate::runtime::Rehearsal;

/// How long a statement of a rehearsal waits for a lock where nothing says otherwise: it must not hold up production.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

impl CommandContext {
    /// Runs a plan and rolls it back.
    ///
    /// # Errors
    /// As a dry run, besides what cannot be rolled back, and whatever a script raises.
    pub(super) fn rehearse(&mut self, change: &Change<'_>) -> Result<(), CommandError> {
        if matches!(change.operation, Operation::Stamp { .. }) {
            return Err(CommandError::usage("a stamp runs no script that could be rehearsed")
                .hint("`--dry-run` shows the statements on the version table"));
        }
        let targets = self.dry_run_targets(change)?;
        let sources = Sources::read(self, &targets)?;
        refuse(&targets, &sources)?;
        let has_steps = targets.iter().any(|target| !target.plan.steps.is_empty());
        let (runs, outcome) = if has_steps { self.rehearsed(change, &targets)? } else { (Vec::new(), Ok(())) };
        if change.args.format == Format::Json {
            self.ui.json(&document(&targets, &runs, &sources, outcome.as_ref().err()));
        } else {
            for line in self.lines(&targets, &runs, &sources)? {
                self.ui.result(&line);
            }
        }
        outcome
    }

    fn rehearsed(
        &mut self,
        change: &Change<'_>,
        targets: &[DryRunTarget],
    ) -> Result<(Vec<RehearsedRun>, Result<(), CommandError>), CommandError> {
        let argv = self.invocation.alembic.clone();
        let mut invocation = self.engine_invocation(argv, Mutation::Allowed)?;
        // There is one transaction, whatever is asked for.
        invocation.overrides.transaction = None;
        let options = change.args.run.over(&self.project()?.settings.deploy);
        let mut limits_ms = BTreeMap::new();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        limits_ms.insert("lock_timeout".to_owned(), millis(options.lock_timeout.unwrap_or(LOCK_TIMEOUT)));
        limits_ms.extend(options.statement_timeout.map(|time| ("statement_timeout".to_owned(), millis(time))));
        let plans: Vec<(Vec<RevisionId>, Plan)> =
            targets.iter().map(|target| (target.rows.clone(), target.plan.clone())).collect();
        for target in targets {
            target.connection.take();
        }
        let runtime = self.runtime()?;
        self.ui.flush();
        let rehearsal = Rehearsal { invocation, runs: targets.len(), limits_ms };
        let (runs, outcome) = migrate::rehearse_env(&runtime, rehearsal, &plans);
        let outcome = outcome.map_err(|error| {
            let error = self.migrate_error(error);
            // The result on standard output is limbec's own: no `FAILED:` there.
            let kind = if error.kind == ErrorKind::Failed { ErrorKind::Crashed } else { error.kind };
            let error = CommandError { kind, ..error };
            if error.sentence.contains("unsafe use of new value") {
                error.hint("a value that is added to an enum can be used only when it is committed; a rehearsal has one transaction")
            } else {
                error
            }
        });
        Ok((runs, outcome))
    }

    fn lines(
        &mut self,
        targets: &[DryRunTarget],
        runs: &[RehearsedRun],
        sources: &Sources,
    ) -> Result<Vec<String>, CommandError> {
        let scripts = self.scripts()?;
        let mut out = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            out.push(format!("Database: {}", target.url));
            out.push(format!("At: {}", super::text::at(&target.rows, target.has_version_table)));
            out.push(String::new());
            if target.plan.steps.is_empty() {
                out.push("Nothing to do.".to_owned());
                continue;
            }
            out.extend(plan_table(&target.plan, &scripts).lines());
            let Some(run) = runs.get(index) else { continue };
            for (number, (step, rehearsed)) in target.plan.steps.iter().zip(&run.steps).enumerate() {
                out.push(String::new());
                of_step(number, step, rehearsed, sources, &mut out);
            }
            for sequence in &run.sequences {
                let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "unused".to_owned());
                let (name, before, after) = (&sequence.sequence, value(&sequence.before), value(&sequence.after));
                out.push(String::new());
                out.push(format!("Stays, as sequences know no rollback: {name} went from {before} to {after}."));
            }
        }
        if !runs.is_empty() {
            out.push(String::new());
            out.push("Everything was rolled back. All locks were held until then.".to_owned());
        }
        Ok(out)
    }
}

/// What certainly cannot be rolled back is not begun.
fn refuse(targets: &[DryRunTarget], sources: &Sources) -> Result<(), CommandError> {
    for target in targets {
        let dialect = target.dialect();
        if !matches!(dialect, Dialect::Postgresql | Dialect::Sqlite) {
            return Err(CommandError::usage(format!(
                "a rehearsal needs a database that rolls changes of the schema back, and {dialect} does not"
            ))
            .hint("`--dry-run` shows the plan without running it"));
        }
        for step in &target.plan.steps {
            let (Some(file), Some(body)) = (sources.file(step), sources.body(step)) else { continue };
            for operation in body.operations.iter().filter(|operation| operation.context.dialects.contains(dialect)) {
                let is_postgres = dialect == Dialect::Postgresql;
                let what = match &operation.kind {
                    _ if operation.context.autocommit => "runs in an autocommit block",
                    OperationKind::CreateIndex { concurrently: true, .. } if is_postgres => {
                        "builds an index concurrently"
                    }
                    OperationKind::DropIndex { concurrently: true, .. } if is_postgres => "drops an index concurrently",
                    OperationKind::Transaction(TransactionControl::Commit) => "commits",
                    OperationKind::Transaction(TransactionControl::Rollback) => "rolls back by itself",
                    _ => continue,
                };
                let path = sources.project.shown_path(&file.file.path);
                let line = file.file.position(operation.range.start).0;
                return Err(CommandError::crashed(format!(
                    "{path}, line {line}: this {what}, which no rollback undoes; nothing was run"
                ))
                .hint(format!(
                    "`--dry-run` shows the plan without running it; a target before {} can be rehearsed",
                    step.revision
                )));
            }
        }
    }
    Ok(())
}

fn of_step(number: usize, step: &Step, rehearsed: &RehearsedStep, sources: &Sources, out: &mut Vec<String>) {
    let path = sources.file(step).map(|file| sources.project.shown_path(&file.file.path)).unwrap_or_default();
    let time = rehearsed.elapsed.map_or("failed".to_owned(), shown_time);
    out.push(format!("Step {}: {} {} ({path}): {time}", number + 1, step.direction.name(), step.revision));
    out.push(String::new());
    for statement in &rehearsed.statements {
        out.extend(super::text::sql(statement.sql.trim()));
        let times = if statement.times == 1 { String::new() } else { format!("{} times, ", statement.times) };
        out.push(format!("    -- {times}took {}", shown_time(statement.elapsed)));
        for (name, mode) in visible(statement) {
            out.push(format!("    -- {mode} on {name}: blocks {}", mode.blocks()));
        }
    }
}

/// Locks on what others see, the weakest left out.
fn visible(statement: &RehearsedStatement) -> Vec<(String, LockMode)> {
    let locks = statement.locks.iter().filter(|lock| !lock.is_made);
    let named = locks.filter_map(|lock| Some((name(lock), LockMode::named(&lock.mode)?)));
    named.filter(|(_, mode)| *mode > LockMode::AccessShare).collect()
}

fn name(lock: &TakenLock) -> String {
    match &lock.relation.schema {
        Some(schema) => format!("{schema}.{}", lock.relation.name),
        None => lock.relation.name.clone(),
    }
}

fn shown_time(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return format!("{:.1} ms", time.as_secs_f64() * 1000.0);
    }
    format!("{:.1} s", time.as_secs_f64())
}

#[derive(Serialize)]
struct Document<'a> {
    databases: Vec<DatabaseJson<'a>>,
    failure: Option<&'a str>,
}

#[derive(Serialize)]
struct DatabaseJson<'a> {
    database: &'a str,
    heads: Vec<&'a str>,
    has_version_table: bool,
    steps: Vec<StepJson<'a>>,
    sequences: Vec<SequenceJson<'a>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    #[serde(flatten)]
    step: StepSummary<'a>,
    path: Option<String>,
    outcome: &'static str,
    duration_ms: Option<f64>,
    statements: Vec<StatementJson<'a>>,
}

#[derive(Serialize)]
struct StatementJson<'a> {
    sql: &'a str,
    times: u32,
    duration_ms: f64,
    locks: Vec<LockJson>,
}

#[derive(Serialize)]
struct LockJson {
    relation: String,
    mode: &'static str,
    blocks: &'static str,
}

#[derive(Serialize)]
struct SequenceJson<'a> {
    sequence: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

fn document<'a>(
    targets: &'a [DryRunTarget],
    runs: &'a [RehearsedRun],
    sources: &Sources,
    failure: Option<&'a CommandError>,
) -> Document<'a> {
    let database = |(index, target): (usize, &'a DryRunTarget)| {
        let run = runs.get(index);
        let steps = target.plan.steps.iter().enumerate();
        let step_of = |number: usize| run.and_then(|run| run.steps.get(number));
        DatabaseJson {
            database: &target.url,
            heads: ids(&target.rows),
            has_version_table: target.has_version_table,
            steps: steps.map(|(number, step)| step_json(step, step_of(number), sources)).collect(),
            sequences: run.into_iter().flat_map(|run| &run.sequences).map(sequence_json).collect(),
        }
    };
    Document {
        databases: targets.iter().enumerate().map(database).collect(),
        failure: failure.map(|error| error.sentence.as_str()),
    }
}

fn sequence_json(sequence: &migrate::AdvancedSequence) -> SequenceJson<'_> {
    SequenceJson { sequence: &sequence.sequence, before: sequence.before.as_deref(), after: sequence.after.as_deref() }
}

fn step_json<'a>(step: &'a Step, rehearsed: Option<&'a RehearsedStep>, sources: &Sources) -> StepJson<'a> {
    let milliseconds = |time: Duration| (time.as_secs_f64() * 1_000_000.0).round() / 1000.0;
    let statement = |statement: &'a RehearsedStatement| StatementJson {
        sql: statement.sql.trim(),
        times: statement.times,
        duration_ms: milliseconds(statement.elapsed),
        locks: visible(statement)
            .into_iter()
            .map(|(relation, mode)| LockJson { relation, mode: mode.name(), blocks: mode.blocks() })
            .collect(),
    };
    let elapsed = rehearsed.and_then(|rehearsed| rehearsed.elapsed);
    StepJson {
        step: step.summary(),
        path: sources.file(step).map(|file| sources.project.shown_path(&file.file.path)),
        outcome: match (rehearsed, elapsed) {
            (_, Some(_)) => "rolled back",
            (Some(_), None) => "failed",
            (None, None) => "not run",
        },
        duration_ms: elapsed.map(milliseconds),
        statements: rehearsed.into_iter().flat_map(|rehearsed| &rehearsed.statements).map(statement).collect(),
    }
}

fn ids(ids: &[RevisionId]) -> Vec<&str> {
    ids.iter().map(RevisionId::as_str).collect()
}
