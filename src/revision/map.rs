use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::adjacency::Adjacency;
use super::error::ResolveError;
use super::error::Wording;
use super::reach::Reachability;
use super::resolve::Place;
use super::set::RevisionSet;
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
///
/// An id declared twice leaves both revisions in the list: the last one has the name ("the winner"), an earlier one is
/// reachable by its branch labels alone, as in Alembic.
#[derive(Debug, Default)]
pub struct RevisionMap {
    pub(super) revisions: Vec<Revision>,
    pub(super) warnings: Vec<MapWarning>,
    /// Winners, in map order.
    pub(super) order: Vec<RevisionIndex>,
    /// Place in `order`, by index; of a loser: its winner's.
    pub(super) rank: Vec<u32>,
    /// Ids and branch labels.
    pub(super) names: HashMap<Arc<str>, RevisionIndex>,
    /// Branch labels, in map order of their declaration.
    pub(super) label_names: Vec<(Arc<str>, RevisionIndex)>,
    pub(super) edges: EdgeLists,
    /// Versioned heads; with duplicate ids an entry may be there twice, or have children.
    pub(super) heads: Vec<RevisionIndex>,
    pub(super) effective_heads: Vec<RevisionIndex>,
    pub(super) bases: Vec<RevisionIndex>,
    pub(super) labels: Vec<Arc<[String]>>,
    /// Ancestors first, over all edges; `None` if a cycle escaped Alembic's check.
    pub(super) topological: Option<Vec<RevisionIndex>>,
    pub(super) reachability: OnceLock<Reachability>,
}

/// The neighbours of every revision, by kind.
#[derive(Debug, Default)]
pub(super) struct EdgeLists {
    pub(super) down: Adjacency,
    /// Resolved dependencies that no ancestor through `down` has, in declared order.
    pub(super) normalized_dependencies: Adjacency,
    pub(super) normalized_down: Adjacency,
    pub(super) next: Adjacency,
    pub(super) all_next: Adjacency,
}

/// Which neighbours a walk follows; the names are Alembic's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// `_versioned_down_revisions`
    Down,
    /// `_normalized_down_revisions`
    NormalizedDown,
    /// `nextrev`
    Next,
    /// `_all_nextrev`
    AllNext,
}

impl RevisionMap {
    /// Every revision behind all that it follows or depends on; `None` if there is no such order.
    pub fn ancestors_first(&self) -> Option<&[RevisionIndex]> {
        self.topological.as_deref()
    }

    /// Warnings found while building, in Alembic's order.
    pub fn warnings(&self) -> &[MapWarning] {
        &self.warnings
    }

