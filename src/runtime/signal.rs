//! Ctrl-C while Python works: the terminal sends it to this process and to its children alike.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// More children at a time than this are not told of an interrupt that was sent to this process alone.
const CHILDREN_TOLD: usize = 1024;

/// Process ids of the children that an interrupt sent to this process alone is passed on to; 0 for none.
static CHILDREN: [AtomicI32; CHILDREN_TOLD] = [const { AtomicI32::new(0) }; CHILDREN_TOLD];

/// While it lives, SIGINT does not end this process.
pub(super) struct Patience {
    child: i32,
    /// `None` where an [`Interruption`] has the signals.
    before: Option<libc::sigaction>,
    _endings: Endings,
}

/// Puts a process id where there was another, if that is there.
fn exchange_child(from: i32, to: i32) {
    let exchange = |slot: &&AtomicI32| slot.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok();
    let _ = CHILDREN.iter().find(exchange);
}

/// Sends a signal to every child that is at work; what a handler may do.
fn tell_children(signal: c_int) {
    for slot in &CHILDREN {
        let child = slot.load(Ordering::Acquire);
        if child > 0 {
            // SAFETY: `kill` is async-signal-safe.
            unsafe { libc::kill(child, signal) };
        }
    }
}

/// Signals by which a container, a service manager or a terminal that closes asks a process to end.
const ENDINGS: [c_int; 2] = [libc::SIGTERM, libc::SIGHUP];

/// The signal that asked this process to end; 0 for none, or for Ctrl-C.
static ENDED_BY: AtomicI32 = AtomicI32::new(0);

/// Whether Python runs in this process.
static IS_EMBEDDED: AtomicBool = AtomicBool::new(false);

/// While it lives, SIGTERM and SIGHUP are for Python what Ctrl-C is, so that it rolls back; whoever ignores them (`nohup`) still does.
pub(super) struct Endings {
    /// `None` where an [`Interruption`] has the signals.
    before: Option<[libc::sigaction; 2]>,
}

impl Endings {
    /// Begins while Python works in this process.
    pub(super) fn within() -> Self {
        IS_EMBEDDED.store(true, Ordering::Release);
        Self::begin()
    }

    fn begin() -> Self {
        if WATCHED.load(Ordering::Acquire) {
            return Self { before: None };
        }
        Self { before: Some(ENDINGS.map(|signal| handle(signal, end_python as *const () as usize))) }
    }
}

impl Drop for Endings {
    fn drop(&mut self) {
        IS_EMBEDDED.store(false, Ordering::Release);
        if let Some(before) = &self.before {
            for (signal, before) in ENDINGS.into_iter().zip(before) {
                // SAFETY: restores what was there.
                unsafe { libc::sigaction(signal, ptr::from_ref(before), ptr::null_mut()) };
            }
        }
    }
}

/// Sets the handler of a signal, unless it is ignored; what was there.
fn handle(signal: c_int, handler: usize) -> libc::sigaction {
    // SAFETY: an all-zero sigaction is valid; the handlers given only do what a handler may.
    unsafe {
        let mut before: libc::sigaction = MaybeUninit::zeroed().assume_init();
        libc::sigaction(signal, ptr::null(), &raw mut before);
        if before.sa_sigaction != libc::SIG_IGN {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = handler;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
        before
    }
}

/// Python rolls back on SIGINT alone.
extern "C" fn end_python(signal: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    ENDED_BY.store(signal, Ordering::Release);
    tell_children(libc::SIGINT);
    if IS_EMBEDDED.load(Ordering::Acquire) {
        // SAFETY: `raise` is async-signal-safe.
        unsafe { libc::raise(libc::SIGINT) };
    }
}

/// The exit status of a process that ends for the signal that it was sent last: 130 for Ctrl-C, 143 for SIGTERM.
pub fn status_of_end() -> u8 {
    let signal = match ENDED_BY.load(Ordering::Acquire) {
        0 => libc::SIGINT,
        signal => signal,
    };
    u8::try_from(128 + signal).unwrap_or(130)
}

/// Whether this process was asked to end by something else than Ctrl-C.
pub(super) fn was_told_to_end() -> bool {
    ENDED_BY.load(Ordering::Acquire) != 0
}

impl Patience {
    /// Begins to wait for the child with that process id.
    pub(super) fn with(child: u32) -> Self {
        let child = child as i32;
        exchange_child(0, child);
        if WATCHED.load(Ordering::Acquire) {
            return Self { child, before: None, _endings: Endings::begin() };
        }
        // SAFETY: an all-zero sigaction is valid; the handler only does what a handler may.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = pass_on as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            let mut before = MaybeUninit::zeroed();
            libc::sigaction(libc::SIGINT, &raw const action, before.as_mut_ptr());
            Self { child, before: Some(before.assume_init()), _endings: Endings::begin() }
        }
    }
}

