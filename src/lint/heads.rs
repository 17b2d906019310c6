//! Heads that nobody meant to have.

use crate::revision::{RevisionIndex, RevisionMap};

/// Heads that share an ancestor and carry the same branch labels (or none), in groups of two or more. Labels tell branches apart, for
/// people as for `upgrade label@head`: heads with labels of their own are meant.
pub(super) fn accidental_heads(map: &RevisionMap) -> Vec<Vec<RevisionIndex>> {
    let mut groups: Vec<Vec<RevisionIndex>> = Vec::new();
    // With a duplicate id, a head may be listed twice, or have children.
    let mut heads: Vec<RevisionIndex> = map.heads().iter().copied().filter(|head| map.is_head(*head)).collect();
    heads.sort_unstable();
    heads.dedup_by_key(|head| map.revision(*head).id.clone());
    for head in heads {
        let is_like = |other: &RevisionIndex| {
            map.labels(*other) == map.labels(head) && map.common_ancestor(*other, head).is_some()
        };
        match groups.iter_mut().find(|group| group.iter().any(is_like)) {
            Some(group) => group.push(head),
            None => groups.push(vec![head]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}
