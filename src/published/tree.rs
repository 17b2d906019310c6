use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::NoBase;
use super::base::BaseState;
use super::git::Git;
use crate::script::{Locations, SqlRevision, is_revision_file};

/// What is to be compared.
pub(super) struct Question<'a> {
    pub(super) locations: &'a Locations,
    /// The top of the work tree.
    pub(super) repository: &'a Path,
    pub(super) merge_base: &'a str,
    pub(super) tip: &'a str,
}

/// A revision file of the base, relative to the top of the work tree.
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) state: BaseState,
}

/// Paths with the hash of their content.
type Files = BTreeMap<PathBuf, String>;

/// The revision files of the base at both commits. Contents are read only where the working copy differs.
pub(super) fn entries(git: &Git, question: &Question<'_>) -> Result<Vec<Entry>, NoBase> {
    let folders = folders(question);
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let (began, tip, touched) = std::thread::scope(|scope| {
        let began = scope.spawn(|| files_at(git, question.merge_base, &folders));
        let has_moved = question.tip != question.merge_base;
        let tip = has_moved.then(|| scope.spawn(|| files_at(git, question.tip, &folders)));
        let touched = touched(git, question.merge_base, &folders);
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Result<Files, NoBase>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        (joined(began), tip.map(joined), touched)
    });
    let (mut began, touched) = (began?, touched?);
    let mut tip = tip.transpose()?;
    let wanted = |path: &Path| is_wanted(path, &folders, question.locations);
    began.retain(|path, _| wanted(path));
    tip.iter_mut().for_each(|files| files.retain(|path, _| wanted(path)));
    let needed = Needed::of(&began, tip.as_ref(), &touched);
    let contents = contents(git, needed.hashes())?;
    Ok(began.into_keys().map(|path| needed.entry(path, &contents)).chain(needed.arrivals(&contents)).collect())
}

/// The contents that have to be read, by path.
struct Needed {
    differing: HashMap<PathBuf, Vec<String>>,
    arrived: BTreeMap<PathBuf, String>,
}

impl Needed {
    fn of(began: &Files, tip: Option<&Files>, touched: &BTreeSet<PathBuf>) -> Self {
        let differing = touched.iter().filter_map(|path| {
            let before = began.get(path)?;
            let after = tip.and_then(|tip| tip.get(path)).filter(|after| *after != before);
            Some((path.clone(), std::iter::once(before).chain(after).cloned().collect()))
        });
        let arrived = tip.into_iter().flatten().filter(|(path, _)| !began.contains_key(*path));
        Self {
            differing: differing.collect(),
            arrived: arrived.map(|(path, hash)| (path.clone(), hash.clone())).collect(),
        }
    }

    fn hashes(&self) -> BTreeSet<&str> {
        self.differing.values().flatten().chain(self.arrived.values()).map(String::as_str).collect()
    }

    fn entry(&self, path: PathBuf, contents: &HashMap<String, Vec<u8>>) -> Entry {
        let state = match self.differing.get(&path) {
            None => BaseState::Untouched,
            Some(hashes) => BaseState::Differs(hashes.iter().filter_map(|hash| contents.get(hash).cloned()).collect()),
        };
        Entry { path, state }
    }

    fn arrivals(&self, contents: &HashMap<String, Vec<u8>>) -> Vec<Entry> {
        let arrived = self.arrived.iter().filter_map(|(path, hash)| {
            Some(Entry { path: path.clone(), state: BaseState::Arrived(contents.get(hash)?.clone()) })
        });
        arrived.collect()
    }
}

/// The version locations below the top of the work tree, relative to it.
fn folders(question: &Question<'_>) -> Vec<PathBuf> {
    let locations = question.locations.versions.iter();
    let absolute = locations.map(|folder| folder.canonicalize().unwrap_or_else(|_| folder.clone()));
    let inside = absolute.filter_map(|folder| folder.strip_prefix(question.repository).map(Path::to_owned).ok());
    let mut folders: Vec<PathBuf> = inside.collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Whether Alembic would load a file of this path, or one of a revision's SQL files may be there.
fn is_wanted(path: &Path, folders: &[PathBuf], locations: &Locations) -> bool {
    let parent = path.parent().unwrap_or(Path::new(""));
    let inside = |folder: &PathBuf| if locations.recursive { parent.starts_with(folder) } else { parent == folder };
    (is_revision_file(path, false) || SqlRevision::python_of(path).is_some()) && folders.iter().any(inside)
}

/// `PATHSPEC…`; the top itself is no path that git would take literally.
fn pathspecs(folders: &[PathBuf]) -> Vec<&OsStr> {
    if folders.iter().any(|folder| folder.as_os_str().is_empty()) {
        return Vec::new();
    }
    folders.iter().map(|folder| folder.as_os_str()).collect()
}

fn files_at(git: &Git, commit: &str, folders: &[PathBuf]) -> Result<Files, NoBase> {
    let mut arguments = ["ls-tree", "-r", "-z", "--full-tree", commit, "--"].map(OsStr::new).to_vec();
    arguments.extend(pathspecs(folders));
    let listed = git.ask(&arguments)?;
    Ok(listed.split(|byte| *byte == 0).filter_map(tree_line).collect())
}

/// `100644 blob HASH\tPATH`; symbolic links are no files.
fn tree_line(line: &[u8]) -> Option<(PathBuf, String)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let (facts, path) = (std::str::from_utf8(line.get(..tab)?).ok()?, line.get(tab + 1..)?);
    match facts.split(' ').collect::<Vec<_>>().as_slice() {
        [mode, "blob", hash] if mode.starts_with("100") => Some((as_path(path), (*hash).to_owned())),
        _ => None,
    }
}

/// The paths that the working copy (not only the index) changes.
fn touched(git: &Git, commit: &str, folders: &[PathBuf]) -> Result<BTreeSet<PathBuf>, NoBase> {
    let options = ["diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"];
    let mut arguments = options.map(OsStr::new).to_vec();
    arguments.extend(["--ignore-submodules", commit, "--"].map(OsStr::new));
    arguments.extend(pathspecs(folders));
    let listed = git.ask(&arguments)?;
    let mut fields = listed.split(|byte| *byte == 0);
    let mut touched = BTreeSet::new();
    while let (Some(_facts), Some(path)) = (fields.next().filter(|facts| !facts.is_empty()), fields.next()) {
        touched.insert(as_path(path));
    }
    Ok(touched)
}

/// The contents behind hashes.
fn contents(git: &Git, hashes: BTreeSet<&str>) -> Result<HashMap<String, Vec<u8>>, NoBase> {
    let mut contents = HashMap::new();
    if hashes.is_empty() {
        return Ok(contents);
    }
    let arguments: Vec<OsString> = ["cat-file", "--batch"].map(OsString::from).to_vec();
    let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    let input: String = hashes.into_iter().map(|hash| format!("{hash}\n")).collect();
    let output = git.ask_with(&arguments, input.as_bytes())?;
    let mut rest = output.as_slice();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        let fields: Vec<&str> = line.split(' ').collect();
        let found = match fields.as_slice() {
            [hash, "blob", size] => {
                size.parse().ok().and_then(|size| rest.split_at_checked(size)).map(|found| (hash, found))
            }
            _ => None,
        };
        let Some((hash, (content, after))) = found else {
            // A partial clone without a connection.
            return Err(NoBase::Failed(format!("an object of the base branch cannot be read: {line}")));
        };
        contents.insert((*hash).to_owned(), content.to_owned());
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(contents)
}

fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
