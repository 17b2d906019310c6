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
use crate::report::TenantStanding;
use crate::revision::RevisionId;
use crate::tenant::{Standing, Surveyed, TenantTotals};

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
    /// Without its database or its schema
    Missing,
    /// With a version table that could not be read
    Unreachable,
}

/// With more tenants than this, those that are current are counted by revision.
const LISTED: usize = 50;

#[derive(Debug, Serialize)]
struct StatusJson {
    tenants: Vec<TenantStanding>,
    totals: TenantTotals,
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
    let rows: Vec<TenantStanding> = surveyed.iter().filter(wanted).map(|found| context.standing_of(found)).collect();
    let totals = TenantTotals::of(&surveyed);
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
                let reason = row.reason.unwrap_or_default();
                table.row(vec![row.tenant, row.state.to_owned(), pending, heads.join(", "), reason]);
            }
            if is_long && !is_empty {
                context.ui.result("");
            }
            if !is_empty {
                context.ui.table(&table);
            }
            let TenantTotals { tenants, current, behind, missing, inconsistent, unreachable } = totals;
            context.ui.result(&format!(
                "{current} of {tenants} current, {behind} behind, {missing} missing, {inconsistent} inconsistent, {unreachable} unreachable"
            ));
        }
    }
    Ok(if args.check && !is_current { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn state(found: &Surveyed) -> StateArg {
    if found.absence.is_some() {
        return StateArg::Missing;
    }
    match found.standing {
        Standing::AtTarget { .. } => StateArg::Current,
        Standing::Behind { .. } => StateArg::Behind,
        Standing::Inconsistent { .. } => StateArg::Inconsistent,
        Standing::Missing { .. } => StateArg::Missing,
        Standing::Unreachable { .. } => StateArg::Unreachable,
    }
}

/// How many tenants are at which revision, most of them first.
fn by_revision(rows: &[TenantStanding]) -> Table {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| !["missing", "unreachable"].contains(&row.state)) {
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
