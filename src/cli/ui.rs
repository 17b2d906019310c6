//! The one place that prints.
//!
//! Results and Alembic's messages go to standard output and are written at once, at the end or when something else is about
//! to write there (`flush`). A reader that went away (`limbec history | head -1`) is no failure: the rest is dropped silently and
//! the exit status is that of the command. Everything else goes to standard error.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use chrono::{SecondsFormat, Utc};
use clap::ValueEnum;
use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::{Map, Value};

use super::environment::Encoding;
use super::error::Obstacle;
use super::secrets::Secrets;
use super::table::Table;
use super::wrap::wrap;
use crate::database::DatabaseUrl;
use crate::script::{Announce, WorkKind};

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UiOptions {
    /// `-q`
    pub quiet: bool,
    /// Whether standard error gets colours.
    pub colored: bool,
    /// Whether results that know colours get them. Alembic's never do.
    pub colored_results: bool,
    /// Width of the terminal on standard input; `None`: messages are not wrapped.
    pub message_width: Option<usize>,
    /// How many `-v` limbec was given.
    pub verbosity: u8,
    /// Of standard output.
    pub encoding: Encoding,
    /// Whether standard error is a terminal that a person watches.
    pub progress: bool,
    /// Of standard error.
    pub log_format: LogFormat,
}

/// The form of what goes to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Sentences for people
    Text,
    /// One JSON object a line, for programs that collect logs
    Json,
}

/// How much somebody should care about a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Told only with `-v`.
    Debug,
    /// As planned.
    Info,
    /// Somebody should look at it.
    Warning,
    /// What was asked for was not done.
    Error,
}

/// One line of the log, as JSON.
#[derive(Debug, Serialize)]
struct LogLine<'a> {
    time: String,
    level: LogLevel,
    event: &'a str,
    message: &'a str,
    #[serde(flatten)]
    fields: &'a Map<String, Value>,
}

impl UiOptions {
    /// Neither colours nor wrapping, for what happens before the arguments are known.
    pub fn plain() -> Self {
        Self {
            quiet: false,
            colored: false,
            colored_results: false,
            message_width: None,
            verbosity: 0,
            encoding: Encoding::Utf8,
            progress: false,
            log_format: LogFormat::Text,
        }
    }
}

/// Prints results, messages, warnings, hints and errors.
#[derive(Debug)]
pub struct Ui {
    options: UiOptions,
    out: String,
    lost: Option<io::Error>,
    /// Their secrets are never shown on standard error, whoever says them.
    hidden: Secrets,
}

impl Ui {
    /// A Ui that has printed nothing.
    pub fn new(options: UiOptions) -> Self {
        Self { options, out: String::new(), lost: None, hidden: Secrets::default() }
    }

    /// Keeps the secrets of a URL off standard error from now on.
    pub(super) fn hide(&mut self, url: &DatabaseUrl) {
        self.hidden.add(url);
    }

    /// A text without the secrets that are kept off standard error.
    pub(super) fn censored(&self, text: &str) -> String {
        self.hidden.censored(text)
    }

    /// How many `-v` limbec was given (Alembic's own `-v` of heads, history … not counted).
    pub fn verbosity(&self) -> u8 {
        self.options.verbosity
    }

    /// Whether progress is shown: a person watches, and did not ask for silence.
    pub fn shows_progress(&self) -> bool {
        self.options.progress && !self.options.quiet
    }

    /// Whether a result may hold colours.
    pub fn colors_results(&self) -> bool {
        self.options.colored_results
    }

    /// Whether `-q` was given.
    pub fn is_quiet(&self) -> bool {
        self.options.quiet
    }

    /// A line of the result (Alembic's `config.print_stdout`): never wrapped, silenced by `-q`.
    pub fn result(&mut self, line: &str) {
        if !self.options.quiet {
            self.out.push_str(line);
            self.out.push('\n');
        }
    }

    /// Alembic's `static_output`: not even `--quiet` keeps it back.
    pub fn static_output(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push_str("\n\n");
        if self.out.len() > 64 * 1024 {
            self.flush();
        }
    }

    /// `util.msg` without its newline.
    fn wrapped(&self, message: &str) -> String {
        match self.options.message_width {
            None => message.to_owned(),
            Some(width) => wrap(message, width).join("\n"),
        }
    }

    /// A result for scripts (`--format json`): one document.
    pub fn json(&mut self, result: &impl Serialize) {
        if self.options.quiet {
            return;
        }
        // Only maps with keys that are no strings cannot be written, and no result has one.
        if let Ok(text) = serde_json::to_string_pretty(result) {
            self.result(&text);
        }
    }

