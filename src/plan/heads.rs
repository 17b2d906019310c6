use std::collections::BTreeMap;

use super::{Direction, HeadChange, StampStep, Step};
use crate::revision::{Ancestry, Edge, RevisionError, RevisionId, RevisionIndex, RevisionMap, Wording};

/// The rows of the version table while a plan runs: Alembic's `HeadMaintainer` and the methods of `RevisionStep` and `StampStep` that it
/// asks (`runtime/migration.py`). Where Alembic leaves the choice of a row to a set, the order of the down revisions decides.
pub(super) struct HeadMaintainer<'a> {
    map: &'a RevisionMap,
    ancestry: Ancestry<'a>,
    /// What each row stands for; mostly one revision, of the same id.
    heads: BTreeMap<RevisionId, Vec<RevisionIndex>>,
}

impl<'a> HeadMaintainer<'a> {
    pub(super) fn new(map: &'a RevisionMap, rows: &[RevisionId]) -> Result<Self, RevisionError> {
        let mut this = Self { map, ancestry: Ancestry::new(map), heads: BTreeMap::new() };
        for row in rows {
            this.insert(row)?;
        }
        Ok(this)
    }

    fn insert(&mut self, row: &RevisionId) -> Result<(), RevisionError> {
        let revisions = self.map.rows(std::slice::from_ref(row)).map_err(|error| error.worded(Wording::Plain))?;
        self.heads.insert(row.clone(), revisions);
        Ok(())
    }

    /// Goes up or down by one revision.
    pub(super) fn revision_step(&mut self, index: RevisionIndex, direction: Direction) -> Result<Step, RevisionError> {
        let id = self.map.id(index).clone();
        let changes = match direction {
            Direction::Upgrade => self.upgrade(index, &id)?,
            Direction::Downgrade | Direction::Stamp => self.downgrade(index, &id)?,
        };
        self.step(id, direction, changes, None)
    }

    /// Moves rows without running anything.
    pub(super) fn stamp_step(&mut self, stamp: StampStep) -> Result<Step, RevisionError> {
        let missing = |id: &RevisionId| !self.heads.contains_key(id);
        let changes = match (stamp.from.split_last(), stamp.to.first()) {
            (Some((from, _)), None) => vec![HeadChange::Delete(from.clone())],
            (_, Some(to))
                if stamp.is_upgrade && missing(to) && (stamp.branch_move || stamp.from.iter().any(missing)) =>
            {
                vec![HeadChange::Insert(to.clone())]
            }
            (Some((last, others)), Some(to)) => merged(others, last, to),
            (None, Some(to)) => return Err(RevisionError::RowPresent(to.clone())),
            (None, None) => Vec::new(),
        };
        let revision = stamp.to.first().or(stamp.from.first()).cloned();
        let revision = revision.unwrap_or_else(|| RevisionId::new("base"));
        self.step(revision, Direction::Stamp, changes, Some(stamp))
    }

    fn step(
        &mut self,
        revision: RevisionId,
        direction: Direction,
        changes: Vec<HeadChange>,
        stamp: Option<StampStep>,
    ) -> Result<Step, RevisionError> {
        let from_heads = self.heads.keys().cloned().collect();
        for change in &changes {
            self.apply(change, &revision)?;
        }
        let to_heads = self.heads.keys().cloned().collect();
        Ok(Step { revision, direction, from_heads, to_heads, changes, stamp })
    }

    fn apply(&mut self, change: &HeadChange, revision: &RevisionId) -> Result<(), RevisionError> {
        let (gone, come) = match change {
            HeadChange::Insert(id) => (None, Some(id)),
            HeadChange::Delete(id) => (Some(id), None),
            HeadChange::Update { from, to } => (Some(from), Some(to)),
        };
        if let Some(id) = come
            && self.heads.contains_key(id)
        {
            return Err(RevisionError::RowPresent(id.clone()));
        }
        if let Some(id) = gone
            && self.heads.remove(id).is_none()
        {
            return Err(RevisionError::RowMissing { row: id.clone(), revision: revision.clone() });
        }
        match come {
            Some(id) => self.insert(id),
            None => Ok(()),
        }
    }

