use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::judge::{Bench, Judge, Manner, Phase, Stop, Task, Verdict, sentence};
use super::python::Models;
use super::tenants::single_head;
use super::{
    Check, CheckName, EnvRuns, Ephemeral, Fixtures, HistoryKeys, Outcome, Place, TrialError, TrialReport, Verdicts,
};
use crate::database;
use crate::migrate::MigrateError;
use crate::plan;
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};
use crate::runtime::{Interruption, RuntimeError};

/// Who watches a trial.
pub trait Observer: Send {
    /// Something begins, in words.
    fn stage(&mut self, sentence: &str);
    /// A revision is run, by position in the order of trying.
    fn revision(&mut self, position: usize, revision: &RevisionId);
}

/// A history, and what is to be tried of it.
pub struct Trial<'a> {
    /// The graph.
    pub map: &'a RevisionMap,
    /// The files, by index.
    pub paths: &'a [PathBuf],
    /// Every revision in the order of `upgrade heads` on an empty database.
    pub order: Vec<RevisionIndex>,
    /// Why a revision is not undone, by index.
    pub irreversible: HashMap<RevisionIndex, String>,
    /// Those that are to be tried; `None`: all.
    pub chosen: Option<BTreeSet<RevisionIndex>>,
    /// Rows to be kept.
    pub fixtures: Fixtures,
    /// Keys of the states without fixtures.
    pub keys: HistoryKeys,
    /// Keys of verdicts and states with them; the same as `keys` where there are none.
    pub data_keys: HistoryKeys,
    /// How many databases the revisions are distributed over; at least 1.
    pub jobs: usize,
    /// What earlier runs found.
    pub verdicts: Verdicts,
    /// What a connection may take from the environment.
    pub environment: &'a database::Environment,
}

impl<'a> Trial<'a> {
    /// The order in which `upgrade heads` runs the revisions on an empty database.
    ///
    /// # Errors
    /// A graph that has none.
    pub fn order(map: &RevisionMap) -> Result<Vec<RevisionIndex>, TrialError> {
        let plan = plan::upgrade(map, &[], "heads")?;
        Ok(plan.steps.iter().filter_map(|step| map.position(step.revision.as_str())).collect())
    }

    /// Runs every check.
    ///
    /// # Errors
    /// What keeps the trial itself from going on; everything that was made is dropped then.
    pub fn run(
        &self,
        place: &Place,
        python: &mut EnvRuns<'_>,
        observer: &mut dyn Observer,
    ) -> Result<TrialReport, TrialError> {
        let mut held = Held { trial: self, place, python, observer, report: TrialReport::default(), failed_at: None };
        held.tell(CheckName::SingleHead, single_head(self.map), Duration::ZERO);
        if !self.order.is_empty() {
            held.upgrade()?;
            held.round_trips()?;
        }
        let mut report = held.report;
        let place = |check: &Check| {
            let index = check.revision.as_ref().and_then(|id| self.map.position(id.as_str()));
            index.and_then(|index| self.order.iter().position(|other| *other == index))
        };
        report.checks.sort_by_cached_key(|check| (check.name, place(check)));
        Ok(report)
    }

    fn bench(&self, with_fixtures: bool) -> Bench<'_> {
        let fixtures = (with_fixtures && !self.fixtures.is_empty()).then_some(&self.fixtures);
        Bench { map: self.map, environment: self.environment, fixtures }
    }

    fn task(&self, position: usize, phase: Phase) -> Option<Task> {
        self.order.get(position).map(|index| Task { position, index: *index, phase })
    }

    fn is_chosen(&self, index: RevisionIndex) -> bool {
        self.chosen.as_ref().is_none_or(|chosen| chosen.contains(&index))
    }
}

/// A trial on its way.
struct Held<'t, 'p> {
    trial: &'t Trial<'t>,
    place: &'t Place,
    python: &'t mut EnvRuns<'p>,
    observer: &'t mut dyn Observer,
    report: TrialReport,
    /// Position of a revision that cannot be run.
    failed_at: Option<usize>,
}

