use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::fixtures::{Fixtures, TableData, lost, read_data};
use super::report::{CheckName, Outcome};
use super::run::Observer;
use super::{EnvRuns, TrialError};
use crate::catalogue::{Catalogue, Change, Difference, Scope};
use crate::database::{self, Access, Connection, DatabaseUrl};
use crate::migrate::{MigrateError, Preparation, Refusal, RunTarget, Supervisor};
use crate::plan::{self, Direction, Plan, Step, TransactionMode};
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};
use crate::runtime::{Interruption, RuntimeError};

/// Why a revision is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Because others need it.
    Passing,
    /// For the first time.
    Up,
    /// To be undone.
    Down,
    /// To be done again.
    UpAgain,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Task {
    /// Of which revision, by position in the order of trying.
    pub(super) position: usize,
    /// The revision.
    pub(super) index: RevisionIndex,
    /// What for.
    pub(super) phase: Phase,
}

/// How the steps are cut into runs of env.py and transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As `upgrade` does it: one run, in the transactions that env.py asks for.
    AsConfigured,
    /// One run, and one transaction a step: what a step leaves can be looked at before the next one.
    OneRun,
    /// A run for each step.
    OneStepARun,
}

/// What was found of a revision.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) position: usize,
    pub(super) outcomes: Vec<(CheckName, Outcome)>,
    pub(super) elapsed: Duration,
}

/// Why a run was stopped although nothing has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Stop {
    /// The database is not what the next revision should find.
    #[error("the database is not as it was before")]
    Polluted,
    /// env.py keeps all steps in one transaction.
    #[error("env.py keeps all steps in one transaction")]
    OneTransaction,
}

/// What does not change from run to run.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) map: &'a RevisionMap,
    pub(super) environment: &'a database::Environment,
    /// `None` where rows do not matter.
    pub(super) fixtures: Option<&'a Fixtures>,
}

/// Plans the steps of one run, and judges them by what the database has in between.
pub(super) struct Judge<'a> {
    bench: Bench<'a>,
    observer: &'a mut dyn Observer,
    connection: Connection,
    tasks: Vec<Task>,
    manner: Manner,
    /// How many tasks are done.
    done: usize,
    /// Whether the next one has begun.
    is_running: bool,
    has_planned: bool,
    scope: Scope,
    began: Instant,
    before: Option<Reading>,
    after: Option<Reading>,
    found: Vec<String>,
    lost: Vec<String>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) stop: Option<Stop>,
}

/// The state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reading {
    catalogue: Catalogue,
    data: BTreeMap<String, TableData>,
}

impl<'a> Judge<'a> {
    /// For one database, which has what the first task needs.
    pub(super) fn new(
        bench: Bench<'a>,
        observer: &'a mut dyn Observer,
        url: &DatabaseUrl,
        tasks: Vec<Task>,
        manner: Manner,
    ) -> Result<Self, TrialError> {
        Ok(Self {
            bench,
            observer,
            connection: Connection::open(url, bench.environment, Access::Write)?,
            tasks,
            manner,
            done: 0,
            is_running: false,
            has_planned: false,
            scope: Scope::everything(),
            began: Instant::now(),
            before: None,
            after: None,
            found: Vec::new(),
            lost: Vec::new(),
            verdicts: Vec::new(),
            stop: None,
        })
    }

    /// Runs all tasks, in as few runs of env.py as the manner allows. How many that were is counted in `env_runs`.
    pub(super) fn run(
        &mut self,
        python: &mut EnvRuns<'_>,
        url: &DatabaseUrl,
        env_runs: &mut usize,
    ) -> Result<(), MigrateError> {
        while self.done < self.tasks.len() {
            *env_runs += 1;
            self.has_planned = false;
            let mode = (self.manner == Manner::OneRun && url.dialect() == database::Dialect::Postgres)
                .then_some(TransactionMode::PerRevision);
            let done = self.done;
            python.run(url, mode, self)?;
            if self.manner == Manner::OneStepARun {
                self.observe().map_err(refused)?;
            }
            if self.done == done {
                break; // env.py has not called run_migrations()
            }
        }
        Ok(())
    }

