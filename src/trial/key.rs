use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::revision::{RevisionIndex, RevisionMap};

/// SHA-256 of everything that a state of a database was made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// All of it, in hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it for a name.
    pub(super) fn short(&self) -> &str {
        self.0.get(..32).unwrap_or_default()
    }

    fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What decides on the outcome of a run besides the revision files: the text of env.py, versions of Alembic, SQLAlchemy and the
/// server, options. In a fixed order; an empty entry counts as well.
#[derive(Debug, Clone, Default)]
pub struct Ingredients(pub Vec<String>);

/// The keys of every revision and of every state on the way through the history.
#[derive(Debug)]
pub struct HistoryKeys {
    /// By position in the order of trying: the revision with all its ancestors.
    pub revisions: Vec<Key>,
    /// By number of revisions that have run: from none to all.
    pub states: Vec<Key>,
}

impl HistoryKeys {
    /// `order` has ancestors first. `content` gives the bytes that count for a revision: its file, its fixture.
    pub fn new(
        map: &RevisionMap,
        order: &[RevisionIndex],
        ingredients: &Ingredients,
        content: &dyn Fn(RevisionIndex) -> Vec<u8>,
    ) -> Self {
        let common = Key::of(ingredients.0.iter().map(String::as_bytes));
        let mut known: HashMap<RevisionIndex, Key> = HashMap::new();
        let mut revisions = Vec::with_capacity(order.len());
        let mut states = vec![common.clone()];
        let mut applied: Vec<Key> = Vec::with_capacity(order.len());
        for index in order {
            let parents = map.normalized_down(*index).iter().copied().chain(map.dependencies(*index));
            let mut parents: Vec<Key> = parents.filter_map(|parent| known.get(&parent).cloned()).collect();
            parents.sort_by(|a, b| a.0.cmp(&b.0));
            parents.dedup();
            let bytes = content(*index);
            let parts = [common.0.as_bytes(), &bytes].into_iter().chain(parents.iter().map(|key| key.0.as_bytes()));
            let key = Key::of(parts);
            known.insert(*index, key.clone());
            let place = applied.partition_point(|other| other.0 < key.0);
            applied.insert(place, key.clone());
            states.push(Key::of(applied.iter().map(|key| key.0.as_bytes())));
            revisions.push(key);
        }
        Self { revisions, states }
    }

    /// The key of the state in which exactly these revisions have run, by position in the order of trying.
    pub fn state_with(&self, positions: &[usize]) -> Option<Key> {
        if positions.is_empty() {
            return self.states.first().cloned();
        }
        let keys: Option<Vec<&Key>> = positions.iter().map(|position| self.revisions.get(*position)).collect();
        let mut keys = keys?;
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Key::of(keys.iter().map(|key| key.0.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Revision;

    fn keys(contents: &[&str], ingredient: &str) -> HistoryKeys {
        let revision = |number: usize| Revision {
            id: format!("r{number}").as_str().into(),
            down: if number == 0 { Vec::new() } else { vec![format!("r{}", number - 1).as_str().into()] },
            depends_on: Vec::new(),
            branch_labels: Vec::new(),
        };
        let map = RevisionMap::build((0..contents.len()).map(revision).collect()).unwrap();
        let order = map.ancestors_first().unwrap().to_vec();
        let ingredients = Ingredients(vec![ingredient.to_owned()]);
        HistoryKeys::new(&map, &order, &ingredients, &|index| contents[index.0 as usize].as_bytes().to_vec())
    }

    #[test]
    fn a_changed_revision_changes_its_own_key_and_those_above_it() {
        let (before, after) = (keys(&["a", "b", "c"], "x"), keys(&["a", "B", "c", "d"], "x"));
        assert_eq!(before.revisions[0], after.revisions[0]);
        assert_ne!(before.revisions[1], after.revisions[1]);
        assert_ne!(before.revisions[2], after.revisions[2]);
        assert_eq!(before.states[..2], after.states[..2]);
        assert_ne!(before.states[2], after.states[2]);
    }

    #[test]
    fn a_state_is_the_same_by_whichever_way_it_is_named() {
        let keys = keys(&["a", "b", "c"], "x");
        for count in 0..=3 {
            let positions: Vec<usize> = (0..count).rev().collect();
            assert_eq!(keys.state_with(&positions).as_ref(), Some(&keys.states[count]));
        }
        assert_eq!(keys.state_with(&[3]), None);
    }

    #[test]
    fn a_new_revision_leaves_the_keys_below_it() {
        let (before, after) = (keys(&["a", "b"], "x"), keys(&["a", "b", "c"], "x"));
        assert_eq!(before.states[..], after.states[..3]);
        assert_ne!(keys(&["a", "b"], "y").states[0], before.states[0]);
    }
}