impl Held<'_, '_> {
    /// From an empty database, or from the newest snapshot that this history has in common with an earlier one, to the heads.
    fn upgrade(&mut self) -> Result<(), TrialError> {
        let began = Instant::now();
        let states = &self.trial.keys.states;
        let last = self.trial.order.len();
        let start = self.place.newest_snapshot(states.iter())?;
        let position = start.and_then(|key| states.iter().position(|state| state == key)).unwrap_or(0);
        self.report.restored = position;
        self.observer.stage(&match position {
            0 => format!("upgrading an empty database by {last} revisions"),
            _ => format!("upgrading a snapshot of {position} revisions by {}", last - position),
        });
        let database = match start {
            Some(key) => self.place.restore(key)?,
            None => self.place.create()?,
        };
        let tasks = (position..last).filter_map(|position| self.trial.task(position, Phase::Passing)).collect();
        let failure = self.pass(&database, tasks, Manner::AsConfigured, false)?;
        if let Some((failed, words)) = failure {
            let text = match failed.and_then(|task| self.trial.order.get(task.position)) {
                Some(index) => format!("revision {} cannot be run: {words}", self.trial.map.id(*index)),
                None => words,
            };
            self.failed_at = failed.map(|task| task.position);
            self.tell(CheckName::Upgrade, Outcome::Failed(vec![text]), began.elapsed());
            let reason = "the history cannot be run to its heads".to_owned();
            self.tell(CheckName::Models, Outcome::Skipped(reason), Duration::ZERO);
            return database.discard();
        }
        self.tell(CheckName::Upgrade, Outcome::Passed, began.elapsed());
        if position == last
            && let Some(check) = self.report.checks.last_mut()
        {
            check.is_cached = true;
        }
        self.models(&database)?;
        match states.last() {
            Some(key) if position < last && self.place.keeps_snapshots() => {
                self.python.let_go();
                self.place.keep(database, key)
            }
            _ => database.discard(),
        }
    }

    fn models(&mut self, database: &Ephemeral) -> Result<(), TrialError> {
        let began = Instant::now();
        self.observer.stage("comparing the models with the schema");
        self.report.env_runs += 1;
        let outcome = Models::outcome(self.python.compare_models(&database.url()?))?;
        self.tell(CheckName::Models, outcome, began.elapsed());
        Ok(())
    }

