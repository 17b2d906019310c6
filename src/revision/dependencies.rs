use std::collections::HashMap;

use super::adjacency::Adjacency;
use super::build::Names;
use super::set::RevisionSet;
use super::{Revision, RevisionIndex};

/// Ancestors before descendants, or `None` if there is a cycle.
pub(super) fn topological_order(all_down: &Adjacency) -> Option<Vec<RevisionIndex>> {
    let len = all_down.len();
    let all: Vec<RevisionIndex> = (0..len as u32).map(RevisionIndex).collect();
    let children = all_down.reversed(&all);
    let mut waiting: Vec<usize> = all.iter().map(|index| all_down.of(*index).len()).collect();
    let mut order: Vec<RevisionIndex> = all.into_iter().filter(|index| waiting[index.0 as usize] == 0).collect();
    let mut done = 0;
    while let Some(index) = order.get(done).copied() {
        done += 1;
        for child in children.of(index) {
            let left = &mut waiting[child.0 as usize];
            *left -= 1;
            if *left == 0 {
                order.push(*child);
            }
        }
    }
    (order.len() == len).then_some(order)
}

/// Alembic's `_normalize_depends_on`: of the dependencies of a revision those that none of its ancestors through
/// `down_revision` has too. Where Alembic has a set's order, the declared one.
pub(super) fn normalize(
    dependencies: &[Vec<RevisionIndex>],
    down: &Adjacency,
    topological: Option<&[RevisionIndex]>,
) -> Vec<Vec<RevisionIndex>> {
    let mut normalized: Vec<Vec<RevisionIndex>> = dependencies.to_vec();
    for row in &mut normalized {
        let mut seen = Vec::with_capacity(row.len());
        row.retain(|index| {
            !seen.contains(index) && {
                seen.push(*index);
                true
            }
        });
    }
    match topological {
        Some(order) => drop_inherited(&mut normalized, dependencies, down, order),
        None => drop_inherited_in_cycle(&mut normalized, dependencies, down),
    }
    normalized
}

/// Only what two revisions depend on can be inherited; 64 of those at a time travel down the graph as bits.
fn drop_inherited(
    normalized: &mut [Vec<RevisionIndex>],
    dependencies: &[Vec<RevisionIndex>],
    down: &Adjacency,
    topological: &[RevisionIndex],
) {
    let mut declared: HashMap<RevisionIndex, Vec<RevisionIndex>> = HashMap::new();
    for (at, row) in normalized.iter().enumerate() {
        for target in row {
            declared.entry(*target).or_default().push(RevisionIndex(at as u32));
        }
    }
    let mut shared: Vec<(RevisionIndex, Vec<RevisionIndex>)> =
        declared.into_iter().filter(|(_, users)| users.len() > 1).collect();
    shared.sort();
    let mut own = vec![0_u64; dependencies.len()];
    let mut inherited = vec![0_u64; dependencies.len()];
    for chunk in shared.chunks(64) {
        own.fill(0);
        for (bit, (_, users)) in chunk.iter().enumerate() {
            for user in users {
                own[user.0 as usize] |= 1 << bit;
            }
        }
        for &index in topological {
            let from_down = |down: &RevisionIndex| inherited[down.0 as usize] | own[down.0 as usize];
            inherited[index.0 as usize] = down.of(index).iter().map(from_down).fold(0, |all, bits| all | bits);
        }
        for (bit, (target, users)) in chunk.iter().enumerate() {
            for user in users.iter().filter(|user| inherited[user.0 as usize] & (1 << bit) != 0) {
                normalized[user.0 as usize].retain(|index| index != target);
            }
        }
    }
}

/// The same by walking from each revision; only for graphs whose cycle escaped Alembic's check.
fn drop_inherited_in_cycle(
    normalized: &mut [Vec<RevisionIndex>],
    dependencies: &[Vec<RevisionIndex>],
    down: &Adjacency,
) {
    for (at, row) in normalized.iter_mut().enumerate().filter(|(_, row)| !row.is_empty()) {
        let start = RevisionIndex(at as u32);
        let mut seen = RevisionSet::new(dependencies.len());
        let mut todo = vec![start];
        while let Some(index) = todo.pop() {
            if !seen.insert(index) {
                continue;
            }
            if index != start {
                row.retain(|target| !dependencies[index.0 as usize].contains(target));
            }
            todo.extend_from_slice(down.of(index));
        }
    }
}

/// Whether Alembic meets a `down_revision` that is a label while it normalizes dependencies ("broken map").
pub(super) fn broken_by_label(
    revisions: &[Revision],
    names: &Names,
    dependencies: &[Vec<RevisionIndex>],
    down: &Adjacency,
) -> bool {
    let broken = |index: RevisionIndex| {
        revisions[index.0 as usize].down.iter().any(|down| names.is_label(revisions, down.as_str()))
    };
    let mut seen = RevisionSet::new(revisions.len());
    let with_dependencies = dependencies.iter().enumerate().filter(|(_, row)| !row.is_empty());
    let mut todo: Vec<RevisionIndex> = with_dependencies.map(|(at, _)| RevisionIndex(at as u32)).collect();
    while let Some(index) = todo.pop() {
        if seen.insert(index) {
            if broken(index) {
                return true;
            }
            todo.extend_from_slice(down.of(index));
        }
    }
    false
}
