use super::heads::HeadMaintainer;
use super::target::Target;
use super::{Direction, Plan};
use crate::revision::{
    Edge, Place, ResolveError, RevisionError, RevisionId, RevisionIndex, RevisionMap, RevisionSet, Wording,
};

/// Which revisions between two ends are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All that the upper end needs and the lower end has not (`upgrade`; Alembic's `implicit_base`).
    Needed,
    /// Both ends, and only what descends from the lower one (`history`; Alembic's `inclusive`, walks may be too long).
    Inclusive,
}

/// Alembic's `_upgrade_revs`: `rows` as the version table returned them.
///
/// # Errors
/// Alembic's, with the sentences of `upgrade`, and those of the version table's rows (`heads`).
pub fn upgrade(map: &RevisionMap, rows: &[RevisionId], target: &str) -> Result<Plan, RevisionError> {
    let (wanted, targets) = collect(map, Target::Symbol(target), Target::Rows(rows), Scope::Needed)
        .map_err(|error| error.worded(Wording::Upgrade(target)))?;
    let newest_first = map.sorted(&wanted, &targets).map_err(|error| error.worded(Wording::Upgrade(target)))?;
    let mut heads = HeadMaintainer::new(map, rows)?;
    let mut plan = Plan::default();
    for index in newest_first.into_iter().rev() {
        plan.steps.push(heads.revision_step(index, Direction::Upgrade)?);
    }
    Ok(plan)
}

/// Alembic's `_collect_upgrade_revisions`: the revisions, and the heads to sort them from.
pub(super) fn collect(
    map: &RevisionMap,
    upper: Target<'_>,
    lower: Target<'_>,
    scope: Scope,
) -> Result<(RevisionSet, Vec<RevisionIndex>), ResolveError> {
    let strict = scope == Scope::Needed;
    let mut targets = Vec::new();
    for place in upper.upgrade(map, lower, strict)? {
        targets.push(place.revision().ok_or_else(|| RevisionError::NotARevision(upper.name()))?);
    }
    if let Target::Symbol(symbol) = lower
        && let Some((branch, _)) = symbol.split_once('@')
    {
        targets = on_branch(map, targets, branch)?;
    }
    let required = map.closure_checked(&targets, Edge::NormalizedDown)?;

    let current = lower.places(map)?;
    let is_required = |place: &Place| match place {
        Place::At(index) => required.contains(*index),
        Place::Base => false,
        Place::Nowhere => true,
    };
    if scope == Scope::Inclusive && !current.iter().all(is_required) {
        return Err(ResolveError::NotAncestor);
    }
    let current = clamped(map, current, upper, lower, strict)?;

    let mut needed = required;
    needed.subtract(&map.closure_checked(&current, Edge::NormalizedDown)?);
    if scope == Scope::Inclusive {
        needed.unite(&map.set_of(&current));
        if !current.is_empty() {
            needed.intersect(&map.closure_checked(&current, Edge::Next)?);
        }
    }
    Ok((needed, targets))
}

/// The targets that carry a branch label; a revision stands for its only label.
fn on_branch(map: &RevisionMap, targets: Vec<RevisionIndex>, branch: &str) -> Result<Vec<RevisionIndex>, ResolveError> {
    let mut label = branch;
    if let Some(index) = map.single(branch)?
        && map.id(index).as_str() == branch
    {
        match map.labels(index) {
            [only] => label = only,
            labels => {
                return Err(
                    RevisionError::LabelNotSingle { revision: map.id(index).clone(), labels: labels.len() }.into()
                );
            }
        }
    }
    Ok(targets.into_iter().filter(|index| map.labels(*index).iter().any(|own| own == label)).collect())
}

/// The lower end as revisions; one that walked beyond the bases is taken relative to the upper end, as a downgrade would be.
fn clamped(
    map: &RevisionMap,
    current: Vec<Place>,
    upper: Target<'_>,
    lower: Target<'_>,
    strict: bool,
) -> Result<Vec<RevisionIndex>, ResolveError> {
    if current.first() != Some(&Place::Nowhere) {
        let not_a_revision = || RevisionError::NotARevision(lower.name()).into();
        return current.into_iter().map(|place| place.revision().ok_or_else(not_a_revision)).collect();
    }
    match lower.downgrade(map, upper, strict)?.place {
        Place::At(index) => Ok(vec![index]),
        Place::Base => Ok(Vec::new()),
        Place::Nowhere => Err(RevisionError::NotARevision(lower.name()).into()),
    }
}
