use super::GateError;
use crate::plan::{Direction, Plan};
use crate::script::ScriptDirectory;

/// Whether a plan takes back what was squashed. A database that a baseline has made may have other rows than the old files'
/// downgrades look for, and other names.
///
/// # Errors
/// It does.
pub fn check_baselines(scripts: &ScriptDirectory, plan: &Plan) -> Result<(), GateError> {
    let mut downgrades = plan.steps.iter().filter(|step| step.direction == Direction::Downgrade);
    let restored = downgrades.find_map(|step| scripts.restored.iter().find(|one| one.revision == step.revision));
    match restored {
        Some(restored) => {
            Err(GateError::Baseline { revision: restored.revision.clone(), archive: restored.archive.clone() })
        }
        None => Ok(()),
    }
}
