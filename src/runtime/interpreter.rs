use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Packages, RuntimeError, elf};

/// Where to look for the project's interpreter; all taken from the caller, nothing from this process's environment.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// An option or a setting: an executable, or the root of a virtualenv.
    pub explicit: Option<&'a Path>,
    /// `VIRTUAL_ENV`
    pub virtual_env: Option<&'a Path>,
    /// `PATH`
    pub path: Option<&'a OsStr>,
    /// `HOME`, for the user's own site-packages.
    pub home: Option<&'a Path>,
    /// Where `.venv` is looked for, then above; absolute.
    pub directory: &'a Path,
    /// limbec's own executable, symlinks resolved: the virtualenv that it is installed in comes before `PATH`.
    pub executable: Option<&'a Path>,
    /// What is done with an executable that is a script.
    pub wrappers: Wrappers,
}

/// What is done with an executable that is a script (a pyenv shim): it takes a process to learn where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrappers {
    /// They are asked.
    Ask,
    /// They are no interpreter: nothing is started.
    Refuse,
}

/// How an interpreter was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An option or a setting.
    Explicit,
    /// `VIRTUAL_ENV`
    VirtualEnv,
    /// `.venv` here or above.
    DotVenv,
    /// The virtualenv that limbec is installed in.
    BesideLimbec,
    /// `python3` on `PATH`.
    Path,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explicit => "as configured",
            Self::VirtualEnv => "from VIRTUAL_ENV",
            Self::DotVenv => "from .venv",
            Self::BesideLimbec => "the environment that limbec is installed in",
            Self::Path => "from PATH",
        })
    }
}

/// Which Python it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Implementation {
    /// The usual one.
    CPython,
    /// PyPy; runs in a child.
    PyPy,
}

/// `3.12`, `3.13t`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PythonVersion {
    /// 3
    pub major: u8,
    /// 9 and up
    pub minor: u8,
    /// A build without the global lock, whose objects are laid out differently.
    pub free_threaded: bool,
}

impl fmt::Display for PythonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}{}", self.major, self.minor, if self.free_threaded { "t" } else { "" })
    }
}

/// An interpreter and what was read of it without starting it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable as found, symlinks **not** resolved: Python finds `pyvenv.cfg` from it.
    pub path: PathBuf,
    /// How it was found.
    pub origin: Origin,
    /// Its version.
    pub version: PythonVersion,
    /// Which Python it is.
    pub implementation: Implementation,
    /// The libpython that the executable itself uses; `None` if it is static.
    pub library: Option<PathBuf>,
    /// The folder whose `bin` it lies in.
    pub prefix: PathBuf,
    /// For a virtualenv: the prefix of the Python it was made from, and whether it sees that one's packages.
    pub base: Option<Base>,
    home: Option<PathBuf>,
}

/// What a virtualenv was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The folder whose `bin` holds the original.
    pub prefix: PathBuf,
    /// `include-system-site-packages`
    pub packages_visible: bool,
}

impl Interpreter {
    /// Finds the interpreter; starts a process only where the executable is a script (a pyenv shim), to ask it.
    pub fn find(search: &Search<'_>) -> Result<Self, RuntimeError> {
        if let Some(path) = search.explicit {
            let path = if path.is_dir() { in_environment(path) } else { on_path_or_file(path, search.path) };
            return Self::inspect(&path, Origin::Explicit, search);
        }
        if let Some(root) = search.virtual_env {
            return Self::inspect(&in_environment(root), Origin::VirtualEnv, search);
        }
        let dot_venv = search.directory.ancestors().map(|folder| folder.join(".venv"));
        if let Some(root) = dot_venv.into_iter().find(|root| in_environment(root).is_file()) {
            return Self::inspect(&in_environment(&root), Origin::DotVenv, search);
        }
        if let Some(own) = own_environment(search) {
            return Ok(own);
        }
        match which("python3", search.path).or_else(|| which("python", search.path)) {
            Some(path) => Self::inspect(&path, Origin::Path, search),
            None => Err(RuntimeError::NoInterpreter(
                "VIRTUAL_ENV is not set, there is no .venv here or above, and no python3 on PATH".to_owned(),
            )),
        }
    }

    /// Its packages: folders of `sys.path` that hold them.
    pub fn packages(&self) -> Packages {
        Packages::of(self, self.home.as_deref())
    }

