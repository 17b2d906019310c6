//! The one way in which commands change many databases: `tenant migrate`, `tenant downgrade`.

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::Utc;

use super::args::Format;
use super::change_args::RunArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::fleet_args::FleetArgs;
use super::fleet_course::Course;
use super::fleet_progress::FleetProgress;
use super::fleet_report::{self, ReportFile};
use super::fleet_resume::{FleetPlan, Resumed};
use super::ui::Ui;
use crate::config::{SearchPath, TenantMode};
use crate::migrate::Operation;
use crate::runtime::Interruption;
use crate::tenant::{
    Assignment, FleetEvent, FleetReport, InWaves, RunOutcome, RunRecord, Selection, Standing, Surveyed, TenantOutcome,
    TenantReport,
};

/// More ways out of failures than these are not shown.
const HINTS_SHOWN: usize = 5;

/// What a command was asked to do to tenants.
pub(super) struct FleetRequest<'a> {
    /// What is planned.
    pub(super) operation: Operation,
    /// Which tenants.
    pub(super) selection: Selection,
    /// How many at a time, in which waves.
    pub(super) fleet: &'a FleetArgs,
    /// How each is run.
    pub(super) run: &'a RunArgs,
}

impl CommandContext {
    /// Migrates tenants, and says what became of each.
    ///
    /// # Errors
    /// What keeps the run from beginning. A tenant that fails is no error, but status 1.
    pub(super) fn run_fleet(&mut self, request: &FleetRequest<'_>) -> Result<ExitStatus, CommandError> {
        let (began, clock) = (Utc::now(), Instant::now());
        let folder = self.environment.current_dir.clone();
        let file = request.fleet.report.as_ref().map(|path| ReportFile::prepare(path, &folder)).transpose()?;
        if let Some(format) = request.fleet.explain {
            return self.explain_request(request, format);
        }
        let Some(mut plan) = self.fleet_plan(request)? else {
            self.ui.status("The last run has come to its end: every tenant of it is done.");
            return Ok(ExitStatus::Success);
        };
        self.set_apart(&plan.surveyed);
        let outcomes = self.run_behind(request, &mut plan)?;
        let (tenants, hints) = self.tenant_reports(&plan.surveyed, outcomes);
        let is_interrupted = Interruption::is_requested();
        let what = operation_words(&plan.operation);
        let report = FleetReport::new(what, (began, clock.elapsed()), is_interrupted, tenants);
        if let Some(record) = &mut plan.record {
            let totals = &report.totals;
            let left = totals.failed
                + totals.interrupted
                + totals.not_begun
                + totals.inconsistent
                + totals.missing
                + totals.unreachable;
            let ended = record.end(left == 0);
            ended.unwrap_or_else(|error| self.ui.warning(&error.to_string()));
        }
        match request.fleet.format {
            Format::Json => self.ui.json(&report),
            Format::Text => fleet_report::print(&mut self.ui, &report),
        }
        hints.iter().take(HINTS_SHOWN).for_each(|hint| self.ui.hint(hint));
        if let Some(file) = file {
            file.write(&report)?;
        }
        match report.outcome {
            RunOutcome::Done => Ok(ExitStatus::Success),
            RunOutcome::Interrupted => Err(CommandError::interrupted()),
            RunOutcome::Failed | RunOutcome::Stopped => Ok(ExitStatus::Code(1)),
        }
    }

    /// Which way every revision would go.
    fn explain_request(&mut self, request: &FleetRequest<'_>, format: Format) -> Result<ExitStatus, CommandError> {
        let tenants = self.tenants(&request.selection)?;
        let mut options = self.tenant_options()?;
        if request.fleet.no_render {
            options.render = Some(false);
        }
        let deploy = request.run.over(&self.project()?.settings.deploy);
        let surveyed = self.survey_patiently(&request.operation, tenants, deploy.wait_for_db)?;
        self.set_apart(&surveyed);
        self.explain_fleet(&surveyed, (&options, &deploy), format)?;
        Ok(ExitStatus::Success)
    }

    /// What is to be done; `None`: the run to continue is complete.
    fn fleet_plan(&mut self, request: &FleetRequest<'_>) -> Result<Option<FleetPlan>, CommandError> {
        let options = self.tenant_options()?;
        let patience = request.run.over(&self.project()?.settings.deploy).wait_for_db;
        if request.fleet.resume {
            return Ok(match self.resume_fleet(operation_words(&request.operation).0, patience)? {
                Resumed::Goes(plan) => Some(*plan),
                Resumed::Complete => None,
            });
        }
        let (waves, on_error) = request.fleet.course(&options)?;
        self.begin_fleet(request.operation.clone(), &request.selection, (&waves, on_error), patience).map(Some)
    }

    /// Names those that the run leaves alone.
    fn set_apart(&mut self, surveyed: &[Surveyed]) {
        for found in surveyed {
            if let Some(reason) = found.standing.reason() {
                self.ui.warning(&format!("tenant {}: {reason}", found.tenant.name));
            }
        }
        if surveyed.iter().any(|found| matches!(found.standing, Standing::Missing { .. })) {
            self.ui.hint("`limbec tenant create NAME` makes the database or the schema of a tenant");
        }
    }