impl Drop for Patience {
    fn drop(&mut self) {
        exchange_child(self.child, 0);
        if let Some(before) = &self.before {
            // SAFETY: restores what was there.
            unsafe { libc::sigaction(libc::SIGINT, ptr::from_ref(before), ptr::null_mut()) };
        }
    }
}

/// While it lives, SIGINT, SIGTERM and SIGHUP end this process at once: limbec may be waiting for a lock or for an answer to a prompt, with
/// nothing done yet that would have to be undone, and Python's own handler would only make a note of it.
pub(super) struct Mortality {
    /// `None` where there is something to undo after all ([`Interruption`]).
    before: Option<[libc::sigaction; 3]>,
}

impl Mortality {
    pub(super) fn begin() -> Self {
        let is_free = !WATCHED.load(Ordering::Acquire);
        Self { before: is_free.then(|| REQUESTS.map(|signal| handle(signal, libc::SIG_DFL))) }
    }
}

/// Sleeps between two requests; Ctrl-C ends this process, nothing being under way.
pub fn pause(time: std::time::Duration) {
    let _mortality = Mortality::begin();
    std::thread::sleep(time);
}

impl Drop for Mortality {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            for (signal, before) in REQUESTS.into_iter().zip(before) {
                // SAFETY: restores what was there.
                unsafe { libc::sigaction(signal, ptr::from_ref(before), ptr::null_mut()) };
            }
        }
    }
}

