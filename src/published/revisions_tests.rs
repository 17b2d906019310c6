use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::super::BaseRequest;
use super::*;
use crate::script::{Locations, ReadFiles, read_files};

/// A real repository with version locations.
struct Repository {
    folder: TempDir,
}

impl Repository {
    /// `main` with a1 ← b1.
    fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(repository.path("v")).unwrap();
        repository.git(&["init", "-q", "-b", "main"]);
        repository.revision("a1", "None", "a1");
        repository.revision("b1", "'a1'", "b1");
        repository.commit();
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "merge.conflictStyle=merge"]);
        let output = command.args(arguments).current_dir(self.folder.path()).output().unwrap();
        let may_fail = arguments.first() == Some(&"merge");
        assert!(may_fail || output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    fn revision(&self, id: &str, down: &str, body: &str) {
        let text = format!("revision = '{id}'\ndown_revision = {down}\n\n\ndef upgrade():\n    op.execute('{body}')\n");
        fs::write(self.path(&format!("v/{id}.py")), text).unwrap();
    }

    fn locations(&self) -> Locations {
        let root = self.folder.path().to_owned();
        Locations {
            script_location: root.clone(),
            versions: vec![root.join("v")],
            recursive: false,
            sourceless: false,
            import_roots: vec![root],
        }
    }

    fn published(&self, request: &BaseRequest) -> Published {
        let locations = self.locations();
        let base = Base::find(&self.path("v"), request, &locations);
        let ReadFiles { files, .. } = read_files(&locations, |file| file);
        let known: Vec<Known<'_>> = files.iter().map(known).collect();
        Published::new(base, Lock::read(&Lock::path(&locations)).unwrap(), &known)
    }

    fn no_base(&self, request: &BaseRequest) -> String {
        let error = self.published(request).base.unwrap_err();
        format!("{error}; {}", error.hint().unwrap_or_default())
    }

    fn changed(&self, published: &Published) -> Vec<String> {
        let changed = published.changed_since_base().unwrap().iter();
        changed.map(|path| path.strip_prefix(self.path("v")).unwrap().display().to_string()).collect()
    }

    fn file(&self, name: &str) -> RevisionFile {
        RevisionFile::read(&self.path(&format!("v/{name}.py")), &Imports::new(&[]))
    }
}

fn known(file: &RevisionFile) -> Known<'_> {
    let revision = match &file.declared {
        Ok(Parsed::Script(script)) => Some(&script.revision),
        _ => None,
    };
    Known { path: &file.path, revision }
}

fn ids<'a>(revisions: impl Iterator<Item = &'a PublishedRevision>) -> Vec<&'a str> {
    revisions.map(|revision| revision.id.as_ref().map_or("?", RevisionId::as_str)).collect()
}

fn named(reference: &str) -> BaseRequest {
    BaseRequest::Named { reference: reference.to_owned(), given_by: "--base".to_owned() }
}

#[test]
fn changed_moved_deleted_and_new_files() {
    let repository = Repository::new();
    repository.revision("c1", "'b1'", "c1");
    repository.revision("d1", "'c1'", "d1");
    repository.revision("e1", "'d1'", "e1");
    repository.commit();
    repository.git(&["checkout", "-q", "-b", "work"]);
    let published = repository.published(&BaseRequest::Detect);
    assert_eq!(published.base.as_ref().unwrap().name, "main");
    assert_eq!(repository.changed(&published), [""; 0]);
    assert!(published.iter().all(PublishedRevision::is_untouched));

    repository.revision("b1", "'a1'", "other");
    fs::rename(repository.path("v/c1.py"), repository.path("v/moved.py")).unwrap();
    fs::remove_file(repository.path("v/d1.py")).unwrap();
    let text = fs::read_to_string(repository.path("v/e1.py")).unwrap();
    fs::write(repository.path("v/e1.py"), format!("# why\n{}", text.replace('\'', "\""))).unwrap();
    repository.revision("f1", "'e1'", "f1");
    let published = repository.published(&BaseRequest::Detect);
    assert_eq!(repository.changed(&published), ["b1.py", "e1.py", "f1.py", "moved.py"]);
    assert_eq!(ids(published.gone()), ["d1"]);
    let contradicted =
        |id: &str, file: &str| published.get(&id.into()).unwrap().contradicted_by(&repository.file(file));
    assert_eq!(contradicted("b1", "b1"), Some(Source::Base));
    assert_eq!(contradicted("c1", "moved"), None);
    assert_eq!(contradicted("e1", "e1"), None);
    assert_eq!(published.get(&"c1".into()).unwrap().path, repository.path("v/c1.py"));
    assert_eq!(published.get(&"c1".into()).unwrap().down, Some(vec!["b1".into()]));
    assert!(published.is_published(&"a1".into()) && !published.is_published(&"f1".into()));
}

