use std::cell::Cell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::evaluate::Imports;
use super::listing::{list, name_is_revision};
use super::parse::parse_with;
use super::{Parsed, RevisionFile, Script, ScriptError, Undecided};
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};

/// Where revision files lie and how they are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locations {
    /// The script directory (env.py, script.py.mako), absolute.
    pub script_location: PathBuf,
    /// Absolute, in configured order; absent ones are skipped.
    pub versions: Vec<PathBuf>,
    /// `recursive_version_locations`
    pub recursive: bool,
    /// `sourceless`
    pub sourceless: bool,
    /// `prepend_sys_path`, absolute: where constants that a revision file imports may be found.
    pub import_roots: Vec<PathBuf>,
}

/// A project's revision files and their graph.
#[derive(Debug)]
pub struct ScriptDirectory {
    /// In the order of loading; `RevisionIndex` counts in this list.
    pub scripts: Vec<Script>,
    /// Their graph.
    pub map: RevisionMap,
    /// Baselines whose old files are in their place.
    pub restored: Vec<Restored>,
}

/// A revision whose file is the one that a baseline has taken the place of: which of both has made a database is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its identifier.
    pub revision: RevisionId,
    /// Where the file is.
    pub archive: PathBuf,
}

impl ScriptDirectory {
    /// The script of a position in the map.
    pub fn script(&self, index: RevisionIndex) -> &Script {
        &self.scripts[index.0 as usize]
    }
}

/// The outcome of reading all files: what was parsed, and what only Python can tell.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of loading. `Err`: path and reason, to be filled in by the caller with Python's answer.
    pub files: Vec<Result<Script, (PathBuf, Undecided)>>,
    /// Sentences of Alembic's warnings (`File … loaded twice! …`).
    pub warnings: Vec<String>,
}

/// Reads all revision files in parallel, in Alembic's order.
pub fn load(locations: &Locations) -> Result<Loaded, ScriptError> {
    let listing = list(locations);
    let imports = Imports::new(&locations.import_roots);
    let mut files = in_parallel(&listing.files, |path| load_file(path, &imports))?;
    for script in files.iter_mut().flatten() {
        script.squash = script.squash.take().map(|squash| squash.within(locations));
    }
    Ok(Loaded { files, warnings: listing.warnings })
}

/// What was made of every file.
#[derive(Debug)]
pub struct ReadFiles<T> {
    /// In Alembic's order of loading.
    pub files: Vec<T>,
    /// As [`Loaded::warnings`].
    pub warnings: Vec<String>,
    /// Files named as the SQL of a revision whose Python file is not there.
    pub orphans: Vec<PathBuf>,
}

/// Reads all revision files in parallel, whatever is wrong with some of them, and makes something of each.
pub fn read_files<T: Send>(locations: &Locations, make: impl Fn(RevisionFile) -> T + Sync) -> ReadFiles<T> {
    let listing = list(locations);
    let imports = Imports::new(&locations.import_roots);
    let read = |path: &Path| Ok(make(RevisionFile::read(path, &imports)));
    // Nothing here fails: what is wrong with a file is told by the file.
    let files = in_parallel(&listing.files, read).unwrap_or_default();
    ReadFiles { files, warnings: listing.warnings, orphans: listing.orphans }
}

/// Whether Alembic would load a file of this name.
pub fn is_revision_file(path: &Path, sourceless: bool) -> bool {
    path.file_name().is_some_and(|name| name_is_revision(&name.to_string_lossy(), sourceless))
}