    /// A result in columns.
    pub fn table(&mut self, table: &Table) {
        for line in table.lines() {
            self.result(&line);
        }
    }

    /// Writes what is waiting for standard output; to be called before Python or a child may write there.
    pub fn flush(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let text = self.options.encoding.encode(&std::mem::take(&mut self.out));
        let mut stdout = io::stdout().lock();
        match stdout.write_all(&text).and_then(|()| stdout.flush()) {
            // A closed pipe is the reader's decision.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => self.lost = Some(error),
            _ => {}
        }
    }

    /// Why a part of the result did not reach standard output (a full disk), if so.
    pub(super) fn lost_output(&mut self) -> Option<io::Error> {
        self.lost.take()
    }

    /// Progress and context for people, on standard error; silenced by `-q`.
    pub fn status(&mut self, sentence: &str) {
        if !self.options.quiet {
            self.tell(LogLevel::Info, "status", sentence, sentence);
        }
    }

    /// `warning: …` on standard error.
    pub fn warning(&mut self, sentence: &str) {
        let text = format!("{} {sentence}", "warning:".yellow().bold());
        self.tell(LogLevel::Warning, "warning", sentence, &text);
    }

    /// `hint: …` on standard error: what to type or to change.
    pub fn hint(&mut self, sentence: &str) {
        let text = format!("{} {sentence}", "hint:".cyan().bold());
        self.tell(LogLevel::Info, "hint", sentence, &text);
    }

    /// `error: …`, each `caused by: …` and each `hint: …` on standard error; one object in a log.
    pub(super) fn failure(&mut self, obstacle: Obstacle, sentence: &str, causes: &[String], hints: &[String]) {
        if self.logs_json() {
            let kind = serde_json::to_value(obstacle).unwrap_or_default();
            let fields = [("kind", kind), ("causes", causes.into()), ("hints", hints.into())];
            let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            return self.log(LogLevel::Error, "error", sentence, &fields);
        }
        self.line(&format!("{} {sentence}", "error:".red().bold()));
        self.reasons(causes, hints);
    }

    /// The causes and hints of a failure whose sentence is elsewhere.
    pub(super) fn reasons(&mut self, causes: &[String], hints: &[String]) {
        for cause in causes {
            let text = format!("{} {cause}", "caused by:".bold());
            self.tell(LogLevel::Error, "cause", cause, &text);
        }
        for hint in hints {
            self.hint(hint);
        }
    }

    /// Whether standard error is a log of JSON objects.
    pub(super) fn logs_json(&self) -> bool {
        self.options.log_format == LogFormat::Json
    }

    /// An event for the log; nothing where there is none. `-q` leaves out what went as planned.
    pub(super) fn log(&mut self, level: LogLevel, event: &str, message: &str, fields: &Map<String, Value>) {
        let is_wanted = match level {
            LogLevel::Debug => self.options.verbosity > 0,
            LogLevel::Info => !self.options.quiet,
            LogLevel::Warning | LogLevel::Error => true,
        };
        if !self.logs_json() || !is_wanted {
            return;
        }
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        // Only maps with keys that are no strings cannot be written, and there are none.
        if let Ok(line) = serde_json::to_string(&LogLine { time, level, event, message, fields }) {
            self.line(&line);
        }
    }

    fn tell(&mut self, level: LogLevel, event: &str, sentence: &str, text: &str) {
        if self.logs_json() {
            self.log(level, event, sentence, &Map::new());
        } else {
            self.line(text);
        }
    }

    fn line(&mut self, text: &str) {
        // Keeps the order on a terminal that shows both streams.
        self.flush();
        let choice = if self.options.colored { ColorChoice::Always } else { ColorChoice::Never };
        let mut stderr = AutoStream::new(io::stderr(), choice).lock();
        let text = self.hidden.censored(text);
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(stderr, "{text}");
    }
}

impl Announce for Ui {
    /// Wrapped and indented where standard input is a terminal, silenced by `-q`.
    fn message(&mut self, text: &str) {
        if !self.options.quiet {
            self.unsilenced_message(text);
        }
    }

    fn unsilenced_message(&mut self, text: &str) {
        let text = self.wrapped(text);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    fn announced<T, E>(
        &mut self,
        kind: WorkKind,
        text: &str,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let silent = self.options.quiet && kind == WorkKind::Work;
        if !silent {
            let text = self.wrapped(&format!("{text} ..."));
            self.out.push_str(&text);
            if kind == WorkKind::Hook {
                self.out.push('\n');
            }
            self.flush();
        }
        let outcome = work(self);
        if !silent {
            self.out.push_str(if outcome.is_ok() { "  done\n" } else { "  FAILED\n" });
        }
        outcome
    }
}
