use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use wait_timeout::ChildExt;

/// A program and how it is run.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// Its name and its arguments, which may hold secrets.
    pub words: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// How long it may take; it is stopped then, with whatever it has started.
    pub limit: Duration,
    /// Where its output goes.
    pub streams: Streams,
}

/// Where the output of a program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Standard error to standard output, in the order of time.
    Together,
    /// Each by itself.
    Apart,
}

/// A program that has run.
#[derive(Debug)]
pub struct Ended {
    /// `None`: it was stopped at the time limit.
    pub status: Option<ExitStatus>,
    /// What it printed.
    pub stdout: File,
    /// What it printed on standard error; with [`Streams::Together`] the same file.
    pub stderr: File,
}

impl Program<'_> {
    /// Its name alone, for messages.
    pub fn name(&self) -> &str {
        self.words.first().map(String::as_str).unwrap_or_default()
    }

    /// Runs it. Files instead of pipes: neither side can block the other.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, input: &str) -> io::Result<Ended> {
        let mut stdin = tempfile::tempfile()?;
        stdin.write_all(input.as_bytes())?;
        stdin.rewind()?;
        let stdout = tempfile::tempfile()?;
        let stderr = match self.streams {
            Streams::Together => stdout.try_clone()?,
            Streams::Apart => tempfile::tempfile()?,
        };
        let (program, arguments) = self
            .words
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no program is named"))?;
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder)
            .stdin(Stdio::from(stdin))
            .stdout(Stdio::from(stdout.try_clone()?))
            .stderr(Stdio::from(stderr.try_clone()?))
            .process_group(0)
            .spawn()?;
        let status = child.wait_timeout(self.limit)?;
        if status.is_none() {
            stop(&mut child)?;
        }
        Ok(Ended { status, stdout, stderr })
    }
}

/// Ends a program and whatever it has started.
fn stop(child: &mut Child) -> io::Result<()> {
    if let Ok(group) = i32::try_from(child.id()) {
        // SAFETY: a system call without memory; the child is a process group of its own and not yet waited for.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    child.wait().map(drop)
}

/// The last bytes of what a program printed, as text.
///
/// # Errors
/// The file cannot be read.
pub fn end_of(output: &mut File, bytes: u64) -> io::Result<String> {
    let length = output.metadata()?.len();
    output.seek(SeekFrom::Start(length.saturating_sub(bytes)))?;
    let mut end = Vec::new();
    output.read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}
