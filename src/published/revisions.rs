use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::base::{Base, BaseFile, BaseState};
use super::lock::{FrozenRevision, Lock};
use super::meaning::Parts;
use super::sql_on_base::SqlOnBase;
use super::{Meaning, NoBase};
use crate::revision::{Revision, RevisionId};
use crate::script::{Imports, Parsed, RevisionFile, Script, SqlRevision};

/// A revision file of the working copy.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Absolute, symlinks resolved.
    pub path: &'a Path,
    /// What it declares, if that is known.
    pub revision: Option<&'a Revision>,
}

/// The published revisions of a project: what the base branch has, and what the lock file lists.
#[derive(Debug)]
pub struct Published {
    /// The base branch without its files, or why there is none.
    pub base: Result<Base, NoBase>,
    /// Whether there is a lock file.
    pub has_lock: bool,
    revisions: Vec<PublishedRevision>,
    by_id: HashMap<RevisionId, usize>,
    here: HashSet<RevisionId>,
    /// Files of the working copy whose id is not known.
    undecided: HashSet<PathBuf>,
    changed: Option<BTreeSet<PathBuf>>,
}

/// A revision that is out of this branch's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRevision {
    /// `None` where only Python could tell it.
    pub id: Option<RevisionId>,
    /// What makes it published. The base branch comes first; `frozen` says whether the lock file lists it, too.
    pub source: Source,
    /// Where it lies on the base, or by the lock file; absolute.
    pub path: PathBuf,
    /// Its down revisions as published, where that is known: the lock file does not tell.
    pub down: Option<Vec<RevisionId>>,
    /// Its line of the lock file.
    pub frozen: Option<FrozenRevision>,
    /// On the base; empty if the working copy is the same.
    meanings: Vec<Meaning>,
    /// The first of them in parts.
    parts: Option<Parts>,
}

/// What makes a revision published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The base branch, since before this branch began.
    Base,
    /// The base branch, since then: the file may not be here yet.
    Arrived,
    /// The lock file alone.
    Lock,
}

impl PublishedRevision {
    /// What a file contradicts by its meaning, if anything: the base branch or the lock file.
    ///
    /// Costs nothing where git finds the file unchanged and the lock file does not list it, else a walk over its tree.
    pub fn contradicted_by(&self, file: &RevisionFile) -> Option<Source> {
        if !self.meanings.is_empty() && !self.meanings.iter().any(|meaning| meaning.is_of(file)) {
            return Some(self.source);
        }
        let frozen = self.frozen.as_ref()?;
        (!frozen.meaning.is_of(file)).then_some(Source::Lock)
    }

    /// What of a file differs from the base, for people: `upgrade()`, `down_revision` in backticks, `the imports`. Nothing where that is
    /// not known: the lock file does not tell.
    pub fn changed_parts(&self, file: &RevisionFile) -> Vec<String> {
        self.parts.as_ref().map(|then| then.differing(&Parts::of(file))).unwrap_or_default()
    }

    /// Whether the file on the base is the same as in the working copy.
    pub fn is_untouched(&self) -> bool {
        self.source != Source::Lock && self.meanings.is_empty()
    }
}

impl Published {
    /// Puts together what is known. Files of the base that differ here are parsed.
    pub fn new(base: Result<Base, NoBase>, lock: Option<Lock>, files: &[Known<'_>]) -> Self {
        let here = files.iter().filter_map(|file| file.revision).map(|revision| revision.id.clone()).collect();
        let undecided = files.iter().filter(|file| file.revision.is_none()).map(|file| file.path.to_owned()).collect();
        let by_path: HashMap<&Path, &Known<'_>> = files.iter().map(|file| (file.path, file)).collect();
        let mut published = Self {
            base,
            has_lock: lock.is_some(),
            revisions: Vec::new(),
            by_id: HashMap::new(),
            here,
            undecided,
            changed: None,
        };
        let on_base = published.base.as_mut().map(|base| std::mem::take(&mut base.files)).ok();
        if let Some(on_base) = on_base {
            let mut changed: BTreeSet<PathBuf> = files.iter().map(|file| file.path.to_owned()).collect();
            let (sql, on_base): (Vec<_>, Vec<_>) =
                on_base.into_iter().partition(|file| SqlRevision::python_of(&file.path).is_some());
            let sql = SqlOnBase::new(sql);
            for file in on_base {
                let known = by_path.get(file.path.as_path()).copied();
                if is_as_on_base(&file, known.is_some()) {
                    changed.remove(&file.path);
                }
                changed.extend(sql.changed(&file.path));
                published.add(of_base(file, &sql, known));
            }
            published.changed = Some(changed);
        }
        for frozen in lock.into_iter().flat_map(|lock| lock.revisions) {
            published.add_frozen(frozen);
        }
        published
    }

    /// The same where some of the files are baselines: what was squashed is here as long as its baseline is, and a baseline whose former
    /// file is in the archive as it was published has not changed it.
    #[must_use]
    pub fn with_baselines<'s>(mut self, scripts: impl Iterator<Item = &'s Script>) -> Self {
        for script in scripts {
            let Some(squash) = &script.squash else { continue };
            self.here.extend(squash.replaces.iter().cloned());
            let known = self.by_id.get(&script.revision.id).and_then(|position| self.revisions.get_mut(*position));
            if let Some(known) = known.filter(|known| !known.meanings.is_empty())
                && known.meanings.iter().any(|meaning| is_of_former(script, meaning))
            {
                known.meanings = Vec::new();
            }
        }
        self
    }

