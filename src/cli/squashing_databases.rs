//! Whether a database that is known would be in the middle of what is squashed.

use std::collections::BTreeSet;

use super::context::CommandContext;
use super::databases::Direct;
use super::error::CommandError;
use crate::config::DEFAULT_INI_SECTION;
use crate::database::Access;
use crate::migrate::Operation;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;
use crate::squash::SquashPlan;
use crate::tenant::{Selection, Standing};

/// Refuses while a known database or tenant is at one of the revisions that are squashed.
///
/// # Errors
/// One is, or one cannot be asked.
pub(super) fn refuse_below(
    context: &mut CommandContext,
    scripts: &ScriptDirectory,
    plan: &SquashPlan,
) -> Result<(), CommandError> {
    let id = scripts.script(plan.revision).revision.id.clone();
    let is_below = |rows: &[RevisionId]| is_below(scripts, plan, rows);
    let mut below = Vec::new();
    match context.direct(Access::Read) {
        Ok(Some(Direct { mut connection, table, url })) => {
            let rows = connection.version_rows(&table)?.unwrap_or_default();
            if is_below(&rows) {
                below.push(format!("{url} is at {}", list(&rows)));
            }
        }
        Ok(None) => context.ui.status("The project's database was not looked at: only running env.py could name it."),
        Err(error) => return Err(ignoring(error)),
    }
    if has_tenants(context)? {
        let tenants = context.tenants(&Selection::default()).map_err(ignoring)?;
        let operation = Operation::Upgrade { target: "heads".to_owned() };
        for found in context.survey(&operation, tenants).map_err(ignoring)? {
            let name = &found.tenant.name;
            match &found.standing {
                // What is not there is not before anything.
                Standing::Missing { .. } => {}
                Standing::Unreachable { reason } => {
                    below.push(format!("where tenant {name} stands is not known: {reason}"))
                }
                standing if is_below(standing.rows()) => {
                    below.push(format!("tenant {name} is at {}", list(standing.rows())));
                }
                _ => {}
            }
        }
    }
    if below.is_empty() {
        return Ok(());
    }
    const MOST: usize = 10;
    let rest = below.len().saturating_sub(MOST);
    let failure = CommandError::crashed(format!("a known database is before {id}"));
    let failure = below.into_iter().take(MOST).fold(failure, CommandError::caused_by);
    let failure = if rest > 0 { failure.caused_by(format!("and {rest} more")) } else { failure };
    Err(failure.hint(format!("upgrade it to {id} first; or `--ignore-databases`: it is upgraded by the archive then")))
}

/// Whether something that is squashed has run, and the revision itself has not.
fn is_below(scripts: &ScriptDirectory, plan: &SquashPlan, rows: &[RevisionId]) -> bool {
    let applied: BTreeSet<_> = scripts.map.applied(rows).into_iter().collect();
    let is_squashed = |row: &RevisionId| plan.replaces.contains(row);
    !applied.contains(&plan.revision)
        && (plan.squashed.iter().any(|index| applied.contains(index)) || rows.iter().any(is_squashed))
}

/// Whether the tenants have the history of this section.
fn has_tenants(context: &mut CommandContext) -> Result<bool, CommandError> {
    let project = context.project()?;
    let tenants = &project.settings.tenants;
    let section = tenants.section.as_deref().unwrap_or(DEFAULT_INI_SECTION);
    Ok(tenants.source.is_some() && (tenants.section.is_none() || project.section == section))
}

fn list(rows: &[RevisionId]) -> String {
    rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

fn ignoring(error: CommandError) -> CommandError {
    error.hint("`--ignore-databases` does not look where databases are")
}
