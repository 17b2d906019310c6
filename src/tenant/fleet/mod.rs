//! A fleet run: every tenant that is behind gets a [`Deployment`](crate::migrate::Deployment) of its own, in workers that serve one after the other.
//!
//! Who is next is the [`Feed`]'s business (waves, limits on failures, a queue that several machines share); how one tenant is migrated is that of
//! the worker.

mod carry;
mod feed;
mod foresight;
mod guard;
mod on_error;
mod outcome;
mod place;
mod record;
mod report;
mod resumable;
mod waves;
mod worker;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;

pub use feed::{Assignment, Feed, InOrder, InWaves};
pub use foresight::{FleetReview, foresee_fleet};
pub use on_error::{Failures, OnError, OnErrorError};
pub use outcome::{FleetEvent, TenantOutcome};
pub use place::PlaceRequest;
pub use record::{PastRun, RecordError, RunFolder, RunIntent, RunRecord, TenantIntent};
pub use report::{FleetReport, FleetTotals, RunOutcome, TenantReport, TenantState};
pub use resumable::{Resumable, choose};
pub use waves::{Waves, WavesError};
use worker::Worker;

use crate::config::{DeployOptions, TenantOptions};
use crate::database::{DatabaseUrl, Environment};
use crate::gate::Permissions;
use crate::migrate::{Deployment, HasRun, MigrateError, Operation, Readings, Runner};
use crate::runtime::{Invocation, Runtime, RuntimeError};
use crate::script::{Locations, ScriptDirectory};
use crate::tenant::{Renderings, Surveyed};

/// Starts a Python of its own whose output goes to a file, with these environment variables besides ours.
pub type StartPython<'a> = &'a (dyn Fn(&Path, &BTreeMap<String, String>) -> Result<Runtime, RuntimeError> + Sync);

/// Runs the plan that a tenant's deployment has made ready, if all of it is SQL that limbec runs itself.
pub type RunSql<'a> = &'a (dyn Fn(&Surveyed, &DatabaseUrl, &mut Deployment<'_>) -> Result<HasRun, MigrateError> + Sync);

/// How tenants are migrated; the same for all of them.
#[derive(Clone, Copy)]
pub struct Fleet<'a> {
    /// What is to be done.
    pub operation: &'a Operation,
    /// The revision files.
    pub scripts: &'a ScriptDirectory,
    /// Where they lie.
    pub locations: &'a Locations,
    /// Settings, with what the command line says over them.
    pub options: &'a DeployOptions,
    /// `[tenants]`
    pub tenants: &'a TenantOptions,
    /// What the command line agrees to beforehand.
    pub permissions: Permissions,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// Whether limbec, and not env.py, says how the steps are cut into transactions.
    pub sets_transactions: bool,
    /// Who does it, for the history.
    pub runner: &'a Runner,
    /// What was read of the revision files; of all tenants.
    pub readings: &'a Readings,
    /// The command line for env.py, without a tenant: options before the command, the command, its arguments.
    pub invocation: &'a Invocation,
    /// The project's own URL, for its driver alone.
    pub driver: Option<&'a DatabaseUrl>,
    /// Plans that are SQL; `None`: those go to Python as well.
    pub run_sql: Option<RunSql<'a>>,
    /// Which plans are rendered once and run without Python; `None`: none.
    pub renderings: Option<&'a Renderings<'a>>,
    /// Starts Python.
    pub start: StartPython<'a>,
    /// Where the output of Python goes: a folder.
    pub folder: &'a Path,
    /// How many workers there are.
    pub workers: usize,
}

impl Fleet<'_> {
    /// Migrates what the feed gives out, until it gives no more. Events arrive on this thread.
    pub fn run(&self, feed: &dyn Feed, on_event: &mut dyn FnMut(FleetEvent)) {
        let (sender, events) = mpsc::channel();
        let needs_fresh_python = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for number in 0..self.workers.max(1) {
                let sender = sender.clone();
                let worker = Worker::new(self, number, &needs_fresh_python, sender);
                scope.spawn(move || worker.serve(feed));
            }
            drop(sender);
            for event in events {
                on_event(event);
            }
        });
    }
}