    /// The task that has begun and not ended, after a failure.
    pub(super) fn failed_task(&self) -> Option<Task> {
        self.tasks.get(self.done).copied().filter(|_| self.is_running)
    }

    /// The position at which a run that was stopped goes on.
    pub(super) fn next_position(&self) -> Option<usize> {
        self.tasks.get(self.done).map(|task| task.position)
    }

    /// What was to be done.
    pub(super) fn into_tasks(self) -> Vec<Task> {
        self.tasks
    }

    /// How many steps were run to their end.
    pub(super) fn steps(&self) -> usize {
        self.done
    }

    /// Ends the revision at hand with what has been found of it so far, and this.
    pub(super) fn conclude(&mut self, position: usize, outcome: Outcome) {
        let mut found = std::mem::take(&mut self.found);
        let outcome = match outcome {
            Outcome::Failed(more) => {
                found.extend(more);
                Outcome::Failed(found)
            }
            _ if !found.is_empty() => Outcome::Failed(found),
            outcome => outcome,
        };
        let mut outcomes = vec![(CheckName::UpDownUp, outcome)];
        let lost = std::mem::take(&mut self.lost);
        if self.bench.fixtures.is_some() {
            outcomes.push((CheckName::Data, if lost.is_empty() { Outcome::Passed } else { Outcome::Failed(lost) }));
        }
        self.verdicts.push(Verdict { position, outcomes, elapsed: self.began.elapsed() });
    }

    /// Whether the database is as the upgrade has left it, although the downgrade has failed.
    pub(super) fn is_rolled_back(&mut self) -> Result<bool, TrialError> {
        let now = self.read()?;
        Ok(self.after.as_ref().is_some_and(|after| *after == now))
    }

    fn read(&mut self) -> Result<Reading, TrialError> {
        let catalogue = Catalogue::read(&mut self.connection, &self.scope)?;
        let data = match self.bench.fixtures {
            Some(_) => read_data(&mut self.connection, &catalogue)?,
            None => BTreeMap::new(),
        };
        Ok(Reading { catalogue, data })
    }

    /// Looks at what the task that has just ended has left.
    fn observe(&mut self) -> Result<(), TrialError> {
        let Some(task) = self.tasks.get(self.done).copied() else { return Ok(()) };
        self.done += 1;
        self.is_running = false;
        match task.phase {
            Phase::Passing => self.before = None,
            Phase::Up => self.after = Some(self.read()?),
            Phase::Down => {
                let now = self.read()?;
                if let Some(before) = &self.before {
                    let differences = Catalogue::difference(&before.catalogue, &now.catalogue);
                    self.found.extend(differences.iter().map(after_downgrade));
                    self.lost.extend(lost(&before.data, &now.data, "after the downgrade"));
                }
            }
            Phase::UpAgain => return self.judge(task),
        }
        if task.phase == Phase::Passing {
            self.fill(task.index)?;
        }
        Ok(())
    }

    fn judge(&mut self, task: Task) -> Result<(), TrialError> {
        let now = self.read()?;
        let mut is_polluted = !self.lost.is_empty();
        if let Some(after) = self.after.take() {
            let differences = Catalogue::difference(&after.catalogue, &now.catalogue);
            is_polluted |= !differences.is_empty();
            self.found.extend(differences.iter().map(after_second_upgrade));
            if self.lost.is_empty() {
                self.lost.extend(lost(&after.data, &now.data, "after downgrade and upgrade"));
                is_polluted |= !self.lost.is_empty();
            }
        }
        self.before = Some(now);
        self.conclude(task.position, Outcome::Passed);
        if is_polluted && self.done < self.tasks.len() {
            self.stop = Some(Stop::Polluted);
            return Ok(());
        }
        self.fill(task.index)
    }

    /// Puts the rows of a revision's fixture in.
    fn fill(&mut self, index: RevisionIndex) -> Result<(), TrialError> {
        let Some(fixtures) = self.bench.fixtures else { return Ok(()) };
        if fixtures.load(index, &mut self.connection)? {
            self.before = None;
        }
        Ok(())
    }