/// Signals by which a terminal, a user or a CI system asks a process to end.
const REQUESTS: [c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// Whether an [`Interruption`] lives.
static WATCHED: AtomicBool = AtomicBool::new(false);

/// Whether a request to end has come since.
static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Whether the second request ends this process.
static ENDS_AT_SECOND: AtomicBool = AtomicBool::new(false);

/// Exit status of a process that Ctrl-C ended.
const INTERRUPTED: c_int = 130;

/// While it lives, SIGINT, SIGTERM and SIGHUP do not end this process but are noted, and interrupt Python: for work that
/// leaves something to be cleared away. There is one at a time.
pub struct Interruption {
    /// `None`: somebody watched already.
    before: Option<[libc::sigaction; 3]>,
}

impl Interruption {
    /// Begins to watch.
    pub fn watch() -> Self {
        Self::begin(false)
    }

    /// The same for work that leaves nothing to be cleared away: the second request ends this process at once, and its children with it.
    ///
    /// Where somebody watches already, it stays as it is: there is something to be cleared away.
    pub fn watch_once() -> Self {
        if WATCHED.load(Ordering::Acquire) { Self { before: None } } else { Self::begin(true) }
    }

    fn begin(ends_at_second: bool) -> Self {
        ENDS_AT_SECOND.store(ends_at_second, Ordering::Release);
        REQUESTED.store(false, Ordering::Release);
        WATCHED.store(true, Ordering::Release);
        Self { before: Some(REQUESTS.map(|signal| handle(signal, note as *const () as usize))) }
    }

    /// Whether this process was asked to end.
    pub fn is_requested() -> bool {
        REQUESTED.load(Ordering::Acquire)
    }
}

impl Drop for Interruption {
    fn drop(&mut self) {
        let Some(before) = &self.before else { return };
        WATCHED.store(false, Ordering::Release);
        for (signal, before) in REQUESTS.into_iter().zip(before) {
            // SAFETY: restores what was there.
            unsafe { libc::sigaction(signal, ptr::from_ref(before), ptr::null_mut()) };
        }
    }
}

/// Python rolls back on SIGINT alone; the other two would kill it, or not reach it.
extern "C" fn note(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    if REQUESTED.swap(true, Ordering::AcqRel) && ENDS_AT_SECOND.load(Ordering::Acquire) {
        tell_children(libc::SIGKILL);
        // SAFETY: `_exit` is async-signal-safe.
        unsafe { libc::_exit(if signal == libc::SIGINT { INTERRUPTED } else { 128 + signal }) };
    }
    if signal != libc::SIGINT {
        ENDED_BY.store(signal, Ordering::Release);
    }
    // SAFETY: with SA_SIGINFO the kernel hands over a valid structure.
    if signal != libc::SIGINT || unsafe { (*info).si_code } == libc::SI_USER {
        tell_children(libc::SIGINT);
    }
}

/// While it lives, Ctrl-C on the terminal is a key to be read, and a SIGINT ends the call that waits for one, and nothing else.
#[derive(Debug)]
pub struct Interruptible {
    before: libc::sigaction,
    /// Of SIGALRM, which comes after a SIGINT: the first may have come before the call that it is to end.
    alarm_before: libc::sigaction,
    /// Of standard input, if it is a terminal.
    terminal: Option<libc::termios>,
}

impl Interruptible {
    /// Begins now.
    pub fn begin() -> Self {
        // SAFETY: an all-zero sigaction is valid (without SA_RESTART, so that a read ends); the handler does nothing. tcgetattr
        // fills the termios where it succeeds.
        unsafe {
            let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
            action.sa_sigaction = ignore as *const () as usize;
            let mut alarm_before = MaybeUninit::zeroed();
            libc::sigaction(libc::SIGALRM, &raw const action, alarm_before.as_mut_ptr());
            action.sa_sigaction = come_again as *const () as usize;
            let mut before = MaybeUninit::zeroed();
            libc::sigaction(libc::SIGINT, &raw const action, before.as_mut_ptr());
            let mut terminal = MaybeUninit::<libc::termios>::zeroed();
            let is_terminal = libc::tcgetattr(libc::STDIN_FILENO, terminal.as_mut_ptr()) == 0;
            let terminal = is_terminal.then(|| terminal.assume_init());
            if let Some(mut changed) = terminal {
                // A Ctrl-C that comes before the read begins would be a signal that nobody waits for.
                changed.c_cc[libc::VINTR] = libc::_POSIX_VDISABLE;
                libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const changed);
            }
            Self { before: before.assume_init(), alarm_before: alarm_before.assume_init(), terminal }
        }
    }
}

impl Drop for Interruptible {
    fn drop(&mut self) {
        // SAFETY: restores what was there.
        unsafe {
            if let Some(terminal) = &self.terminal {
                libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const *terminal);
            }
            libc::sigaction(libc::SIGINT, &raw const self.before, ptr::null_mut());
            libc::alarm(0);
            libc::sigaction(libc::SIGALRM, &raw const self.alarm_before, ptr::null_mut());
        }
    }
}

extern "C" fn ignore(_: c_int) {}

extern "C" fn come_again(_: c_int) {
    // SAFETY: `alarm` is async-signal-safe.
    unsafe { libc::alarm(1) };
}

/// Sent by a process (`kill`), a signal reaches only one of the two; sent by the terminal, both.
extern "C" fn pass_on(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    REQUESTED.store(true, Ordering::Release);
    // SAFETY: with SA_SIGINFO the kernel hands over a valid structure.
    if unsafe { (*info).si_code } == libc::SI_USER {
        tell_children(signal);
    }
}

/// Lets the command inherit `fds`, and be ended by the kernel when this process dies: nobody would be left to answer it.
pub(super) fn tie(command: &mut Command, fds: [RawFd; 2]) {
    use std::os::unix::process::CommandExt;
    // SAFETY: the closure makes system calls only, all of them async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            for fd in fds {
                if libc::fcntl(fd, libc::F_SETFD, 0) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            #[cfg(target_os = "linux")]
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            Ok(())
        });
    }
}
