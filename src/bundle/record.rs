//! What Alembic sends for every step of a history: heard while env.py runs it on ephemeral databases.
//!
//! Each revision goes up, down and up again, as far as its file is proven to do the same everywhere. Steps run as in a run of their own. A step that
//! fails ends the run; the next one begins in a fresh database behind it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::BundleError;
use crate::config::SearchPath;
use crate::database::{self, Access, Connection, DatabaseUrl, Dialect};
use crate::migrate::{MigrateError, Preparation, RecordedStep, Refusal, RunTarget, Supervisor};
use crate::plan::{self, Direction, Plan, Step, TransactionMode};
use crate::rendered::{self, Heard, Recorder};
use crate::revision::{RevisionId, RevisionIndex};
use crate::runtime::RuntimeError;
use crate::script::{Imports, RevisionFile, ScriptDirectory};
use crate::trial::{self, EnvRuns, Observer, Place, TrialError};

/// What is to be recorded, and where.
pub struct RecordRequest<'a> {
    /// The revision files.
    pub scripts: &'a ScriptDirectory,
    /// Every revision up to the last one that is wanted, ancestors first.
    pub order: &'a [RevisionIndex],
    /// Whether the steps of a revision are wanted.
    pub is_wanted: &'a dyn Fn(RevisionIndex) -> bool,
    /// Makes the databases.
    pub place: &'a Place,
    /// env.py
    pub env_path: &'a Path,
    /// What a connection may take from the environment.
    pub environment: &'a database::Environment,
    /// limbec's setting.
    pub search_path: &'a SearchPath,
    /// Modules of the project, whose texts are followed.
    pub imports: &'a Imports,
}

/// What was recorded.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What env.py works on.
    pub target: RunTarget,
    /// PRAGMAs for limbec's connection.
    pub setup: Vec<String>,
    /// Major version of the PostgreSQL.
    pub server: Option<u32>,
    /// The steps, by revision.
    pub revisions: HashMap<RevisionIndex, RecordedRevision>,
}

/// The statements of a revision's steps, or why Python has to run them.
#[derive(Debug, Clone)]
pub struct RecordedRevision {
    /// `upgrade`
    pub upgrade: Result<Vec<String>, String>,
    /// `downgrade`
    pub downgrade: Result<Vec<String>, String>,
}

/// Runs the history and hears what is sent.
///
/// # Errors
/// No database can be made, env.py cannot be run on it, or does more than to run the steps.
pub fn record(
    request: &RecordRequest<'_>,
    python: &mut EnvRuns<'_>,
    observer: &mut dyn Observer,
) -> Result<Recorded, TrialError> {
    let (transaction, foreign, recorded) = (Some(TransactionMode::PerRevision), Vec::new(), Recorded::default());
    let mut session = Session { request, python, observer, transaction, foreign, recorded };
    session.survey()?;
    session.prove();
    session.run()?;
    Ok(session.recorded)
}

/// A step that is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task {
    position: usize,
    index: RevisionIndex,
    direction: Direction,
    is_recorded: bool,
}

struct Session<'a, 'p, 'o> {
    request: &'a RecordRequest<'a>,
    python: &'a mut EnvRuns<'p>,
    observer: &'o mut dyn Observer,
    /// A failure undoes its own revision alone, where env.py lets limbec say so.
    transaction: Option<TransactionMode>,
    /// Functions of Python's SQLite that limbec's does not have.
    foreign: Vec<String>,
    recorded: Recorded,
}

/// What stands for a step that is proven and not recorded yet.
const NOT_YET: &str = "it was not reached";

