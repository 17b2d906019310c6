use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::{FrozenRevision, Lock, Meaning};
use crate::revision::RevisionId;
use crate::script::{Parsed, RevisionFile};

/// A revision file as it is to be frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freezable {
    /// `None` where only Python could tell it.
    pub id: Option<RevisionId>,
    /// Its down revisions, as far as they are known.
    pub down: Vec<RevisionId>,
    /// Absolute.
    pub path: PathBuf,
    /// What it means.
    pub meaning: Meaning,
    /// The hash of its text: an earlier limbec may have known no better.
    pub text: Meaning,
    /// Why id and down revisions are not known, or why the hash is that of the text.
    pub obstacle: Option<String>,
}

impl Freezable {
    /// Takes from a file what the lock file needs.
    pub fn of(file: &RevisionFile) -> Self {
        let (meaning, text) = (Meaning::of(file), Meaning::of_text(file));
        let path = file.path.clone();
        match &file.declared {
            Ok(Parsed::Script(script)) => {
                let obstacle = meaning.is_of_text().then(|| "it nests too deeply".to_owned());
                let (id, down) = (Some(script.revision.id.clone()), script.revision.down.clone());
                Self { id, down, path, meaning, text, obstacle }
            }
            Ok(Parsed::Undecided(why)) => {
                let obstacle = match why.name.as_str() {
                    "file" => format!("the file {}", why.reason),
                    name => format!("{name} (line {}) {}", why.line, why.reason),
                };
                Self { id: None, down: Vec::new(), path, meaning, text, obstacle: Some(obstacle) }
            }
            Err(error) => Self { id: None, down: Vec::new(), path, meaning, text, obstacle: Some(error.to_string()) },
        }
    }

    fn is_as_in(&self, frozen: &FrozenRevision) -> bool {
        [&self.meaning, &self.text].contains(&&frozen.meaning)
    }

    fn frozen(&self) -> FrozenRevision {
        FrozenRevision { id: self.id.clone(), path: self.path.clone(), meaning: self.meaning.clone(), line: 0 }
    }
}

/// What freezing comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Freeze {
    /// The lock as it will be.
    pub lock: Lock,
    /// Revisions without a child.
    pub heads: BTreeSet<RevisionId>,
    /// New in the lock file.
    pub added: Vec<FrozenRevision>,
    /// Frozen, and in another file now.
    pub moved: Vec<FrozenRevision>,
    /// Frozen with another meaning, and named as accepted.
    pub accepted: Vec<FrozenRevision>,
    /// Frozen with another meaning: what stands in the way.
    pub changed: Vec<FrozenRevision>,
    /// Frozen and gone, and named as accepted.
    pub removed: Vec<FrozenRevision>,
    /// Frozen and gone: what stands in the way.
    pub vanished: Vec<FrozenRevision>,
}

impl Freeze {
    /// Compares the files with the lock. `accepted` holds ids and paths of revisions that may differ.
    pub fn plan(lock: &Lock, files: &[Freezable], accepted: &HashSet<String>) -> Self {
        let is_accepted = |revision: &FrozenRevision| {
            revision.id.as_ref().is_some_and(|id| accepted.contains(id.as_str()))
                || accepted.contains(&*revision.path.to_string_lossy())
        };
        let mut by_key: HashMap<Key, Vec<&FrozenRevision>> = HashMap::new();
        for frozen in &lock.revisions {
            by_key.entry(Key::of(frozen)).or_default().push(frozen);
        }
        let mut freeze = Self { heads: heads(files), ..Self::default() };
        for file in files {
            let now = file.frozen();
            // After a conflict there are two lines; either may be the right one.
            let known = by_key.remove(&Key::of(&now)).or_else(|| by_key.remove(&Key::Path(now.path.clone())));
            match known {
                None => freeze.added.push(now.clone()),
                Some(known) if known.iter().any(|frozen| file.is_as_in(frozen)) => {
                    if known.iter().all(|frozen| frozen.path != now.path) {
                        freeze.moved.push(now.clone());
                    }
                }
                Some(_) if is_accepted(&now) => freeze.accepted.push(now.clone()),
                Some(known) => freeze.changed.extend(known.first().map(|frozen| (*frozen).clone())),
            }
            freeze.lock.revisions.push(now);
        }
        let gone = lock.revisions.iter().filter(|frozen| by_key.contains_key(&Key::of(frozen))).cloned();
        (freeze.removed, freeze.vanished) = gone.partition(is_accepted);
        freeze
    }

