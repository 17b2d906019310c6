use std::path::{Path, PathBuf};

/// Finds the directory of an importable package without importing it.
pub trait PackageResolver {
    /// The directory of `package` (dotted), looked for in `first` (the project's `prepend_sys_path`) and then wherever
    /// the project's interpreter would look.
    fn resolve(&self, package: &str, first: &[PathBuf]) -> Option<PathBuf>;
}

/// A resolver that knows a fixed list of folders, in the order of `sys.path`.
#[derive(Debug, Clone, Default)]
pub struct PackageFolders(pub Vec<PathBuf>);

impl PackageResolver for PackageFolders {
    fn resolve(&self, package: &str, first: &[PathBuf]) -> Option<PathBuf> {
        let mut parts = package.split('.');
        let roots: Vec<&Path> = first.iter().chain(&self.0).map(PathBuf::as_path).collect();
        let mut directory = find(&roots, parts.next()?)?;
        for part in parts {
            directory = find(&[&directory], part)?;
        }
        Some(directory)
    }
}

/// A regular package (with `__init__.py`) in any root wins over a namespace package, as in Python's path finder.
fn find(roots: &[&Path], name: &str) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let mut namespace = None;
    for root in roots {
        let directory = root.join(name);
        if directory.join("__init__.py").is_file() {
            return Some(directory);
        }
        if root.join(format!("{name}.py")).is_file() {
            return None;
        }
        if namespace.is_none() && directory.is_dir() {
            namespace = Some(directory);
        }
    }
    namespace
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_packages_win_over_namespaces_and_modules_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for directory in ["one/app", "two/app/sub", "one/only"] {
            std::fs::create_dir_all(path(directory)).unwrap();
        }
        std::fs::write(path("two/app/__init__.py"), "").unwrap();
        std::fs::write(path("one/module.py"), "").unwrap();
        let folders = PackageFolders(vec![path("two")]);
        let first = [path("one")];
        assert_eq!(folders.resolve("app", &first), Some(path("two/app")));
        assert_eq!(folders.resolve("app.sub", &first), Some(path("two/app/sub")));
        assert_eq!(folders.resolve("only", &first), Some(path("one/only")));
        assert_eq!(folders.resolve("module", &first), None);
        assert_eq!(folders.resolve("", &first), None);
    }
}