#[test]
fn what_arrived_on_the_base_is_published_too() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "work"]);
    repository.revision("w1", "'b1'", "w1");
    repository.commit();
    repository.git(&["checkout", "-q", "main"]);
    repository.revision("c1", "'b1'", "c1");
    repository.commit();
    repository.git(&["checkout", "-q", "work"]);
    let published = repository.published(&BaseRequest::Detect);
    assert!(published.base.as_ref().unwrap().has_moved());
    assert_eq!(ids(published.missing()), ["c1"]);
    assert_eq!(ids(published.gone()), [""; 0]);
    assert_eq!(published.get(&"c1".into()).unwrap().source, Source::Arrived);
    assert_eq!(repository.changed(&published), ["w1.py"]);
    // Before the merge is committed as after it.
    repository.git(&["merge", "-q", "--no-commit", "main"]);
    let published = repository.published(&BaseRequest::Detect);
    assert_eq!(ids(published.missing()), [""; 0]);
    assert_eq!(repository.changed(&published), ["w1.py"]);
    repository.commit();
    let published = repository.published(&BaseRequest::Detect);
    assert_eq!(published.get(&"c1".into()).unwrap().source, Source::Base);
    assert_eq!(repository.changed(&published), ["w1.py"]);
}

#[test]
fn the_base_is_found_or_it_is_said_why_not() {
    let repository = Repository::new();
    assert!(repository.no_base(&BaseRequest::Detect).starts_with("there is no base branch"));
    assert_eq!(
        repository.no_base(&named("origin/next")),
        "the base 'origin/next' (--base) is no commit of this repository; \
         `git fetch origin next` brings it; in CI, check out with `fetch-depth: 0`"
    );
    for wrong in ["--all", "", "deadbeef", "main:v/a1.py", "a b"] {
        assert!(repository.no_base(&named(wrong)).contains("is no commit"), "{wrong}");
    }
    assert_eq!(repository.published(&named("HEAD~0")).base.unwrap().name, "HEAD~0");
    let target = |branch: &str| BaseRequest::Target {
        branch: branch.to_owned(),
        variable: "GITHUB_BASE_REF".to_owned(),
        commit: None,
    };
    assert_eq!(repository.published(&target("refs/heads/main")).base.unwrap().name, "main");
    assert!(repository.no_base(&target("next")).starts_with("the base 'origin/next' (GITHUB_BASE_REF) is no commit"));
    assert!(repository.no_base(&target("*")).contains("is no commit"));
    repository.git(&["checkout", "-q", "--orphan", "alone"]);
    assert_eq!(repository.no_base(&BaseRequest::Detect), "the git repository has no commits yet; ");
    repository.revision("o1", "None", "o1");
    repository.commit();
    assert_eq!(repository.no_base(&BaseRequest::Detect), "HEAD and main have no common ancestor; ");
}

#[test]
fn origin_comes_first_and_a_shallow_clone_says_so() {
    let upstream = Repository::new();
    upstream.git(&["checkout", "-q", "-b", "work"]);
    upstream.revision("w1", "'b1'", "w1");
    upstream.commit();
    upstream.git(&["checkout", "-q", "main"]);
    upstream.revision("c1", "'b1'", "c1");
    upstream.commit();
    let folder = tempfile::tempdir().unwrap();
    let clone = Repository { folder };
    let url = format!("file://{}", upstream.path("").display());
    clone.git(&["clone", "-q", "--branch", "work", &url, "."]);
    let published = clone.published(&BaseRequest::Detect);
    assert_eq!(published.base.as_ref().unwrap().name, "origin/main");
    assert_eq!(ids(published.missing()), ["c1"]);
    let shallow = Repository { folder: tempfile::tempdir().unwrap() };
    shallow.git(&["clone", "-q", "--depth", "1", "--no-single-branch", "--branch", "work", &url, "."]);
    assert_eq!(
        shallow.no_base(&BaseRequest::Detect),
        "HEAD and origin/main have no common ancestor in this shallow clone; \
         `git fetch --unshallow` brings the rest; in CI, check out with `fetch-depth: 0`"
    );
}

#[test]
fn without_a_repository_the_lock_file_remains() {
    let repository = Repository::new();
    fs::remove_dir_all(repository.path(".git")).unwrap();
    let revisions = ["a1", "x1"].map(|id| FrozenRevision {
        id: Some(id.into()),
        path: repository.path(&format!("v/{id}.py")),
        meaning: Meaning::of(&repository.file("a1")),
        line: 0,
    });
    let path = Lock::path(&repository.locations());
    let lock = Lock { revisions: revisions.to_vec(), conflict: None };
    Lock::write(&lock.text(&BTreeSet::from(["x1".into()]), &path), &path).unwrap();
    let published = repository.published(&BaseRequest::Detect);
    assert_eq!(published.base, Err(NoBase::NotARepository));
    assert_eq!(ids(published.iter()), ["a1", "x1"]);
    assert_eq!(ids(published.gone()), ["x1"]);
    let a1 = published.get(&"a1".into()).unwrap();
    assert_eq!((a1.source, a1.frozen.as_ref().unwrap().line), (Source::Lock, 4));
    assert_eq!(a1.contradicted_by(&repository.file("a1")), None);
    repository.revision("a1", "None", "other");
    assert_eq!(a1.contradicted_by(&repository.file("a1")), Some(Source::Lock));
    assert!(published.fixed(&"a1".into()).is_some());
}
