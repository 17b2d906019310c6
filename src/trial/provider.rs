use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::PathBuf;

use super::key::Key;
use super::{EnvRuns, Ephemeral, Place, Trial, TrialError};
use crate::database::VersionTableName;
use crate::migrate::{Refusal, RunTarget, Supervisor};
use crate::plan::{self, Direction, Plan};
use crate::revision::{RevisionError, RevisionId, RevisionIndex, RevisionMap};
use crate::runtime::Interruption;

/// Lends databases of a history to another program, each in the state that it asks for. They are dropped with this value.
///
/// A state is made once: what is lent is a copy of its snapshot.
pub struct Provider<'t, 'p> {
    trial: &'t Trial<'t>,
    place: &'t Place,
    python: &'t mut EnvRuns<'p>,
    locks: Option<PathBuf>,
    lent: HashMap<String, Ephemeral>,
    /// States of a place that keeps no snapshots.
    originals: HashMap<Key, Ephemeral>,
}

/// A database that was lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provided {
    /// Its name, which the later requests give.
    pub name: String,
    /// How SQLAlchemy connects to it: with the password, and with the project's driver.
    pub url: String,
}

impl<'t, 'p> Provider<'t, 'p> {
    /// Nothing is made before the first request.
    pub fn new(trial: &'t Trial<'t>, place: &'t Place, python: &'t mut EnvRuns<'p>) -> Self {
        Self { trial, place, python, locks: None, lent: HashMap::new(), originals: HashMap::new() }
    }

    /// With a folder of lock files, which keep processes that begin together from making one state each.
    #[must_use]
    pub fn with_locks_in(mut self, folder: Option<PathBuf>) -> Self {
        self.locks = folder;
        self
    }

    /// A fresh database in which the revisions up to `target` have run, as `upgrade` understands it, or none for `base`.
    ///
    /// # Errors
    /// No such revision, one that cannot be run, or a place where no database can be made.
    pub fn make(&mut self, target: &str) -> Result<Provided, TrialError> {
        let revisions = revisions_of(self.trial.map, target)?;
        let database = self.in_state(&revisions)?;
        let provided = Provided { name: database.name().to_owned(), url: self.url_of(&database)? };
        self.lent.insert(provided.name.clone(), database);
        Ok(provided)
    }

    /// Brings a database that was lent to the state of `target`: what it has too many is undone, newest first, and what it lacks is
    /// run. `+N` and `-N` count from where it is. `None`: there is no such database.
    ///
    /// # Errors
    /// No such revision, or one that cannot be run or undone.
    pub fn migrate(&mut self, name: &str, target: &str) -> Result<Option<Provided>, TrialError> {
        let is_relative = target.starts_with(['+', '-']);
        let wanted = if is_relative { Vec::new() } else { revisions_of(self.trial.map, target)? };
        let aim = if is_relative { Aim::Relative(target) } else { Aim::Exactly(&wanted) };
        let Some(database) = self.lent.get(name) else { return Ok(None) };
        let url = database.url()?;
        let mut passage =
            Passage { map: self.trial.map, order: &self.trial.order, aim, has_planned: false, table: None };
        self.python.run(&url, None, &mut passage)?;
        self.python.let_go();
        Ok(Some(Provided { name: name.to_owned(), url: self.python.url_for_sqlalchemy(&url) }))
    }

    /// Drops a database that was lent. Whether there was one.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn take_back(&mut self, name: &str) -> Result<bool, TrialError> {
        self.lent.remove(name).map_or(Ok(false), |database| database.discard().map(|()| true))
    }

    fn url_of(&self, database: &Ephemeral) -> Result<String, TrialError> {
        Ok(self.python.url_for_sqlalchemy(&database.url()?))
    }

    fn in_state(&mut self, revisions: &[RevisionIndex]) -> Result<Ephemeral, TrialError> {
        if revisions.is_empty() {
            return self.place.create();
        }
        let Some(key) = self.key_of(revisions) else { return self.built(revisions) };
        if let Some(original) = self.originals.get(&key) {
            return self.place.copy(original);
        }
        if !self.place.keeps_snapshots() {
            let original = self.built(revisions)?;
            let copy = self.place.copy(&original)?;
            self.originals.insert(key, original);
            return Ok(copy);
        }
        if let Some(copy) = self.restored(&key)? {
            return Ok(copy);
        }
        let _lock = self.lock(&key);
        if let Some(copy) = self.restored(&key)? {
            return Ok(copy); // made by another process meanwhile
        }
        let original = self.built(revisions)?;
        let copy = self.place.copy(&original)?;
        self.place.keep(original, &key)?;
        Ok(copy)
    }

    fn restored(&self, key: &Key) -> Result<Option<Ephemeral>, TrialError> {
        let found = self.place.newest_snapshot(std::iter::once(key))?;
        found.map(|key| self.place.restore(key)).transpose()
    }

    /// A database in this state to which nobody is connected, made from the newest snapshot on the way to it.
    fn built(&mut self, revisions: &[RevisionIndex]) -> Result<Ephemeral, TrialError> {
        let states: Vec<Key> = (1..revisions.len()).filter_map(|count| self.key_of(revisions.get(..count)?)).collect();
        let database = match self.place.newest_snapshot(states.iter())? {
            Some(key) => self.place.restore(key)?,
            None => self.place.create()?,
        };
        let order = &self.trial.order;
        let mut passage =
            Passage { map: self.trial.map, order, aim: Aim::Exactly(revisions), has_planned: false, table: None };
        self.python.run(&database.url()?, None, &mut passage)?;
        self.python.let_go();
        Ok(database)
    }

    fn key_of(&self, revisions: &[RevisionIndex]) -> Option<Key> {
        let position = |index: &RevisionIndex| self.trial.order.iter().position(|other| other == index);
        let positions: Option<Vec<usize>> = revisions.iter().map(position).collect();
        self.trial.keys.state_with(&positions?)
    }

    /// Without a lock a state is made twice, which costs time alone.
    fn lock(&self, key: &Key) -> Option<File> {
        let folder = self.locks.as_ref()?;
        fs::create_dir_all(folder).ok()?;
        let file = File::options().create(true).append(true).open(folder.join(key.as_str())).ok()?;
        file.lock().ok()?;
        Some(file)
    }
}

