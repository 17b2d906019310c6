use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::NoBase;

/// Asks the `git` program, which knows about work trees, alternates and `safe.directory`. The variables that hooks are given
/// (GIT_DIR, GIT_INDEX_FILE) are passed on.
#[derive(Debug)]
pub(super) struct Git {
    /// Where it runs.
    directory: PathBuf,
}

impl Git {
    pub(super) fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Runs git and waits. Pathspecs are taken literally, the index is not written, messages are English.
    pub(super) fn output(&self, arguments: &[&OsStr]) -> Result<Output, NoBase> {
        self.command(arguments).output().map_err(|error| NoBase::of_io(&error))
    }

    /// Standard output of a run that should not fail.
    pub(super) fn ask(&self, arguments: &[&OsStr]) -> Result<Vec<u8>, NoBase> {
        let output = self.output(arguments)?;
        if output.status.success() { Ok(output.stdout) } else { Err(NoBase::of_output(&output)) }
    }

    /// The same with something on standard input.
    pub(super) fn ask_with(&self, arguments: &[&OsStr], input: &[u8]) -> Result<Vec<u8>, NoBase> {
        let mut command = self.command(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| NoBase::of_io(&error))?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Both pipes are of limited size: what is written and what is read must not wait for each other.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(|error| NoBase::of_io(&error))?;
        if output.status.success() { Ok(output.stdout) } else { Err(NoBase::of_output(&output)) }
    }

    fn command(&self, arguments: &[&OsStr]) -> Command {
        let mut command = Command::new("git");
        command.args(["--no-optional-locks", "--literal-pathspecs", "--no-pager"]).args(arguments);
        command.current_dir(&self.directory).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }
}
