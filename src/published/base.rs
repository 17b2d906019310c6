use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::NoBase;
use super::git::Git;
use super::tree::{self, Entry};
use crate::script::Locations;

/// Which branch the base is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseRequest {
    /// Any name that git knows a commit by.
    Named {
        /// Such as `origin/main` or a hash.
        reference: String,
        /// Who named it: `--base`, a setting.
        given_by: String,
    },
    /// The branch that a CI run wants to merge into: on `origin`, else here.
    Target {
        /// Such as `main`.
        branch: String,
        /// The variable that says so.
        variable: String,
        /// Where this branch left it, for clones that have no such branch (GitLab's).
        commit: Option<String>,
    },
    /// `origin/HEAD`, else `origin/main`, else `origin/master`; else `main` or `master` if another branch is checked out.
    Detect,
}

/// The base branch: what it has in the version locations, compared with the working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// As shown to people: `origin/main`.
    pub name: String,
    /// The top of the work tree.
    pub repository: PathBuf,
    /// The commit where this branch left it.
    pub merge_base: String,
    /// The newest commit of it.
    pub tip: String,
    /// The revision files that it has, and what may be their SQL files.
    pub files: Vec<BaseFile>,
}

/// A revision file of the base branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseFile {
    /// Absolute; whether there is such a file in the working copy is not said.
    pub path: PathBuf,
    /// How it is there and here.
    pub state: BaseState,
}

/// A file of the base branch, compared with the working copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseState {
    /// The working copy is the same.
    Untouched,
    /// The working copy differs, or has no such file. What the file was where this branch began; then what it is at the tip of
    /// the base, if that is something else.
    Differs(Vec<Vec<u8>>),
    /// The base got it after this branch began.
    Arrived(Vec<u8>),
}

/// A commit by name and hash.
struct Commit {
    name: String,
    id: String,
}