impl Session<'_, '_, '_> {
    /// Lets env.py run nothing, to learn what it does besides.
    fn survey(&mut self) -> Result<(), TrialError> {
        let database = self.request.place.create()?;
        let url = database.url()?;
        let mut heard = Heard::default();
        let mut scribe = Scribe::new(self.request, &[], self.observer);
        // As env.py has it: what one transaction spans is among what is learnt.
        self.python.run(&url, None, &mut Recorder::new(&mut scribe, &mut heard))?;
        self.check(&heard)?;
        let mut connection = Connection::open(&url, self.request.environment, Access::Write)?;
        if let (Some(run), Some(target)) = (&heard.run, heard.targets.first()) {
            let has_path = self.request.search_path.is_set();
            self.recorded.setup = rendered::setup(&mut connection, &run.settings, has_path)?.map_err(different)?;
            self.recorded.target = RunTarget { url: None, ..target.clone() };
        }
        match connection.dialect() {
            Dialect::Postgres => {
                let version =
                    connection.first_column("SELECT pg_catalog.current_setting('server_version_num')", &[])?;
                self.recorded.server =
                    version.first().and_then(|text| text.parse::<u32>().ok()).map(|number| number / 10_000);
            }
            _ => {
                let names = "SELECT DISTINCT lower(name) FROM pragma_function_list";
                let own = connection.first_column(names, &[])?;
                let functions = heard.run.map(|run| run.functions).unwrap_or_default();
                self.foreign = functions.into_iter().filter(|name| !own.contains(&name.to_lowercase())).collect();
            }
        }
        drop(connection);
        self.python.let_go();
        database.discard()
    }

    /// Reads the files: what is not proven is not recorded.
    fn prove(&mut self) {
        let is_wanted = self.request.is_wanted;
        for index in self.request.order.iter().copied().filter(|index| is_wanted(*index)) {
            let path = &self.request.scripts.script(index).path;
            let judge = |doubt: Option<String>| Err(doubt.unwrap_or_else(|| NOT_YET.to_owned()));
            let [upgrade, downgrade] = unproven(path, self.request.imports);
            let revision = RecordedRevision { upgrade: judge(upgrade), downgrade: judge(downgrade) };
            self.recorded.revisions.insert(index, revision);
        }
    }

    fn run(&mut self) -> Result<(), TrialError> {
        let is_open = |way: &Result<Vec<String>, String>| way.as_ref().is_err_and(|reason| reason == NOT_YET);
        if !self.recorded.revisions.values().any(|each| is_open(&each.upgrade) || is_open(&each.downgrade)) {
            return Ok(());
        }
        let mut start = 0;
        while start < self.request.order.len() {
            let database = self.request.place.create()?;
            let url = database.url()?;
            let passed = match start {
                0 => None,
                _ => self.pass(&url, start)?,
            };
            let next = match passed {
                Some(words) => {
                    let failed = self.name_of(start - 1);
                    self.give_up(
                        start,
                        &format!("revision {failed} before it cannot be run in an empty database: {words}"),
                    );
                    self.request.order.len()
                }
                None => self.record_from(&url, start)?,
            };
            self.python.let_go();
            database.discard()?;
            start = next;
        }
        Ok(())
    }

    /// Runs everything before `start` in one run, as a deployment would. Why that failed.
    fn pass(&mut self, url: &DatabaseUrl, start: usize) -> Result<Option<String>, TrialError> {
        let order = self.request.order.iter().copied().enumerate().take(start);
        let up = |(position, index)| Task { position, index, direction: Direction::Upgrade, is_recorded: false };
        let tasks: Vec<Task> = order.map(up).collect();
        match self.send(url, &tasks, Memory::OfTheRun).1 {
            Ok(()) => Ok(None),
            Err(error) => words(error).map(Some),
        }
    }

    /// Runs tasks. What was heard, up to the one that failed.
    fn send(&mut self, url: &DatabaseUrl, tasks: &[Task], memory: Memory) -> (Heard, Result<(), MigrateError>) {
        let mut heard = Heard::default();
        let mut scribe = Scribe { memory, ..Scribe::new(self.request, tasks, self.observer) };
        let outcome = self.python.run(url, self.transaction, &mut Recorder::new(&mut scribe, &mut heard));
        match outcome {
            Err(MigrateError::Runtime(RuntimeError::Python(failure)))
                if self.transaction.is_some() && failure.type_name.ends_with("TransactionModeRefused") =>
            {
                self.transaction = None;
                self.send(url, tasks, memory)
            }
            outcome => (heard, outcome),
        }
    }

    /// Records from a position on; the position from which the next run records, in a fresh database.
    fn record_from(&mut self, url: &DatabaseUrl, start: usize) -> Result<usize, TrialError> {
        let tasks = self.tasks(start);
        let (heard, outcome) = self.send(url, &tasks, Memory::None);
        for (task, step) in tasks.iter().zip(&heard.steps) {
            if task.is_recorded {
                let judged = self.judged(*task, step);
                self.put(*task, judged);
            }
        }
        let Err(error) = outcome else {
            self.check(&heard)?;
            return Ok(self.request.order.len());
        };
        let words = words(error)?;
        let Some(failed) = tasks.get(heard.steps.len()).copied() else {
            return Err(TrialError::NotRepeatable { words });
        };
        let alone = if start == 0 && failed.position == 0 { "" } else { " in a run of its own" };
        let reason = format!("its {} fails{alone} in an empty database: {words}", failed.direction.name());
        self.put(Task { is_recorded: true, ..failed }, Err(reason));
        Ok(failed.position + 1)
    }

    fn tasks(&self, start: usize) -> Vec<Task> {
        let positions = self.request.order.iter().copied().enumerate().skip(start);
        positions
            .flat_map(|(position, index)| {
                let task = |direction, is_recorded| Task { position, index, direction, is_recorded };
                let is_open = |way: &Result<Vec<String>, String>| way.as_ref().is_err_and(|reason| reason == NOT_YET);
                let revision = self.recorded.revisions.get(&index);
                let up = task(Direction::Upgrade, revision.is_some_and(|revision| is_open(&revision.upgrade)));
                match revision.is_some_and(|revision| is_open(&revision.downgrade)) {
                    true => vec![up, task(Direction::Downgrade, true), task(Direction::Upgrade, false)],
                    false => vec![up],
                }
            })
            .collect()
    }

    fn judged(&self, task: Task, step: &RecordedStep) -> Result<Vec<String>, String> {
        let path = &self.request.scripts.script(task.index).path;
        let source = squeezed(&std::fs::read_to_string(path).unwrap_or_default());
        let mut statements = Vec::with_capacity(step.statements.len());
        for statement in &step.statements {
            let sql = &statement.sql;
            if statement.compared.is_none() {
                let reason = statement.reason.as_deref().unwrap_or_default();
                return Err(format!("a parameter is not a plain value ({reason}): {}", excerpt(sql)));
            }
            if is_query(sql) && !source.contains(&squeezed(sql)) {
                return Err(format!("it reads the database that it runs on: {}", excerpt(sql)));
            }
            if let Some(reason) =
                rendered::leaves_transaction(sql).or_else(|| rendered::unsure_function(sql, &self.foreign))
            {
                return Err(format!("{reason}: {}", excerpt(sql)));
            }
            statements.push(sql.clone());
        }
        Ok(statements)
    }

    fn put(&mut self, task: Task, way: Result<Vec<String>, String>) {
        let Some(revision) = self.recorded.revisions.get_mut(&task.index) else { return };
        let slot = match task.direction {
            Direction::Downgrade => &mut revision.downgrade,
            Direction::Upgrade | Direction::Stamp => &mut revision.upgrade,
        };
        // What is not proven, or was recorded before, stays as it is.
        if slot.as_ref().is_err_and(|reason| reason == NOT_YET) {
            *slot = way;
        }
    }

    fn give_up(&mut self, start: usize, reason: &str) {
        let left: HashSet<RevisionIndex> = self.request.order.iter().skip(start).copied().collect();
        for (index, revision) in &mut self.recorded.revisions {
            for way in [&mut revision.upgrade, &mut revision.downgrade] {
                if left.contains(index) && way.as_ref().is_err_and(|reason| reason == NOT_YET) {
                    *way = Err(reason.to_owned());
                }
            }
        }
    }

    fn name_of(&self, position: usize) -> String {
        let index = self.request.order.get(position);
        index.map(|index| self.request.scripts.map.id(*index).to_string()).unwrap_or_default()
    }

    fn check(&self, heard: &Heard) -> Result<(), TrialError> {
        match heard.fault(self.request.env_path) {
            None => Ok(()),
            Some(sentence) => Err(different(sentence)),
        }
    }
}

