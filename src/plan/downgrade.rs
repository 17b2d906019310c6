use super::heads::HeadMaintainer;
use super::target::Target;
use super::{Direction, Plan, PlanWarning};
use crate::revision::{
    Edge, ResolveError, RevisionError, RevisionId, RevisionIndex, RevisionMap, RevisionSet, Wording,
};

/// Alembic's `_downgrade_revs`: `rows` as the version table returned them, in that order.
///
/// # Errors
/// Alembic's, with the sentences of `downgrade`, and those of the version table's rows (`heads`).
pub fn downgrade(map: &RevisionMap, rows: &[RevisionId], target: &str) -> Result<Plan, RevisionError> {
    let worded = |error: ResolveError| error.worded(Wording::Downgrade(target));
    let drop = collect(map, rows, target).map_err(worded)?;
    let newest_first = map.sorted(&drop.revisions, &drop.heads).map_err(worded)?;
    let mut heads = HeadMaintainer::new(map, rows)?;
    let mut plan = Plan { steps: Vec::new(), warnings: drop.warning.into_iter().collect() };
    for index in newest_first {
        plan.steps.push(heads.revision_step(index, Direction::Downgrade)?);
    }
    Ok(plan)
}

struct Drop {
    revisions: RevisionSet,
    heads: Vec<RevisionIndex>,
    warning: Option<PlanWarning>,
}

/// Alembic's `_collect_downgrade_revisions`.
fn collect(map: &RevisionMap, rows: &[RevisionId], target: &str) -> Result<Drop, ResolveError> {
    let target = Target::Symbol(target).downgrade(map, Target::Rows(rows), true)?;
    let place = target.place.revision();
    let (mut roots, count) = match place {
        None => bases(map),
        Some(index) => {
            let children = map.looked_up(map.neighbours(index, Edge::Next))?;
            let count = children.len();
            (children, count)
        }
    };
    if let Some(branch) = target.branch.as_deref().filter(|branch| !branch.is_empty() && count > 1) {
        let ancestors = map.closure(&[map.branch_revision(branch)?], Edge::Down);
        let mut ids = RevisionSet::new(map.len());
        for index in ancestors.iter() {
            ids.insert(map.winner(index));
        }
        roots.retain(|root| ids.contains(map.winner(*root)));
        roots = map.looked_up(&roots)?;
        if roots.is_empty() {
            return Err(RevisionError::DowngradeBranch.into());
        }
    }
    let heads = map.rows(rows)?;
    let mut revisions = map.closure(&roots, Edge::AllNext);
    revisions.intersect(&map.closure(&heads, Edge::NormalizedDown));
    if let Some(index) = place
        && revisions.is_empty()
        && !heads.contains(&index)
    {
        return Err(ResolveError::NotAncestor);
    }
    Ok(Drop { revisions, heads, warning: target.warning })
}

/// Everything without a down revision, and how often Alembic counts it: under its id and under each of its labels.
fn bases(map: &RevisionMap) -> (Vec<RevisionIndex>, usize) {
    let is_base = |index: &RevisionIndex| map.revision(*index).down.is_empty();
    let mut roots: Vec<RevisionIndex> = map.iter().filter(is_base).collect();
    let labelled: Vec<RevisionIndex> = map.labelled().filter(is_base).collect();
    let count = roots.len() + labelled.len();
    roots.extend(labelled);
    (roots, count)
}