    /// Every chosen revision up, down and up again, each on top of those before it; in as many databases as there are jobs.
    fn round_trips(&mut self) -> Result<(), TrialError> {
        let open: Vec<usize> = self.open_positions().into_iter().collect();
        if open.is_empty() {
            return Ok(());
        }
        self.observer.stage(&format!("trying {} revisions up, down and up again", open.len()));
        let size = open.len().div_ceil(self.trial.jobs.max(1));
        let mut parts = open.chunks(size).map(|part| part.iter().copied().collect::<BTreeSet<usize>>());
        let first = parts.next().unwrap_or_default();
        let (trial, place, env) = (self.trial, self.place, self.python.env());
        let observer: &mut dyn Observer = &mut *self.observer;
        let shared = Mutex::new(observer);
        let mut observer = Shared(&shared);
        let others = std::thread::scope(|scope| {
            let work = |part: BTreeSet<usize>| {
                let (env, mut observer, failed_at) = (env.clone(), Shared(&shared), self.failed_at);
                scope.spawn(move || {
                    let mut python = EnvRuns::from(env);
                    let report = TrialReport::default();
                    let mut held =
                        Held { trial, place, python: &mut python, observer: &mut observer, report, failed_at };
                    held.try_positions(&part).map(|()| held.report)
                })
            };
            let running: Vec<_> = parts.map(work).collect();
            let report = std::mem::take(&mut self.report);
            let mut here =
                Held { trial, place, python: self.python, observer: &mut observer, report, failed_at: self.failed_at };
            let outcome = here.try_positions(&first);
            self.report = here.report;
            let others: Vec<Result<TrialReport, TrialError>> = running
                .into_iter()
                .map(|running| running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect();
            outcome.map(|()| others)
        })?;
        for other in others {
            let other = other?;
            self.report.checks.extend(other.checks);
            self.report.steps += other.steps;
            self.report.env_runs += other.env_runs;
        }
        Ok(())
    }

    /// Tries these revisions in one database.
    fn try_positions(&mut self, open: &BTreeSet<usize>) -> Result<(), TrialError> {
        let Some((first, last)) = open.first().copied().zip(open.last().copied()) else { return Ok(()) };
        let mut manner = Manner::OneRun;
        let mut ground = match Ground::new(self, first)? {
            Ok(ground) => ground,
            Err(failed) => {
                self.give_up(open, failed);
                return Ok(());
            }
        };
        let mut position = first;
        let mut is_whole = true;
        while position <= last {
            let tasks = self.tasks(position, last, open);
            let url = ground.database.url()?;
            let bench = self.trial.bench(true);
            let mut judge = Judge::new(bench, self.observer, &url, tasks, manner)?;
            let outcome = judge.run(self.python, &url, &mut self.report.env_runs);
            let mut next = None;
            if let Err(error) = outcome {
                next = after_failure(&mut judge, error, &mut manner, self.failed_at.is_none())?;
            }
            self.report.steps += judge.steps();
            let verdicts = std::mem::take(&mut judge.verdicts);
            drop(judge);
            is_whole = verdicts.iter().all(|verdict| !verdict.outcomes.iter().any(|(_, outcome)| outcome.is_failed()));
            self.settle(verdicts);
            position = match next {
                None => break,
                Some(Next::Again) => position,
                Some(Next::Here(position)) => position,
                Some(Next::Rebuilt(position)) if position > last => break,
                Some(Next::Rebuilt(position)) => {
                    ground.rebuild(self, position)?;
                    position
                }
                Some(Next::Nowhere(position)) => {
                    self.give_up(open, position);
                    break;
                }
            };
        }
        let is_kept = is_whole && !self.trial.fixtures.is_empty() && self.place.keeps_snapshots();
        ground.leave(self, is_kept.then_some(last + 1))
    }

    /// Positions that are to be tried and of which nothing is known; the others are told.
    fn open_positions(&mut self) -> BTreeSet<usize> {
        let mut open = BTreeSet::new();
        for (position, index) in self.trial.order.iter().enumerate() {
            if !self.trial.is_chosen(*index) {
                continue;
            }
            if let Some(reason) = self.trial.irreversible.get(index) {
                self.tell_of(position, CheckName::UpDownUp, Outcome::Skipped(reason.clone()), None);
                continue;
            }
            let known = self.trial.data_keys.revisions.get(position).and_then(|key| self.trial.verdicts.get(key));
            match known {
                Some(known) => {
                    known.into_iter().for_each(|(name, outcome)| self.tell_of(position, name, outcome, None))
                }
                None => drop(open.insert(position)),
            }
        }
        open
    }

    fn tasks(&self, from: usize, to: usize, open: &BTreeSet<usize>) -> Vec<Task> {
        let phases = |position| match open.contains(&position) {
            true => [Phase::Up, Phase::Down, Phase::UpAgain].as_slice(),
            false => [Phase::Passing].as_slice(),
        };
        (from..=to)
            .flat_map(|position| phases(position).iter().filter_map(move |phase| self.trial.task(position, *phase)))
            .collect()
    }

    fn settle(&mut self, verdicts: Vec<Verdict>) {
        for Verdict { position, outcomes, elapsed } in verdicts {
            if let Some(key) = self.trial.data_keys.revisions.get(position) {
                self.trial.verdicts.put(key, &outcomes);
            }
            for (name, outcome) in outcomes {
                self.tell_of(position, name, outcome, Some(elapsed));
            }
        }
    }

    /// What comes after a revision that cannot be run is not tried.
    fn give_up(&mut self, open: &BTreeSet<usize>, failed: usize) {
        let id = self.trial.order.get(failed).map(|index| self.trial.map.id(*index).clone());
        let reason = format!("revision {} before it cannot be run", id.as_ref().map_or("", RevisionId::as_str));
        for position in open.iter().filter(|position| **position > failed) {
            self.tell_of(*position, CheckName::UpDownUp, Outcome::Skipped(reason.clone()), Some(Duration::ZERO));
        }
    }

    /// Runs tasks that are not judged. The one that failed, and why.
    fn pass(
        &mut self,
        database: &Ephemeral,
        tasks: Vec<Task>,
        manner: Manner,
        with_fixtures: bool,
    ) -> Result<Option<(Option<Task>, String)>, TrialError> {
        let url = database.url()?;
        let mut manner = manner;
        let mut tasks = tasks;
        loop {
            let bench = self.trial.bench(with_fixtures);
            let mut judge = Judge::new(bench, self.observer, &url, std::mem::take(&mut tasks), manner)?;
            let outcome = judge.run(self.python, &url, &mut self.report.env_runs);
            self.report.steps += judge.steps();
            match outcome {
                Ok(()) => return Ok(None),
                Err(error) if is_one_transaction(&judge, &error) => {
                    manner = Manner::OneStepARun;
                    tasks = judge.into_tasks();
                }
                Err(error) => {
                    let error = unless_ours(error)?;
                    return Ok(Some((judge.failed_task(), sentence(&error))));
                }
            }
        }
    }

    fn tell(&mut self, name: CheckName, outcome: Outcome, elapsed: Duration) {
        self.report.checks.push(Check { elapsed, ..Check::of_history(name, outcome) });
    }

    fn tell_of(&mut self, position: usize, name: CheckName, outcome: Outcome, elapsed: Option<Duration>) {
        let Some(index) = self.trial.order.get(position) else { return };
        self.report.checks.push(Check {
            name,
            tenant: None,
            revision: Some(self.trial.map.id(*index).clone()),
            path: self.trial.paths.get(index.0 as usize).cloned(),
            outcome,
            is_cached: elapsed.is_none(),
            elapsed: elapsed.unwrap_or_default(),
        });
    }
}

/// The database of the round trips, and what it can be made from again.
struct Ground {
    database: Ephemeral,
    /// A state on the way, made after a failure so that nothing is replayed twice.
    checkpoint: Option<(usize, Ephemeral)>,
}

impl Ground {
    /// With the state that the first revision needs: a snapshot of it, or one that is made and kept for the next run. The position of
    /// a revision that cannot be run on the way there is the other outcome.
    fn new(held: &mut Held<'_, '_>, first: usize) -> Result<Result<Self, usize>, TrialError> {
        let (database, from) = Self::start(held, first)?;
        if from < first {
            let tasks = (from..first).filter_map(|position| held.trial.task(position, Phase::Passing)).collect();
            if let Some((failed, words)) = held.pass(&database, tasks, Manner::OneRun, true)? {
                database.discard()?;
                return failed.map(|task| Err(task.position)).ok_or(TrialError::NotRepeatable { words });
            }
            if let Some(key) = held.trial.data_keys.states.get(first).filter(|_| held.place.keeps_snapshots()) {
                held.python.let_go();
                held.place.keep(database, key)?;
                return Ok(Ok(Self { database: held.place.restore(key)?, checkpoint: None }));
            }
        }
        Ok(Ok(Self { database, checkpoint: None }))
    }

