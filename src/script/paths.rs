use std::path::{Component, Path, PathBuf};

/// Python's `Path(text)`: repeated slashes and `.` fall away, `..` stays.
pub(super) fn python_path(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// Python's `str(Path(…))`.
pub(super) fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.to_string_lossy().into_owned() }
}

/// Python's `path.absolute()`.
pub(super) fn absolute(path: &Path, current_dir: &Path) -> PathBuf {
    python_path(&current_dir.join(path))
}

/// An absolute path and one relative to it, `..` resolved by the text alone.
pub(crate) fn joined(folder: &Path, path: &Path) -> PathBuf {
    without_parents(&folder.join(path))
}

/// Resolves `..` in an absolute path by its text alone.
fn without_parents(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            out.pop();
        } else {
            out.push(part);
        }
    }
    out
}

/// Python's `path.relative_to(other, walk_up=True)` of absolute paths.
pub(crate) fn relative_to(path: &Path, other: &Path) -> PathBuf {
    let (path, other) = (without_parents(path), without_parents(other));
    let common = path.components().zip(other.components()).take_while(|(a, b)| a == b).count();
    let up = other.components().skip(common).map(|_| Component::ParentDir);
    up.chain(path.components().skip(common)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_pythons() {
        assert_eq!(shown(&python_path(Path::new("./a//b/./../c/"))), "a/b/../c");
        assert_eq!(shown(&python_path(Path::new("./"))), ".");
        assert_eq!(absolute(Path::new("./x"), Path::new("/a")), Path::new("/a/x"));
        let relative = |path: &str, other: &str| shown(&relative_to(Path::new(path), Path::new(other)));
        assert_eq!(relative("/a/b/c", "/a"), "b/c");
        assert_eq!(relative("/a/b", "/a/c/d"), "../../b");
        assert_eq!(relative("/a", "/a"), ".");
        assert_eq!(relative("/a/b/c", "/a/b/../x"), "../b/c");
    }
}
