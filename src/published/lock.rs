use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

use super::Meaning;
use crate::revision::RevisionId;
use crate::script::Locations;

/// Name of the lock file.
pub const LOCK_FILE: &str = "limbec.lock";

/// The frozen revisions: a text file with a line for each, in the first version location.
///
/// It lies there, not in the script directory, because two ini sections may share the latter and never share their version
/// locations. All version locations of a section are in the one file. Two branches that each freeze a revision change the same
/// line, the one with the heads: git reports a conflict instead of making two heads silently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// In the order of the file. After a conflict that nobody has resolved: those of both sides.
    pub revisions: Vec<FrozenRevision>,
    /// The line of the first conflict marker of git, from 1.
    pub conflict: Option<usize>,
}

/// A line of the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenRevision {
    /// `None` where only Python could tell it.
    pub id: Option<RevisionId>,
    /// Absolute.
    pub path: PathBuf,
    /// What it meant when it was frozen.
    pub meaning: Meaning,
    /// Where the file says so, from 1; 0 of a revision that is not in a file yet.
    pub line: usize,
}

/// What is wrong with a lock file.
#[derive(Debug, Error)]
pub enum LockError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A later limbec has written it, or something else.
    #[error("{}, line 1: this is no lock file of format 1", path.display())]
    Format {
        /// The lock file.
        path: PathBuf,
    },
    /// A line that says nothing.
    #[error("{}, line {line}: expected an id, a file and a hash", path.display())]
    Line {
        /// The lock file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// Nobody has resolved a conflict.
    #[error("{}, line {line}: a merge conflict of git", path.display())]
    Conflict {
        /// The lock file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
}

impl LockError {
    /// What to type.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Conflict { .. } => Some("run `limbec rebase`, then `limbec freeze`"),
            Self::Line { .. } | Self::Format { .. } => {
                Some("take it from git again, or remove it and run `limbec freeze`")
            }
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }
}

const FIRST_LINE: &str = "# limbec.lock, format 1: revisions that must not change any more; written by `limbec freeze`";
const SECOND_LINE: &str = "# In a merge conflict: run `limbec rebase`, then `limbec freeze`";
const FORMAT: &str = "# limbec.lock, format 1";
const HEADS: &str = "heads";

/// What git writes between the sides of a conflict.
const MARKERS: [&str; 4] = ["<<<<<<<", "|||||||", "=======", ">>>>>>>"];

/// An id that is not known.
const UNKNOWN: &str = "?";

/// What may be in no field, or not begin a line.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'<').add(b'>').add(b'=').add(b'|');

impl Lock {
    /// Where the lock file of a project is: in the first version location that exists, else in the first.
    pub fn path(locations: &Locations) -> PathBuf {
        let existing = locations.versions.iter().find_map(|folder| folder.canonicalize().ok());
        let first = || locations.versions.first().unwrap_or(&locations.script_location).clone();
        existing.unwrap_or_else(first).join(LOCK_FILE)
    }

