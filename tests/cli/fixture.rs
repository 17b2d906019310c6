use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A project in a directory of its own.
pub(super) struct Project {
    folder: TempDir,
}

impl Project {
    /// `alembic.ini` with a script directory, no revisions.
    pub(super) fn new() -> Self {
        let project = Self::empty();
        project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/scripts\n");
        fs::create_dir_all(project.path("scripts/versions")).unwrap();
        project
    }

    /// A directory with nothing in it.
    pub(super) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// a1 ← b1, b2 (label `side`, depends on b1) ← c1 merges b1 and b2; d1 alone: the effective head of nothing.
    pub(super) fn branched() -> Self {
        let project = Self::new();
        project.revision("a1", "first\n\nWith more\n  to say.", "down_revision = None");
        project.revision("b1", "left", "down_revision = 'a1'");
        project.revision("b2", "right", "down_revision = 'a1'\nbranch_labels = ('side',)");
        project.revision("c1", "join", "down_revision = ('b1', 'b2')");
        project.revision("d1", "alone", "down_revision = None");
        project.revision("e1", "needs d1", "down_revision = 'c1'\ndepends_on = 'd1'");
        project
    }

    /// Writes the file of a revision, named after its id.
    pub(super) fn revision(&self, id: &str, docstring: &str, rest: &str) -> PathBuf {
        self.write(
            &format!("scripts/versions/{id}.py"),
            &format!("\"\"\"{docstring}\n\n\"\"\"\nrevision = '{id}'\n{rest}\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"),
        )
    }

    /// Writes a file, its directory as well.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A path in the project.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// Runs git in the project; a merge may end in a conflict.
    pub(super) fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]);
        let output = command.args(arguments).current_dir(self.folder()).output().unwrap();
        let is_merge = arguments.first() == Some(&"merge");
        assert!(output.status.success() || is_merge, "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Commits everything that there is.
    pub(super) fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "change"]);
    }

    /// The command, ready to be changed before it is run by `outcome`; the environment is cleared.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("limbec"));
        command.args(arguments).current_dir(self.folder()).env_clear().env("LC_ALL", "C.UTF-8");
        command
    }

    /// Runs limbec in the project.
    pub(super) fn limbec(&self, arguments: &[&str]) -> String {
        self.outcome(&mut self.command(arguments))
    }

    /// Everything that can be seen of a run; the project's directory is written as `[DIR]`.
    pub(super) fn outcome(&self, command: &mut Command) -> String {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&display(&self.folder()), "[DIR]");
        let mut outcome = format!("exit {}\n", status.code().map_or("by a signal".to_owned(), |code| code.to_string()));
        for (name, bytes) in [("stdout", stdout), ("stderr", stderr)] {
            if !bytes.is_empty() {
                outcome.push_str(&format!("---- {name}\n{}", text(bytes)));
            }
        }
        outcome
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
