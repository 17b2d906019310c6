use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::{Assignment, Feed, Fleet, FleetEvent, TenantOutcome};
use crate::config::Isolation;
use crate::migrate::{Attendant, Deployment, DeploymentRequest, Event, Kept, MigrateError, Purge, Readiness};
use crate::revision::RevisionId;
use crate::runtime::{Interruption, Invocation, Runtime, RuntimeError};
use crate::tenant::{Surveyed, TenantError};

/// More of what Python printed than this helps nobody.
const OUTPUT_BYTES: u64 = 16 * 1024;

/// Serves one tenant after the other, with one Python and, on the same database, with the same connections.
pub(super) struct Worker<'a> {
    pub(super) fleet: &'a Fleet<'a>,
    /// Whether a Python that has served a tenant is of no use to the next one; of all workers.
    needs_fresh_python: &'a AtomicBool,
    sender: Sender<FleetEvent>,
    python: Option<Served>,
    kept: Option<Kept>,
    output: PathBuf,
}

/// What limbec's own connection is after a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Session {
    /// As it was when it was opened.
    Plain,
    /// Set up by something, as far as anybody knows.
    Used,
}

/// A Python, and how many tenants it was used for.
struct Served {
    python: Runtime,
    tenants: usize,
}

impl<'a> Worker<'a> {
    /// Nothing is started before it is needed.
    pub(super) fn new(
        fleet: &'a Fleet<'a>,
        number: usize,
        needs_fresh_python: &'a AtomicBool,
        sender: Sender<FleetEvent>,
    ) -> Self {
        let output = fleet.folder.join(format!("worker-{number}.log"));
        Self { fleet, needs_fresh_python, sender, python: None, kept: None, output }
    }

    /// Until the feed gives no more, or somebody asks the run to end.
    pub(super) fn serve(mut self, feed: &dyn Feed) {
        while let Some(assignment) = feed.next() {
            if Interruption::is_requested() {
                feed.returned(&assignment);
                break;
            }
            if !feed.may_begin(&assignment) {
                continue;
            }
            // Whoever listened may be gone, which changes nothing about the tenants.
            let _ = self.sender.send(FleetEvent::Started { index: assignment.index });
            let outcome = self.migrate(&assignment);
            feed.finished(&assignment, &outcome);
            let _ = self.sender.send(FleetEvent::Finished { index: assignment.index, outcome });
        }
        self.end_python();
    }

    fn migrate(&mut self, assignment: &Assignment) -> TenantOutcome {
        let began = Instant::now();
        let printed = std::fs::metadata(&self.output).map_or(0, |file| file.len());
        let mut attendant = TenantAttendant::new(assignment.index, self.sender.clone());
        let mut error = self.deploy(&assignment.surveyed, &mut attendant).err();
        let shares_python = self.fleet.tenants.isolation == Isolation::None;
        let was_used = shares_python && self.python.as_ref().is_some_and(|served| served.tenants > 1);
        if was_used && error.as_ref().is_some_and(is_of_another_tenant) {
            self.end_python();
            attendant = TenantAttendant::new(assignment.index, self.sender.clone());
            error = self.deploy(&assignment.surveyed, &mut attendant).err();
            let has_helped = !error.as_ref().is_some_and(is_of_another_tenant);
            if has_helped && !self.needs_fresh_python.swap(true, Ordering::Relaxed) {
                let _ = self.sender.send(FleetEvent::FreshPythons { index: assignment.index });
            }
        }
        if self.needs_fresh_python.load(Ordering::Relaxed) {
            self.end_python();
        }
        let output = error.as_ref().map(|_| self.printed_since(printed)).unwrap_or_default();
        let revision = attendant.running.filter(|_| error.is_some());
        TenantOutcome { steps: attendant.steps, elapsed: began.elapsed(), revision, error, output }
    }