/// Why the text of a file does not prove that `upgrade` and `downgrade` do the same wherever they run, each with its line; `None`: it does.
pub fn unproven(path: &Path, imports: &Imports) -> [Option<String>; 2] {
    let file = RevisionFile::read(path, imports);
    [Direction::Upgrade, Direction::Downgrade].map(|direction| {
        rendered::prove(&file, direction).err().map(|doubt| format!("{} (line {})", doubt.reason, doubt.line))
    })
}

/// What env.py does, and a bundle cannot.
fn different(sentence: String) -> TrialError {
    TrialError::Migrate(MigrateError::Refused(Box::new(BundleError::EnvPy { reason: sentence })))
}

/// Why a script failed; what is limbec's own, or the user's, ends everything.
fn words(error: MigrateError) -> Result<String, TrialError> {
    trial::unless_ours(error).map(|error| trial::sentence(&error))
}

/// Whether a statement only asks.
fn is_query(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
    ["SELECT", "PRAGMA", "SHOW", "WITH"].contains(&first.as_str())
}

/// Without white space and what Python writes between texts.
fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && !['"', '\'', '\\', '(', ')'].contains(letter)).collect()
}

/// More of a statement than this helps nobody.
const EXCERPT: usize = 60;

fn excerpt(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(EXCERPT).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

/// What a step finds of the steps before it in Python: SQLAlchemy's enum types that are made, values in modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// Nothing, as in a run of its own.
    None,
    /// All of the run.
    OfTheRun,
}

/// Plans the tasks, and tells of them.
struct Scribe<'a, 'o> {
    request: &'a RecordRequest<'a>,
    tasks: &'a [Task],
    observer: &'o mut dyn Observer,
    memory: Memory,
    has_planned: bool,
}

impl<'a, 'o> Scribe<'a, 'o> {
    fn new(request: &'a RecordRequest<'a>, tasks: &'a [Task], observer: &'o mut dyn Observer) -> Self {
        Self { request, tasks, observer, memory: Memory::None, has_planned: false }
    }
}

impl Supervisor for Scribe<'_, '_> {
    fn begin(&mut self, _: &RunTarget) -> Result<Preparation, Refusal> {
        Ok(Preparation { fresh_steps: self.memory == Memory::None, ..Preparation::default() })
    }

    fn plan(&mut self, rows: &[RevisionId], _: &RunTarget) -> Result<Plan, Refusal> {
        if std::mem::replace(&mut self.has_planned, true) {
            return Err("env.py calls run_migrations() more than once: a bundle is for one database".into());
        }
        let tasks = self.tasks.iter().map(|task| (task.index, task.direction));
        Ok(plan::sequence(&self.request.scripts.map, rows, tasks)?)
    }

    fn step_started(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        if crate::runtime::Interruption::is_requested() {
            return Err(Box::new(TrialError::Interrupted));
        }
        if let Some(task) = self.tasks.get(index).filter(|task| task.is_recorded) {
            self.observer.revision(task.position, &step.revision);
        }
        Ok(())
    }
}
