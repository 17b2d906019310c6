use super::RevisionIndex;

/// Lists of neighbours, one per revision, in one allocation.
#[derive(Debug, Default)]
pub(super) struct Adjacency {
    starts: Vec<u32>,
    items: Vec<RevisionIndex>,
}

impl Adjacency {
    /// Row `i` holds the neighbours of revision `i`.
    pub(super) fn from_rows(rows: &[Vec<RevisionIndex>]) -> Self {
        let mut starts = Vec::with_capacity(rows.len() + 1);
        let mut items = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        starts.push(0);
        for row in rows {
            items.extend_from_slice(row);
            starts.push(items.len() as u32);
        }
        Self { starts, items }
    }

    /// How many revisions there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The neighbours of one revision.
    pub(super) fn of(&self, index: RevisionIndex) -> &[RevisionIndex] {
        let at = index.0 as usize;
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The same edges seen from the other end: every revision of `order` becomes a neighbour of its neighbours,
    /// once each, in that order.
    pub(super) fn reversed(&self, order: &[RevisionIndex]) -> Self {
        let mut rows: Vec<Vec<RevisionIndex>> = vec![Vec::new(); self.starts.len().saturating_sub(1)];
        for &from in order {
            for to in self.of(from) {
                let row = &mut rows[to.0 as usize];
                if row.last() != Some(&from) {
                    row.push(from);
                }
            }
        }
        Self::from_rows(&rows)
    }
}