    fn deploy(&mut self, surveyed: &Surveyed, attendant: &mut dyn Attendant) -> Result<(), MigrateError> {
        let fleet = self.fleet;
        let Some(url) = &surveyed.url else { return Ok(()) };
        let request = DeploymentRequest {
            operation: fleet.operation,
            purge: Purge::Nothing,
            scripts: fleet.scripts,
            locations: fleet.locations,
            options: fleet.options,
            permissions: fleet.permissions,
            environment: fleet.environment,
            sets_transactions: fleet.sets_transactions,
            runner: fleet.runner,
            readings: fleet.readings,
        };
        let mut deployment = Deployment::new(request, attendant).continuing(self.kept.take());
        let session = match deployment.ready(url, &surveyed.table)? {
            Readiness::Ready => self.carry_out(surveyed, url, &mut deployment)?,
            Readiness::NothingToDo => Session::Plain,
        };
        // After a failure nobody knows what the connections are good for.
        self.kept = deployment.end().map(|kept| if session == Session::Plain { kept.plain() } else { kept });
        Ok(())
    }

    /// The Python of this worker, started when it is first needed.
    pub(super) fn python(&mut self, invocation: &Invocation) -> Result<&Runtime, RuntimeError> {
        let served = match &mut self.python {
            Some(served) => served,
            empty => {
                let python = (self.fleet.start)(&self.output, &invocation.environment)?;
                empty.insert(Served { python, tenants: 0 })
            }
        };
        served.tenants += 1;
        Ok(&served.python)
    }

    /// Its exit handlers are the last thing that happens; the tenants are done.
    fn end_python(&mut self) {
        if let Some(served) = self.python.take() {
            let _ = served.python.finish();
        }
    }

    /// What Python printed after this many bytes.
    fn printed_since(&self, start: u64) -> String {
        let read = || {
            let mut file = File::open(&self.output)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(start.max(length.saturating_sub(OUTPUT_BYTES))))?;
            let mut bytes = Vec::new();
            file.take(OUTPUT_BYTES).read_to_end(&mut bytes)?;
            std::io::Result::Ok(bytes)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }
}

/// Tells the fleet what happens to one tenant.
struct TenantAttendant {
    index: usize,
    sender: Sender<FleetEvent>,
    /// How many are done.
    steps: usize,
    of: usize,
    running: Option<RevisionId>,
}

impl TenantAttendant {
    fn new(index: usize, sender: Sender<FleetEvent>) -> Self {
        Self { index, sender, steps: 0, of: 0, running: None }
    }
}

/// Whether env.py, or what it has imported, is still about a tenant that the same Python served before.
fn is_of_another_tenant(error: &MigrateError) -> bool {
    match error {
        MigrateError::Runtime(RuntimeError::Python(failure)) => {
            let name = failure.type_name.rsplit('.').next().unwrap_or_default();
            ["UrlMismatch", "TenantMismatch"].contains(&name)
        }
        MigrateError::Refused(refusal) => {
            matches!(refusal.downcast_ref(), Some(TenantError::OtherTable { .. }))
        }
        _ => false,
    }
}

impl Attendant for TenantAttendant {
    /// A report of a fleet has no place for them, and a search for every tenant would read the indexes of all tenants.
    fn wants_invalid_indexes(&self) -> bool {
        false
    }

    fn event(&mut self, event: Event<'_>) {
        let index = self.index;
        let told = match event {
            Event::Planned(plan) => {
                self.of = plan.steps.len();
                None
            }
            Event::StepStarted { index: step, step: started } => {
                self.running = Some(started.revision.clone());
                Some(FleetEvent::Step { index, number: step + 1, of: self.of, revision: started.revision.clone() })
            }
            Event::StepFinished { .. } => {
                self.steps += 1;
                self.running = None;
                None
            }
            Event::Waiting(wait) if wait.is_news => {
                Some(FleetEvent::Note { index, sentence: format!("waits for another run: {}", wait.holder) })
            }
            Event::Retrying { reason, attempt, of, .. } => {
                let sentence = format!("{reason}; rolled back, trying again (retry {attempt} of {of})");
                Some(FleetEvent::Warning { index, sentence })
            }
            Event::ConnectionLost(_) => {
                Some(FleetEvent::Warning { index, sentence: "the connection to its database was lost".to_owned() })
            }
            Event::Warning(sentence) => Some(FleetEvent::Warning { index, sentence: sentence.to_owned() }),
            _ => None,
        };
        if let Some(told) = told {
            let _ = self.sender.send(told);
        }
    }
}