    fn add(&mut self, revision: PublishedRevision) {
        if let Some(id) = &revision.id {
            self.by_id.entry(id.clone()).or_insert(self.revisions.len());
        }
        self.revisions.push(revision);
    }

    fn add_frozen(&mut self, frozen: FrozenRevision) {
        let position = frozen.id.as_ref().and_then(|id| self.by_id.get(id));
        match position.and_then(|position| self.revisions.get_mut(*position)) {
            // Of the two sides of a conflict, the first.
            Some(known) => {
                known.frozen.get_or_insert(frozen);
            }
            None => self.add(PublishedRevision {
                id: frozen.id.clone(),
                source: Source::Lock,
                path: frozen.path.clone(),
                down: None,
                frozen: Some(frozen),
                meanings: Vec::new(),
                parts: None,
            }),
        }
    }

    /// The revision of this id, if it is published.
    pub fn get(&self, id: &RevisionId) -> Option<&PublishedRevision> {
        self.by_id.get(id).and_then(|position| self.revisions.get(*position))
    }

    /// Whether the revision of this id is published.
    pub fn is_published(&self, id: &RevisionId) -> bool {
        self.by_id.contains_key(id)
    }

    /// The revision of this id, if it must keep its place in the graph. Where the base branch is known, the base alone decides: what
    /// only the lock file lists was frozen on this branch, and can be frozen again.
    pub fn fixed(&self, id: &RevisionId) -> Option<&PublishedRevision> {
        self.get(id).filter(|revision| self.base.is_err() || revision.source != Source::Lock)
    }

    /// All published revisions: those of the base in the order of their paths, then those of the lock file alone.
    pub fn iter(&self) -> impl Iterator<Item = &PublishedRevision> {
        self.revisions.iter()
    }

    /// Published revisions that no file declares any more: deleted, or with another id now.
    pub fn gone(&self) -> impl Iterator<Item = &PublishedRevision> {
        self.revisions.iter().filter(|revision| revision.source != Source::Arrived && !self.is_here(revision))
    }

    /// Revisions that the base branch got since this branch began, and that are not here yet.
    pub fn missing(&self) -> impl Iterator<Item = &PublishedRevision> {
        self.revisions.iter().filter(|revision| revision.source == Source::Arrived && !self.is_here(revision))
    }

    fn is_here(&self, revision: &PublishedRevision) -> bool {
        let declared = revision.id.as_ref().map_or_else(|| revision.path.exists(), |id| self.here.contains(id));
        declared || self.undecided.contains(&revision.path)
    }

    /// The paths of the working copy that are new or not byte for byte as on the base branch (line ends aside); `None` without
    /// a base branch.
    pub fn changed_since_base(&self) -> Option<&BTreeSet<PathBuf>> {
        self.changed.as_ref()
    }
}

/// Whether this is what a baseline's revision meant before it was one, as far as the archive tells.
pub fn is_of_former(script: &Script, meaning: &Meaning) -> bool {
    let former = script.squash.as_ref().and_then(|squash| squash.former(&script.revision.id));
    former.is_some_and(|file| meaning.is_of(&file))
}

/// Whether a file of the working copy is what one of the commits of the base has.
pub(super) fn is_as_on_base(file: &BaseFile, is_here: bool) -> bool {
    let contents = match &file.state {
        BaseState::Untouched => return true,
        BaseState::Differs(contents) => contents.get(1..).unwrap_or_default(),
        BaseState::Arrived(content) => std::slice::from_ref(content),
    };
    if !is_here || contents.is_empty() {
        return false;
    }
    let lines = |bytes: &[u8]| bytes.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<u8>>();
    std::fs::read(&file.path).is_ok_and(|now| contents.iter().any(|content| lines(content) == lines(&now)))
}

fn of_base(file: BaseFile, sql: &SqlOnBase, known: Option<&Known<'_>>) -> PublishedRevision {
    let sql_contents = sql.contents(&file.path);
    let (source, mut contents) = match file.state {
        BaseState::Untouched => (Source::Base, Vec::new()),
        BaseState::Differs(contents) => (Source::Base, contents),
        BaseState::Arrived(content) => (Source::Arrived, vec![content]),
    };
    if contents.is_empty() && !sql_contents.is_empty() {
        contents.extend(std::fs::read(&file.path).ok());
    }
    let mut declared = None;
    let mut meanings = Vec::new();
    let mut parts = None;
    // The files of one commit, and those of the other; one that is the same in both is there once.
    let (last, versions) = (contents.last().cloned(), contents.len().max(sql_contents.len()));
    for version in 0..versions {
        let Some(content) = contents.get(version).or(last.as_ref()).cloned() else { break };
        let then = RevisionFile::parse(&file.path, content, &Imports::new(&[]));
        let then = match sql_contents.get(version).or(sql_contents.last()) {
            Some(contents) => then.with_sql_content(contents.clone()),
            None => then.with_sql_beside(),
        };
        meanings.push(Meaning::of(&then));
        parts.get_or_insert_with(|| Parts::of(&then));
        if let Ok(Parsed::Script(script)) = then.declared {
            declared.get_or_insert(script.revision);
        }
    }
    if meanings.is_empty() {
        declared = known.and_then(|known| known.revision.cloned());
    }
    let (id, down) = declared.map(|revision| (revision.id, revision.down)).unzip();
    PublishedRevision { id, source, path: file.path, down, frozen: None, meanings, parts }
}

#[cfg(test)]
#[path = "revisions_tests.rs"]
mod tests;
