use clap::Args;
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
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

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
    let rows: Vec<TenantJson<'_>> = surveyed.iter().map(json).collect();
    let totals = totals(&surveyed);
    let is_current = totals.current == totals.tenants;
    match args.format {
        Format::Json => context.ui.json(&StatusJson { tenants: rows, totals }),
        Format::Text => {
            let mut table = Table::new(&["Tenant", "State", "Pending", "Revision", ""]);
            for row in rows {
                let heads: Vec<&str> = row.heads.iter().map(RevisionId::as_str).collect();
                let pending = if row.pending == 0 { String::new() } else { row.pending.to_string() };
                let reason = row.reason.unwrap_or_default().to_owned();
                table.row(vec![row.tenant.to_owned(), row.state.to_owned(), pending, heads.join(", "), reason]);
            }
            context.ui.table(&table);
            let Totals { tenants, current, behind, inconsistent, unreachable } = totals;
            context.ui.result(&format!(
                "{current} of {tenants} current, {behind} behind, {inconsistent} inconsistent, {unreachable} unreachable"
            ));
        }
    }
    Ok(if args.check && !is_current { ExitStatus::Code(1) } else { ExitStatus::Success })
}

fn json(surveyed: &Surveyed) -> TenantJson<'_> {
    let (state, pending, reason) = match &surveyed.standing {
        Standing::AtTarget { .. } => ("current", 0, None),
        Standing::Behind { plan, .. } => ("behind", plan.steps.len(), None),
        Standing::Inconsistent { reason, .. } => ("inconsistent", 0, Some(reason.as_str())),
        Standing::Unreachable { reason } => ("unreachable", 0, Some(reason.as_str())),
    };
    TenantJson { tenant: &surveyed.tenant.name, state, heads: surveyed.standing.rows(), pending, reason }
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