    /// Whether the lock file may be written.
    pub fn is_allowed(&self) -> bool {
        self.changed.is_empty() && self.vanished.is_empty()
    }
}

/// What a frozen revision is found by: its id, else its file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Id(RevisionId),
    Path(PathBuf),
}

impl Key {
    fn of(frozen: &FrozenRevision) -> Self {
        frozen.id.clone().map_or_else(|| Self::Path(frozen.path.clone()), Self::Id)
    }
}

fn heads(files: &[Freezable]) -> BTreeSet<RevisionId> {
    let parents: HashSet<&RevisionId> = files.iter().flat_map(|file| &file.down).collect();
    files.iter().filter_map(|file| file.id.clone()).filter(|id| !parents.contains(id)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::script::Imports;

    fn file(path: &str, text: &str) -> Freezable {
        Freezable::of(&RevisionFile::parse(Path::new(path), text.as_bytes().to_vec(), &Imports::new(&[])))
    }

    fn shown(revisions: &[FrozenRevision]) -> String {
        let one = |frozen: &FrozenRevision| {
            format!("{}@{}", frozen.id.as_ref().map_or("?", RevisionId::as_str), frozen.path.display())
        };
        revisions.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_change_of_meaning_needs_consent() {
        let a1 = file("/v/a1.py", "revision = 'a1'\ndown_revision = None\n");
        let b1 = file("/v/b1.py", "revision = 'b1'\ndown_revision = 'a1'\n");
        let computed = file("/v/c.py", "revision = f()\ndown_revision = 'b1'\n");
        assert_eq!(computed.obstacle.as_deref(), Some("revision (line 1) is computed by a call"));
        let none = HashSet::new();
        let first = Freeze::plan(&Lock::default(), &[a1.clone(), b1.clone(), computed.clone()], &none);
        assert_eq!(shown(&first.added), "a1@/v/a1.py b1@/v/b1.py ?@/v/c.py");
        assert_eq!(first.heads, BTreeSet::from(["b1".into()]));

        let moved = file("/v/x.py", "# moved\nrevision = \"a1\"\ndown_revision = None\n");
        let changed = file("/v/b1.py", "revision = 'b1'\ndown_revision = None\n");
        let now = [moved, changed];
        let second = Freeze::plan(&first.lock, &now, &none);
        assert_eq!((shown(&second.added), shown(&second.moved)), (String::new(), "a1@/v/x.py".to_owned()));
        assert_eq!(
            (shown(&second.changed), shown(&second.vanished)),
            ("b1@/v/b1.py".to_owned(), "?@/v/c.py".to_owned())
        );
        assert!(!second.is_allowed());
        let accepted = HashSet::from(["b1".to_owned(), "/v/c.py".to_owned()]);
        let third = Freeze::plan(&first.lock, &now, &accepted);
        assert!(third.is_allowed());
        assert_eq!((shown(&third.accepted), shown(&third.removed)), ("b1@/v/b1.py".to_owned(), "?@/v/c.py".to_owned()));
        assert_eq!(third.lock.revisions.len(), 2);
    }

    #[test]
    fn of_the_two_sides_of_a_conflict_either_is_right() {
        let then = file("/v/a1.py", "revision = 'a1'\ndown_revision = None\n");
        let now = file("/v/a1.py", "revision = 'a1'\ndown_revision = 'b1'\n");
        let lock = Lock { revisions: vec![then.frozen(), now.frozen()], conflict: Some(1) };
        assert!(Freeze::plan(&lock, &[now], &HashSet::new()).is_allowed());
    }
}