    fn upgrade(&mut self, index: RevisionIndex, id: &RevisionId) -> Result<Vec<HeadChange>, RevisionError> {
        let down = self.map.neighbours(index, Edge::NormalizedDown);
        let rows: Vec<&RevisionId> =
            down.iter().map(|down| self.map.id(*down)).filter(|down| self.heads.contains_key(*down)).collect();
        match rows.as_slice() {
            [] => Ok(vec![HeadChange::Insert(id.clone())]),
            [only] => Ok(vec![HeadChange::Update { from: (*only).clone(), to: id.clone() }]),
            _ => {
                let others = self.heads.keys().any(|head| !rows.contains(&head));
                let rows: Vec<RevisionId> = rows.into_iter().cloned().collect();
                let from = if others { self.not_implied(down, &rows) } else { down.to_vec() };
                let from: Vec<RevisionId> = from.into_iter().map(|index| self.map.id(index).clone()).collect();
                match from.split_last() {
                    Some((last, others)) => Ok(merged(others, last, id)),
                    None => Err(RevisionError::RowAmbiguous(id.clone())),
                }
            }
        }
    }

    fn downgrade(&mut self, index: RevisionIndex, id: &RevisionId) -> Result<Vec<HeadChange>, RevisionError> {
        if !self.heads.contains_key(id) {
            return Err(RevisionError::RowMissing { row: id.clone(), revision: id.clone() });
        }
        let to = self.rows_below(index, id)?;
        let mut to: Vec<RevisionId> = to.into_iter().map(|index| self.map.id(index).clone()).collect();
        let Some(last) = to.pop() else { return Ok(vec![HeadChange::Delete(id.clone())]) };
        let mut changes: Vec<HeadChange> = to.into_iter().map(HeadChange::Insert).collect();
        changes.push(HeadChange::Update { from: id.clone(), to: last });
        Ok(changes)
    }

    /// Alembic's `_unmerge_to_revisions`: the down revisions that no remaining row implies.
    fn rows_below(&mut self, index: RevisionIndex, id: &RevisionId) -> Result<Vec<RevisionIndex>, RevisionError> {
        let down = self.map.neighbours(index, Edge::NormalizedDown);
        if self.heads.len() > 1 {
            return Ok(self.not_implied(down, std::slice::from_ref(id)));
        }
        let mut below = Vec::with_capacity(down.len());
        for &candidate in down {
            let mut implied = false;
            for &other in down.iter().filter(|other| **other != candidate) {
                let heads = self.map.looked_up(&[other]).map_err(|error| error.worded(Wording::Plain))?;
                implied |= heads.into_iter().any(|head| self.ancestry.has_ancestor(head, candidate));
            }
            if !implied {
                below.push(candidate);
            }
        }
        Ok(below)
    }

    /// Those of the revisions that no row implies, some rows left aside.
    fn not_implied(&mut self, revisions: &[RevisionIndex], aside: &[RevisionId]) -> Vec<RevisionIndex> {
        let mut rest = Vec::with_capacity(revisions.len());
        for &revision in revisions {
            let mut heads = self.heads.iter().filter(|(row, _)| !aside.contains(row)).flat_map(|(_, heads)| heads);
            if !heads.any(|head| self.ancestry.has_ancestor(*head, revision)) {
                rest.push(revision);
            }
        }
        rest
    }
}

fn merged(others: &[RevisionId], last: &RevisionId, to: &RevisionId) -> Vec<HeadChange> {
    let mut changes: Vec<HeadChange> = others.iter().cloned().map(HeadChange::Delete).collect();
    changes.push(HeadChange::Update { from: last.clone(), to: to.clone() });
    changes
}
