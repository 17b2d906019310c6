use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::{Assignment, Feed, Fleet, FleetEvent, TenantOutcome};
use crate::migrate::{self, Attendant, Deployment, DeploymentRequest, Event, Kept, MigrateError, Purge, Readiness};
use crate::revision::RevisionId;
use crate::runtime::Runtime;
use crate::tenant::{Surveyed, tenant_invocation};

/// More of what Python printed than this helps nobody.
const OUTPUT_BYTES: u64 = 16 * 1024;

/// Serves one tenant after the other, with one Python and, on the same database, with the same connections.
pub(super) struct Worker<'a> {
    fleet: &'a Fleet<'a>,
    sender: Sender<FleetEvent>,
    python: Option<Runtime>,
    kept: Option<Kept>,
    output: PathBuf,
}

impl<'a> Worker<'a> {
    /// Nothing is started before it is needed.
    pub(super) fn new(fleet: &'a Fleet<'a>, number: usize, sender: Sender<FleetEvent>) -> Self {
        let output = fleet.folder.join(format!("worker-{number}.log"));
        Self { fleet, sender, python: None, kept: None, output }
    }

    /// Until the feed gives no more.
    pub(super) fn serve(mut self, feed: &dyn Feed) {
        while let Some(assignment) = feed.next() {
            if !feed.may_begin(&assignment) {
                continue;
            }
            // Whoever listened may be gone, which changes nothing about the tenants.
            let _ = self.sender.send(FleetEvent::Started { index: assignment.index });
            let outcome = self.migrate(&assignment);
            feed.finished(&assignment, &outcome);
            let _ = self.sender.send(FleetEvent::Finished { index: assignment.index, outcome });
        }
        if let Some(python) = self.python.take() {
            // Its exit handlers are the last thing that happens; the tenants are done.
            let _ = python.finish();
        }
    }

    fn migrate(&mut self, assignment: &Assignment) -> TenantOutcome {
        let began = Instant::now();
        let printed = std::fs::metadata(&self.output).map_or(0, |file| file.len());
        let mut attendant =
            TenantAttendant { index: assignment.index, sender: self.sender.clone(), steps: 0, of: 0, running: None };
        let error = self.deploy(&assignment.surveyed, &mut attendant).err();
        let output = error.as_ref().map(|_| self.printed_since(printed)).unwrap_or_default();
        let revision = attendant.running.filter(|_| error.is_some());
        TenantOutcome { steps: attendant.steps, elapsed: began.elapsed(), revision, error, output }
    }

    fn deploy(&mut self, surveyed: &Surveyed, attendant: &mut dyn Attendant) -> Result<(), MigrateError> {
        let fleet = self.fleet;
        let Some(url) = &surveyed.url else { return Ok(()) };
        let invocation = tenant_invocation(fleet.invocation, fleet.tenants, &surveyed.tenant, url, fleet.driver)
            .map_err(|error| MigrateError::Refused(Box::new(error)))?;
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
        };
        let mut deployment = Deployment::new(request, attendant).continuing(self.kept.take());
        let outcome = match deployment.ready(url, &surveyed.table) {
            Ok(Readiness::NothingToDo) => Ok(()),
            Ok(Readiness::Ready) => {
                let python = match self.python.take() {
                    Some(python) => python,
                    None => (fleet.start)(&self.output)?,
                };
                let outcome =
                    deployment.run(&mut |supervisor| migrate::run_env(&python, invocation.clone(), supervisor));
                self.python = Some(python);
                outcome
            }
            Err(error) => Err(error),
        };
        self.kept = deployment.end();
        outcome
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

impl Attendant for TenantAttendant {
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
            Event::Warning(sentence) => Some(FleetEvent::Warning { index, sentence: sentence.to_owned() }),
            _ => None,
        };
        if let Some(told) = told {
            let _ = self.sender.send(told);
        }
    }
}
