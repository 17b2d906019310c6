use std::collections::HashMap;
use std::sync::Arc;

use super::build::Names;
use super::map::EdgeLists;
use super::set::RevisionSet;
use super::{Revision, RevisionIndex};

/// Alembic's `_add_branches`: a label spreads to all descendants, and down a lone chain to its base. Per revision, sorted.
pub(super) fn spread(revisions: &[Revision], names: &Names, edges: &EdgeLists) -> Vec<Arc<[String]>> {
    let none: Arc<[String]> = Arc::new([]);
    if names.labels.is_empty() {
        return vec![none; revisions.len()];
    }
    let mut sorted: Vec<usize> = (0..names.labels.len()).collect();
    sorted.sort_by(|a, b| names.labels[*a].0.cmp(&names.labels[*b].0));
    let mut marks: Vec<Vec<u32>> = vec![Vec::new(); revisions.len()];
    // In alphabetical order, so that each revision's list is sorted without more ado.
    for (number, at) in sorted.iter().enumerate() {
        for index in bearers(revisions, edges, names.labels[*at].1).iter() {
            marks[index.0 as usize].push(number as u32);
        }
    }
    let text = |number: &u32| names.labels[sorted[*number as usize]].0.to_string();
    let mut shared: HashMap<Vec<u32>, Arc<[String]>> = HashMap::from([(Vec::new(), none)]);
    let share = |mark: Vec<u32>| match shared.get(&mark) {
        Some(labels) => labels.clone(),
        None => {
            let labels: Arc<[String]> = mark.iter().map(text).collect();
            shared.insert(mark, labels.clone());
            labels
        }
    };
    marks.into_iter().map(share).collect()
}

/// Who carries a label declared by `origin`.
fn bearers(revisions: &[Revision], edges: &EdgeLists, origin: RevisionIndex) -> RevisionSet {
    let mut bearers = RevisionSet::new(revisions.len());
    let mut todo = vec![origin];
    while let Some(index) = todo.pop() {
        if bearers.insert(index) {
            todo.extend_from_slice(edges.next.of(index));
        }
    }
    let stops = |index: RevisionIndex| edges.all_next.of(index).len() > 1 || revisions[index.0 as usize].down.len() > 1;
    // The climb starts at the top; it gets below the origin only if nothing on the way stops it.
    let mut top = origin;
    let mut steps = 0;
    while let [child] = edges.next.of(top)
        && !stops(top)
        && steps <= revisions.len()
    {
        top = *child;
        steps += 1;
    }
    if stops(top) || !edges.next.of(top).is_empty() {
        return bearers;
    }
    let mut parent = origin;
    while let [down] = edges.down.of(parent)
        && !stops(*down)
        && bearers.insert(*down)
    {
        parent = *down;
    }
    bearers
}