    /// Reads a lock file; `None` if there is none. A conflict is no error here.
    ///
    /// # Errors
    /// A file that cannot be read, of another format, or with a line that is none.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(&String::from_utf8_lossy(&bytes), path).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LockError::Read { path: path.to_owned(), source }),
        }
    }

    /// Reads the text of a lock file at `path`.
    ///
    /// # Errors
    /// As [`Lock::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        let mut lock = Self::default();
        let mut has_format = false;
        for (line, text) in text.lines().enumerate().map(|(at, text)| (at + 1, text.trim_end())) {
            if MARKERS.iter().any(|marker| text.starts_with(marker)) {
                lock.conflict.get_or_insert(line);
            } else if text.starts_with('#') {
                has_format |= text.starts_with(FORMAT);
            } else if !has_format {
                return Err(LockError::Format { path: path.to_owned() });
            } else if !text.is_empty() && text.split(' ').next() != Some(HEADS) {
                let revision =
                    frozen(text, line, path).ok_or_else(|| LockError::Line { path: path.to_owned(), line })?;
                lock.revisions.push(revision);
            }
        }
        Ok(lock)
    }

    /// Itself, unless nobody has resolved a conflict in it.
    ///
    /// # Errors
    /// [`LockError::Conflict`]
    pub fn without_conflict(self, path: &Path) -> Result<Self, LockError> {
        match self.conflict {
            None => Ok(self),
            Some(line) => Err(LockError::Conflict { path: path.to_owned(), line }),
        }
    }

    /// The text of a lock file at `path` for these revisions with these heads.
    pub fn text(&self, heads: &BTreeSet<RevisionId>, path: &Path) -> String {
        let heads: Vec<String> = heads.iter().map(|head| encoded(head.as_str())).collect();
        let mut text = format!("{FIRST_LINE}\n{SECOND_LINE}\n{HEADS} {} {}\n", self.revisions.len(), heads.join(" "));
        let mut lines: Vec<(String, String)> = self.revisions.iter().map(|revision| line_of(revision, path)).collect();
        lines.sort();
        for (file, rest) in lines {
            let (id, meaning) = rest.split_once(' ').unwrap_or_default();
            // Writing to a string does not fail.
            let _ = writeln!(text, "{id} {file} {meaning}");
        }
        text
    }

    /// Puts a text in the place of the file, whole or not at all.
    ///
    /// # Errors
    /// A directory that cannot be written.
    pub fn write(text: &str, path: &Path) -> Result<(), LockError> {
        let failure = |source| LockError::Write { path: path.to_owned(), source };
        replace(path, text.as_bytes()).map_err(failure)
    }

    /// A lock file's text without the lines of some revisions, conflict or not; everything else stays as it is.
    pub fn without(text: &str, ids: &BTreeSet<RevisionId>) -> String {
        let id_of = |line: &str| match line.trim_end().split(' ').collect::<Vec<_>>().as_slice() {
            [id, _, meaning] if Meaning::parse(meaning).is_some() => decoded(id).map(RevisionId::new),
            _ => None,
        };
        let is_kept = |line: &&str| id_of(line).is_none_or(|id| !ids.contains(&id));
        text.split_inclusive('\n').filter(is_kept).collect()
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // As for any new file, the umask takes its share.
    let permissions = std::fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(".limbec-").permissions(permissions).tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Ok(metadata) = path.metadata() {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn frozen(text: &str, line: usize, path: &Path) -> Option<FrozenRevision> {
    let mut fields = text.split(' ');
    let (id, file, meaning) = (fields.next()?, fields.next()?, fields.next()?);
    let id = if id == UNKNOWN { None } else { Some(RevisionId::new(decoded(id)?)) };
    let folder = path.parent().unwrap_or(Path::new(""));
    let path = crate::script::joined(folder, Path::new(&decoded(file)?));
    fields.next().is_none().then_some(())?;
    Some(FrozenRevision { id, path, meaning: Meaning::parse(meaning)?, line })
}

/// What a line is sorted by, the file; and its other fields.
fn line_of(revision: &FrozenRevision, lock: &Path) -> (String, String) {
    let folder = lock.parent().unwrap_or(Path::new(""));
    let file = crate::script::relative(&revision.path, folder);
    let id = match revision.id.as_ref().map(RevisionId::as_str) {
        None => UNKNOWN.to_owned(),
        // A line that begins with this word is that of the heads.
        Some(HEADS) => "%68eads".to_owned(),
        Some(id) => encoded(id),
    };
    (encoded(&file.to_string_lossy()), format!("{id} {}", revision.meaning))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ast1:73e1748929e7e02179a4a343b8f4076ab22f49c9cbb251c850a4f24b5bcafd5c";

    fn revision(id: Option<&str>, path: &str) -> FrozenRevision {
        FrozenRevision {
            id: id.map(RevisionId::new),
            path: path.into(),
            meaning: Meaning::parse(HASH).unwrap(),
            line: 0,
        }
    }

    fn heads(ids: &[&str]) -> BTreeSet<RevisionId> {
        ids.iter().map(|id| RevisionId::new(*id)).collect()
    }

    fn parse(text: &str) -> Result<Lock, String> {
        Lock::parse(text, Path::new("/p/v/limbec.lock")).map_err(|error| error.to_string())
    }

    #[test]
    fn written_and_read_back() {
        let revisions = [
            (Some("b 1"), "/p/v/b.py"),
            (Some("a1"), "/p/w/a b.py"),
            (None, "/p/v/c.py"),
            (Some("heads"), "/p/v/é.py"),
        ]
        .map(|(id, path)| revision(id, path))
        .to_vec();
        let lock = Lock { revisions, conflict: None };
        let path = Path::new("/p/v/limbec.lock");
        let text = lock.text(&heads(&["b 1", "a1"]), path);
        insta::assert_snapshot!(text.replace(HASH, "HASH"), @r"
        # limbec.lock, format 1: revisions that must not change any more; written by `limbec freeze`
        # In a merge conflict: run `limbec rebase`, then `limbec freeze`
        heads 4 a1 b%201
        %68eads %C3%A9.py HASH
        a1 ../w/a%20b.py HASH
        b%201 b.py HASH
        ? c.py HASH
        ");
        let read = Lock::parse(&text, path).unwrap();
        let paths: Vec<_> = read.revisions.iter().map(|revision| revision.path.clone()).collect();
        assert_eq!(paths, ["/p/v/é.py", "/p/w/a b.py", "/p/v/b.py", "/p/v/c.py"].map(PathBuf::from));
        assert_eq!(read.revisions.iter().map(|revision| revision.line).collect::<Vec<_>>(), [4, 5, 6, 7]);
        assert_eq!(read.text(&heads(&["b 1", "a1"]), path), text);
    }

    #[test]
    fn conflicts_are_seen_and_both_sides_read() {
        let text = format!(
            "{FIRST_LINE}\n<<<<<<< HEAD\nheads 2 b1\n=======\nheads 2 c1\n>>>>>>> main\na1 a.py {HASH}\n<<<<<<< HEAD\nb1 b.py {HASH}\n=======\nc1 c.py {HASH}\n>>>>>>> main\n"
        );
        let lock = parse(&text).unwrap();
        assert_eq!(lock.conflict, Some(2));
        assert_eq!(lock.revisions.len(), 3);
        let error = lock.without_conflict(Path::new("limbec.lock")).unwrap_err();
        assert_eq!(error.to_string(), "limbec.lock, line 2: a merge conflict of git");
        assert_eq!(error.hint(), Some("run `limbec rebase`, then `limbec freeze`"));
        let rest = Lock::without(&text, &heads(&["b1", "heads"]));
        assert_eq!(rest, text.replace(&format!("b1 b.py {HASH}\n"), ""));
    }

    #[test]
    fn what_is_no_lock_file_is_refused() {
        let wrong = |text: &str| parse(text).unwrap_err();
        assert_eq!(wrong("x"), "/p/v/limbec.lock, line 1: this is no lock file of format 1");
        assert!(wrong("# limbec.lock, format 2: x\nheads 0\n").contains("format 1"));
        for line in
            ["a1 a.py", "a1 a.py ast1:00", &format!("a1 a.py {HASH} x"), "a1 %FF.py ast1:00", &format!(" a.py {HASH}")]
        {
            assert_eq!(
                wrong(&format!("{FIRST_LINE}\n\n{line}\n")),
                "/p/v/limbec.lock, line 3: expected an id, a file and a hash",
                "{line}"
            );
        }
    }
}
