use super::error::ResolveError;
use super::map::Edge;
use super::resolve::Identifiers;
use super::{RevisionId, RevisionIndex, RevisionMap};

impl RevisionMap {
    /// Whether a revision is another one or comes before it, through `down_revision`.
    pub fn is_ancestor(&self, ancestor: RevisionIndex, of: RevisionIndex) -> bool {
        self.closure(&[of], Edge::Down).contains(ancestor)
    }

    /// A revision and all that come after it, through `down_revision`; map order.
    pub fn descendants(&self, revision: RevisionIndex) -> Vec<RevisionIndex> {
        self.closure(&[revision], Edge::Next).iter().collect()
    }

    /// The revisions that a database with these rows has: the rows, what comes before them and what that depends on; map order. A row
    /// that no file has implies nothing.
    pub fn applied(&self, rows: &[RevisionId]) -> Vec<RevisionIndex> {
        let known: Vec<RevisionIndex> = rows.iter().filter_map(|row| self.position(row.as_str())).collect();
        self.closure(&known, Edge::NormalizedDown).iter().collect()
    }

    /// The last revision that two come after, through `down_revision`; of several, the first in map order.
    pub fn common_ancestor(&self, one: RevisionIndex, other: RevisionIndex) -> Option<RevisionIndex> {
        let mut common = self.closure(&[one], Edge::Down);
        common.intersect(&self.closure(&[other], Edge::Down));
        let is_last =
            |index: &RevisionIndex| !self.neighbours(*index, Edge::Next).iter().any(|next| common.contains(*next));
        common.iter().find(is_last)
    }

    /// What `revision` comes after (itself too) and `other` does not, through `down_revision`; map order.
    pub fn only_below(&self, other: RevisionIndex, revision: RevisionIndex) -> Vec<RevisionIndex> {
        let mut own = self.closure(&[revision], Edge::Down);
        own.subtract(&self.closure(&[other], Edge::Down));
        own.iter().collect()
    }

    /// Alembic's `filter_for_lineage`: those of the revisions that are ancestors or descendants of what the symbol stands for. `up` is
    /// `Edge::Next`, or `Edge::AllNext` to count dependencies.
    pub(crate) fn filter_for_lineage(
        &self,
        targets: &[RevisionIndex],
        against: &str,
        up: Edge,
    ) -> Result<Vec<RevisionIndex>, ResolveError> {
        let numbers = self.numbers(against)?;
        let branch = numbers.branch();
        let unfiltered = match &numbers.identifiers {
            Identifiers::Known(known) => known.is_empty() && branch.is_none(),
            Identifiers::Text(_) => false,
        };
        if targets.is_empty() || unfiltered {
            return Ok(targets.to_vec());
        }
        let mut tests = Vec::new();
        if let Some(branch) = branch {
            tests.push(self.find(branch, None)?);
        }
        match numbers.identifiers {
            Identifiers::Known(known) => tests.extend(known),
            Identifiers::Text(text) => tests.push(self.find(text, None)?),
        }
        let shares: Box<dyn Fn(&RevisionIndex) -> bool> = if self.order.len() == self.len() {
            // Being related is mutual, so one walk from the tests serves all targets.
            let mut relatives = self.closure(&tests, up);
            relatives.unite(&self.closure(&tests, downward(up)));
            Box::new(move |index| relatives.contains(*index))
        } else {
            Box::new(|index| self.share_lineage(*index, &tests, up))
        };
        Ok(targets.iter().copied().filter(|index| shares(index)).collect())
    }

    /// Alembic's `_shares_lineage`.
    pub(crate) fn share_lineage(&self, target: RevisionIndex, tests: &[RevisionIndex], up: Edge) -> bool {
        let tests = self.set_of(tests);
        self.closure(&[target], up).intersects(&tests) || self.closure(&[target], downward(up)).intersects(&tests)
    }
}

fn downward(up: Edge) -> Edge {
    match up {
        Edge::AllNext | Edge::NormalizedDown => Edge::NormalizedDown,
        Edge::Next | Edge::Down => Edge::Down,
    }
}
