use super::adjacency::Adjacency;
use super::build::{Ends, Names};
use super::set::RevisionSet;
use super::{Revision, RevisionError, RevisionId, RevisionIndex};

/// Alembic's `_detect_cycles`: what cannot be reached both from the heads and from the bases is part of a cycle (or hangs
/// on one). `edges`: down, next, all down, all next.
pub(super) fn check(
    revisions: &[Revision],
    names: &Names,
    ends: &Ends,
    edges: [&Adjacency; 4],
) -> Result<(), RevisionError> {
    if revisions.is_empty() {
        return Ok(());
    }
    let [down, next, all_down, all_next] = edges;
    let ids = |indexes: &[RevisionIndex]| -> Vec<RevisionId> {
        indexes.iter().map(|index| revisions[index.0 as usize].id.clone()).collect()
    };
    let outside = |heads: &[RevisionIndex], bases: &[RevisionIndex], down: &Adjacency, next: &Adjacency| {
        let mut inside = reached(names, heads, down);
        inside.intersect(&reached(names, bases, next));
        let mut outside =
            ids(&names.order.iter().copied().filter(|index| !inside.contains(*index)).collect::<Vec<_>>());
        outside.sort();
        outside
    };
    check_ends(revisions, names, ends)?;
    let cycle = outside(&ends.heads, &ends.bases, down, next);
    if !cycle.is_empty() {
        return Err(RevisionError::Cycle(cycle));
    }
    if ends.effective_heads.is_empty() || ends.effective_bases.is_empty() {
        return Err(RevisionError::DependencyCycle(ids(&names.order)));
    }
    let cycle = outside(&ends.effective_heads, &ends.effective_bases, all_down, all_next);
    if cycle.is_empty() { Ok(()) } else { Err(RevisionError::DependencyCycle(cycle)) }
}

/// The first thing that Alembic looks at: whether there is a head and a base at all.
pub(super) fn check_ends(revisions: &[Revision], names: &Names, ends: &Ends) -> Result<(), RevisionError> {
    if ends.heads.is_empty() || ends.bases.is_empty() {
        let ids = names.order.iter().map(|index| revisions[index.0 as usize].id.clone()).collect();
        return Err(RevisionError::Cycle(ids));
    }
    Ok(())
}

/// Revisions reached, each as the winner of its id.
fn reached(names: &Names, from: &[RevisionIndex], edges: &Adjacency) -> RevisionSet {
    let mut seen = RevisionSet::new(edges.len());
    let mut todo = from.to_vec();
    while let Some(index) = todo.pop() {
        if seen.insert(index) {
            todo.extend_from_slice(edges.of(index));
        }
    }
    let mut ids = RevisionSet::new(edges.len());
    for index in seen.iter() {
        ids.insert(names.winner(index));
    }
    ids
}
