//! The engine: loaded into a running Python by the limbec binary, it runs the driver with a line back to the binary.
//!
//! It knows nothing of Alembic; the driver's text and the requests come over that line. What both sides must agree on
//! is this file's C interface, whose number is `limbec_engine_abi`.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

/// The number of the C interface below; raised whenever it changes.
pub const ABI: u32 = 1;

/// UTF-8 text owned by the caller, or by the host until the next exchange.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const u8,
    len: usize,
}

/// Gives the host a message and gets its answer. A message that begins with `!` says why the driver could not run.
pub type Exchange = extern "C" fn(context: *mut c_void, message: Text) -> Text;

/// The number of the interface, for the host to compare before it calls anything else.
#[unsafe(no_mangle)]
pub extern "C" fn limbec_engine_abi() -> u32 {
    ABI
}

/// Runs the text `boot` with the function `exchange` among its globals, until it returns. Python must be initialised
/// and the GIL released. Failures are told through `exchange`.
///
/// # Safety
/// `boot` must be valid for the call, and `exchange` callable with `context` from this thread during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn limbec_engine_run(boot: Text, exchange: Exchange, context: *mut c_void) {
    let line = Line { exchange, context: Mutex::new(context as usize), thread: thread::current().id() };
    // SAFETY: promised by the caller.
    let boot = unsafe { std::slice::from_raw_parts(boot.data, boot.len) };
    let outcome = catch_unwind(AssertUnwindSafe(|| run(boot, line)));
    let trouble = match outcome {
        Ok(None) => return,
        Ok(Some(text)) => text,
        Err(_) => "the engine panicked".to_owned(),
    };
    let message = format!("!{trouble}");
    exchange(context, Text { data: message.as_ptr(), len: message.len() });
}

/// The way back to the host.
struct Line {
    exchange: Exchange,
    /// The host's pointer as a number: the closure that holds it must be `Send`, and uses it on one thread only.
    context: Mutex<usize>,
    thread: ThreadId,
}

/// Set while a Python thread waits for the host: a nested call would find the host's buffers in use.
static BUSY: AtomicBool = AtomicBool::new(false);

impl Line {
    fn send(&self, py: Python<'_>, message: &str) -> PyResult<String> {
        if thread::current().id() != self.thread {
            return Err(PyRuntimeError::new_err("limbec can be called from the main thread only"));
        }
        let context = *self.context.lock().map_err(|_| PyRuntimeError::new_err("limbec's line is broken"))?;
        if context == 0 || BUSY.swap(true, Ordering::AcqRel) {
            return Err(PyRuntimeError::new_err("limbec is not listening"));
        }
        let exchange = self.exchange;
        let answer = py.detach(|| {
            let answer = exchange(context as *mut c_void, Text { data: message.as_ptr(), len: message.len() });
            // SAFETY: the host keeps its answer until the next exchange, which BUSY holds back.
            let bytes = unsafe { std::slice::from_raw_parts(answer.data, answer.len) };
            String::from_utf8_lossy(bytes).into_owned()
        });
        BUSY.store(false, Ordering::Release);
        // Ctrl-C while the host was at work.
        py.check_signals()?;
        Ok(answer)
    }
}

/// `None`, or what went wrong outside of the driver's own error handling.
fn run(boot: &[u8], line: Line) -> Option<String> {
    Python::attach(|py| match execute(py, boot, line) {
        Ok(()) => None,
        Err(error) => Some(describe(py, &error)),
    })
}

fn execute(py: Python<'_>, boot: &[u8], line: Line) -> PyResult<()> {
    let exchange = PyCFunction::new_closure(
        py,
        Some(c"exchange"),
        None,
        move |arguments: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
            let message: String = arguments.get_item(0)?.extract()?;
            line.send(arguments.py(), &message)
        },
    )?;
    let globals = PyDict::new(py);
    globals.set_item("__name__", "_limbec_boot")?;
    globals.set_item("exchange", exchange)?;
    let builtins = py.import("builtins")?;
    let code = builtins.call_method1("compile", (boot, "<limbec>/boot.py", "exec"))?;
    builtins.call_method1("exec", (code, globals))?;
    Ok(())
}

fn describe(py: Python<'_>, error: &PyErr) -> String {
    let traceback = error.traceback(py).and_then(|traceback| traceback.format().ok()).unwrap_or_default();
    format!("{traceback}{error}")
}

/// The extension module `limbec._engine`: tells which interface this file has.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("ABI", ABI)?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
