use std::collections::HashMap;

use super::apply::Applier;
use super::merge::Merge;
use super::{Schema, Touched, Unknown};
use crate::operation::{Body, Dialect, OperationKind, Operations, TableName};
use crate::revision::{Ancestry, RevisionIndex, RevisionMap};

/// The schema before and after every revision.
#[derive(Debug, Default)]
pub struct SchemaHistory {
    before: Vec<Schema>,
    after: Vec<Schema>,
    after_downgrade: Vec<Schema>,
    /// What the upgrade and the downgrade do not find.
    unknown: Vec<(Vec<Unknown>, Vec<Unknown>)>,
    touched: Vec<Touched>,
    /// Down revisions and dependencies.
    parents: Vec<Box<[RevisionIndex]>>,
    /// Who creates a table of this name, in map order.
    creators: HashMap<TableName, Vec<RevisionIndex>>,
    /// For a revision that the map does not have.
    empty: Schema,
}

impl SchemaHistory {
    /// Folds the upgrades along the graph; `operations` in the order of the map's indexes.
    pub fn fold(map: &RevisionMap, operations: &[&Operations], dialect: Dialect) -> Self {
        let count = operations.len().max(map.len());
        let mut history = Self {
            before: vec![Schema::default(); count],
            after: vec![Schema::default(); count],
            after_downgrade: vec![Schema::default(); count],
            unknown: vec![Default::default(); count],
            touched: vec![Touched::default(); count],
            parents: vec![Box::default(); count],
            ..Self::default()
        };
        let mut ancestry = Ancestry::new(map);
        for revision in ancestors_first(map) {
            let at = revision.0 as usize;
            let parents = map.normalized_down(revision);
            let before = Merge::of(&mut ancestry, revision, parents, &history.after);
            history.parents[at] = parents.into();
            history.before[at] = before;
            if let Some(operations) = operations.get(at) {
                history.revision(revision, operations, dialect);
            } else {
                history.after[at] = history.before[at].clone();
            }
        }
        for creators in history.creators.values_mut() {
            creators.sort_unstable();
        }
        history
    }

    fn revision(&mut self, revision: RevisionIndex, operations: &Operations, dialect: Dialect) {
        let at = revision.0 as usize;
        let before = &self.before[at];
        let run = |schema: &Schema, body: &Body| {
            let mut schema = schema.clone();
            let mut applier = Applier::new(&mut schema, dialect, revision);
            applier.body(body);
            (applier.unknown, schema)
        };
        let (upgrade, after) = run(before, &operations.upgrade);
        let (downgrade, back) = run(&after, &operations.downgrade);
        self.touched[at] = Touched::by(&operations.upgrade, before, dialect);
        for table in created(&operations.upgrade, dialect) {
            self.creators.entry(before.key(table)).or_default().push(revision);
        }
        self.unknown[at] = (upgrade, downgrade);
        self.after_downgrade[at] = back;
        self.after[at] = after;
    }

    /// What a revision's upgrade finds: what its ancestors (dependencies included) made, and nothing of other branches.
    pub fn before(&self, revision: RevisionIndex) -> &Schema {
        self.before.get(revision.0 as usize).unwrap_or(&self.empty)
    }

    /// What a revision's upgrade leaves.
    pub fn after(&self, revision: RevisionIndex) -> &Schema {
        self.after.get(revision.0 as usize).unwrap_or(&self.empty)
    }

    /// What a revision's downgrade leaves of `after`: what `before` was, if the two are symmetric
    /// ([`Schema::difference`] of the two tells).
    pub fn after_downgrade(&self, revision: RevisionIndex) -> &Schema {
        self.after_downgrade.get(revision.0 as usize).unwrap_or(&self.empty)
    }

    /// What a database has whose version table holds these revisions.
    pub fn at(&self, map: &RevisionMap, heads: &[RevisionIndex]) -> Schema {
        let mut ancestry = Ancestry::new(map);
        // Nobody joins them: what one of them has seen of another is told by their ancestors alone.
        let joining = heads.last().copied().unwrap_or(RevisionIndex(0));
        Merge::of(&mut ancestry, joining, heads, &self.after)
    }

    /// What the operations of `upgrade()` work on that does not exist, as far as the history knows; nothing where something
    /// on the way was not understood.
    pub fn unknown(&self, revision: RevisionIndex) -> &[Unknown] {
        self.unknown.get(revision.0 as usize).map(|(upgrade, _)| upgrade.as_slice()).unwrap_or_default()
    }

    /// The same of `downgrade()`.
    pub fn unknown_in_downgrade(&self, revision: RevisionIndex) -> &[Unknown] {
        self.unknown.get(revision.0 as usize).map(|(_, downgrade)| downgrade.as_slice()).unwrap_or_default()
    }

    /// What `upgrade()` changes of the schema; `None`: no such revision.
    pub fn touched(&self, revision: RevisionIndex) -> Option<&Touched> {
        self.touched.get(revision.0 as usize)
    }

    /// The revision of another branch that creates a table which `revision` does not find: neither its ancestor nor its descendant.
    pub fn created_elsewhere(&self, table: &TableName, revision: RevisionIndex) -> Option<RevisionIndex> {
        let before = self.before(revision);
        if before.table(table).is_some() {
            return None;
        }
        let creators = self.creators.get(&before.key(table))?;
        let own = self.ancestors(revision);
        creators.iter().copied().find(|creator| {
            !own.get(creator.0 as usize).copied().unwrap_or(false)
                && !self.ancestors(*creator).get(revision.0 as usize).copied().unwrap_or(false)
        })
    }

    /// Itself and its ancestors, by position.
    fn ancestors(&self, revision: RevisionIndex) -> Vec<bool> {
        let mut seen = vec![false; self.parents.len()];
        let mut todo = vec![revision];
        while let Some(next) = todo.pop() {
            let Some(place) = seen.get_mut(next.0 as usize).filter(|seen| !**seen) else { continue };
            *place = true;
            todo.extend(self.parents[next.0 as usize].iter().copied());
        }
        seen
    }
}

/// The names of tables that are created or given.
fn created(body: &Body, dialect: Dialect) -> impl Iterator<Item = &TableName> {
    body.operations.iter().filter(move |operation| operation.context.dialects.contains(dialect)).filter_map(
        |operation| match &operation.kind {
            OperationKind::CreateTable(create) => create.table.as_ref(),
            _ => None,
        },
    )
}

/// All revisions, each after its ancestors; without recursion, and to an end even if the graph has a cycle.
fn ancestors_first(map: &RevisionMap) -> Vec<RevisionIndex> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        Open,
        Done,
    }
    let mut visits = vec![Visit::New; map.len()];
    let mut order = Vec::with_capacity(map.len());
    let mut todo: Vec<RevisionIndex> = Vec::new();
    for start in (0..map.len()).filter_map(|at| u32::try_from(at).ok()).map(RevisionIndex) {
        todo.push(start);
        while let Some(&next) = todo.last() {
            let visit = &mut visits[next.0 as usize];
            if *visit == Visit::New {
                *visit = Visit::Open;
                let parents = map.normalized_down(next);
                todo.extend(parents.iter().filter(|parent| visits[parent.0 as usize] == Visit::New));
                continue;
            }
            if *visit == Visit::Open {
                *visit = Visit::Done;
                order.push(next);
            }
            todo.pop();
        }
    }
    order
}
