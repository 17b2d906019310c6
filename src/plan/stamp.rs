use super::heads::HeadMaintainer;
use super::{Plan, StampStep};
use crate::revision::{
    Edge, Place, ResolveError, RevisionError, RevisionId, RevisionIndex, RevisionMap, RevisionSet, Wording,
};

/// Alembic's `_stamp_revs`. With `--purge` the caller passes no rows and deletes them itself first.
///
/// # Errors
/// Alembic's, with the sentences of `stamp`, and those of the version table's rows (`heads`).
pub fn stamp(map: &RevisionMap, rows: &[RevisionId], targets: &[String]) -> Result<Plan, RevisionError> {
    let steps = stamp_steps(map, rows, targets).map_err(|error| error.worded(Wording::Stamp))?;
    let mut heads = HeadMaintainer::new(map, rows)?;
    let mut plan = Plan::default();
    for step in steps {
        plan.steps.push(heads.stamp_step(step)?);
    }
    Ok(plan)
}

fn stamp_steps(map: &RevisionMap, rows: &[RevisionId], targets: &[String]) -> Result<Vec<StampStep>, ResolveError> {
    let base = ["base".to_owned()];
    let targets = if targets.is_empty() { &base } else { targets };
    let rows = map.resolve_rows(rows)?;
    let mut related: Vec<RevisionIndex> = Vec::new();
    for target in targets.iter().filter(|target| !target.is_empty()) {
        for row in map.filter_for_lineage(&rows, target, Edge::AllNext)? {
            if !related.contains(&row) {
                related.push(row);
            }
        }
    }
    let mut places = Vec::new();
    for target in targets {
        for place in map.places(target).map_err(|error| error.worded(Wording::Plain))? {
            if place == Place::Base {
                return Err(RevisionError::NotARevision(target.clone()).into());
            }
            places.push(place);
        }
    }
    if places.is_empty() {
        places.push(Place::Nowhere);
    }
    let set = map.set_of(&related);
    let mut steps = Vec::new();
    for place in places {
        match place.revision() {
            None => steps.extend(related.iter().map(|row| StampStep {
                from: vec![map.id(*row).clone()],
                to: Vec::new(),
                is_upgrade: false,
                branch_move: true,
            })),
            Some(target) if set.contains(target) => {}
            Some(target) => steps.push(step_to(map, target, &related, &set)?),
        }
    }
    Ok(steps)
}

/// The step to one revision that is no row.
fn step_to(
    map: &RevisionMap,
    target: RevisionIndex,
    related: &[RevisionIndex],
    set: &RevisionSet,
) -> Result<StampStep, RevisionError> {
    let rows_above = map.closure(&[target], Edge::AllNext).intersects(set);
    let rows_below = map.closure(&[target], Edge::NormalizedDown).intersects(set);
    if rows_above && rows_below {
        return Err(RevisionError::StampBetween(map.id(target).clone()));
    }
    let moves = rows_above || rows_below;
    let from = if moves { related.iter().map(|row| map.id(*row).clone()).collect() } else { Vec::new() };
    Ok(StampStep { from, to: vec![map.id(target).clone()], is_upgrade: !rows_above, branch_move: !moves })
}
