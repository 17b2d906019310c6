//! What the texts of revision files tell of a bundle before it is built.

use serde::Serialize;

use super::args::Format;
use super::bundling::{Missing, Wanted, is_sql};
use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;
use crate::bundle;

/// The result of `bundle build --dry-run --format json`.
#[derive(Debug, Serialize)]
struct ProofJson<'a> {
    /// Upgrades whose text speaks for them.
    proven: usize,
    wanted: usize,
    needs_python: Vec<Missing<'a>>,
}

/// Reads the files, and tells which steps need Python by what they say; the exit status is 1 if upgrades do.
///
/// # Errors
/// The range is none, or the files make no history.
pub(super) fn tell(
    context: &mut CommandContext,
    range: Option<&str>,
    format: Format,
) -> Result<ExitStatus, CommandError> {
    let scripts = context.scripts()?;
    let wanted = Wanted::of(&scripts, range)?;
    let imports = context.module_texts()?;
    let read = wanted.order.iter().filter(|index| wanted.rendered.contains(index) && !is_sql(&scripts, **index));
    let mut doubts = Vec::new();
    for script in read.map(|index| scripts.script(*index)) {
        let [upgrade, downgrade] = bundle::unproven(&script.path, &imports);
        let of_step = |direction, reason: Option<String>| Some((script.revision.id.to_string(), direction, reason?));
        doubts.extend(of_step("upgrade", upgrade));
        doubts.extend(of_step("downgrade", downgrade));
    }
    let of = |direction: &str| doubts.iter().filter(|doubt| doubt.1 == direction).count();
    let (total, upgrades, downgrades) = (wanted.rendered.len(), of("upgrade"), of("downgrade"));
    match format {
        Format::Json => {
            let missing =
                doubts.iter().map(|(revision, direction, reason)| Missing { revision, direction, reason }).collect();
            context.ui.json(&ProofJson { proven: total - upgrades, wanted: total, needs_python: missing });
        }
        Format::Text => {
            let is_shown = |direction: &str| direction == "upgrade" || context.ui.verbosity() > 0;
            let lines: Vec<String> = doubts
                .iter()
                .filter(|(_, direction, _)| is_shown(direction))
                .map(|(revision, direction, reason)| format!("{direction} of {revision}: {reason}"))
                .collect();
            lines.iter().for_each(|line| context.ui.result(line));
            context.ui.result(&format!(
                "{} of {total} upgrades and {} of {total} downgrades may be in a bundle; nothing was run.",
                total - upgrades,
                total - downgrades
            ));
        }
    }
    Ok(if upgrades == 0 { ExitStatus::Success } else { ExitStatus::Code(1) })
}
