//! Python in this process: libpython and the engine, loaded at run time. All foreign calls are in this file.
//!
//! The symbols are CPython's stable way of starting as the `python` executable does (PEP 587), used through an opaque
//! buffer, so that no structure layout of any version is relied upon.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::Mutex;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

use super::engine_file::ENGINE_ABI;
use super::protocol::{BOOT, Conversation};
use super::{RuntimeError, signal};

/// `Text` of `python/src/lib.rs`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Text {
    data: *const u8,
    len: usize,
}

type Exchange = extern "C" fn(*mut c_void, Text) -> Text;
type EngineRun = unsafe extern "C" fn(Text, Exchange, *mut c_void);

/// `PyStatus`, returned by value.
#[repr(C)]
struct PyStatus {
    kind: c_int,
    function: *const c_char,
    message: *const c_char,
    exit_code: c_int,
}

/// `PyConfig` has 392 to 448 bytes in 3.9 to 3.13.
type ConfigBuffer = [u64; 4096];

/// The interpreter that this process runs, once it runs one: there is no second in a process, and no end to it.
static STARTED: Mutex<Option<Started>> = Mutex::new(None);

struct Started {
    interpreter: PathBuf,
    run: EngineRun,
}

/// Loads `library` and `engine` and starts Python as `interpreter`, unless that has been done.
pub(super) fn start(interpreter: &Path, library: &Path, engine: &Path) -> Result<(), RuntimeError> {
    let mut started = STARTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(started) = &*started {
        return if started.interpreter == interpreter {
            Ok(())
        } else {
            Err(start_error(interpreter, format!("{} runs in this process already", started.interpreter.display())))
        };
    }
    // GLOBAL, because extension modules look Python's symbols up in the process.
    // Never unloaded: threads and exit handlers of extension modules may outlive any request.
    let python = ManuallyDrop::new(load(library, RTLD_GLOBAL)?);
    let run = load_engine(engine)?;
    initialise(&python, library, interpreter)?;
    *started = Some(Started { interpreter: interpreter.to_owned(), run });
    Ok(())
}

/// Runs one conversation in the interpreter that `start` started.
pub(super) fn converse(conversation: &mut Conversation<'_>) -> Result<(), RuntimeError> {
    let run = match &*STARTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
        Some(started) => started.run,
        None => return Err(RuntimeError::Protocol("Python has not been started".to_owned())),
    };
    let _endings = signal::Endings::within();
    let mut line = Line { conversation, answer: String::new() };
    let boot = Text { data: BOOT.as_ptr(), len: BOOT.len() };
    // SAFETY: `start` initialised Python and released the GIL; the texts and the line outlive the call, and the
    // engine calls `exchange` on this thread only.
    unsafe { run(boot, exchange, ptr::from_mut(&mut line).cast()) };
    Ok(())
}

struct Line<'a, 'b> {
    conversation: &'a mut Conversation<'b>,
    /// Kept until the next exchange, as the engine expects.
    answer: String,
}

extern "C" fn exchange(context: *mut c_void, message: Text) -> Text {
    // SAFETY: `context` is the `Line` of `converse`, which waits on this thread; the engine allows one call at a time.
    let line = unsafe { &mut *context.cast::<Line<'_, '_>>() };
    // SAFETY: the engine's message is valid for this call.
    let bytes = unsafe { std::slice::from_raw_parts(message.data, message.len) };
    line.answer = line.conversation.answer(&String::from_utf8_lossy(bytes));
    Text { data: line.answer.as_ptr(), len: line.answer.len() }
}

fn load(path: &Path, scope: c_int) -> Result<Library, RuntimeError> {
    // SAFETY: the initialisers of libpython and of the engine do nothing that could upset this process.
    unsafe { Library::open(Some(path), RTLD_NOW | scope) }
        .map_err(|error| RuntimeError::Load { path: path.to_owned(), reason: error.to_string() })
}

