use super::error::ResolveError;
use super::map::Edge;
use super::reach::Ancestry;
use super::set::RevisionSet;
use super::{RevisionError, RevisionIndex, RevisionMap};

impl RevisionMap {
    /// Alembic's `iterate_revisions` once the set is known: descendants first, in the order of its `_topological_sort`.
    ///
    /// # Errors
    /// `Unreachable` if a revision of the set is no ancestor of the heads.
    pub(crate) fn sorted(
        &self,
        wanted: &RevisionSet,
        heads: &[RevisionIndex],
    ) -> Result<Vec<RevisionIndex>, ResolveError> {
        let mut todo = RevisionSet::new(self.len());
        for index in wanted.iter() {
            todo.insert(self.winner(index));
        }
        let sorted = match self.topological {
            Some(_) => Sort::new(self, todo, heads).run(),
            None => self.sort_with_cycle(todo, heads),
        }?;
        let look_up = |index: RevisionIndex| {
            let again = self.again(index)?;
            again.ok_or_else(|| RevisionError::NotARevision(self.id(index).to_string()).into())
        };
        sorted.into_iter().map(look_up).collect()
    }

    /// The heads that are to be sorted, once each, in map order.
    fn starting_heads(&self, todo: &RevisionSet, heads: &[RevisionIndex]) -> Vec<RevisionIndex> {
        let mut heads: Vec<RevisionIndex> =
            heads.iter().map(|head| self.winner(*head)).filter(|head| todo.contains(*head)).collect();
        heads.sort_by_key(|head| self.rank[head.0 as usize]);
        heads.dedup();
        heads
    }

    fn unreachable(&self, todo: &RevisionSet) -> ResolveError {
        RevisionError::Unreachable(todo.iter().map(|index| self.id(index).clone()).collect()).into()
    }

    /// `_topological_sort` to the letter: quadratic, and right even on a graph with a cycle that Alembic does not see.
    pub(super) fn sort_with_cycle(
        &self,
        mut todo: RevisionSet,
        heads: &[RevisionIndex],
    ) -> Result<Vec<RevisionIndex>, ResolveError> {
        let mut heads = self.starting_heads(&todo, heads);
        let ancestors = |head: RevisionIndex| self.closure(&[head], Edge::NormalizedDown);
        let mut ancestors_of: Vec<RevisionSet> = heads.iter().map(|head| ancestors(*head)).collect();
        let mut output = Vec::new();
        let mut at = 0;
        // A candidate that is its own blocker's ancestor and the reverse would go back and forth for ever in Alembic.
        let mut moves = 0;
        while let Some(&candidate) = heads.get(at) {
            let blocker = (0..heads.len()).find(|other| *other != at && ancestors_of[*other].contains(candidate));
            if let Some(blocker) = blocker {
                at = blocker;
                moves += 1;
                if moves > heads.len() {
                    return Err(self.unreachable(&todo));
                }
                continue;
            }
            moves = 0;
            if todo.remove(candidate) {
                output.push(candidate);
            }
            let add = self.heads_to_add(candidate, &todo, |index| heads.contains(&index));
            match add.split_first() {
                None => {
                    heads.remove(at);
                    ancestors_of.remove(at);
                    at = at.saturating_sub(1);
                }
                Some((first, rest)) => {
                    heads[at] = *first;
                    if self.is_plain(candidate) {
                        ancestors_of[at].remove(candidate);
                    } else {
                        ancestors_of[at] = ancestors(*first);
                        ancestors_of.extend(rest.iter().map(|head| ancestors(*head)));
                        heads.extend(rest);
                    }
                }
            }
        }
        if todo.is_empty() { Ok(output) } else { Err(self.unreachable(&todo)) }
    }

    fn heads_to_add(
        &self,
        candidate: RevisionIndex,
        todo: &RevisionSet,
        is_head: impl Fn(RevisionIndex) -> bool,
    ) -> Vec<RevisionIndex> {
        let down = self.neighbours(candidate, Edge::NormalizedDown);
        down.iter().copied().filter(|index| todo.contains(*index) && !is_head(*index)).collect()
    }

