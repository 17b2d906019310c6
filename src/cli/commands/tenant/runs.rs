use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;
use crate::revision::RevisionId;
use crate::tenant::{Item, ItemCounts, ItemState, Queue, QueueError, Run, RunState};

/// Show the runs that several runners share, or one of them
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// A run; all of them are listed without one
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// End the run: tenants that are under way come to their end, no others begin
    #[arg(long, requires = "run")]
    pub cancel: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

#[derive(Debug, Serialize)]
struct RunsJson<'a> {
    runs: Vec<RunJson<'a>>,
}

#[derive(Debug, Serialize)]
struct RunJson<'a> {
    run: &'a str,
    state: RunState,
    operation: &'a str,
    target: &'a str,
    target_revisions: &'a [RevisionId],
    history: &'a str,
    git_commit: Option<&'a str>,
    waves: &'a str,
    on_error: &'a str,
    created_by: &'a str,
    created_at: String,
    ended_at: Option<String>,
    totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<Vec<TenantJson<'a>>>,
}

#[derive(Debug, Serialize)]
struct Totals {
    tenants: u32,
    #[serde(flatten)]
    counts: ItemCounts,
}

#[derive(Debug, Serialize)]
struct TenantJson<'a> {
    tenant: &'a str,
    wave: u32,
    state: ItemState,
    runner: Option<&'a str>,
    runners: u32,
    is_overdue: bool,
    heads_before: &'a [RevisionId],
    heads_after: Option<&'a [RevisionId]>,
    steps: Option<u32>,
    duration_ms: Option<u64>,
    revision: Option<&'a str>,
    error: Option<&'a str>,
    finished_at: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// No common database, or no such run.
pub fn run(context: &mut CommandContext, args: &RunsArgs) -> Result<ExitStatus, CommandError> {
    let queue = Queue::open(context.common_place(Duration::ZERO)?)?;
    let Some(id) = &args.run else {
        let runs = queue.map(|queue| queue.runs()).transpose()?.unwrap_or_default();
        show_all(context, &runs, args.format);
        return Ok(ExitStatus::Success);
    };
    let queue = queue.ok_or_else(|| QueueError::NoRun { id: id.clone() })?;
    if args.cancel && !queue.cancel(id)? {
        let run = queue.run(id)?;
        context.ui.warning(&format!("run {id} {}: there is nothing to cancel", run.state.phrase()));
    }
    let (run, items) = (queue.run(id)?, queue.items(id)?);
    if args.format == Format::Json {
        context.ui.json(&json(&run, Some(&items)));
    } else {
        show_one(context, &run, &items);
    }
    Ok(ExitStatus::Success)
}

fn show_all(context: &mut CommandContext, runs: &[Run], format: Format) {
    if format == Format::Json {
        return context.ui.json(&RunsJson { runs: runs.iter().map(|run| json(run, None)).collect() });
    }
    if runs.is_empty() {
        return context.ui.status("no run was begun yet: `limbec tenant migrate --all --start-run` begins one");
    }
    let mut table = Table::new(&["Run", "State", "Tenants", "Done", "Failed", "Begun", "By"]);
    for run in runs {
        let numbers = [run.tenants, run.counts.done, run.counts.failed].map(|number| number.to_string());
        let [tenants, done, failed] = numbers;
        let (id, state) = (run.id.clone(), run.state.name().to_owned());
        table.row(vec![id, state, tenants, done, failed, time(run.created_at), run.created_by.clone()]);
    }
    context.ui.table(&table);
}

/// Tenants that are done or wait for their turn are only counted.
fn show_one(context: &mut CommandContext, run: &Run, items: &[Item]) {
    let mut facts = Table::new(&["", ""]);
    let mut fact = |name: &str, value: String| facts.row(vec![name.to_owned(), value]);
    let targets: Vec<&str> = run.target_revisions.iter().map(RevisionId::as_str).collect();
    fact("run", format!("{}, which {}", run.id, run.state.phrase()));
    fact("target", format!("{} ({})", run.target, targets.join(", ")));
    fact("begun", format!("{} by {}", time(run.created_at), run.created_by));
    run.ended_at.iter().for_each(|ended| fact("ended", time(*ended)));
    run.git_commit.iter().for_each(|commit| fact("commit", commit.clone()));
    fact("waves", if run.waves.is_empty() { "one".to_owned() } else { run.waves.clone() });
    fact("on error", run.on_error.clone());
    for line in facts.lines().iter().skip(1) {
        context.ui.result(line);
    }
    let mut table = Table::new(&["Tenant", "State", "Wave", "Runner", "Revision", ""]);
    for item in items.iter().filter(|item| matches!(item.state, ItemState::Leased | ItemState::Failed)) {
        let state = if item.is_overdue { "overdue".to_owned() } else { item.state.name().to_owned() };
        let (runner, revision) = (item.owner.clone().unwrap_or_default(), item.revision.clone().unwrap_or_default());
        let error = item.error.as_deref().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
        table.row(vec![item.tenant.clone(), state, item.wave.to_string(), runner, revision, error]);
    }
    if table.lines().len() > 1 {
        context.ui.result("");
        context.ui.table(&table);
    }
    let ItemCounts { queued, leased, done, failed, skipped } = run.counts;
    context.ui.result("");
    context.ui.result(&format!(
        "{done} of {} done, {failed} failed, {leased} under way, {queued} waiting, {skipped} not begun",
        run.tenants
    ));
}

fn json<'a>(run: &'a Run, items: Option<&'a [Item]>) -> RunJson<'a> {
    RunJson {
        run: &run.id,
        state: run.state,
        operation: &run.operation,
        target: &run.target,
        target_revisions: &run.target_revisions,
        history: &run.history,
        git_commit: run.git_commit.as_deref(),
        waves: &run.waves,
        on_error: &run.on_error,
        created_by: &run.created_by,
        created_at: time(run.created_at),
        ended_at: run.ended_at.map(time),
        totals: Totals { tenants: run.tenants, counts: run.counts },
        tenants: items.map(|items| items.iter().map(tenant_json).collect()),
    }
}

fn tenant_json(item: &Item) -> TenantJson<'_> {
    TenantJson {
        tenant: &item.tenant,
        wave: item.wave,
        state: item.state,
        runner: item.owner.as_deref(),
        runners: item.attempts,
        is_overdue: item.is_overdue,
        heads_before: &item.heads_before,
        heads_after: item.heads_after.as_deref(),
        steps: item.steps,
        duration_ms: item.duration_ms,
        revision: item.revision.as_deref(),
        error: item.error.as_deref(),
        finished_at: item.finished_at.map(time),
    }
}

fn time(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