    /// All revisions in map order (a duplicate id: the winner, in the first's place).
    pub fn iter(&self) -> impl Iterator<Item = RevisionIndex> + '_ {
        self.order.iter().copied()
    }

    /// The revision as declared.
    pub fn revision(&self, index: RevisionIndex) -> &Revision {
        &self.revisions[index.0 as usize]
    }

    /// Exact id only.
    pub fn position(&self, id: &str) -> Option<RevisionIndex> {
        let index = *self.names.get(id)?;
        (self.revision(index).id.as_str() == id).then_some(index)
    }

    /// Versioned heads, map order.
    pub fn heads(&self) -> &[RevisionIndex] {
        &self.heads
    }

    /// Effective ("real") heads, map order.
    pub fn effective_heads(&self) -> &[RevisionIndex] {
        &self.effective_heads
    }

    /// Revisions without a down revision, map order.
    pub fn bases(&self) -> &[RevisionIndex] {
        &self.bases
    }

    /// No child through `down_revision`.
    pub fn is_head(&self, index: RevisionIndex) -> bool {
        self.children(index).is_empty()
    }

    /// No child through `down_revision` or `depends_on`.
    pub fn is_effective_head(&self, index: RevisionIndex) -> bool {
        self.neighbours(index, Edge::AllNext).is_empty()
    }

    /// More than one child through `down_revision`.
    pub fn is_branch_point(&self, index: RevisionIndex) -> bool {
        self.children(index).len() > 1
    }

    /// More than one down revision.
    pub fn is_merge_point(&self, index: RevisionIndex) -> bool {
        self.revision(index).down.len() > 1
    }

    /// Branch labels, spread ones included, sorted.
    pub fn labels(&self, index: RevisionIndex) -> &[String] {
        &self.labels[index.0 as usize]
    }

    /// Children through `down_revision` (Alembic's `nextrev`: what `Branches into` lists), map order.
    pub fn children(&self, index: RevisionIndex) -> &[RevisionIndex] {
        self.neighbours(index, Edge::Next)
    }

    /// What `depends_on` stands for, in declared order; a label stands for the revision that declares it.
    pub fn dependencies(&self, index: RevisionIndex) -> impl Iterator<Item = RevisionIndex> + '_ {
        self.revision(index).depends_on.iter().filter_map(|name| self.names.get(name.as_str()).copied())
    }

    /// What a step moves from: `down_revision` and those dependencies that no ancestor has
    /// (Alembic's `_normalized_down_revisions`).
    pub fn normalized_down(&self, index: RevisionIndex) -> &[RevisionIndex] {
        self.neighbours(index, Edge::NormalizedDown)
    }

    /// Resolves a symbol as Alembic's `get_revisions` does (show, stamp, edit, merge, ends of ranges).
    pub fn resolve(&self, symbol: &str) -> Result<Vec<RevisionIndex>, RevisionError> {
        self.places(symbol)
            .map_err(|error| error.worded(Wording::Plain))?
            .into_iter()
            .map(|place| place.revision().ok_or_else(|| RevisionError::NotARevision(symbol.to_owned())))
            .collect()
    }

    /// Resolves a symbol that must stand for one revision (Alembic's `get_revision`, used by `--depends-on`); `None` is base.
    pub fn resolve_one(&self, symbol: &str) -> Result<Option<RevisionIndex>, RevisionError> {
        self.single(symbol).map_err(|error| error.worded(Wording::Plain))
    }

    /// Resolves the parents of a new revision (`revision --head`, `merge`). Base gives nothing; `None` is a walk below base.
    pub fn resolve_parents(&self, symbols: &[String]) -> Result<Vec<Option<RevisionIndex>>, RevisionError> {
        let mut parents = Vec::new();
        for symbol in symbols {
            for place in self.places(symbol).map_err(|error| error.worded(Wording::Parent))? {
                match place {
                    Place::At(index) => parents.push(Some(index)),
                    Place::Nowhere => parents.push(None),
                    Place::Base => return Err(RevisionError::NotARevision(symbol.clone())),
                }
            }
        }
        let mut unique = parents.clone();
        unique.sort();
        unique.dedup();
        if unique.len() == parents.len() { Ok(parents) } else { Err(RevisionError::DuplicateParents) }
    }

    /// The only versioned head (Alembic's `get_current_head`), `None` in an empty directory.
    pub fn current_head(&self) -> Result<Option<RevisionIndex>, RevisionError> {
        self.single_head(None).map_err(|error| error.worded(Wording::Directory))
    }

    /// Rows of the version table as revisions, in their order (Alembic's `get_revisions` of a tuple).
    pub fn resolve_rows(&self, rows: &[RevisionId]) -> Result<Vec<RevisionIndex>, RevisionError> {
        self.rows(rows).map_err(|error| error.worded(Wording::Plain))
    }

    /// Whether the rows are exactly the effective heads: what `check` and autogenerate require
    /// ("Target database is not up to date.").
    pub fn is_up_to_date(&self, rows: &[RevisionId]) -> Result<bool, RevisionError> {
        let rows = self.set_of(&self.resolve_rows(rows)?);
        Ok(rows == self.set_of(&self.effective_heads))
    }

    /// Whether the rows are exactly the versioned heads: what `current --check-heads` requires.
    pub fn rows_are_heads(&self, rows: &[RevisionId]) -> bool {
        let mut rows: Vec<&str> = rows.iter().map(RevisionId::as_str).collect();
        let mut heads: Vec<&str> = self.heads.iter().map(|head| self.id(*head).as_str()).collect();
        for ids in [&mut rows, &mut heads] {
            ids.sort_unstable();
            ids.dedup();
        }
        rows == heads
    }

    /// What `alembic current` lists for the rows of the version table: the rows and the heads implied by dependencies, map order.
    pub fn current(&self, rows: &[RevisionId]) -> Result<Vec<RevisionIndex>, RevisionError> {
        self.all_current(&self.resolve_rows(rows)?).map_err(|error: ResolveError| error.worded(Wording::Plain))
    }

    /// The revisions that declare branch labels, once per label.
    pub(crate) fn labelled(&self) -> impl Iterator<Item = RevisionIndex> + '_ {
        self.label_names.iter().map(|(_, index)| *index)
    }

    pub(crate) fn len(&self) -> usize {
        self.revisions.len()
    }

    pub(crate) fn id(&self, index: RevisionIndex) -> &RevisionId {
        &self.revision(index).id
    }

    /// The revision that has the id of this one.
    pub(crate) fn winner(&self, index: RevisionIndex) -> RevisionIndex {
        self.order[self.rank[index.0 as usize] as usize]
    }

    pub(crate) fn neighbours(&self, index: RevisionIndex, edge: Edge) -> &[RevisionIndex] {
        match edge {
            Edge::Down => self.edges.down.of(index),
            Edge::NormalizedDown => self.edges.normalized_down.of(index),
            Edge::Next => self.edges.next.of(index),
            Edge::AllNext => self.edges.all_next.of(index),
        }
    }

    pub(crate) fn set_of(&self, indexes: &[RevisionIndex]) -> RevisionSet {
        let mut set = RevisionSet::new(self.len());
        for index in indexes {
            set.insert(*index);
        }
        set
    }
}
