//! What a revision file was when it ran, as git knows it.

use std::ffi::OsStr;
use std::path::Path;

use super::Meaning;
use super::git::Git;
use super::meaning::Parts;
use crate::script::{Imports, RevisionFile, SqlRevision};

/// How many older forms of a file are looked at.
const COMMITS: &str = "20";

/// The parts of a file that differ from what it meant when it was recorded at `commit`, for people: `upgrade()`, `down_revision` in
/// backticks, `the imports`. Nothing where git has no file of that meaning at that commit or in the last commits that changed it: the
/// working copy was not committed then, or there is no git.
pub fn changed_parts(file: &RevisionFile, recorded: &Meaning, commit: Option<&str>) -> Vec<String> {
    let (Some(folder), Some(name)) = (file.path.parent(), file.path.file_name()) else { return Vec::new() };
    let git = Git::at(folder);
    let former = commit.and_then(|commit| former_at(&git, commit, name)).filter(|former| recorded.is_of(former));
    let former = former.or_else(|| {
        let log = ["log", "-n", COMMITS, "--format=%H", "--"].map(OsStr::new);
        let sql = SqlRevision::beside(Path::new(name));
        let names = [name, sql.up.as_os_str(), sql.down.as_os_str()];
        let names = if file.sql().is_some() { &names[..] } else { &names[..1] };
        let listed = git.ask(&[&log[..], names].concat()).ok()?;
        let listed = String::from_utf8_lossy(&listed);
        listed.lines().filter_map(|commit| former_at(&git, commit, name)).find(|former| recorded.is_of(former))
    });
    former.map(|former| Parts::of(&former).differing(&Parts::of(file))).unwrap_or_default()
}

fn former_at(git: &Git, commit: &str, name: &OsStr) -> Option<RevisionFile> {
    let content = |name: &OsStr| {
        let mut object = std::ffi::OsString::from(format!("{commit}:./"));
        object.push(name);
        git.ask(&[OsStr::new("cat-file"), OsStr::new("blob"), &object]).ok()
    };
    let file = RevisionFile::parse(Path::new(name), content(name)?, &Imports::new(&[]));
    let Some(SqlRevision { up, down }) = SqlRevision::of(&file) else { return Some(file) };
    let contents = [up, down].map(|path| content(path.as_os_str()));
    Some(file.with_sql(contents))
}
