use super::adjacency::Adjacency;
use super::{RevisionIndex, RevisionMap};

/// Answers "is one revision an ancestor of another" (through normalized down revisions) mostly without walking: by levels, by intervals in a
/// spanning forest (a sure yes) and by intervals of a depth-first numbering (a sure no, as in GRAIL).
#[derive(Debug)]
pub(crate) struct Reachability {
    /// Length of the longest way to a base.
    level: Vec<u32>,
    /// Place and end of the subtree in the forest where everything hangs on its first down revision.
    tree: Vec<(u32, u32)>,
    /// Lowest and own number in depth-first post-order.
    post: Vec<(u32, u32)>,
}

impl Reachability {
    /// `topological`: ancestors first.
    fn new(down: &Adjacency, topological: &[RevisionIndex]) -> Self {
        let mut level = vec![0_u32; topological.len()];
        for index in topological {
            let above = down.of(*index).iter().map(|down| level[down.0 as usize] + 1).max();
            level[index.0 as usize] = above.unwrap_or(0);
        }
        Self { level, tree: forest(down, topological), post: post_order(down, topological) }
    }

    /// `None`: only a walk can tell.
    fn decide(&self, from: RevisionIndex, to: RevisionIndex) -> Option<bool> {
        let (f, t) = (from.0 as usize, to.0 as usize);
        if f == t {
            return Some(true);
        }
        if self.level[f] <= self.level[t] || self.post[f].0 > self.post[t].0 || self.post[f].1 < self.post[t].1 {
            return Some(false);
        }
        let (start, end) = self.tree[t];
        (start <= self.tree[f].0 && self.tree[f].0 < end).then_some(true)
    }
}

/// Preorder numbers, without recursion: a place for every subtree is taken in its parent's.
fn forest(down: &Adjacency, topological: &[RevisionIndex]) -> Vec<(u32, u32)> {
    let mut size = vec![1_u32; topological.len()];
    for index in topological.iter().rev() {
        if let Some(parent) = down.of(*index).first() {
            size[parent.0 as usize] += size[index.0 as usize];
        }
    }
    let mut tree = vec![(0, 0); topological.len()];
    let mut free = vec![0_u32; topological.len()];
    let mut root = 0_u32;
    for index in topological {
        let at = index.0 as usize;
        let slot = match down.of(*index).first() {
            Some(parent) => &mut free[parent.0 as usize],
            None => &mut root,
        };
        let start = *slot;
        *slot += size[at];
        tree[at] = (start, start + size[at]);
        free[at] = start + 1;
    }
    tree
}

fn post_order(down: &Adjacency, topological: &[RevisionIndex]) -> Vec<(u32, u32)> {
    let mut post = vec![(u32::MAX, u32::MAX); topological.len()];
    let mut entered = vec![false; topological.len()];
    let mut count = 0;
    let mut stack: Vec<(RevisionIndex, usize)> = Vec::new();
    for start in topological.iter().rev() {
        if !std::mem::replace(&mut entered[start.0 as usize], true) {
            stack.push((*start, 0));
        }
        while let Some((index, edge)) = stack.last_mut() {
            let at = index.0 as usize;
            if let Some(next) = down.of(*index).get(*edge) {
                *edge += 1;
                if !std::mem::replace(&mut entered[next.0 as usize], true) {
                    stack.push((*next, 0));
                }
            } else {
                let lowest = down.of(*index).iter().map(|next| post[next.0 as usize].0).min().unwrap_or(count);
                post[at] = (lowest.min(count), count);
                count += 1;
                stack.pop();
            }
        }
    }
    post
}

/// Asks a `Reachability`, with room to walk where it does not know.
pub(crate) struct Ancestry<'a> {
    map: &'a RevisionMap,
    /// Absent if the graph has a cycle that Alembic does not see: every question is a walk then.
    index: Option<&'a Reachability>,
    seen: Vec<u32>,
    round: u32,
    todo: Vec<RevisionIndex>,
}

impl<'a> Ancestry<'a> {
    pub(crate) fn new(map: &'a RevisionMap) -> Self {
        let index = map.topological.as_deref().map(|topological| {
            map.reachability.get_or_init(|| Reachability::new(&map.edges.normalized_down, topological))
        });
        Self { map, index, seen: vec![0; map.len()], round: 0, todo: Vec::new() }
    }

    /// Whether `ancestor` is `revision` or one of its ancestors.
    pub(crate) fn has_ancestor(&mut self, revision: RevisionIndex, ancestor: RevisionIndex) -> bool {
        if let Some(known) = self.decide(revision, ancestor) {
            return known;
        }
        self.round += 1;
        self.todo.clear();
        self.todo.push(revision);
        while let Some(index) = self.todo.pop() {
            for &next in self.map.edges.normalized_down.of(index) {
                match self.decide(next, ancestor) {
                    Some(true) => return true,
                    Some(false) => {}
                    None if self.seen[next.0 as usize] == self.round => {}
                    None => {
                        self.seen[next.0 as usize] = self.round;
                        self.todo.push(next);
                    }
                }
            }
        }
        false
    }

    fn decide(&self, from: RevisionIndex, to: RevisionIndex) -> Option<bool> {
        match self.index {
            Some(index) => index.decide(from, to),
            None => (from == to).then_some(true),
        }
    }
}