fn load_engine(path: &Path) -> Result<EngineRun, RuntimeError> {
    let engine = load(path, RTLD_LOCAL)?;
    // SAFETY: the type is that of `limbec_engine_abi` in every version of the engine.
    let abi = unsafe { *symbol::<unsafe extern "C" fn() -> u32>(&engine, path, c"limbec_engine_abi")? };
    // SAFETY: it takes nothing and returns a number.
    let abi = unsafe { abi() };
    if abi != ENGINE_ABI {
        let reason = format!("it has engine interface {abi}, this limbec needs {ENGINE_ABI}; install both together");
        return Err(RuntimeError::Load { path: path.to_owned(), reason });
    }
    // SAFETY: the type is that of `limbec_engine_run` for the interface number just compared.
    let run = unsafe { *symbol::<EngineRun>(&engine, path, c"limbec_engine_run")? };
    std::mem::forget(engine);
    Ok(run)
}

/// # Safety
/// `T` must be the type of the symbol.
unsafe fn symbol<T>(
    library: &Library,
    path: &Path,
    name: &CStr,
) -> Result<libloading::os::unix::Symbol<T>, RuntimeError> {
    // SAFETY: promised by the caller.
    unsafe { library.get::<T>(name) }
        .map_err(|error| RuntimeError::Load { path: path.to_owned(), reason: error.to_string() })
}

/// `Py_InitializeFromConfig` with the interpreter's path as program name, from which Python finds `pyvenv.cfg`.
fn initialise(python: &Library, library: &Path, interpreter: &Path) -> Result<(), RuntimeError> {
    let program = CString::new(interpreter.as_os_str().as_bytes())
        .map_err(|_| start_error(interpreter, "its path has a NUL character".to_owned()))?;
    // argv[1] is parsed as the name of a script, so that no later argument is taken for an option of Python.
    let arguments = [program.as_ptr(), c"limbec".as_ptr()];
    let mut config: Box<ConfigBuffer> = Box::new([0; 4096]);
    let config: *mut c_void = ptr::from_mut(&mut *config).cast();
    // SAFETY: the types are those of CPython's headers, 3.9 to 3.15; `config` is larger than any of their PyConfig
    // and used only between Init and Clear; afterwards the thread state is released for the engine to take.
    unsafe {
        let init = symbol::<unsafe extern "C" fn(*mut c_void)>(python, library, c"PyConfig_InitPythonConfig")?;
        let set_argv = symbol::<unsafe extern "C" fn(*mut c_void, isize, *const *const c_char) -> PyStatus>(
            python,
            library,
            c"PyConfig_SetBytesArgv",
        )?;
        let start =
            symbol::<unsafe extern "C" fn(*const c_void) -> PyStatus>(python, library, c"Py_InitializeFromConfig")?;
        let clear = symbol::<unsafe extern "C" fn(*mut c_void)>(python, library, c"PyConfig_Clear")?;
        let save_thread = symbol::<unsafe extern "C" fn() -> *mut c_void>(python, library, c"PyEval_SaveThread")?;
        init(config);
        let mut status = set_argv(config, arguments.len() as isize, arguments.as_ptr());
        if status.kind == 0 {
            status = start(config);
        }
        let failure = (status.kind != 0).then(|| describe(&status));
        clear(config);
        if let Some(reason) = failure {
            return Err(start_error(interpreter, reason));
        }
        save_thread();
    }
    Ok(())
}

/// # Safety
/// The status must come from CPython: its texts are static or null.
unsafe fn describe(status: &PyStatus) -> String {
    if status.message.is_null() {
        return format!("status {}", status.exit_code);
    }
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(status.message) }.to_string_lossy().into_owned()
}

fn start_error(interpreter: &Path, reason: String) -> RuntimeError {
    RuntimeError::Start { interpreter: interpreter.to_owned(), reason }
}

/// Whether Python runs in this process.
pub(super) fn is_running() -> bool {
    STARTED.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_some()
}
