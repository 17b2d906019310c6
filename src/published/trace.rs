use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::NoBase;
use super::git::Git;
use crate::revision::RevisionId;
use crate::script::{Imports, Parsed, RevisionFile};

/// What git knows of revisions that have no file here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(BTreeMap<RevisionId, Traced>);

/// Where the file of a revision has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Traced {
    /// A commit has deleted it.
    Deleted {
        /// Short.
        commit: String,
        /// `2026-05-01`
        date: String,
        /// By name.
        author: String,
        /// First line of the message.
        subject: String,
        /// From the top of the repository.
        path: String,
    },
    /// It is on another branch, or in a commit that is on none.
    Elsewhere {
        /// The commit that added it, short.
        commit: String,
        /// `2026-05-01`
        date: String,
        /// By name.
        author: String,
        /// The branches that have it, at most three.
        branches: Vec<String>,
        /// From the top of the repository.
        path: String,
    },
}

/// A commit that added or deleted a file in which an id stands.
struct Change {
    commit: String,
    date: String,
    author: String,
    subject: String,
    /// Added (or got a new name), not deleted.
    is_added: bool,
    path: String,
}

/// Branches that are named in a sentence.
const MOST_BRANCHES: usize = 3;

impl Trace {
    /// Looks for revisions in all commits of the repository that `directory` is in.
    ///
    /// # Errors
    /// Why git cannot be asked.
    pub fn find(directory: &Path, ids: &[&RevisionId]) -> Result<Self, NoBase> {
        let git = Git::at(directory);
        let mut found = BTreeMap::new();
        for id in ids.iter().filter(|id| !id.as_str().is_empty()) {
            if let Some(traced) = trace(&git, id.as_str())? {
                found.insert((*id).clone(), traced);
            }
        }
        Ok(Self(found))
    }

    /// What is known of a revision.
    pub fn get(&self, id: &RevisionId) -> Option<&Traced> {
        self.0.get(id)
    }
}

fn trace(git: &Git, id: &str) -> Result<Option<Traced>, NoBase> {
    // Newest first: what became of it last counts.
    for change in changes(git, id)? {
        let commit = if change.is_added { change.commit.clone() } else { format!("{}^", change.commit) };
        if !declares(git, &commit, &change.path, id) {
            continue;
        }
        let Change { commit, date, author, subject, path, .. } = change;
        return Ok(Some(if change.is_added {
            let branches = branches(git, &commit)?;
            Traced::Elsewhere { commit, date, author, branches, path }
        } else {
            Traced::Deleted { commit, date, author, subject, path }
        }));
    }
    Ok(None)
}

/// The commits that added or deleted Python files with a text in them, newest first.
fn changes(git: &Git, text: &str) -> Result<Vec<Change>, NoBase> {
    let mut pickaxe = OsString::from("-S");
    pickaxe.push(text);
    let arguments: [&OsStr; 9] = [
        OsStr::new("log"),
        OsStr::new("--all"),
        OsStr::new("--no-renames"),
        OsStr::new("--diff-filter=AD"),
        OsStr::new("--name-status"),
        OsStr::new("-z"),
        OsStr::new("--date=short"),
        OsStr::new("--format=%x01%h%x02%ad%x02%an%x02%s%x02"),
        &pickaxe,
    ];
    let listed = git.ask(&arguments)?;
    let listed = String::from_utf8_lossy(&listed);
    let mut changes = Vec::new();
    for entry in listed.split('\u{1}').skip(1) {
        let mut fields = entry.splitn(5, '\u{2}');
        let mut field = || fields.next().unwrap_or_default().to_owned();
        let (commit, date, author, subject, files) = (field(), field(), field(), field(), field());
        let mut words = files.split('\0').map(str::trim).filter(|word| !word.is_empty());
        while let (Some(status), Some(path)) = (words.next(), words.next()) {
            if path.ends_with(".py") {
                changes.push(Change {
                    commit: commit.clone(),
                    date: date.clone(),
                    author: author.clone(),
                    subject: subject.clone(),
                    is_added: status == "A",
                    path: path.to_owned(),
                });
            }
        }
    }
    Ok(changes)
}

/// Whether the file is the revision's own: others name it as their down revision.
fn declares(git: &Git, commit: &str, path: &str, id: &str) -> bool {
    let object = format!("{commit}:{path}");
    let Ok(source) = git.ask(&[OsStr::new("cat-file"), OsStr::new("blob"), OsStr::new(&object)]) else { return false };
    let file = RevisionFile::parse(Path::new(path), source, &Imports::new(&[]));
    matches!(&file.declared, Ok(Parsed::Script(script)) if script.revision.id.as_str() == id)
}

fn branches(git: &Git, commit: &str) -> Result<Vec<String>, NoBase> {
    let format = "--format=%(refname:short)";
    let contains = format!("--contains={commit}");
    let arguments = ["for-each-ref", format, &contains, "refs/heads", "refs/remotes"];
    let listed = git.ask(&arguments.map(OsStr::new))?;
    let listed = String::from_utf8_lossy(&listed);
    Ok(listed.lines().filter(|name| !name.ends_with("/HEAD")).take(MOST_BRANCHES).map(str::to_owned).collect())
}
