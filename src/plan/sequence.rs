use super::heads::HeadMaintainer;
use super::{Direction, Plan};
use crate::revision::{RevisionError, RevisionId, RevisionIndex, RevisionMap};

/// Exactly these steps in this order, from these rows: single revisions up and down again, as a test wants them. Each has to
/// be possible where it stands.
///
/// # Errors
/// A row that is no revision, or a step whose rows are not there.
pub fn sequence(
    map: &RevisionMap,
    rows: &[RevisionId],
    steps: impl IntoIterator<Item = (RevisionIndex, Direction)>,
) -> Result<Plan, RevisionError> {
    let mut heads = HeadMaintainer::new(map, rows)?;
    let steps = steps.into_iter().map(|(index, direction)| heads.revision_step(index, direction));
    Ok(Plan { steps: steps.collect::<Result<_, _>>()?, warnings: Vec::new() })
}