impl Base {
    /// Looks the base branch up. `directory` is where git runs: in the work tree, or where a hook has started.
    ///
    /// # Errors
    /// Why there is none. Only of [`BaseRequest::Named`] that is the user's mistake.
    pub fn find(directory: &Path, request: &BaseRequest, locations: &Locations) -> Result<Self, NoBase> {
        let git = Git::at(directory);
        let (head, tip) = std::thread::scope(|scope| {
            let tip = scope.spawn(|| find_tip(&git, request));
            let head = Head::read(&git);
            (head, tip.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        let (head, tip) = (head?, tip?);
        let git = Git::at(&head.repository);
        let merge_base = merge_base(&git, &head, &tip)?;
        let entries = tree::entries(
            &git,
            &tree::Question { locations, repository: &head.repository, merge_base: &merge_base, tip: &tip.id },
        )?;
        let repository = head.repository;
        let files =
            entries.into_iter().map(|Entry { path, state }| BaseFile { path: repository.join(path), state }).collect();
        Ok(Self { name: tip.name, repository, merge_base, tip: tip.id, files })
    }

    /// Whether the base has got further since this branch began.
    pub fn has_moved(&self) -> bool {
        self.tip != self.merge_base
    }
}

/// What is checked out.
struct Head {
    repository: PathBuf,
    is_shallow: bool,
    commit: String,
}

impl Head {
    fn read(git: &Git) -> Result<Self, NoBase> {
        let output = git.output(&words(&["rev-parse", "--show-toplevel", "--is-shallow-repository", "HEAD"]))?;
        let mut lines = output.stdout.split(|byte| *byte == b'\n');
        let (repository, is_shallow, commit) = (lines.next(), lines.next(), lines.next());
        let (Some(repository), Some(is_shallow)) = (repository.filter(|path| !path.is_empty()), is_shallow) else {
            return Err(NoBase::of_output(&output));
        };
        match commit.and_then(commit_id) {
            Some(commit) if output.status.success() => {
                Ok(Self { repository: path_of(repository), is_shallow: is_shallow == b"true", commit })
            }
            _ if is_shallow == b"true" || is_shallow == b"false" => Err(NoBase::NoCommits),
            _ => Err(NoBase::of_output(&output)),
        }
    }
}

fn find_tip(git: &Git, request: &BaseRequest) -> Result<Commit, NoBase> {
    match request {
        BaseRequest::Named { reference, given_by } => named(git, reference, given_by),
        BaseRequest::Target { branch, variable, commit } => {
            let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
            let references = references(git, &[branch])?;
            let missing = || NoBase::Missing { reference: format!("origin/{branch}"), given_by: variable.clone() };
            let at = |prefix: &str| references.iter().find(|found| found.name == format!("{prefix}{branch}"));
            let by_commit = || Some(named(git, commit.as_ref()?, variable).ok()?.id);
            at("refs/remotes/origin/")
                .or_else(|| at("refs/heads/"))
                .map(Reference::commit)
                .or_else(|| Some(Commit { name: format!("origin/{branch}"), id: by_commit()? }))
                .ok_or_else(missing)
        }
        BaseRequest::Detect => detect(&references(git, &["HEAD", "main", "master"])?),
    }
}

fn named(git: &Git, reference: &str, given_by: &str) -> Result<Commit, NoBase> {
    let missing = || NoBase::Missing { reference: reference.to_owned(), given_by: given_by.to_owned() };
    if reference.starts_with('-') || reference.is_empty() {
        return Err(missing());
    }
    let commit = format!("{reference}^{{commit}}");
    let output = git.output(&words(&["rev-parse", "--verify", "--quiet", &commit]))?;
    let id = output.stdout.split(|byte| *byte == b'\n').next().and_then(commit_id);
    match id {
        Some(id) if output.status.success() => Ok(Commit { name: reference.to_owned(), id }),
        _ if output.stderr.is_empty() => Err(missing()),
        _ => match NoBase::of_output(&output) {
            // What git says of a hash that it does not have.
            NoBase::Failed(_) => Err(missing()),
            other => Err(other),
        },
    }
}

/// A branch of `origin`, or one of this repository.
struct Reference {
    /// `refs/…`
    name: String,
    id: String,
    /// Of `origin/HEAD`: the branch that it stands for.
    target: String,
    is_checked_out: bool,
}

impl Reference {
    fn commit(&self) -> Commit {
        let name = if self.target.is_empty() { &self.name } else { &self.target };
        let short = name.trim_start_matches("refs/remotes/").trim_start_matches("refs/heads/");
        Commit { name: short.to_owned(), id: self.id.clone() }
    }
}

/// Those of these branches that exist, on `origin` and here.
fn references(git: &Git, branches: &[&str]) -> Result<Vec<Reference>, NoBase> {
    let mut arguments = vec![OsString::from("for-each-ref")];
    arguments.push("--format=%(refname)%00%(objectname)%00%(symref)%00%(HEAD)".into());
    for branch in branches.iter().filter(|branch| !branch.contains(['*', '?', '['])) {
        arguments.push(format!("refs/remotes/origin/{branch}").into());
        arguments.push(format!("refs/heads/{branch}").into());
    }
    let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    let listed = git.ask(&arguments)?;
    let listed = String::from_utf8_lossy(&listed);
    let fields = listed.lines().map(|line| line.split('\0').collect::<Vec<_>>());
    let found = fields.filter_map(|fields| match fields.as_slice() {
        [name, id, target, mark] => Some(Reference {
            name: (*name).to_owned(),
            id: commit_id(id.as_bytes())?,
            target: (*target).to_owned(),
            is_checked_out: *mark == "*",
        }),
        _ => None,
    });
    Ok(found.collect())
}

fn detect(references: &[Reference]) -> Result<Commit, NoBase> {
    let find = |name: &str| references.iter().find(|reference| reference.name == name);
    let remote = ["HEAD", "main", "master"].iter().find_map(|branch| find(&format!("refs/remotes/origin/{branch}")));
    let local = || {
        let known = ["main", "master"].iter().filter_map(|branch| find(&format!("refs/heads/{branch}")));
        let known: Vec<&Reference> = known.collect();
        // Where one of them is checked out, the other is not what it came from.
        let is_one_of_them = known.iter().any(|reference| reference.is_checked_out);
        known.first().copied().filter(|_| !is_one_of_them)
    };
    remote.or_else(local).map(Reference::commit).ok_or(NoBase::NoBranch)
}

fn merge_base(git: &Git, head: &Head, tip: &Commit) -> Result<String, NoBase> {
    if head.commit == tip.id {
        return Ok(tip.id.clone());
    }
    let output = git.output(&words(&["merge-base", &head.commit, &tip.id]))?;
    let id = output.stdout.split(|byte| *byte == b'\n').next().and_then(commit_id);
    match (id, output.status.code()) {
        (Some(id), Some(0)) => Ok(id),
        (_, Some(1)) => Err(NoBase::NoMergeBase { base: tip.name.clone(), is_shallow: head.is_shallow }),
        _ => Err(NoBase::of_output(&output)),
    }
}

fn words<'a>(words: &'a [&'a str]) -> Vec<&'a OsStr> {
    words.iter().map(OsStr::new).collect()
}

/// A hash as git writes it: SHA-1 or SHA-256.
fn commit_id(text: &[u8]) -> Option<String> {
    let is_id = matches!(text.len(), 40 | 64) && text.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| String::from_utf8_lossy(text).into_owned())
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}