thread_local! {
    /// The text of the file that is being read, kept for the next one.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// More than nearly every revision file has.
const USUAL_SIZE: usize = 64 * 1024;

/// As `std::fs::read`, but without asking for the size first: a fifth of the system calls that reading small files takes.
/// The length of the text at the beginning of the buffer, which never shrinks: clearing it again for every file costs more.
fn read_into(path: &Path, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut file = File::open(path)?;
    let mut filled = 0;
    if buffer.len() < USUAL_SIZE {
        buffer.resize(USUAL_SIZE, 0);
    }
    loop {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(filled),
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
    }
}

type LoadedFile = Result<Script, (PathBuf, Undecided)>;

fn load_file(path: &Path, imports: &Imports) -> Result<LoadedFile, ScriptError> {
    if path.extension().is_none_or(|extension| extension != "py") {
        let undecided = Undecided { name: "file".to_owned(), line: 1, reason: "is compiled".to_owned() };
        return Ok(Err((path.to_owned(), undecided)));
    }
    let mut buffer = BUFFER.take();
    let read = read_into(path, &mut buffer).map_err(|source| ScriptError::Read { path: path.to_owned(), source });
    let parsed = read.and_then(|length| parse_with(path, &buffer[..length], imports));
    BUFFER.set(buffer);
    Ok(match parsed? {
        Parsed::Script(script) => Ok(*script),
        Parsed::Undecided(undecided) => Err((path.to_owned(), undecided)),
    })
}

/// Fewer files than this are read before another thread has started.
const FILES_PER_THREAD: usize = 50;

/// The results in the order of the paths, or the error that comes first in that order.
fn in_parallel<T: Send>(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<T, ScriptError> + Sync,
) -> Result<Vec<T>, ScriptError> {
    let wanted = paths.len().div_ceil(FILES_PER_THREAD);
    // Asking for the number of processors reads several files.
    let available = if wanted > 1 { std::thread::available_parallelism().map_or(1, usize::from) } else { 1 };
    let threads = available.min(wanted).max(1);
    let read_chunk = |chunk: &[PathBuf]| chunk.iter().map(|path| read(path)).collect::<Result<Vec<T>, ScriptError>>();
    if threads == 1 {
        return read_chunk(paths);
    }
    let chunks: Vec<&[PathBuf]> = paths.chunks(paths.len().div_ceil(threads)).collect();
    let read_chunk = &read_chunk;
    let results = std::thread::scope(|scope| {
        let others: Vec<_> = chunks[1..].iter().map(|chunk| scope.spawn(move || read_chunk(chunk))).collect();
        let mut results = vec![read_chunk(chunks[0])];
        for other in others {
            results.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    let mut all = Vec::with_capacity(paths.len());
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(id: &str, down: &str) -> String {
        format!("\"\"\"{id}\"\"\"\nrevision = '{id}'\ndown_revision = {down}\n")
    }

    fn locations(folder: &Path, versions: &[&str]) -> Locations {
        Locations {
            script_location: folder.to_owned(),
            versions: versions.iter().map(|version| folder.join(version)).collect(),
            recursive: false,
            sourceless: false,
            import_roots: vec![folder.to_owned()],
        }
    }

    fn ids(loaded: &Loaded) -> Vec<&str> {
        loaded.files.iter().map(|file| file.as_ref().map_or("?", |script| script.revision.id.as_str())).collect()
    }

    #[test]
    fn many_files_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("versions")).unwrap();
        let names: Vec<String> = (0..300).map(|number| format!("r{number:03}")).collect();
        for name in names.iter().rev() {
            std::fs::write(folder.path().join(format!("versions/{name}.py")), revision(name, "None")).unwrap();
        }
        let loaded = load(&locations(folder.path(), &["versions", "absent"])).unwrap();
        assert_eq!(ids(&loaded), names);
        assert!(loaded.warnings.is_empty());
    }

    #[test]
    fn the_first_bad_file_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("v")).unwrap();
        for number in 0..200 {
            let text = if number % 60 == 59 { "revision = = 1\n".to_owned() } else { revision("x", "None") };
            std::fs::write(folder.path().join(format!("v/{number:03}.py")), text).unwrap();
        }
        let error = load(&locations(folder.path(), &["v"])).unwrap_err();
        assert!(error.to_string().contains("059.py, line 1, column 12: "), "{error}");
    }

    #[test]
    fn constants_of_project_modules_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("v")).unwrap();
        std::fs::create_dir_all(folder.path().join("app/db")).unwrap();
        std::fs::write(folder.path().join("app/__init__.py"), "").unwrap();
        std::fs::write(folder.path().join("app/db/__init__.py"), "from .labels import LABEL as L\n").unwrap();
        std::fs::write(folder.path().join("app/db/labels.py"), "LABEL = 'expand'\nOTHER = compute()\nLIST = ['x']\n")
            .unwrap();
        let imports = "from app import db\nfrom app.db.labels import LABEL, OTHER\n";
        let values = "down_revision = None\nbranch_labels = (db.L,)\ndepends_on = LABEL\n";
        std::fs::write(folder.path().join("v/a.py"), format!("{imports}revision = 'a'\n{values}")).unwrap();
        std::fs::write(folder.path().join("v/b.py"), format!("{imports}revision = OTHER\n{values}")).unwrap();
        let list = "from app.db.labels import LIST\nrevision = 'c'\ndown_revision = LIST\n";
        std::fs::write(folder.path().join("v/c.py"), list).unwrap();
        std::fs::write(folder.path().join("v/d.py"), format!("{list}LIST.append('y')\n")).unwrap();
        let loaded = load(&locations(folder.path(), &["v"])).unwrap();
        assert_eq!(loaded.files[2].as_ref().unwrap().revision.down, ["x".into()]);
        assert_eq!(loaded.files[3].as_ref().unwrap_err().1.reason, "may be changed in place");
        let first = loaded.files[0].as_ref().unwrap();
        assert_eq!(first.revision.branch_labels, ["expand"]);
        assert_eq!(first.revision.depends_on, ["expand"]);
        let (_, undecided) = loaded.files[1].as_ref().unwrap_err();
        assert_eq!(undecided.reason, "is imported from app.db.labels, where it is computed by a call");
        assert_eq!((undecided.name.as_str(), undecided.line), ("revision", 3));
    }
}
