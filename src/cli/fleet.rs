//! The one way in which commands change many databases: `tenant migrate`, `tenant downgrade`.

use super::change_args::RunArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::fleet_args::FleetArgs;
use super::fleet_course::Course;
use crate::migrate::Operation;
use crate::runtime::Interruption;
use crate::tenant::{Assignment, FleetEvent, InWaves, Selection, Standing, TenantOutcome};

/// What a command was asked to do to tenants.
pub(super) struct FleetRequest<'a> {
    /// What is planned.
    pub(super) operation: Operation,
    /// The same for env.py: command and arguments.
    pub(super) command: &'a [&'a str],
    /// Which tenants.
    pub(super) selection: Selection,
    /// How many at a time, in which waves.
    pub(super) fleet: &'a FleetArgs,
    /// How each is run.
    pub(super) run: &'a RunArgs,
}

/// Said once a run.
pub(super) const FRESH: &str = "env.py, or what it imports, keeps the database of the first tenant that a Python serves: each tenant is given a fresh one from here \
                     on, which takes longer";

impl CommandContext {
    /// Migrates tenants, and says what became of each.
    ///
    /// # Errors
    /// What keeps the run from beginning. A tenant that fails is no error, but status 1.
    pub(super) fn run_fleet(&mut self, request: &FleetRequest<'_>) -> Result<ExitStatus, CommandError> {
        let tenants = self.tenants(&request.selection)?;
        let mut options = self.tenant_options()?;
        if request.fleet.no_render {
            options.render = Some(false);
        }
        let (waves, on_error) = request.fleet.course(&options)?;
        let surveyed = self.survey(&request.operation, tenants)?;
        if let Some(format) = request.fleet.explain {
            let deploy = request.run.over(&self.project()?.settings.deploy);
            self.explain_fleet(&surveyed, (&options, &deploy), format)?;
            return Ok(ExitStatus::Success);
        }
        let mut has_failed = false;
        for found in &surveyed {
            if let Standing::Inconsistent { reason, .. } | Standing::Unreachable { reason } = &found.standing {
                has_failed = true;
                self.ui.warning(&format!("tenant {}: {reason}", found.tenant.name));
            }
        }
        let assignments: Vec<Assignment> = surveyed
            .iter()
            .enumerate()
            .filter(|(_, found)| matches!(found.standing, Standing::Behind { .. }))
            .map(|(index, found)| Assignment { index, surveyed: found.clone() })
            .collect();
        if assignments.is_empty() {
            return Ok(if has_failed { ExitStatus::Code(1) } else { ExitStatus::Success });
        }
        let workers = request.fleet.jobs.or(options.jobs).map(usize::from);
        let workers = workers.or_else(|| Some(std::thread::available_parallelism().ok()?.get())).unwrap_or(1);
        let course = Course {
            operation: &request.operation,
            command: request.command,
            tenants: &options,
            deploy: &request.run.over(&self.project()?.settings.deploy),
            permissions: request.run.permissions(&self.environment),
            workers: workers.min(assignments.len()),
        };
        let feed = InWaves::new(assignments, &waves, on_error);
        let mut outcomes: Vec<(usize, TenantOutcome)> = Vec::new();
        self.conduct(&course, &feed, &mut |ui, event| match event {
            FleetEvent::Warning { index, sentence } => {
                let name = surveyed.get(index).map(|found| found.tenant.name.as_str()).unwrap_or_default();
                ui.warning(&format!("tenant {name}: {sentence}"));
            }
            FleetEvent::Finished { index, outcome } => outcomes.push((index, outcome)),
            FleetEvent::FreshPythons { .. } => ui.warning(FRESH),
            FleetEvent::Started { .. } | FleetEvent::Step { .. } => {}
        })?;
        let mut done = 0;
        for (index, outcome) in outcomes {
            let name = surveyed.get(index).map(|found| found.tenant.name.clone()).unwrap_or_default();
            match outcome.error {
                None => done += 1,
                Some(error) => {
                    has_failed = true;
                    let failure = self.migrate_error(error);
                    self.ui.warning(&format!("tenant {name}: {}", failure.sentence));
                }
            }
        }
        self.ui.status(&format!("{done} of {} tenants migrated", surveyed.len()));
        if Interruption::is_requested() {
            return Err(CommandError::interrupted());
        }
        Ok(if has_failed { ExitStatus::Code(1) } else { ExitStatus::Success })
    }
}
