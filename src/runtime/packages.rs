use std::fs;
use std::path::{Path, PathBuf};

use super::interpreter::Interpreter;

/// The folders of an interpreter's `sys.path` that hold installed packages, read without starting it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packages {
    /// Those that hold `*.dist-info`, and those that `.pth` files add, in the order of `sys.path`.
    pub folders: Vec<PathBuf>,
    /// Packages of editable installs that a finder maps to a directory.
    mapped: Vec<(String, PathBuf)>,
}

impl Packages {
    pub(super) fn of(interpreter: &Interpreter, home: Option<&Path>) -> Self {
        let version = interpreter.version.to_string();
        let mut sites = site_folders(&interpreter.prefix, &version);
        let own_packages_only = interpreter.base.as_ref().is_some_and(|base| !base.packages_visible);
        if !own_packages_only {
            sites.extend(home.map(|home| home.join(format!(".local/lib/python{version}/site-packages"))));
            sites.extend(interpreter.base.iter().flat_map(|base| site_folders(&base.prefix, &version)));
        }
        let mut packages = Self { folders: Vec::new(), mapped: Vec::new() };
        for site in sites.into_iter().filter(|site| site.is_dir()) {
            packages.add_site(site);
        }
        packages
    }

    /// Version of an installed distribution (normalised name), from the name of its `dist-info` or `egg-info`.
    pub fn version_of(&self, distribution: &str) -> Option<String> {
        self.folders.iter().find_map(|folder| {
            folder.read_dir().ok()?.flatten().find_map(|entry| {
                let name = entry.file_name();
                let name = name.to_str()?;
                let stem = name.strip_suffix(".dist-info").or_else(|| name.strip_suffix(".egg-info"))?;
                let (found, version) = stem.split_once('-')?;
                let version = version.split("-py").next()?;
                found.eq_ignore_ascii_case(distribution).then(|| version.to_owned())
            })
        })
    }

    /// The directory of a top-level or dotted package, if it can be told without importing anything.
    pub fn directory(&self, package: &str) -> Option<PathBuf> {
        directory_in(&self.folders, package).or_else(|| {
            let (top, rest) = package.split_once('.').map_or((package, None), |(top, rest)| (top, Some(rest)));
            let (_, root) = self.mapped.iter().find(|(name, _)| name == top)?;
            let folder = rest.map_or_else(|| root.clone(), |rest| root.join(rest.replace('.', "/")));
            is_package(&folder).then_some(folder)
        })
    }

    fn add_site(&mut self, site: PathBuf) {
        if self.folders.contains(&site) {
            return;
        }
        let mut files: Vec<PathBuf> =
            site.read_dir().map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "pth"));
        files.sort();
        self.folders.push(site.clone());
        for file in files {
            self.add_path_file(&site, &file);
        }
    }

    /// One `.pth` file, as Python's `site` reads it, but for `import` lines: of those only setuptools' are understood.
    fn add_path_file(&mut self, site: &Path, file: &Path) {
        let text = fs::read_to_string(file).unwrap_or_default();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(statement) = line.strip_prefix("import ") {
                let module = statement.split(';').next().unwrap_or_default().trim();
                if module.starts_with("__editable__") {
                    self.mapped.extend(finder_mapping(&site.join(format!("{module}.py"))));
                }
                continue;
            }
            let folder = site.join(line);
            if folder.is_dir() && !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        }
    }
}

fn directory_in(folders: &[PathBuf], package: &str) -> Option<PathBuf> {
    let relative = package.replace('.', "/");
    let top = package.split('.').next().unwrap_or(package);
    for folder in folders {
        // A module of that name would be found first in its folder only if there is no package: leave it to Python.
        if folder.join(format!("{top}.py")).is_file() && !is_package(&folder.join(top)) {
            return None;
        }
        if is_package(&folder.join(top)) {
            let found = folder.join(&relative);
            return is_package(&found).then_some(found);
        }
    }
    None
}

/// A regular package; a namespace package may have several directories, and which of them counts is Python's to say.
fn is_package(folder: &Path) -> bool {
    folder.join("__init__.py").is_file()
}

fn site_folders(prefix: &Path, version: &str) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = ["lib", "lib64"]
        .iter()
        .map(|lib| prefix.join(lib).join(format!("python{version}")).join("site-packages"))
        .filter(|folder| folder.is_dir())
        .collect();
    if folders.len() == 2 && folders[0].canonicalize().ok() == folders[1].canonicalize().ok() {
        folders.pop(); // lib64 is a link to lib
    }
    if prefix == Path::new("/usr") {
        // Debian's own layout.
        folders.push(PathBuf::from(format!("/usr/local/lib/python{version}/dist-packages")));
        folders.push(PathBuf::from("/usr/lib/python3/dist-packages"));
    }
    folders
}

/// `MAPPING: dict[str, str] = {'package': '/its/directory'}` of the finder that setuptools writes for an editable install.
fn finder_mapping(file: &Path) -> Vec<(String, PathBuf)> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let Some(line) = text.lines().find(|line| line.starts_with("MAPPING")) else { return Vec::new() };
    let Some(literal) = line.split_once('{').and_then(|(_, rest)| rest.split_once('}')) else { return Vec::new() };
    let texts: Vec<&str> = literal.0.split('\'').skip(1).step_by(2).collect();
    texts.chunks_exact(2).map(|pair| (pair[0].to_owned(), PathBuf::from(pair[1]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn path_files_add_folders_and_mappings() {
        let root = tempfile::tempdir().unwrap();
        let site = root.path().join("site-packages");
        touch(&root.path().join("src/app/__init__.py"));
        touch(&root.path().join("other/tool/__init__.py"));
        touch(&site.join("alembic-1.13.3.dist-info/METADATA"));
        let source = root.path().join("src");
        fs::write(site.join("a.pth"), format!("# remark\n{}\n/absent\n", source.display())).unwrap();
        fs::write(site.join("b.pth"), "import __editable___tool_finder; __editable___tool_finder.install()\n").unwrap();
        let tool = root.path().join("other/tool");
        let finder = format!("MAPPING: dict[str, str] = {{'tool': '{}'}}\n", tool.display());
        fs::write(site.join("__editable___tool_finder.py"), finder).unwrap();
        let mut packages = Packages { folders: Vec::new(), mapped: Vec::new() };
        packages.add_site(site.clone());
        assert_eq!(packages.folders, [site, source.clone()]);
        assert_eq!(packages.version_of("alembic").as_deref(), Some("1.13.3"));
        assert_eq!(packages.directory("app"), Some(source.join("app")));
        assert_eq!(packages.directory("tool"), Some(tool));
        assert_eq!(packages.directory("absent"), None);
    }

    #[test]
    fn only_a_regular_package_has_one_directory() {
        let root = tempfile::tempdir().unwrap();
        touch(&root.path().join("app/__init__.py"));
        touch(&root.path().join("app/db/__init__.py"));
        touch(&root.path().join("space/migrations/env.py"));
        touch(&root.path().join("module.py"));
        let packages = Packages { folders: vec![root.path().to_owned()], mapped: Vec::new() };
        assert_eq!(packages.directory("app.db"), Some(root.path().join("app/db")));
        for name in ["app.absent", "space", "module", "absent"] {
            assert_eq!(packages.directory(name), None, "{name}");
        }
    }
}
