use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::state::Trace;
use super::{Schema, Table};
use crate::revision::{Ancestry, RevisionIndex};

/// Schemas of branches that meet, brought together one by one.
pub(super) struct Merge<'m, 'a> {
    ancestry: &'m mut Ancestry<'a>,
    /// The revisions that are merged so far.
    ours: Vec<RevisionIndex>,
    /// The revision that joins them now.
    theirs: RevisionIndex,
    /// The revision that finds them all.
    merging: RevisionIndex,
}

/// One of two branches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

impl<'m, 'a> Merge<'m, 'a> {
    /// What the revision `merging` finds whose parents are these, each with what it leaves.
    pub(super) fn of(
        ancestry: &'m mut Ancestry<'a>,
        merging: RevisionIndex,
        parents: &[RevisionIndex],
        after: &[Schema],
    ) -> Schema {
        let schema_of = |parent: &RevisionIndex| after.get(parent.0 as usize).cloned().unwrap_or_default();
        let Some((first, others)) = parents.split_first() else { return Schema::default() };
        let mut merged = schema_of(first);
        let mut merge = Merge { ancestry, ours: vec![*first], theirs: *first, merging };
        for other in others {
            merge.theirs = *other;
            merged = merge.schemas(&merged, &schema_of(other));
            merge.ours.push(*other);
        }
        merged
    }

    fn schemas(&mut self, ours: &Schema, theirs: &Schema) -> Schema {
        Schema {
            tables: self.maps(
                &ours.tables,
                &theirs.tables,
                |table| table.trace,
                |merge, ours, theirs| merge.tables(ours, theirs),
            ),
            enums: self.maps(
                &ours.enums,
                &theirs.enums,
                |state| state.trace,
                |merge, ours, theirs| {
                    Arc::clone(match merge.newer(ours.trace, theirs.trace) {
                        Some(Side::Ours) => ours,
                        _ => theirs,
                    })
                },
            ),
            objects: self.maps(&ours.objects, &theirs.objects, |by| Trace::new(*by), |_, ours, _| *ours),
            may_be_incomplete: ours.may_be_incomplete || theirs.may_be_incomplete,
            has_unnamed_enums: ours.has_unnamed_enums || theirs.has_unnamed_enums,
        }
    }

    /// Whether one side has seen what a revision did.
    fn knows(&mut self, side: Side, revision: RevisionIndex) -> bool {
        match side {
            Side::Ours => self.ours.iter().any(|ours| self.ancestry.has_ancestor(*ours, revision)),
            Side::Theirs => self.ancestry.has_ancestor(self.theirs, revision),
        }
    }

    /// The side whose version is the later one; `None`: both changed it.
    fn newer(&mut self, ours: Trace, theirs: Trace) -> Option<Side> {
        if self.knows(Side::Theirs, ours.changed_by) {
            Some(Side::Theirs)
        } else if self.knows(Side::Ours, theirs.changed_by) {
            Some(Side::Ours)
        } else {
            None
        }
    }

    /// What either has; what one side dropped stays dropped.
    fn maps<K: Ord + Clone, V: Clone + PartialEq>(
        &mut self,
        ours: &RedBlackTreeMapSync<K, V>,
        theirs: &RedBlackTreeMapSync<K, V>,
        trace: impl Fn(&V) -> Trace,
        both: impl Fn(&mut Self, &V, &V) -> V,
    ) -> RedBlackTreeMapSync<K, V> {
        let mut merged = ours.clone();
        for (key, value) in theirs {
            match ours.get(key) {
                Some(own) if own == value => {}
                Some(own) => {
                    merged.insert_mut(key.clone(), both(self, own, value));
                }
                None if self.knows(Side::Ours, trace(value).named_by) => {}
                None => merged.insert_mut(key.clone(), value.clone()),
            }
        }
        for (key, value) in ours {
            if !theirs.contains_key(key) && self.knows(Side::Theirs, trace(value).named_by) {
                merged.remove_mut(key);
            }
        }
        merged
    }

    fn tables(&mut self, ours: &Arc<Table>, theirs: &Arc<Table>) -> Arc<Table> {
        match self.newer(ours.trace, theirs.trace) {
            Some(Side::Ours) => return Arc::clone(ours),
            Some(Side::Theirs) => return Arc::clone(theirs),
            None => {}
        }
        let mut merged = Table::clone(ours);
        merged.is_complete &= theirs.is_complete;
        merged.is_doubtful &= theirs.is_doubtful;
        merged.trace.changed_by = self.merging;
        merged.columns =
            self.lists(&ours.columns, &theirs.columns, |column| column.trace, |one, other| one.name == other.name);
        merged.constraints = self.lists(
            &ours.constraints,
            &theirs.constraints,
            |constraint| constraint.trace,
            |one, other| {
                if one.name.known().is_some() {
                    one.name == other.name
                } else {
                    one.name == other.name && one.kind == other.kind
                }
            },
        );
        merged.indexes = self.lists(
            &ours.indexes,
            &theirs.indexes,
            |index| index.trace,
            |one, other| {
                if one.name.known().is_some() {
                    one.name == other.name
                } else {
                    one.name == other.name && one.columns == other.columns
                }
            },
        );
        Arc::new(merged)
    }

    /// The same for the parts of a table.
    fn lists<T: Clone + PartialEq>(
        &mut self,
        ours: &[T],
        theirs: &[T],
        trace: impl Fn(&T) -> Trace,
        is_same: impl Fn(&T, &T) -> bool,
    ) -> Vec<T> {
        let mut merged = Vec::with_capacity(ours.len());
        for own in ours {
            match theirs.iter().find(|other| is_same(own, other)) {
                Some(other) if own == other => merged.push(own.clone()),
                Some(other) => match self.newer(trace(own), trace(other)) {
                    Some(Side::Ours) => merged.push(own.clone()),
                    _ => merged.push(other.clone()),
                },
                None if self.knows(Side::Theirs, trace(own).named_by) => {}
                None => merged.push(own.clone()),
            }
        }
        for other in theirs {
            if !ours.iter().any(|own| is_same(own, other)) && !self.knows(Side::Ours, trace(other).named_by) {
                merged.push(other.clone());
            }
        }
        merged
    }
}