    fn stopped(&mut self, stop: Stop) -> Refusal {
        self.stop = Some(stop);
        Box::new(stop)
    }
}

impl Supervisor for Judge<'_> {
    fn begin(&mut self, target: &RunTarget) -> Result<Preparation, Refusal> {
        let is_one_transaction =
            target.in_transaction || (target.transactional_ddl && !target.transaction_per_migration);
        if self.manner == Manner::OneRun && is_one_transaction {
            return Err(self.stopped(Stop::OneTransaction));
        }
        let table = target.table();
        self.scope = Scope::everything().keeping(table.schema.clone()).without(table);
        Ok(Preparation { fresh_steps: self.manner == Manner::OneRun, ..Preparation::default() })
    }

    fn plan(&mut self, rows: &[RevisionId], _: &RunTarget) -> Result<Plan, Refusal> {
        if std::mem::replace(&mut self.has_planned, true) {
            return Err("env.py calls run_migrations() more than once: limbec tests one database at a time".into());
        }
        let rest = self.tasks.get(self.done..).unwrap_or_default();
        let rest = if self.manner == Manner::OneStepARun { rest.get(..1).unwrap_or_default() } else { rest };
        let direction = |phase| if phase == Phase::Down { Direction::Downgrade } else { Direction::Upgrade };
        Ok(plan::sequence(self.bench.map, rows, rest.iter().map(|task| (task.index, direction(task.phase))))?)
    }

    fn step_started(&mut self, _: usize, step: &Step) -> Result<(), Refusal> {
        if Interruption::is_requested() {
            return Err(Box::new(TrialError::Interrupted));
        }
        if let Some(stop) = self.stop {
            return Err(Box::new(stop));
        }
        let Some(task) = self.tasks.get(self.done).copied() else { return Ok(()) };
        if matches!(task.phase, Phase::Up | Phase::Passing) {
            self.observer.revision(task.position, &step.revision);
            self.began = Instant::now();
        }
        if task.phase == Phase::Up && self.before.is_none() {
            self.before = Some(self.read()?);
        }
        self.is_running = true;
        Ok(())
    }

    fn step_finished(&mut self, _: usize, _: &Step, _: Duration) -> Result<(), Refusal> {
        match self.manner {
            Manner::OneRun => Ok(self.observe()?),
            Manner::AsConfigured => {
                self.done += 1;
                self.is_running = false;
                Ok(())
            }
            Manner::OneStepARun => Ok(()),
        }
    }
}

fn refused(error: TrialError) -> MigrateError {
    MigrateError::Refused(Box::new(error))
}

pub(super) fn after_downgrade(found: &Difference) -> String {
    match &found.change {
        Change::Left => format!("the downgrade leaves {} `{}` behind", found.object, found.name),
        Change::Gone => format!("the downgrade takes {} `{}` away, which was there before", found.object, found.name),
        Change::Changed { .. } => format!("the downgrade does not restore {found}"),
    }
}

pub(super) fn after_second_upgrade(found: &Difference) -> String {
    match &found.change {
        Change::Left => format!("upgrading again adds {} `{}`, which the first time did not", found.object, found.name),
        Change::Gone => format!("upgrading again does not make {} `{}`", found.object, found.name),
        Change::Changed { .. } => format!("upgrading again gives another {found}"),
    }
}

/// A failure in one line: the revision's own words, without SQLAlchemy's background.
pub fn sentence(error: &MigrateError) -> String {
    let text = match error {
        MigrateError::Runtime(RuntimeError::Python(failure)) => failure.sentence(),
        error => error.to_string(),
    };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("(Background on"));
    let first = lines.next().unwrap_or_default().to_owned();
    match lines.find(|line| line.starts_with("[SQL:")) {
        Some(sql) => format!("{first} {sql}{}", if sql.ends_with(']') { "" } else { " …]" }),
        None => first,
    }
}
