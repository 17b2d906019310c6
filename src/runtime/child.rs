use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::protocol::{CHILD, Conversation};
use super::{RuntimeError, signal};

/// Python in a child: JSON lines over two inherited pipes, so that the standard streams stay the user's.
pub(super) struct PythonChild {
    interpreter: PathBuf,
    process: Child,
    from_child: BufReader<PipeReader>,
    to_child: PipeWriter,
}

/// What a child has of its own.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Where its standard output and error go; `None`: to ours.
    pub(super) output: Option<PathBuf>,
    /// Environment variables besides ours.
    pub(super) variables: Vec<(String, String)>,
}

impl PythonChild {
    pub(super) fn start(interpreter: &Path, surroundings: &Surroundings) -> Result<Self, RuntimeError> {
        let spawn_error = |source| RuntimeError::Spawn { interpreter: interpreter.to_owned(), source };
        let (child_reads, to_child) = pipe().map_err(spawn_error)?;
        let (from_child, child_writes) = pipe().map_err(spawn_error)?;
        let fds = [child_reads.as_raw_fd(), child_writes.as_raw_fd()];
        let mut command = Command::new(interpreter);
        command.arg("-c").arg(CHILD).args(fds.map(|fd| fd.to_string()));
        command.envs(surroundings.variables.iter().map(|(name, value)| (name, value)));
        if let Some(path) = &surroundings.output {
            let file = OpenOptions::new().append(true).create(true).open(path).map_err(spawn_error)?;
            command.stdin(Stdio::null()).stderr(file.try_clone().map_err(spawn_error)?).stdout(file);
        }
        signal::tie(&mut command, fds);
        let process = command.spawn().map_err(spawn_error)?;
        Ok(Self { interpreter: interpreter.to_owned(), process, from_child: BufReader::new(from_child), to_child })
    }

    /// One request and its outcome; the child's asking for the next is left to the next conversation.
    pub(super) fn converse(&mut self, conversation: &mut Conversation<'_>) -> Result<(), RuntimeError> {
        let _patience = signal::Patience::with(self.process.id());
        while !conversation.is_over() {
            let message = self.receive()?;
            let reply = conversation.answer(&message);
            self.send(&reply)?;
        }
        Ok(())
    }

    /// Waits for the end of a child that was told to finish.
    pub(super) fn wait(mut self) -> Result<(), RuntimeError> {
        let _patience = signal::Patience::with(self.process.id());
        drop(self.to_child);
        match self.process.wait() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) if status.code() == Some(120) => Err(RuntimeError::Unflushed),
            Ok(status) => Err(RuntimeError::Lost { interpreter: self.interpreter, status }),
            Err(source) => Err(RuntimeError::Spawn { interpreter: self.interpreter, source }),
        }
    }

    fn receive(&mut self) -> Result<String, RuntimeError> {
        let mut line = String::new();
        match self.from_child.read_line(&mut line) {
            Ok(length) if length > 0 => Ok(line),
            _ => Err(self.lost()),
        }
    }

    fn send(&mut self, reply: &str) -> Result<(), RuntimeError> {
        let line = format!("{reply}\n");
        self.to_child.write_all(line.as_bytes()).map_err(|_| self.lost())
    }

    /// How the child ended, whose pipes have closed.
    fn lost(&mut self) -> RuntimeError {
        match self.process.wait() {
            // A second Ctrl-C while it was telling of the first, or one before it could tell anything.
            Ok(_) if signal::was_told_to_end() => RuntimeError::Interrupted,
            Ok(status) if status.code() == Some(130) || status.signal() == Some(libc::SIGINT) => {
                RuntimeError::Interrupted
            }
            Ok(status) => RuntimeError::Lost { interpreter: self.interpreter.clone(), status },
            Err(source) => RuntimeError::Spawn { interpreter: self.interpreter.clone(), source },
        }
    }
}
