use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::TrialError;

/// Folders of packages that are on nobody's PATH: Debian's, Red Hat's, Homebrew's.
const VERSIONED: [&str; 4] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
];

/// The folder with `initdb` and `postgres`: that of PATH, of `pg_config`, else the newest of the usual ones.
pub(super) fn find(search_path: Option<&OsStr>) -> Result<PathBuf, TrialError> {
    let on_path: Vec<PathBuf> = search_path.map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
    let configured = on_path.iter().find_map(|folder| bindir(&folder.join("pg_config")));
    let mut versioned: Vec<PathBuf> =
        VERSIONED.iter().filter_map(|pattern| glob::glob(pattern).ok()).flatten().flatten().collect();
    versioned.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    let found = on_path.into_iter().chain(configured).chain(versioned).find(|folder| is_complete(folder));
    // PATH may have links only, and initdb looks for `postgres` beside itself.
    let real = found.and_then(|folder| folder.join("initdb").canonicalize().ok());
    let folder = real.as_deref().and_then(Path::parent).filter(|folder| is_complete(folder)).map(Path::to_owned);
    folder.ok_or_else(|| TrialError::NoPrograms {
        tried: "neither initdb nor pg_config on PATH, nothing in /usr/lib/postgresql".to_owned(),
    })
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file())
}

fn bindir(pg_config: &Path) -> Option<PathBuf> {
    if !pg_config.is_file() {
        return None;
    }
    let output = Command::new(pg_config).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The first number in a path: 15 of `/usr/lib/postgresql/15/bin`.
fn version(folder: &Path) -> u32 {
    let text = folder.to_string_lossy();
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}
