use super::error::ResolveError;
use super::map::Edge;
use super::resolve::Place;
use super::set::RevisionSet;
use super::{RevisionError, RevisionId, RevisionIndex, RevisionMap};

/// How to walk a number of revisions up or down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk<'a> {
    /// Up if positive.
    pub(crate) steps: i64,
    /// Stay on this branch; only on the way up.
    pub(crate) branch: Option<&'a str>,
    /// Going beyond the graph leads nowhere, instead of staying at its end.
    pub(crate) strict: bool,
}

impl Walk<'_> {
    /// A strict walk that takes no notice of branches.
    pub(crate) fn down(steps: i64) -> Self {
        Self { steps, branch: None, strict: true }
    }
}

impl RevisionMap {
    /// The revisions and all that the edges lead to.
    pub(crate) fn closure(&self, from: &[RevisionIndex], edge: Edge) -> RevisionSet {
        let mut seen = RevisionSet::new(self.len());
        let mut todo = from.to_vec();
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend_from_slice(self.neighbours(index, edge));
            }
        }
        seen
    }

    /// The same, and none of the revisions may lead to another (`_iterate_related_revisions` with `check`).
    pub(crate) fn closure_checked(&self, from: &[RevisionIndex], edge: Edge) -> Result<RevisionSet, ResolveError> {
        let mut seen = RevisionSet::new(self.len());
        let wanted = self.set_of(from);
        let mut todo = Vec::new();
        for &start in from {
            let mut others = Vec::new();
            todo.push(start);
            while let Some(index) = todo.pop() {
                if index != start && wanted.contains(index) && !others.contains(&index) {
                    others.push(index);
                }
                if seen.insert(index) {
                    todo.extend_from_slice(self.neighbours(index, edge));
                }
            }
            if !others.is_empty() {
                others.sort_by_key(|index| self.rank[index.0 as usize]);
                let others: Vec<RevisionId> = others.into_iter().map(|index| self.id(index).clone()).collect();
                return Err(RevisionError::Overlap { revision: self.id(start).clone(), others }.into());
            }
        }
        Ok(seen)
    }

    /// Alembic's `_walk`. `Nowhere` as start means below the bases (or, on the way down, above the heads).
    pub(crate) fn walk(&self, start: Place, walk: Walk<'_>) -> Result<Place, ResolveError> {
        let mut at = start;
        for _ in 0..walk.steps.unsigned_abs() {
            let next = if walk.steps > 0 { self.above(at, walk.branch)? } else { self.below(at)? };
            at = match next.as_slice() {
                [] => return Ok(if walk.strict { Place::Nowhere } else { at }),
                [only] => *only,
                _ => return Err(RevisionError::AmbiguousWalk.into()),
            };
        }
        Ok(at)
    }

    fn above(&self, at: Place, branch: Option<&str>) -> Result<Vec<Place>, ResolveError> {
        let up = match at {
            Place::Nowhere => self.looked_up(&self.bases)?,
            Place::At(index) => self.looked_up(self.neighbours(index, Edge::Next))?,
            Place::Base => Vec::new(),
        };
        let up = match branch.filter(|branch| !branch.is_empty()) {
            Some(branch) => self.filter_for_lineage(&up, branch, Edge::Next)?,
            None => up,
        };
        Ok(up.into_iter().map(Place::At).collect())
    }

    fn below(&self, at: Place) -> Result<Vec<Place>, ResolveError> {
        let down = match at {
            Place::Base => return Ok(Vec::new()),
            Place::Nowhere => self.looked_up(&self.heads)?,
            Place::At(index) => self.looked_up(self.neighbours(index, Edge::Down))?,
        };
        Ok(if down.is_empty() { vec![Place::Base] } else { down.into_iter().map(Place::At).collect() })
    }

    /// `get_revisions` of ids.
    pub(crate) fn looked_up(&self, indexes: &[RevisionIndex]) -> Result<Vec<RevisionIndex>, ResolveError> {
        let mut found = Vec::with_capacity(indexes.len());
        for index in indexes {
            match self.id(*index).as_str() {
                id @ ("head" | "heads" | "base") => {
                    found.extend(self.places(id)?.into_iter().filter_map(Place::revision));
                }
                _ => found.push(self.winner(*index)),
            }
        }
        Ok(found)
    }

    /// Alembic's `_get_all_current`: the revisions and their ancestors, less those with a child among them.
    pub(crate) fn all_current(&self, rows: &[RevisionIndex]) -> Result<Vec<RevisionIndex>, ResolveError> {
        let applied = self.closure(rows, Edge::NormalizedDown);
        let has_child =
            |index: RevisionIndex| self.neighbours(index, Edge::Next).iter().any(|child| applied.contains(*child));
        let mut current: Vec<RevisionIndex> = applied.iter().filter(|index| !has_child(*index)).collect();
        current.sort_by_key(|index| self.rank[index.0 as usize]);
        Ok(current)
    }
}