    fn start(held: &Held<'_, '_>, upto: usize) -> Result<(Ephemeral, usize), TrialError> {
        let states = held.trial.data_keys.states.get(..=upto).unwrap_or_default();
        let snapshot = held.place.newest_snapshot(states.iter())?;
        Ok(match snapshot {
            Some(key) => (held.place.restore(key)?, states.iter().position(|state| state == key).unwrap_or(0)),
            None => (held.place.create()?, 0),
        })
    }

    /// Makes the database anew with the first `position` revisions.
    fn rebuild(&mut self, held: &mut Held<'_, '_>, position: usize) -> Result<(), TrialError> {
        held.python.let_go();
        let (fresh, from) = match &self.checkpoint {
            Some((from, database)) => (held.place.copy(database)?, *from),
            None => Self::start(held, position)?,
        };
        let old = std::mem::replace(&mut self.database, fresh);
        old.discard()?;
        let tasks = (from..position).filter_map(|position| held.trial.task(position, Phase::Passing)).collect();
        if let Some((_, words)) = held.pass(&self.database, tasks, Manner::OneRun, true)? {
            return Err(TrialError::NotRepeatable { words });
        }
        held.python.let_go();
        let copy = held.place.copy(&self.database)?;
        if let Some((_, before)) = self.checkpoint.replace((position, std::mem::replace(&mut self.database, copy))) {
            before.discard()?;
        }
        Ok(())
    }

