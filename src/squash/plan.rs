use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::SquashError;
use crate::revision::{RevisionId, RevisionIndex};
use crate::script::{Script, ScriptDirectory};

/// Which revisions become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquashPlan {
    /// The revision whose place the baseline takes.
    pub revision: RevisionIndex,
    /// What comes before it, ancestors first; empty: there is nothing to squash.
    pub squashed: Vec<RevisionIndex>,
    /// What the baseline stands for: the squashed revisions, and those that were squashed into them before.
    pub replaces: Vec<RevisionId>,
    /// The branch labels that are declared in the squashed files, and in that of the revision.
    pub labels: Vec<String>,
}

impl SquashPlan {
    /// Decides which revisions the baseline in place of `revision` stands for: all that it builds on or depends on.
    ///
    /// # Errors
    /// A revision that stays builds or depends on one of them.
    pub fn of(scripts: &ScriptDirectory, revision: RevisionIndex) -> Result<Self, SquashError> {
        let map = &scripts.map;
        let id = |index: RevisionIndex| map.revision(index).id.clone();
        let within: BTreeSet<RevisionIndex> = map.applied(&[id(revision)]).into_iter().collect();
        let is_squashed = |index: &RevisionIndex| *index != revision && within.contains(index);
        for child in map.iter().filter(|index| !within.contains(index)) {
            let down = &map.revision(child).down;
            let parents = down.iter().filter_map(|parent| map.position(parent.as_str()));
            if let Some(parent) = parents.into_iter().find(is_squashed) {
                return Err(SquashError::Bypassed { revision: id(revision), child: id(child), parent: id(parent) });
            }
            // A label goes on being one: the baseline takes it over.
            let by_id = |(name, index): &(&String, RevisionIndex)| {
                is_squashed(index) && map.revision(*index).id.as_str() == name.as_str()
            };
            let named = map.revision(child).depends_on.iter().zip(map.dependencies(child));
            if let Some((dependency, _)) = named.into_iter().find(by_id) {
                return Err(SquashError::DependedOn {
                    revision: id(revision),
                    child: id(child),
                    dependency: dependency.clone(),
                    path: scripts.script(child).path.clone(),
                });
            }
        }
        let order = map.ancestors_first().map_or_else(|| map.iter().collect(), <[RevisionIndex]>::to_vec);
        let squashed: Vec<RevisionIndex> = order.into_iter().filter(is_squashed).collect();
        let (mut replaces, mut labels): (Vec<RevisionId>, Vec<String>) = (Vec::new(), Vec::new());
        for index in squashed.iter().chain([&revision]) {
            let script = scripts.script(*index);
            replaces.extend(script.squash.iter().flat_map(|squash| squash.replaces.iter().cloned()));
            if *index != revision {
                replaces.push(script.revision.id.clone());
            }
            labels.extend(script.revision.branch_labels.iter().cloned());
        }
        Ok(Self { revision, squashed, replaces, labels })
    }

    /// The files that go into the archive: those of the squashed revisions and of the revision itself, with the SQL beside them.
    pub fn files(&self, scripts: &ScriptDirectory) -> Vec<PathBuf> {
        let indexes = self.squashed.iter().chain([&self.revision]);
        indexes.map(|index| scripts.script(*index)).flat_map(own_files).collect()
    }
}

/// A revision's Python file, and then its SQL files.
pub(super) fn own_files(script: &Script) -> Vec<PathBuf> {
    std::iter::once(script.path.clone()).chain(sidecars(&script.path)).collect()
}

/// The SQL files of a revision file that are there: `STEM.up.sql` and `STEM.down.sql`.
pub fn sidecars(path: &Path) -> Vec<PathBuf> {
    let files = ["up.sql", "down.sql"].map(|extension| path.with_extension(extension));
    files.into_iter().filter(|path| path.is_file()).collect()
}
