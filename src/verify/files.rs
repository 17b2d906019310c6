use std::collections::HashMap;
use std::path::PathBuf;

use crate::operation::{self, Dialect, Operations};
use crate::published::Meaning;
use crate::revision::RevisionIndex;
use crate::schema::SchemaHistory;
use crate::script::{self, Locations, RevisionFile, ScriptDirectory};

/// A revision file that was read for what it does.
#[derive(Debug)]
pub struct ReadRevision {
    /// The file.
    pub file: RevisionFile,
    /// What it does.
    pub operations: Operations,
}

impl ReadRevision {
    /// What it means.
    pub fn meaning(&self) -> Meaning {
        Meaning::of(&self.file)
    }
}

/// The revision files of a project, in the order of its map.
#[derive(Debug)]
pub struct RevisionFiles {
    revisions: Vec<Option<ReadRevision>>,
}

impl RevisionFiles {
    /// Reads them. One that has gone since the map was made is left out.
    pub fn read(locations: &Locations, scripts: &ScriptDirectory) -> Self {
        let read = script::read_files(locations, |file| ReadRevision { operations: operation::read(&file), file });
        let mut by_path: HashMap<PathBuf, ReadRevision> =
            read.files.into_iter().map(|revision| (revision.file.path.clone(), revision)).collect();
        Self { revisions: scripts.scripts.iter().map(|script| by_path.remove(&script.path)).collect() }
    }

    /// The file of a revision.
    pub fn get(&self, revision: RevisionIndex) -> Option<&ReadRevision> {
        self.revisions.get(revision.0 as usize)?.as_ref()
    }

    /// The schema that they make, revision by revision.
    pub fn fold(&self, scripts: &ScriptDirectory, dialect: Dialect) -> SchemaHistory {
        let nothing = Operations::default();
        let operations: Vec<&Operations> =
            self.revisions.iter().map(|revision| revision.as_ref().map_or(&nothing, |read| &read.operations)).collect();
        SchemaHistory::fold(&scripts.map, &operations, dialect)
    }
}