    /// Drops it, or keeps it as the state with so many revisions.
    fn leave(self, held: &mut Held<'_, '_>, kept: Option<usize>) -> Result<(), TrialError> {
        if let Some((_, checkpoint)) = self.checkpoint {
            checkpoint.discard()?;
        }
        held.python.let_go();
        match kept.and_then(|position| held.trial.data_keys.states.get(position)) {
            Some(key) => held.place.keep(self.database, key),
            None => self.database.discard(),
        }
    }
}

/// One observer for several threads.
struct Shared<'m, 'o>(&'m Mutex<&'o mut dyn Observer>);

impl Observer for Shared<'_, '_> {
    fn stage(&mut self, sentence: &str) {
        if let Ok(mut observer) = self.0.lock() {
            observer.stage(sentence);
        }
    }

    fn revision(&mut self, position: usize, revision: &RevisionId) {
        if let Ok(mut observer) = self.0.lock() {
            observer.revision(position, revision);
        }
    }
}

/// Where a trial goes on after a run that was not finished.
enum Next {
    /// At the same place, in another manner.
    Again,
    /// In the same database.
    Here(usize),
    /// In a fresh one.
    Rebuilt(usize),
    /// Nowhere: this revision cannot be run.
    Nowhere(usize),
}

fn after_failure(
    judge: &mut Judge<'_>,
    error: MigrateError,
    manner: &mut Manner,
    runs_with_others: bool,
) -> Result<Option<Next>, TrialError> {
    if is_one_transaction(judge, &error) {
        *manner = Manner::OneStepARun;
        return Ok(Some(Next::Again));
    }
    if judge.stop == Some(Stop::Polluted) {
        return Ok(judge.next_position().map(Next::Rebuilt));
    }
    let error = unless_ours(error)?;
    let Some(task) = judge.failed_task() else { return Err(error.into()) };
    let words = sentence(&error);
    let failed = |what: &str| Outcome::Failed(vec![format!("{what} fails: {words}")]);
    Ok(Some(match task.phase {
        Phase::Passing | Phase::Up => {
            // What Alembic remembers of earlier revisions of one run (enum types that exist) is not there in the next one.
            let alone = "the upgrade passes in one run with those before it; in a run of its own it";
            judge.conclude(task.position, failed(if runs_with_others { alone } else { "the upgrade" }));
            Next::Nowhere(task.position)
        }
        Phase::Down => {
            let is_on_purpose = words.starts_with("NotImplementedError");
            let skipped = || Outcome::Skipped("irreversible: the downgrade raises NotImplementedError".to_owned());
            judge.conclude(task.position, if is_on_purpose { skipped() } else { failed("the downgrade") });
            match judge.is_rolled_back()? {
                true => Next::Here(task.position + 1),
                false => Next::Rebuilt(task.position + 1),
            }
        }
        Phase::UpAgain => {
            judge.conclude(task.position, failed("the upgrade after the downgrade"));
            Next::Rebuilt(task.position + 1)
        }
    }))
}

/// Whether env.py does not let one step be looked at before the next.
fn is_one_transaction(judge: &Judge<'_>, error: &MigrateError) -> bool {
    let refused = matches!(error, MigrateError::Runtime(RuntimeError::Python(failure))
        if failure.type_name.ends_with("TransactionModeRefused"));
    refused || judge.stop == Some(Stop::OneTransaction)
}

/// The failure of a script; what is limbec's own ends the trial.
pub(crate) fn unless_ours(error: MigrateError) -> Result<MigrateError, TrialError> {
    if Interruption::is_requested() {
        return Err(TrialError::Interrupted);
    }
    match error {
        MigrateError::Runtime(RuntimeError::Interrupted) => Err(TrialError::Interrupted),
        MigrateError::Refused(refusal) => match refusal.downcast::<TrialError>() {
            Ok(own) => Err(*own),
            Err(refusal) => Ok(MigrateError::Refused(refusal)),
        },
        MigrateError::Runtime(RuntimeError::Python(failure)) if failure.type_name.ends_with("UrlMismatch") => {
            Err(MigrateError::Runtime(RuntimeError::Python(failure)).into())
        }
        error @ MigrateError::Runtime(RuntimeError::Python(_) | RuntimeError::Lost { .. }) => Ok(error),
        error => Err(error.into()),
    }
}