/// A fresh database in which the revisions up to `target` have run, from empty, as `upgrade` understands it.
///
/// # Errors
/// No such revision, one that cannot be run, or a place where no database can be made.
pub fn build(
    map: &RevisionMap,
    place: &Place,
    python: &mut EnvRuns<'_>,
    target: &str,
) -> Result<(Ephemeral, VersionTableName), TrialError> {
    let revisions = revisions_of(map, target)?;
    let database = place.create()?;
    let mut passage =
        Passage { map, order: &revisions, aim: Aim::Exactly(&revisions), has_planned: false, table: None };
    python.run(&database.url()?, None, &mut passage)?;
    let table = passage.table.unwrap_or_default();
    python.let_go();
    Ok((database, table))
}

/// What has to have run for `target`, ancestors first.
fn revisions_of(map: &RevisionMap, target: &str) -> Result<Vec<RevisionIndex>, RevisionError> {
    if target == "base" {
        return Ok(Vec::new());
    }
    let plan = plan::upgrade(map, &[], target)?;
    Ok(plan.steps.iter().filter_map(|step| map.position(step.revision.as_str())).collect())
}

/// Where a database is to go.
enum Aim<'a> {
    /// To these revisions, ancestors first, and no others.
    Exactly(&'a [RevisionIndex]),
    /// So many steps up (`+N`) or down (`-N`).
    Relative(&'a str),
}

/// From whatever state a database is in to another.
struct Passage<'a> {
    map: &'a RevisionMap,
    /// Every revision, ancestors first.
    order: &'a [RevisionIndex],
    aim: Aim<'a>,
    has_planned: bool,
    /// The version table of the only run.
    table: Option<VersionTableName>,
}

impl Passage<'_> {
    /// What has run in a database with these rows.
    fn applied(&self, rows: &[RevisionId]) -> Result<BTreeSet<RevisionIndex>, RevisionError> {
        let mut applied = BTreeSet::new();
        let mut open = self.map.resolve_rows(rows)?;
        while let Some(index) = open.pop() {
            if applied.insert(index) {
                open.extend(self.map.normalized_down(index).iter().copied().chain(self.map.dependencies(index)));
            }
        }
        Ok(applied)
    }
}

impl Supervisor for Passage<'_> {
    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal> {
        self.table = Some(target.table());
        if std::mem::replace(&mut self.has_planned, true) {
            return Err("env.py calls run_migrations() more than once: limbec makes one database at a time".into());
        }
        let revisions = match self.aim {
            Aim::Exactly(revisions) => revisions,
            Aim::Relative(target) if target.starts_with('-') => return Ok(plan::downgrade(self.map, rows, target)?),
            Aim::Relative(target) => return Ok(plan::upgrade(self.map, rows, target)?),
        };
        let applied = self.applied(rows)?;
        let wanted: BTreeSet<RevisionIndex> = revisions.iter().copied().collect();
        let undone = self.order.iter().rev().filter(|index| applied.contains(index) && !wanted.contains(index));
        let run = revisions.iter().filter(|index| !applied.contains(index));
        let steps =
            undone.map(|index| (*index, Direction::Downgrade)).chain(run.map(|index| (*index, Direction::Upgrade)));
        Ok(plan::sequence(self.map, rows, steps)?)
    }

    fn step_started(&mut self, _: usize, _: &plan::Step) -> Result<(), Refusal> {
        if Interruption::is_requested() { Err(Box::new(TrialError::Interrupted)) } else { Ok(()) }
    }
}