    /// Runs those that there is something to do for.
    fn run_behind(
        &mut self,
        request: &FleetRequest<'_>,
        plan: &mut FleetPlan,
    ) -> Result<Vec<(usize, TenantOutcome)>, CommandError> {
        let assignments = assignments(&plan.surveyed);
        if assignments.is_empty() {
            return Ok(Vec::new());
        }
        let mut options = self.tenant_options()?;
        if request.fleet.no_render {
            options.render = Some(false);
        }
        let workers = request.fleet.jobs.or(options.jobs).map(usize::from);
        let workers = workers.or_else(|| Some(std::thread::available_parallelism().ok()?.get())).unwrap_or(1);
        let mut deploy = request.run.over(&self.project()?.settings.deploy);
        let sets_path = deploy.search_path.is_set();
        if options.mode == TenantMode::Schema && !deploy.search_path.is_set() {
            // Where limbec itself looks for what a plan destroys; env.py sees to its own connection.
            deploy.search_path = SearchPath::of_schema();
        }
        let permissions = request.run.permissions(&self.environment);
        let permissions = self.pass_fleet_gate(&plan.operation, (&deploy, permissions), &plan.surveyed)?;
        let (name, target) = operation_words(&plan.operation);
        // Alembic would take `-1` for an option.
        let command = if target.starts_with('-') { vec![name, "--", target] } else { vec![name, target] };
        let course = Course {
            operation: &plan.operation,
            command: &command,
            surveyed: &plan.surveyed,
            tenants: &options,
            deploy: &deploy,
            sets_path,
            permissions,
            workers: workers.min(assignments.len()),
        };
        let mut progress = FleetProgress::new(&self.ui, &plan.surveyed, assignments.len());
        let feed = InWaves::of_sizes(assignments, plan.sizes.clone(), plan.on_error);
        let mut outcomes: Vec<(usize, TenantOutcome)> = Vec::new();
        let (record, surveyed) = (&mut plan.record, &plan.surveyed);
        let ended = self.conduct(&course, &feed, &mut |ui, event| {
            progress.event(ui, &event);
            if let FleetEvent::Finished { index, outcome } = event {
                remember(ui, record, surveyed.get(index), &outcome);
                outcomes.push((index, outcome));
            }
        });
        progress.end();
        ended.map(|()| outcomes)
    }

    /// What became of each, in words, without its password; and what to do about failures, each once.
    fn tenant_reports(
        &mut self,
        surveyed: &[Surveyed],
        outcomes: Vec<(usize, TenantOutcome)>,
    ) -> (Vec<TenantReport>, BTreeSet<String>) {
        let mut hints = BTreeSet::new();
        let mut reports: Vec<TenantReport> = surveyed.iter().map(TenantReport::of).collect();
        for (index, mut outcome) in outcomes {
            let (Some(report), Some(found)) = (reports.get_mut(index), surveyed.get(index)) else { continue };
            report.finish(found, &outcome, None);
            report.reason = outcome.error.take().map(|error| {
                let failure = self.migrate_error(error);
                hints.extend(
                    failure.hints.iter().map(|hint| found.url.as_ref().map_or(hint.clone(), |url| url.censored(hint))),
                );
                failure.sentence
            });
        }
        for (report, found) in reports.iter_mut().zip(surveyed) {
            let Some(url) = &found.url else { continue };
            report.reason = report.reason.take().map(|reason| url.censored(&reason));
            report.output.iter_mut().for_each(|line| *line = url.censored(line));
        }
        (reports, hints)
    }
}

/// The tenants that there is something to do for.
fn assignments(surveyed: &[Surveyed]) -> Vec<Assignment> {
    let behind = surveyed.iter().enumerate().filter(|(_, found)| matches!(found.standing, Standing::Behind { .. }));
    behind.map(|(index, found)| Assignment { index, surveyed: found.clone() }).collect()
}

/// Writes down what became of a tenant; once that fails, no more.
fn remember(ui: &mut Ui, record: &mut Option<RunRecord>, found: Option<&Surveyed>, outcome: &TenantOutcome) {
    let (Some(open), Some(found)) = (record.as_mut(), found) else { return };
    let word = match &outcome.error {
        None => "done",
        Some(_) if outcome.is_interrupted() => "interrupted",
        Some(_) => "failed",
    };
    if let Err(error) = open.tenant(&found.tenant.name, word) {
        ui.warning(&format!("`--resume` will not know the rest of this run: {error}"));
        *record = None;
    }
}

/// `upgrade` and the target.
fn operation_words(operation: &Operation) -> (&'static str, &str) {
    match operation {
        Operation::Upgrade { target } => ("upgrade", target),
        Operation::Downgrade { target } => ("downgrade", target),
        Operation::Stamp { .. } => ("stamp", ""),
    }
}
