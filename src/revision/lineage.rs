use super::error::ResolveError;
use super::map::Edge;
use super::resolve::Identifiers;
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
