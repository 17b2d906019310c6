use super::{MapWarning, RevisionError, RevisionId};

/// One revision as declared: only what the graph needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// `revision`
    pub id: RevisionId,
    /// `down_revision`, in declared order; empty for a base.
    pub down: Vec<RevisionId>,
    /// `depends_on` as declared: ids or branch labels.
    pub depends_on: Vec<String>,
    /// `branch_labels` as declared, without what spreads to it.
    pub branch_labels: Vec<String>,
}

/// Position of a revision in the list that the map was built from ("map order": the order of loading).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionIndex(pub u32);

/// The revision graph. Built once, immutable.
#[derive(Debug)]
pub struct RevisionMap {}

#[expect(unused_variables)]
impl RevisionMap {
    /// Builds the graph from revisions in the order of loading and checks it as Alembic does.
    pub fn build(revisions: Vec<Revision>) -> Result<Self, RevisionError> {
        todo!()
    }
    /// Warnings found while building, in Alembic's order.
    pub fn warnings(&self) -> &[MapWarning] {
        todo!()
    }
    /// All revisions in map order (a duplicate id: the winner, in the first's place).
    pub fn iter(&self) -> impl Iterator<Item = RevisionIndex> + '_ {
        std::iter::empty()
    }
    /// The revision as declared.
    pub fn revision(&self, index: RevisionIndex) -> &Revision {
        todo!()
    }
    /// Exact id only.
    pub fn position(&self, id: &str) -> Option<RevisionIndex> {
        todo!()
    }
    /// Versioned heads, map order.
    pub fn heads(&self) -> &[RevisionIndex] {
        todo!()
    }
    /// Effective ("real") heads, map order.
    pub fn effective_heads(&self) -> &[RevisionIndex] {
        todo!()
    }
    /// No child through `down_revision`.
    pub fn is_head(&self, index: RevisionIndex) -> bool {
        todo!()
    }
    /// No child through `down_revision` or `depends_on`.
    pub fn is_effective_head(&self, index: RevisionIndex) -> bool {
        todo!()
    }
    /// More than one child through `down_revision`.
    pub fn is_branch_point(&self, index: RevisionIndex) -> bool {
        todo!()
    }
    /// More than one down revision.
    pub fn is_merge_point(&self, index: RevisionIndex) -> bool {
        todo!()
    }
    /// Branch labels, spread ones included, sorted.
    pub fn labels(&self, index: RevisionIndex) -> &[String] {
        todo!()
    }
    /// Children through `down_revision` (Alembic's `nextrev`), map order.
    pub fn children(&self, index: RevisionIndex) -> &[RevisionIndex] {
        todo!()
    }
    /// Resolves a symbol as Alembic's `get_revisions` does (show, stamp, edit, merge, ends of ranges).
    pub fn resolve(&self, symbol: &str) -> Result<Vec<RevisionIndex>, RevisionError> {
        todo!()
    }
    /// What `alembic current` lists for the rows of the version table: the rows and the heads implied by dependencies, map order.
    pub fn current(&self, rows: &[RevisionId]) -> Result<Vec<RevisionIndex>, RevisionError> {
        todo!()
    }
}
