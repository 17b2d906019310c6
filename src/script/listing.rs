use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{Locations, SqlRevision};

/// The revision files of a project in Alembic's order, symlinks resolved.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<PathBuf>,
    pub(super) warnings: Vec<String>,
    /// Files named as the SQL of a revision whose Python file is not there.
    pub(super) orphans: Vec<PathBuf>,
}

/// A file of a version location as `os.walk` finds it.
struct Found {
    /// Where it is; symlinks not resolved below the location.
    path: PathBuf,
    is_symlink: bool,
}

/// Lists the files that Alembic would load (`Script._list_py_dir`, `ScriptDirectory._load_revisions`).
pub(super) fn list(locations: &Locations) -> Listing {
    let mut listing = Listing::default();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    for version in &locations.versions {
        // Its own symlinks are resolved once, so that only files which are symlinks themselves need it again.
        let Ok(directory) = version.canonicalize() else {
            continue;
        };
        let mut found = Vec::new();
        walk(&directory, locations, &mut found, &mut listing.warnings);
        for file in found {
            let path = if file.is_symlink { resolve(&file.path) } else { file.path };
            if !seen.insert(path.clone()) {
                listing.warnings.push(format!(
                    "File {} loaded twice! ignoring. Please ensure version_locations is unique.",
                    path.display()
                ));
            } else if is_loaded(&path, locations.sourceless) {
                listing.files.push(path);
            } else if SqlRevision::python_of(&path).is_some_and(|python| !python.exists()) {
                listing.orphans.push(path);
            }
        }
    }
    listing
}

/// One directory's files in the order of their names, then its directories' if asked for. A directory that cannot be read
/// counts as empty, as for `os.walk`, but not silently.
fn walk(directory: &Path, locations: &Locations, found: &mut Vec<Found>, warnings: &mut Vec<String>) {
    if name_of(directory).ends_with("__pycache__") {
        return;
    }
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            if error.kind() != std::io::ErrorKind::NotADirectory {
                warnings.push(format!("cannot read the directory {}: {error}", directory.display()));
            }
            return;
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let is_symlink = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let is_directory = if is_symlink { path.is_dir() } else { entry.file_type().is_ok_and(|kind| kind.is_dir()) };
        if !is_directory {
            files.push(Found { path, is_symlink });
        } else if !is_symlink {
            directories.push(path);
        }
    }
    files.sort_by(|a, b| a.path.file_name().cmp(&b.path.file_name()));
    let compiled = if locations.sourceless { compiled_alone(directory, &files) } else { Vec::new() };
    found.extend(files);
    found.extend(compiled);
    if locations.recursive {
        directories.sort();
        for child in directories {
            walk(&child, locations, found, warnings);
        }
    }
}

/// What `__pycache__` holds of modules that have no source. Alembic takes them in the directory's order; here they are sorted.
fn compiled_alone(directory: &Path, files: &[Found]) -> Vec<Found> {
    let module = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let sources: HashSet<String> = files.iter().map(|file| module(&name_of(&file.path))).collect();
    let Ok(entries) = std::fs::read_dir(directory.join("__pycache__")) else {
        return Vec::new();
    };
    let mut compiled: Vec<Found> = entries
        .flatten()
        .map(|entry| Found { path: entry.path(), is_symlink: entry.file_type().is_ok_and(|kind| kind.is_symlink()) })
        .filter(|file| !sources.contains(&module(&name_of(&file.path))))
        .collect();
    compiled.sort_by(|a, b| a.path.cmp(&b.path));
    compiled
}

/// `Path.resolve()`, which a dangling symlink does not stop.
fn resolve(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| path.read_link().map(|to| path.with_file_name(to)))
        .unwrap_or_else(|_| path.to_owned())
}

