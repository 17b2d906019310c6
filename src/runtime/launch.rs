use std::cell::{Cell, RefCell};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::child::{PythonChild, Surroundings};
use super::protocol::Conversation;
use super::{Host, Implementation, Interpreter, NoCalls, Request, RuntimeError, embed, engine_file};

/// Where Python runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In this process.
    Embedded,
    /// In a child process.
    Child,
}

/// What the command line and the environment say about running Python.
#[derive(Debug, Clone, Default)]
pub struct RuntimeOptions {
    /// Against limbec's own choice (`LIMBEC_PYTHON_MODE`).
    pub mode: Option<Mode>,
    /// The engine's file (`LIMBEC_ENGINE`).
    pub engine: Option<PathBuf>,
    /// limbec's own executable, symlinks resolved, to find the engine beside it.
    pub executable: Option<PathBuf>,
    /// Of a child alone: where its standard output and error go instead of to ours.
    pub output: Option<PathBuf>,
    /// Of a child alone: environment variables besides ours.
    pub variables: Vec<(String, String)>,
}

/// An interpreter, ready to run requests; Python is started by the first of them and stays until `finish`.
pub struct Runtime {
    interpreter: Interpreter,
    /// libpython and the engine, if Python may run in this process.
    libraries: Option<(PathBuf, PathBuf)>,
    /// The caller wants it in this process or not at all.
    insists: bool,
    /// The libraries turned out not to work.
    fallen_back: Cell<bool>,
    child: RefCell<Option<PythonChild>>,
    surroundings: Surroundings,
}

impl Runtime {
    /// Chooses where Python will run; starts nothing.
    ///
    /// In this process if the interpreter's executable itself uses a shared libpython and the engine is there; a
    /// static executable runs faster than a libpython beside it, and free-threaded builds and PyPy have another
    /// object layout than the engine was made for. Libraries that cannot be loaded after all lead to a child, too.
    pub fn new(interpreter: Interpreter, options: &RuntimeOptions) -> Result<Self, RuntimeError> {
        let engine = engine_file::find(options.engine.as_deref(), options.executable.as_deref());
        let fits = interpreter.implementation == Implementation::CPython && !interpreter.version.free_threaded;
        let libraries = match (options.mode, interpreter.library.clone().filter(|_| fits), engine) {
            (Some(Mode::Child), _, _) => None,
            (_, Some(library), Some(engine)) => Some((library, engine)),
            (Some(Mode::Embedded), library, _) => {
                let path = interpreter.path.clone();
                let missing = if library.is_none() { "a libpython that fits the engine" } else { "the engine's file" };
                return Err(RuntimeError::Load { path, reason: format!("there is no {missing}") });
            }
            (None, _, _) => None,
        };
        let insists = options.mode.is_some();
        let surroundings = Surroundings { output: options.output.clone(), variables: options.variables.clone() };
        let (fallen_back, child) = (Cell::new(false), RefCell::new(None));
        Ok(Self { interpreter, libraries, insists, fallen_back, child, surroundings })
    }

    /// The interpreter.
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// Where Python runs.
    pub fn mode(&self) -> Mode {
        if self.libraries.is_some() && !self.fallen_back.get() { Mode::Embedded } else { Mode::Child }
    }

    /// Runs one request; the host answers what the driver asks meanwhile. Not to be called from within that host.
    pub fn run(&self, request: &Request, host: &mut dyn Host) -> Result<Value, RuntimeError> {
        let request = serde_json::to_value(request).map_err(|error| RuntimeError::Protocol(error.to_string()))?;
        self.converse(request, host)
    }

    /// Ends Python as far as anybody can notice: threads are joined, exit handlers run, streams flushed.
    ///
    /// The interpreter is not torn down (that costs more than many a migration); the process should end soon.
    pub fn finish(self) -> Result<(), RuntimeError> {
        let running = match self.mode() {
            Mode::Embedded => embed::is_running(),
            Mode::Child => self.child.borrow().is_some(),
        };
        if !running {
            return Ok(());
        }
        let outcome = self.converse(json!({"kind": "finish"}), &mut NoCalls);
        if let Some(child) = self.child.take() {
            child.wait()?;
        }
        match outcome?["flushed"].as_bool() {
            Some(true) => Ok(()),
            _ => Err(RuntimeError::Unflushed),
        }
    }

    fn converse(&self, request: Value, host: &mut dyn Host) -> Result<Value, RuntimeError> {
        // What limbec has printed comes before what Python prints.
        let _ = std::io::stdout().flush();
        let mut conversation = Conversation::new(request, host);
        match &self.libraries {
            Some((library, engine)) if self.embeds(library, engine)? => embed::converse(&mut conversation)?,
            _ => self.converse_with_child(&mut conversation)?,
        }
        conversation.finish()
    }

    /// Starts Python in this process, unless it turns out that it cannot be.
    fn embeds(&self, library: &Path, engine: &Path) -> Result<bool, RuntimeError> {
        if self.fallen_back.get() {
            return Ok(false);
        }
        match embed::start(&self.interpreter.path, library, engine) {
            Ok(()) => Ok(true),
            Err(RuntimeError::Load { .. }) if !self.insists => {
                self.fallen_back.set(true);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn converse_with_child(&self, conversation: &mut Conversation<'_>) -> Result<(), RuntimeError> {
        let mut slot = self.child.borrow_mut();
        let child = match &mut *slot {
            Some(child) => child,
            empty => empty.insert(PythonChild::start(&self.interpreter.path, &self.surroundings)?),
        };
        let result = child.converse(conversation);
        if result.is_err() {
            *slot = None;
        }
        result
    }
}
