use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::key::Key;
use super::report::{CheckName, Outcome};

/// What earlier runs found of revisions, by key. Failures are not kept: they are tried again.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    folder: Option<PathBuf>,
}

/// A file of the cache.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// The check and why it was skipped; `None`: it passed.
    checks: Vec<(String, Option<String>)>,
}

impl Verdicts {
    /// Kept in a folder that need not exist yet.
    pub fn kept_in(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Nothing is known and nothing kept.
    pub fn none() -> Self {
        Self::default()
    }

    /// What was found of a revision; a file that cannot be read is as good as none.
    pub(super) fn get(&self, key: &Key) -> Option<Vec<(CheckName, Outcome)>> {
        let text = fs::read_to_string(self.folder.as_ref()?.join(key.as_str())).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        let outcome = |reason: Option<String>| reason.map_or(Outcome::Passed, Outcome::Skipped);
        let known = |(name, reason): (String, Option<String>)| Some((check_name(&name)?, outcome(reason)));
        entry.checks.into_iter().map(known).collect()
    }

    /// Keeps what was found of a revision, unless something is wrong with it. A folder that cannot be written costs the next run
    /// time, and nothing else.
    pub(super) fn put(&self, key: &Key, found: &[(CheckName, Outcome)]) {
        let Some(folder) = &self.folder else { return };
        let kept = found.iter().map(|(name, outcome)| match outcome {
            Outcome::Passed => Some((name.as_str().to_owned(), None)),
            Outcome::Skipped(reason) => Some((name.as_str().to_owned(), Some(reason.clone()))),
            Outcome::Failed(_) => None,
        });
        let Some(checks) = kept.collect::<Option<Vec<_>>>() else { return };
        let Ok(text) = serde_json::to_string(&Entry { checks }) else { return };
        let _ = fs::create_dir_all(folder)
            .and_then(|()| tempfile::NamedTempFile::new_in(folder))
            .and_then(|file| fs::write(file.path(), text).map(|()| file))
            .map(|file| file.persist(folder.join(key.as_str())));
    }
}

fn check_name(text: &str) -> Option<CheckName> {
    [CheckName::UpDownUp, CheckName::Data].into_iter().find(|name| name.as_str() == text)
}
