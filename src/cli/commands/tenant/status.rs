use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::TenantsArgs;
use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::table::Table;
use crate::migrate::Operation;
use crate::revision::RevisionId;
use crate::tenant::{Standing, Surveyed};

/// Show where every tenant stands, read concurrently and without Python
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Which.
    #[command(flatten)]
    pub tenants: TenantsArgs,
    /// Exit with 1 unless every tenant is at the newest revision
    #[arg(long)]
    pub check: bool,
    /// Only those in this state [can be repeated]
    #[arg(long, value_name = "STATE")]
    pub only: Vec<StateArg>,
    /// Every tenant in a line of its own, however many there are
    #[arg(long)]
    pub verbose: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `--only`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateArg {
    /// At the newest revision
    Current,
    /// With steps to do
    Behind,
    /// With a version table that makes no sense
    Inconsistent,
    /// With a version table that could not be read
    Unreachable,
}

/// With more tenants than this, those that are current are counted by revision.
const LISTED: usize = 50;

#[derive(Debug, Serialize)]
struct StatusJson<'a> {
    tenants: Vec<TenantJson<'a>>,
    totals: Totals,
}

#[derive(Debug, Serialize)]
struct TenantJson<'a> {
    tenant: &'a str,
    state: &'static str,
    heads: &'a [RevisionId],
    pending: usize,
    reason: Option<&'a str>,
}

#[derive(Debug, Default, Serialize)]
struct Totals {
    tenants: usize,
    current: usize,
    behind: usize,
    inconsistent: usize,
    unreachable: usize,
}

/// Runs the command.
///
/// # Errors
/// No source of tenants, or revision files that cannot be read.
pub fn run(context: &mut CommandContext, args: &StatusArgs) -> Result<ExitStatus, CommandError> {
    let tenants = context.tenants(&args.tenants.selection())?;
    let operation = Operation::Upgrade { target: "heads".to_owned() };
    let surveyed = context.survey(&operation, tenants)?;
    let wanted = |found: &&Surveyed| args.only.is_empty() || args.only.contains(&state(found));
    let rows: Vec<TenantJson<'_>> = surveyed.iter().filter(wanted).map(json).collect();
    let totals = totals(&surveyed);
    let is_current = totals.current == totals.tenants;
    match args.format {
        Format::Json => context.ui.json(&StatusJson { tenants: rows, totals }),
        Format::Text => {
            let is_long = rows.len() > LISTED && !args.verbose && args.only.is_empty();
            if is_long {
                context.ui.table(&by_revision(&rows));
            }
            let listed = rows.into_iter().filter(|row| !is_long || row.state != "current");
            let mut table = Table::new(&["Tenant", "State", "Pending", "Revision", ""]);
            let mut is_empty = true;
            for row in listed {
                is_empty = false;
                let heads: Vec<&str> = row.heads.iter().map(RevisionId::as_str).collect();
                let pending = if row.pending == 0 { String::new() } else { row.pending.to_string() };
                let reason = row.reason.unwrap_or_default().to_owned();
                table.row(vec![row.tenant.to_owned(), row.state.to_owned(), pending, heads.join(", "), reason]);
            }
            if is_long && !is_empty {
                context.ui.result("");
            }
            if !is_empty {
                context.ui.table(&table);
            }
            let Totals { tenants, current, behind, inconsistent, unreachable } = totals;
            context.ui.result(&format!(
                "{current} of {tenants} current, {behind} behind, {inconsistent} inconsistent, {unreachable} unreachable"
            ));
        }
    }
    Ok(if args.check && !is_current { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn state(found: &Surveyed) -> StateArg {
    match found.standing {
        Standing::AtTarget { .. } => StateArg::Current,
        Standing::Behind { .. } => StateArg::Behind,
        Standing::Inconsistent { .. } => StateArg::Inconsistent,
        Standing::Unreachable { .. } => StateArg::Unreachable,
    }
}

/// How many tenants are at which revision, most of them first.
fn by_revision(rows: &[TenantJson<'_>]) -> Table {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state != "unreachable") {
        let heads: Vec<&str> = row.heads.iter().map(RevisionId::as_str).collect();
        let heads = if heads.is_empty() { "base".to_owned() } else { heads.join(", ") };
        *counts.entry((heads, row.state)).or_default() += 1;
    }
    let mut counts: Vec<((String, &str), usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut table = Table::new(&["Revision", "State", "Tenants"]);
    for ((heads, state), count) in counts {
        table.row(vec![heads, state.to_owned(), count.to_string()]);
    }
    table
}

fn json(surveyed: &Surveyed) -> TenantJson<'_> {
    let standing = &surveyed.standing;
    TenantJson {
        tenant: &surveyed.tenant.name,
        state: standing.name(),
        heads: standing.rows(),
        pending: standing.pending(),
        reason: standing.reason(),
    }
}

fn totals(surveyed: &[Surveyed]) -> Totals {
    let mut totals = Totals { tenants: surveyed.len(), ..Totals::default() };
    for surveyed in surveyed {
        match surveyed.standing {
            Standing::AtTarget { .. } => totals.current += 1,
            Standing::Behind { .. } => totals.behind += 1,
            Standing::Inconsistent { .. } => totals.inconsistent += 1,
            Standing::Unreachable { .. } => totals.unreachable += 1,
        }
    }
    totals
}
