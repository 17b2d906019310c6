use super::error::ResolveError;
use super::map::Edge;
use super::resolve::Identifiers;
use super::set::RevisionSet;
use super::{RevisionIndex, RevisionMap};

impl RevisionMap {
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
        let relatives = self.relatives(&tests, up);
        let shares = |index: &RevisionIndex| self.is_relative(*index, &relatives, &tests, up);
        Ok(targets.iter().copied().filter(shares).collect())
    }

    /// Alembic's `_shares_lineage`.
    pub(crate) fn share_lineage(&self, target: RevisionIndex, tests: &[RevisionIndex], up: Edge) -> bool {
        self.is_relative(target, &self.relatives(tests, up), tests, up)
    }

    /// Being related is mutual, so one walk from the tests serves all targets; a revision that lost its id to another one is nobody's child.
    fn relatives(&self, tests: &[RevisionIndex], up: Edge) -> RevisionSet {
        let (winners, losers): (Vec<_>, Vec<_>) = tests.iter().partition(|test| self.winner(**test) == **test);
        let mut relatives = self.closure(&winners, up);
        relatives.unite(&self.closure(&winners, downward(up)));
        for loser in losers {
            relatives.insert(loser);
        }
        relatives
    }

    fn is_relative(&self, target: RevisionIndex, relatives: &RevisionSet, tests: &[RevisionIndex], up: Edge) -> bool {
        if relatives.contains(target) {
            return true;
        }
        self.winner(target) != target && self.closure(&[target], downward(up)).intersects(&self.set_of(tests))
    }
}

fn downward(up: Edge) -> Edge {
    match up {
        Edge::AllNext | Edge::NormalizedDown => Edge::NormalizedDown,
        Edge::Next | Edge::Down => Edge::Down,
    }
}
