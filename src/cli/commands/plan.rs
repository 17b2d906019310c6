use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::databases::DatabaseState;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;
use crate::gate::check_baselines;
use crate::plan::{self, Plan, Step, StepSummary};
use crate::revision::{RevisionError, RevisionId, RevisionMap};
use crate::script::ScriptDirectory;

/// Show what upgrade, downgrade or stamp would do, without doing it
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// What would be done
    #[arg(value_name = "DIRECTION")]
    pub direction: PlanDirection,
    /// Target as that command takes it; stamp takes several
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Revisions that the database is at, separated by commas; base or nothing for none [default: what its version table says]
    #[arg(long, value_name = "REVISIONS")]
    pub from: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Which command is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanDirection {
    /// What `upgrade TARGET` would do
    Upgrade,
    /// What `downgrade TARGET` would do
    Downgrade,
    /// What `stamp TARGET…` would do
    Stamp,
}

#[derive(Debug, Serialize)]
struct PlanJson<'a> {
    steps: Vec<StepSummary<'a>>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a target that the command planned would refuse, and without `--from` a database that
/// does not answer.
pub fn run(context: &mut CommandContext, args: &PlanArgs) -> Result<ExitStatus, CommandError> {
    let single = single_target(args)?;
    let scripts = context.scripts()?;
    let mut plans = Vec::new();
    if let Some(from) = &args.from {
        plans.push((String::new(), planned(&scripts, &rows_given(&scripts.map, from)?, args, single)?));
    } else {
        for DatabaseState { rows, url } in context.database_states()? {
            plans.push((url, planned(&scripts, &rows, args, single)?));
        }
    }
    if args.format == Format::Json {
        context.ui.json(&PlanJson { steps: same_for_all(&plans)?.steps.iter().map(Step::summary).collect() });
        return Ok(ExitStatus::Success);
    }
    for (url, plan) in &plans {
        if plans.len() > 1 {
            context.ui.result(&format!("{url}:"));
        }
        match plan.steps.as_slice() {
            [] => context.ui.result("Nothing to do."),
            _ => context.ui.table(&table(plan, &scripts)),
        }
    }
    Ok(ExitStatus::Success)
}

fn planned(
    scripts: &ScriptDirectory,
    rows: &[RevisionId],
    args: &PlanArgs,
    single: &str,
) -> Result<Plan, CommandError> {
    let map = &scripts.map;
    Ok(match args.direction {
        PlanDirection::Upgrade => plan::upgrade(map, rows, single)?,
        PlanDirection::Downgrade => {
            let plan = plan::downgrade(map, rows, single)?;
            check_baselines(scripts, &plan)?;
            plan
        }
        PlanDirection::Stamp => plan::stamp(map, rows, &args.targets)?,
    })
}

/// The JSON form has room for one plan: several databases must be of one mind.
fn same_for_all(plans: &[(String, Plan)]) -> Result<&Plan, CommandError> {
    match plans {
        [(_, first), others @ ..] if others.iter().all(|(_, plan)| plan == first) => Ok(first),
        _ => Err(CommandError::failed(
            "the databases of this project are not at the same revisions, and so have no plan in common",
        )
        .hint("`--format text` has a plan for each; --from gives the revisions to start from")),
    }
}

/// The target of an upgrade or downgrade: one, and no range.
fn single_target(args: &PlanArgs) -> Result<&str, CommandError> {
    match (args.direction, args.targets.as_slice()) {
        (PlanDirection::Stamp, _) => Ok(""),
        (_, [target]) if target.contains(':') => {
            Err(CommandError::failed("Range revision not allowed").hint("where the database is goes into --from"))
        }
        (_, [target]) => Ok(target),
        _ => Err(CommandError::usage("upgrade and downgrade have one target")),
    }
}

/// The rows that `--from` stands for: identifiers, or anything that `show` would understand. Their order stays, because
/// `downgrade -1` counts from the first row.
fn rows_given(map: &RevisionMap, from: &str) -> Result<Vec<RevisionId>, RevisionError> {
    let mut rows = Vec::new();
    for symbol in from.split(',').map(str::trim).filter(|symbol| !symbol.is_empty()) {
        let resolved = match map.position(symbol) {
            Some(index) => vec![index],
            None => map.resolve(symbol)?,
        };
        for index in resolved {
            let id = &map.revision(index).id;
            if !rows.contains(id) {
                rows.push(id.clone());
            }
        }
    }
    Ok(rows)
}

/// A row for every step.
pub(in crate::cli) fn table(plan: &Plan, scripts: &ScriptDirectory) -> Table {
    let mut table = Table::new(&["Step", "Direction", "Revision", "Message", "Heads before", "", "Heads after"]);
    for (number, step) in plan.steps.iter().enumerate() {
        let index = scripts.map.position(step.revision.as_str());
        let message = index.and_then(|index| scripts.script(index).doc().lines().next()).unwrap_or_default();
        table.row(vec![
            format!("{:>4}", number + 1),
            step.direction.name().to_owned(),
            step.revision.to_string(),
            message.to_owned(),
            heads(&step.from_heads),
            "→".to_owned(),
            heads(&step.to_heads),
        ]);
    }
    table
}

fn heads(heads: &[RevisionId]) -> String {
    if heads.is_empty() {
        return "<base>".to_owned();
    }
    heads.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