    /// Neither a merge point nor dependent on anything.
    fn is_plain(&self, index: RevisionIndex) -> bool {
        self.edges.normalized_dependencies.of(index).is_empty() && self.edges.down.of(index).len() == 1
    }
}

/// Alembic's sort without its sets of ancestors. In a graph without cycles each of those sets is, at every moment, the ancestors of
/// the head beside it; so "another head is dependent on us" is a question of ancestry, and mostly not even that: nobody can depend
/// on a candidate all of whose children are out.
struct Sort<'a> {
    map: &'a RevisionMap,
    todo: RevisionSet,
    heads: Vec<RevisionIndex>,
    is_head: RevisionSet,
    /// Children still to come out, for each revision; only if `todo` has no gaps.
    children: Option<Vec<u32>>,
    ancestry: Ancestry<'a>,
}

impl<'a> Sort<'a> {
    fn new(map: &'a RevisionMap, todo: RevisionSet, heads: &[RevisionIndex]) -> Self {
        let heads = map.starting_heads(&todo, heads);
        let is_head = map.set_of(&heads);
        let children = (!has_gaps(map, &todo)).then(|| {
            let mut children = vec![0_u32; map.len()];
            for index in todo.iter() {
                for down in map.neighbours(index, Edge::NormalizedDown) {
                    children[down.0 as usize] += 1;
                }
            }
            children
        });
        Self { map, todo, heads, is_head, children, ancestry: Ancestry::new(map) }
    }

    fn run(mut self) -> Result<Vec<RevisionIndex>, ResolveError> {
        let mut output = Vec::new();
        let mut at = 0;
        while let Some(&candidate) = self.heads.get(at) {
            if let Some(blocker) = self.blocker(at) {
                at = blocker;
                continue;
            }
            if self.todo.remove(candidate) {
                output.push(candidate);
                if let Some(children) = &mut self.children {
                    for down in self.map.neighbours(candidate, Edge::NormalizedDown) {
                        children[down.0 as usize] -= 1;
                    }
                }
            }
            at = self.replace(at);
        }
        if self.todo.is_empty() { Ok(output) } else { Err(self.map.unreachable(&self.todo)) }
    }

    /// The first other head that descends from the one at this place.
    fn blocker(&mut self, at: usize) -> Option<usize> {
        let candidate = self.heads[at];
        if let Some(children) = &self.children
            && children[candidate.0 as usize] == 0
        {
            return None;
        }
        let (heads, ancestry) = (&self.heads, &mut self.ancestry);
        (0..heads.len()).find(|other| *other != at && ancestry.has_ancestor(heads[*other], candidate))
    }

    /// Puts the down revisions in the place of a head that is out; says where to go on.
    fn replace(&mut self, at: usize) -> usize {
        let candidate = self.heads[at];
        let add = self.map.heads_to_add(candidate, &self.todo, |index| self.is_head.contains(index));
        self.is_head.remove(candidate);
        match add.split_first() {
            None => {
                self.heads.remove(at);
                at.saturating_sub(1)
            }
            Some((first, rest)) => {
                self.heads[at] = *first;
                self.heads.extend(rest);
                for index in add {
                    self.is_head.insert(index);
                }
                at
            }
        }
    }
}

/// Whether a way down leaves the set and comes back into it.
fn has_gaps(map: &RevisionMap, set: &RevisionSet) -> bool {
    let mut outside = RevisionSet::new(map.len());
    let mut todo = Vec::new();
    for index in set.iter() {
        for &down in map.neighbours(index, Edge::NormalizedDown) {
            if !set.contains(down) && outside.insert(down) {
                todo.push(down);
            }
        }
    }
    while let Some(index) = todo.pop() {
        for &down in map.neighbours(index, Edge::NormalizedDown) {
            if set.contains(down) {
                return true;
            }
            if outside.insert(down) {
                todo.push(down);
            }
        }
    }
    false
}