    fn inspect(path: &Path, origin: Origin, search: &Search<'_>) -> Result<Self, RuntimeError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let not_one = |reason: String| RuntimeError::NotAnInterpreter { path: path.clone(), reason };
        let real = path.canonicalize().map_err(|error| not_one(error.to_string()))?;
        let dynamic = match elf::read(&real) {
            Some(dynamic) => dynamic,
            None if search.wrappers == Wrappers::Refuse => return Err(not_one("it is a script".to_owned())),
            None => match ask(&path).map_err(not_one)? {
                answer if answer != path => return Self::inspect(&answer, origin, search),
                _ => elf::Dynamic::default(), // an executable of another format: it runs in a child
            },
        };
        let prefix = path.parent().and_then(Path::parent).unwrap_or(Path::new("/")).to_owned();
        let config = VenvConfig::read(&prefix);
        let needed = dynamic.needed.iter().find(|name| name.starts_with("libpython3") || name.starts_with("libpypy"));
        let implementation = implementation(&config, needed.map(String::as_str), &real);
        let version = needed
            .and_then(|name| parse_version(name.strip_prefix("libpython")?))
            .or_else(|| parse_version(config.version.as_deref()?))
            .or_else(|| version_of_name(&real))
            .or_else(|| version_of_name(&path))
            .or_else(|| ask_version(&path))
            .ok_or_else(|| not_one("its version cannot be told".to_owned()))?;
        if (version.major, version.minor) < (3, 9) {
            return Err(RuntimeError::TooOld { path, version: version.to_string() });
        }
        let library = needed.map(|name| {
            let beside = dynamic.search_path.iter().map(|folder| folder.join(name)).find(|file| file.is_file());
            beside.unwrap_or_else(|| PathBuf::from(name)) // the dynamic linker knows where
        });
        let base = config
            .home
            .as_deref()
            .and_then(Path::parent)
            .map(|prefix| Base { prefix: prefix.to_owned(), packages_visible: config.system_packages });
        let home = search.home.map(Path::to_owned);
        Ok(Self { path, origin, version, implementation, library, prefix, base, home })
    }
}

/// The environment that limbec is installed in, if a migration could run in it: a limbec of pipx or uv tool has one of
/// its own, without Alembic.
fn own_environment(search: &Search<'_>) -> Option<Interpreter> {
    let prefix = search.executable?.parent()?.parent()?;
    let path = in_environment(prefix);
    if !path.is_file() || search.executable?.parent()? != path.parent()? {
        return None;
    }
    let own = Interpreter::inspect(&path, Origin::BesideLimbec, search).ok()?;
    own.packages().version_of("alembic").is_some().then_some(own)
}

fn in_environment(root: &Path) -> PathBuf {
    let named = root.join("bin/python3");
    if named.is_file() { named } else { root.join("bin/python") }
}

fn on_path_or_file(path: &Path, search_path: Option<&OsStr>) -> PathBuf {
    let bare = path.components().count() == 1 && !path.exists();
    bare.then(|| which(path.to_str()?, search_path)).flatten().unwrap_or_else(|| path.to_owned())
}

fn which(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let executable =
        |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    std::env::split_paths(path?)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join(name))
        .find(executable)
}

/// Asks a wrapper script which executable it leads to.
fn ask(script: &Path) -> Result<PathBuf, String> {
    let text = "import sys; sys.stdout.write(sys.executable)";
    Ok(PathBuf::from(run(script, text)?))
}

fn ask_version(executable: &Path) -> Option<PythonVersion> {
    parse_version(&run(executable, "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])").ok()?)
}

fn run(executable: &Path, text: &str) -> Result<String, String> {
    let output = Command::new(executable).args(["-I", "-S", "-c", text]).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(words.lines().last().unwrap_or("it failed").to_owned());
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

fn implementation(config: &VenvConfig, library: Option<&str>, real: &Path) -> Implementation {
    let named = real.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pypy"));
    if config.pypy || named || library.is_some_and(|name| name.starts_with("libpypy")) {
        Implementation::PyPy
    } else {
        Implementation::CPython
    }
}

fn version_of_name(path: &Path) -> Option<PythonVersion> {
    let name = path.file_name()?.to_str()?;
    parse_version(name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"))?)
}

/// `3.12`, `3.13t`, `3.10.13.final.0`, `3.11.so.1.0`, `3.9-intel64`
fn parse_version(text: &str) -> Option<PythonVersion> {
    let (major, rest) = text.trim().split_once('.')?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let free_threaded = rest[digits..].starts_with('t');
    Some(PythonVersion { major: major.parse().ok()?, minor: rest[..digits].parse().ok()?, free_threaded })
}

/// `pyvenv.cfg`
#[derive(Debug, Default)]
struct VenvConfig {
    home: Option<PathBuf>,
    version: Option<String>,
    system_packages: bool,
    pypy: bool,
}

impl VenvConfig {
    fn read(prefix: &Path) -> Self {
        let mut config = Self::default();
        let text = fs::read_to_string(prefix.join("pyvenv.cfg")).unwrap_or_default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "home" => config.home = Some(PathBuf::from(value)),
                "version" | "version_info" => config.version = Some(value.to_owned()),
                "include-system-site-packages" => config.system_packages = value.eq_ignore_ascii_case("true"),
                "implementation" => config.pypy = value.eq_ignore_ascii_case("pypy"),
                _ => {}
            }
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_any_spelling() {
        for (text, expected) in [
            ("3.12", "3.12"),
            ("3.13t", "3.13t"),
            ("3.10.13.final.0", "3.10"),
            ("3.11.so.1.0", "3.11"),
            ("3.13t.so.1.0", "3.13t"),
            (" 3.9.18", "3.9"),
        ] {
            assert_eq!(parse_version(text).unwrap().to_string(), expected, "{text}");
        }
        assert_eq!(parse_version("3"), None);
        assert_eq!(parse_version(".so"), None);
    }
}
