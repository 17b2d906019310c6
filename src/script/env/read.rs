use thiserror::Error;

use super::configure::Configuration;
use super::expressions::Reader;
use super::state::{Event, Frame, State};
use super::text::{Condition, Sources, Text, Undecidable};

/// What an env.py that is understood does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvSummary {
    /// The URL of the engine that is used online.
    pub url: Text,
    /// `version_table`
    pub version_table: Option<String>,
    /// `version_table_schema`
    pub version_table_schema: Option<String>,
    /// `version_table_pk`; true when it is not given.
    pub version_table_pk: bool,
    /// `transaction_per_migration`
    pub transaction_per_migration: bool,
    /// `transactional_ddl`; `None`: as the dialect has it.
    pub transactional_ddl: Option<bool>,
    /// Whether `on_version_apply` is given: then code runs with every step, also a stamp.
    pub on_version_apply: bool,
    /// A module of the application that env.py imports.
    pub imported: Option<String>,
    /// Whether it changes the environment, from which a driver may take settings of the session.
    pub changes_environment: bool,
    /// Whether it listens to connections: to set PRAGMAs, or to begin transactions.
    pub listens: bool,
    /// Whether it configures `--sql` as it does a run.
    pub is_alike_offline: bool,
    /// Whether it runs the migrations without `begin_transaction()`: then SQLAlchemy's own transaction is theirs, which nobody commits.
    pub runs_bare: bool,
    /// Conditions under which env.py raises an error, with the line.
    pub raises: Vec<(Condition, usize)>,
}

impl EnvSummary {
    /// The URL that env.py would use with these variables and this ini.
    pub fn resolve_url(&self, sources: &Sources<'_>) -> Result<String, EnvValueError> {
        let sources = Sources { imported: self.imported.as_deref(), ..*sources };
        for (condition, line) in &self.raises {
            if condition.holds(&sources)? {
                return Err(EnvValueError::Raises(*line));
            }
        }
        match self.url.resolve(&sources)? {
            Some(url) if !url.is_empty() => Ok(url),
            _ => Err(EnvValueError::NoUrl),
        }
    }
}

/// Why the URL of an env.py that is understood cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnvValueError {
    /// A variable is absent, or a `%` is wrong.
    #[error(transparent)]
    Undecidable(#[from] Undecidable),
    /// Nothing supplies it.
    #[error("there is no sqlalchemy.url where env.py takes it from")]
    NoUrl,
    /// env.py would raise an error.
    #[error("env.py raises an error in line {0} as the environment is")]
    Raises(usize),
}

/// Why an env.py is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason} (env.py line {line})")]
pub struct NotUnderstood {
    /// From 1.
    pub line: usize,
    /// A sentence without a full stop.
    pub reason: String,
}

impl NotUnderstood {
    pub(super) fn new(line: usize, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// Reads env.py. Pure: neither files nor the environment are looked at, and nothing is executed.
pub fn read_env(source: &str) -> Result<EnvSummary, NotUnderstood> {
    // Both parser and reader go down with the nesting of the code: the stack of the caller may be a small one.
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || read_here(source));
        match reading.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(read)) => read,
            Ok(Err(_)) | Err(_) => Err(NotUnderstood::new(1, "reading it failed")),
        }
    })
}

/// Address space; only what is used becomes memory.
const STACK_BYTES: usize = 64 << 20;

fn read_here(source: &str) -> Result<EnvSummary, NotUnderstood> {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    let parsed = ruff_python_parser::parse_module(source).map_err(|error| {
        let offset = usize::from(error.location.start()).min(source.len());
        let line = source.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1;
        NotUnderstood::new(line, format!("it is not valid Python: {}", error.error))
    })?;
    let module = parsed.syntax();
    let run = |online: bool| -> Result<(Configuration, State<'_>), NotUnderstood> {
        let mut reader = Reader::new(source, online);
        let mut state = State { frames: vec![Frame::default()], ..State::default() };
        reader.run(&[&module.body], &mut state, false)?;
        Ok((single_configuration(&state, online)?, state))
    };
    let (offline, _) = run(false)?;
    let (found, state) = run(true)?;
    let is_alike_offline = Configuration { url: None, ..offline } == Configuration { url: None, ..found.clone() };
    let Some(url) = found.url else {
        return Err(NotUnderstood::new(1, "context.configure is given no connection"));
    };
    Ok(EnvSummary {
        url,
        version_table: found.version_table,
        version_table_schema: found.version_table_schema,
        version_table_pk: found.version_table_pk.unwrap_or(true),
        transaction_per_migration: found.transaction_per_migration,
        transactional_ddl: found.transactional_ddl,
        on_version_apply: found.on_version_apply,
        imported: state.imported,
        changes_environment: state.environment_changed.is_some(),
        listens: state.listens,
        is_alike_offline,
        runs_bare: state.runs_bare,
        raises: state.raises,
    })
}

/// Exactly one `configure`, followed by exactly one `run_migrations`.
fn single_configuration(state: &State<'_>, online: bool) -> Result<Configuration, NotUnderstood> {
    let mode = if online { "online" } else { "offline" };
    match state.events.as_slice() {
        [Event::Configure(configuration, _), Event::Run(_)] => Ok((**configuration).clone()),
        [] => Err(NotUnderstood::new(1, format!("it does not call context.configure itself in {mode} mode"))),
        [Event::Configure(..)] => {
            Err(NotUnderstood::new(1, format!("it does not call context.run_migrations itself in {mode} mode")))
        }
        [Event::Run(line), ..] => {
            Err(NotUnderstood::new(*line, "context.run_migrations is called before context.configure"))
        }
        [_, again, ..] => {
            let (line, name) = state.events.get(2).map_or((again.line(), again.name()), |e| (e.line(), e.name()));
            Err(NotUnderstood::new(line, format!("{name} is called more than once in {mode} mode")))
        }
    }
}