fn is_loaded(path: &Path, sourceless: bool) -> bool {
    let name = name_of(path);
    if !name_is_revision(&name, sourceless) {
        return false;
    }
    match name.strip_suffix('o').or_else(|| name.strip_suffix('c')) {
        Some(source) if source.ends_with(".py") => {
            let is_optimised = name.ends_with('o');
            let superseded = path.with_file_name(source).exists()
                || (is_optimised && path.with_file_name(format!("{source}c")).exists());
            !superseded
        }
        _ => true,
    }
}

/// Alembic's `(?!\.\#|__init__)(.*\.py)$`, with `(c|o)?` in sourceless mode.
pub(super) fn name_is_revision(name: &str, sourceless: bool) -> bool {
    let source = if sourceless { name.strip_suffix(['c', 'o']).unwrap_or(name) } else { name };
    let has_suffix = name.ends_with(".py") || source.ends_with(".py");
    has_suffix && !name.starts_with(".#") && !name.starts_with("__init__")
}

fn name_of(path: &Path) -> String {
    path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, recursive: bool, sourceless: bool) -> (Vec<String>, Vec<String>) {
        let locations = Locations {
            script_location: folder.to_owned(),
            versions: vec![folder.join("v"), folder.join("w")],
            recursive,
            sourceless,
            import_roots: Vec::new(),
        };
        let listing = list(&locations);
        let root = folder.canonicalize().unwrap();
        let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
        (listing.files.iter().map(name).collect(), listing.warnings)
    }

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn names_are_tested_as_alembic_does() {
        for (name, plain, sourceless) in [
            ("a.py", true, true),
            (".hidden.py", true, true),
            (".#a.py", false, false),
            ("__init__.py", false, false),
            ("__init__extra.py", false, false),
            ("a.pyc", false, true),
            ("a.pyo", false, true),
            ("a.cpython-311.pyc", false, false),
            ("a.txt", false, false),
        ] {
            assert_eq!(name_is_revision(name, false), plain, "{name}");
            assert_eq!(name_is_revision(name, true), sourceless || name == "a.cpython-311.pyc", "{name}");
        }
    }

    #[test]
    fn recursion_takes_files_before_directories_and_no_cache() {
        let folder =
            folder(&["v/z.py", "v/B.py", "v/b/2.py", "v/b/a/1.py", "v/a/3.py", "v/__pycache__/x.py", "w/y.py"]);
        let (flat, _) = names(folder.path(), false, false);
        assert_eq!(flat, ["v/B.py", "v/z.py", "w/y.py"]);
        let (deep, _) = names(folder.path(), true, false);
        assert_eq!(deep, ["v/B.py", "v/z.py", "v/a/3.py", "v/b/2.py", "v/b/a/1.py", "w/y.py"]);
    }

    #[test]
    fn sourceless_takes_compiled_files_without_source() {
        let folder = folder(&[
            "v/a.py",
            "v/a.pyc",
            "v/b.pyc",
            "v/b.pyo",
            "v/c.pyo",
            "v/__pycache__/a.cpython-311.pyc",
            "v/__pycache__/d.cpython-311.pyc",
        ]);
        let (files, _) = names(folder.path(), false, true);
        assert_eq!(files, ["v/a.py", "v/b.pyc", "v/c.pyo", "v/__pycache__/d.cpython-311.pyc"]);
        assert_eq!(names(folder.path(), false, false).0, ["v/a.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_followed_and_a_file_is_loaded_once() {
        let folder = folder(&["v/b.py", "real/other.py", "real/notes.txt"]);
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(folder.path().join(to), folder.path().join(from));
        link("real/other.py", "v/a.py").unwrap();
        link("v/b.py", "v/c.py").unwrap();
        link("real/notes.txt", "v/d.py").unwrap();
        link("v", "w").unwrap();
        let (files, warnings) = names(folder.path(), false, false);
        assert_eq!(files, ["real/other.py", "v/b.py"]);
        let file = folder.path().canonicalize().unwrap().join("v/b.py");
        let sentence =
            format!("File {} loaded twice! ignoring. Please ensure version_locations is unique.", file.display());
        assert_eq!(warnings[0], sentence);
    }
}
