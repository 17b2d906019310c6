use super::RevisionIndex;

/// A set of revisions of one map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RevisionSet {
    words: Vec<u64>,
}

impl RevisionSet {
    /// An empty set for a map of `len` revisions.
    pub(crate) fn new(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)] }
    }

    /// Adds a revision; `false` if it was there.
    pub(crate) fn insert(&mut self, index: RevisionIndex) -> bool {
        let (word, bit) = Self::place(index);
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        fresh
    }

    /// Takes a revision out; `false` if it was not there.
    pub(crate) fn remove(&mut self, index: RevisionIndex) -> bool {
        let (word, bit) = Self::place(index);
        let present = self.words[word] & bit != 0;
        self.words[word] &= !bit;
        present
    }

    pub(crate) fn contains(&self, index: RevisionIndex) -> bool {
        let (word, bit) = Self::place(index);
        self.words[word] & bit != 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Keeps what is in both.
    pub(crate) fn intersect(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= theirs;
        }
    }

    /// Takes out what is in the other.
    pub(crate) fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine &= !theirs;
        }
    }

    /// Adds what is in the other.
    pub(crate) fn unite(&mut self, other: &Self) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).any(|(mine, theirs)| mine & theirs != 0)
    }

    /// In the order of loading.
    pub(crate) fn iter(&self) -> impl Iterator<Item = RevisionIndex> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(RevisionIndex(at as u32 * 64 + bit))
            })
        })
    }

    fn place(index: RevisionIndex) -> (usize, u64) {
        (index.0 as usize / 64, 1 << (index.0 % 64))
    }
}
