use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::database::HistoryEntry;
use crate::operation::{self, Dialect, OperationKind, Operations};
use crate::published::{Fingerprint, Meaning, is_of_former};
use crate::revision::RevisionIndex;
use crate::schema::SchemaHistory;
use crate::script::{Imports, Locations, RevisionFile, ScriptDirectory, read_files};

/// What revision files say, read once for all databases of a run: they do not change while it lasts.
#[derive(Debug, Default)]
pub struct Readings {
    /// The texts of the files, where there are no files.
    sources: Option<HashMap<RevisionIndex, SourceTexts>>,
    hashes: Kept<RevisionIndex, Option<String>>,
    prints: Kept<RevisionIndex, Option<Arc<Print>>>,
    changed: Kept<(RevisionIndex, String), bool>,
    files: Kept<RevisionIndex, Arc<(RevisionFile, Operations)>>,
    schemas: Kept<Dialect, Arc<SchemaHistory>>,
}

/// What a row of the history holds of a file.
#[derive(Debug)]
pub(super) struct Print {
    pub(super) fingerprint: Fingerprint,
    /// Whether all that `upgrade()` does is undone with its transaction, as far as its text tells.
    pub(super) upgrade_in_transaction: bool,
    /// The same of `downgrade()`.
    pub(super) downgrade_in_transaction: bool,
}

/// A revision whose files are not here.
#[derive(Debug, Clone, Default)]
pub struct SourceTexts {
    /// Its Python file.
    pub python: Vec<u8>,
    /// Its SQL files (up, down), where its work is in such.
    pub sql: [Option<Vec<u8>>; 2],
}

impl Readings {
    /// Of revisions whose files are not here, but their texts: those of a bundle.
    pub fn of_sources(sources: HashMap<RevisionIndex, SourceTexts>) -> Self {
        Self { sources: Some(sources), ..Self::default() }
    }

    /// The bytes of a file; `None`: it cannot be read.
    fn bytes(&self, scripts: &ScriptDirectory, index: RevisionIndex) -> Option<Vec<u8>> {
        match &self.sources {
            Some(sources) => sources.get(&index).map(|texts| texts.python.clone()),
            None => std::fs::read(&scripts.script(index).path).ok(),
        }
    }

    /// A file without what its imports stand for, as hashes of its meaning see it.
    pub(super) fn plain_file(&self, scripts: &ScriptDirectory, index: RevisionIndex) -> Option<RevisionFile> {
        let bytes = self.bytes(scripts, index)?;
        let file = RevisionFile::parse(&scripts.script(index).path, bytes, &Imports::new(&[]));
        Some(match self.sources.as_ref().and_then(|sources| sources.get(&index)) {
            Some(texts) => {
                let [up, down] = &texts.sql;
                file.with_sql([up.clone(), down.clone()])
            }
            None => file.with_sql_beside(),
        })
    }

    /// The hash of a file's bytes, and those of its SQL files; `None`: it cannot be read.
    fn sha256(&self, scripts: &ScriptDirectory, index: RevisionIndex) -> Option<String> {
        match &self.sources {
            Some(_) => Some(Fingerprint::sha256_of_file(&self.plain_file(scripts, index)?)),
            None => Fingerprint::sha256_at(&scripts.script(index).path),
        }
    }

    /// What the history records of a file; `None`: it cannot be read.
    pub(super) fn print(&self, scripts: &ScriptDirectory, index: RevisionIndex) -> Option<Arc<Print>> {
        self.prints.get(index, || {
            let file = self.plain_file(scripts, index)?;
            let fingerprint = Fingerprint::of(&file);
            let operations = operation::read(&file);
            Some(Arc::new(Print {
                fingerprint,
                upgrade_in_transaction: stays_in_transaction(&operations.upgrade),
                downgrade_in_transaction: stays_in_transaction(&operations.downgrade),
            }))
        })
    }

    /// Whether a file means something else than when it was run. One that is the same byte for byte is not parsed.
    pub(super) fn is_changed(&self, scripts: &ScriptDirectory, index: RevisionIndex, entry: &HistoryEntry) -> bool {
        let (Some(sha256), Some(meaning)) = (&entry.file_sha256, &entry.meaning) else { return false };
        let Some(now) = self.hashes.get(index, || self.sha256(scripts, index)) else {
            return false;
        };
        now != *sha256
            && self.changed.get((index, meaning.clone()), || {
                let (Some(meaning), Some(file)) = (Meaning::parse(meaning), self.plain_file(scripts, index)) else {
                    return false;
                };
                !meaning.is_of(&file) && !is_of_former(scripts.script(index), &meaning)
            })
    }

    /// A file with what its imports stand for, and what it does.
    pub(super) fn file(
        &self,
        (scripts, locations): (&ScriptDirectory, &Locations),
        index: RevisionIndex,
    ) -> Arc<(RevisionFile, Operations)> {
        self.files.get(index, || {
            let path = &scripts.script(index).path;
            let imports = Imports::new(&locations.import_roots);
            let file = match &self.sources {
                Some(sources) => {
                    let SourceTexts { python, sql } = sources.get(&index).cloned().unwrap_or_default();
                    RevisionFile::parse(path, python, &imports).with_sql(sql)
                }
                None => RevisionFile::read(path, &imports),
            };
            let operations = operation::read(&file);
            Arc::new((file, operations))
        })
    }

    /// The schema that all files build.
    pub(super) fn schemas(
        &self,
        (scripts, locations): (&ScriptDirectory, &Locations),
        dialect: Dialect,
    ) -> Arc<SchemaHistory> {
        self.schemas.get(dialect, || {
            if self.sources.is_some() {
                let indexes = (0..).map(RevisionIndex).take(scripts.scripts.len());
                let files: Vec<_> = indexes.map(|index| self.file((scripts, locations), index)).collect();
                let operations: Vec<&Operations> = files.iter().map(|file| &file.1).collect();
                return Arc::new(SchemaHistory::fold(&scripts.map, &operations, dialect));
            }
            let read = read_files(locations, |file| (file.path.clone(), operation::read(&file)));
            let nothing = Operations::default();
            let of = |path| read.files.iter().find(|(of, _)| of == path).map_or(&nothing, |(_, operations)| operations);
            let operations: Vec<&Operations> = scripts.scripts.iter().map(|script| of(&script.path)).collect();
            Arc::new(SchemaHistory::fold(&scripts.map, &operations, dialect))
        })
    }
}

fn stays_in_transaction(body: &operation::Body) -> bool {
    !body
        .operations
        .iter()
        .any(|operation| operation.context.autocommit || matches!(operation.kind, OperationKind::Transaction(_)))
}

/// Values by key. Two threads that need the same at once may both make it.
#[derive(Debug)]
struct Kept<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let made = make();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
            made
        })
    }
}
