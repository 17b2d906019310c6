use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// What the process was given besides its arguments, read once. Everything below `cli` gets it as values.
#[derive(Debug, Clone)]
pub struct Environment {
    /// All variables, for those that a configuration names (`url = "env:NAME"`).
    pub variables: BTreeMap<String, OsString>,
    /// The current directory, as the shell wrote it where it did (`PWD`), else as the system says.
    pub current_dir: PathBuf,
    /// Width of the terminal on standard input, which decides how Alembic wraps its messages.
    pub message_width: Option<usize>,
    /// Whether a person can be asked: standard input and standard error are terminals.
    pub interactive: bool,
}

impl Environment {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// When the current directory does not exist any more.
    pub fn read() -> io::Result<Self> {
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Ok(Self {
            variables,
            current_dir: std::env::current_dir()?,
            message_width: width_of_standard_input(),
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
        })
    }

    /// Whether a question may be put: somebody is there, and it is no job of continuous integration with a terminal.
    pub fn can_ask(&self) -> bool {
        self.interactive && !self.is_ci()
    }

    /// Whether this is a job of continuous integration, as every system of the kind tells by `CI`.
    pub fn is_ci(&self) -> bool {
        self.variable("CI").is_some_and(|value| !matches!(value, "false" | "0"))
    }

    /// A variable that is set, not empty and valid Unicode.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    }
}

impl Environment {
    /// The encoding that Python would choose for standard output. A locale without UTF-8 makes no difference: Python switches
    /// to UTF-8 in the C locale, and others are not found in practice.
    pub fn stdout_encoding(&self) -> Encoding {
        let name = self.variable("PYTHONIOENCODING").unwrap_or_default().split(':').next().unwrap_or_default();
        match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "ascii" | "us-ascii" => Encoding::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => Encoding::Latin1,
            _ => Encoding::Utf8,
        }
    }
}

/// Encodings of standard output that scripts ask for by PYTHONIOENCODING.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Everything can be said.
    Utf8,
    /// Up to U+00FF.
    Latin1,
    /// Up to U+007F.
    Ascii,
}

impl Encoding {
    /// Encodes as Python does with `errors="replace"`: a question mark for what there is no code for.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let last = match self {
            Encoding::Utf8 => return text.as_bytes().to_vec(),
            Encoding::Latin1 => 0xff,
            Encoding::Ascii => 0x7f,
        };
        text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|code| *code <= last).unwrap_or(b'?')).collect()
    }
}

/// Alembic's `TERMWIDTH`: `TIOCGWINSZ` of file descriptor 0; `None` when that is no terminal or has no width.
fn width_of_standard_input() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize, which outlives the call.
    let status = unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (status == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}
