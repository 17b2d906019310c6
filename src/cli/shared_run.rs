//! A fleet run that several runners share: beginning one, and taking part in one.

use std::collections::HashMap;
use std::time::Duration;

use clap::Args;

use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::fleet::FleetRequest;
use super::fleet_course::Course;
use super::fleet_progress::FRESH;
use crate::config::{DeployOptions, LockSetting, parse_duration};
use crate::migrate::Operation;
use crate::published::history_hash;
use crate::revision::{Relative, RevisionId, RevisionMap};
use crate::runtime::Interruption;
use crate::tenant::{
    FleetEvent, NewRun, Queue, QueueError, QueuePlace, Run, RunState, Selection, SharedFeed, SharedPart, Standing,
    Surveyed, Tenant, TenantOutcome,
};

/// How long the common database may be away before a runner gives up, where nothing says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
const LEASE: Duration = Duration::from_secs(60);
/// Shorter ones would be over whenever a machine is busy.
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
/// More names than that are a list that nobody reads.
const NAMED: usize = 5;

/// Whether the run is shared: options of `tenant migrate`.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of a run that several runners share")]
pub struct SharedArgs {
    /// Begin a shared run with this name, and take part in it [default: a name made of the time]
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "",
          conflicts_with = "explain")]
    pub start_run: Option<String>,
    /// Take part in a shared run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["start_run", "lease", "names", "tag", "to", "wave", "on_error", "explain"])]
    pub join: Option<String>,
    /// How long a runner may be silent before others take over its tenants, such as 2m [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = lease, requires = "start_run")]
    pub lease: Option<Duration>,
}

fn lease(text: &str) -> Result<Duration, String> {
    let long_enough = parse_duration(text).filter(|lease| *lease >= SHORTEST_LEASE);
    long_enough.ok_or_else(|| "a time of a second or more is expected, such as 90s or 2m".to_owned())
}

impl CommandContext {
    /// Begins a run over the tenants that are behind, and takes part in it.
    ///
    /// # Errors
    /// What keeps the run from beginning.
    pub(super) fn start_shared_run(
        &mut self,
        request: &FleetRequest<'_>,
        args: &SharedArgs,
    ) -> Result<ExitStatus, CommandError> {
        let options = self.tenant_options()?;
        let (waves, on_error) = request.fleet.course(&options)?;
        let target = fixed_target(&request.operation)?;
        let queue = Queue::prepare(self.queue_place(request)?)?;
        let tenants = self.tenants(&request.selection)?;
        let patience = self.shared_deploy_options(request)?.wait_for_db;
        let surveyed = self.survey_patiently(&request.operation, tenants, patience)?;
        let mut has_failed = false;
        for found in &surveyed {
            if let Some(reason) = found.standing.reason() {
                has_failed = true;
                self.ui.warning(&format!("tenant {}: {reason}", found.tenant.name));
            }
        }
        let behind = surveyed.iter().filter_map(|found| match &found.standing {
            Standing::Behind { rows, .. } => Some((found.tenant.name.clone(), rows.clone())),
            _ => None,
        });
        let scripts = self.scripts()?;
        let runner = self.runner()?;
        let new = NewRun {
            id: args.start_run.clone().filter(|name| !name.is_empty()).unwrap_or_else(name_of_now),
            operation: "upgrade".to_owned(),
            target: target.to_owned(),
            target_revisions: rows_at(&request.operation, &scripts.map)?,
            history: history_hash(&scripts),
            bases: bases(&scripts.map),
            git_commit: runner.git_commit,
            waves,
            on_error,
            lease: args.lease.unwrap_or(LEASE),
            created_by: [runner.user, runner.host].into_iter().flatten().collect::<Vec<_>>().join("@"),
            tenants: behind.collect(),
        };
        queue.begin(&new)?;
        self.ui.status(&format!("run {}: {} of {} tenants are behind", new.id, new.tenants.len(), surveyed.len()));
        let status = self.take_part(request, &queue, &new.id)?;
        Ok(if has_failed { ExitStatus::Code(1) } else { status })
    }

    /// Takes part in a run that somebody has begun.
    ///
    /// # Errors
    /// What keeps this runner from taking part, or from going on.
    pub(super) fn join_shared_run(&mut self, request: &FleetRequest<'_>, id: &str) -> Result<ExitStatus, CommandError> {
        let queue = Queue::open(self.queue_place(request)?)?;
        let queue = queue.ok_or_else(|| QueueError::NoRun { id: id.to_owned() })?;
        self.take_part(request, &queue, id)
    }

    fn take_part(&mut self, request: &FleetRequest<'_>, queue: &Queue, id: &str) -> Result<ExitStatus, CommandError> {
        let run = queue.run(id)?;
        if run.ended_at.is_some() {
            return Ok(self.show_end(&run));
        }
        let scripts = self.scripts()?;
        if run.history != history_hash(&scripts) {
            return Err(QueueError::OtherHistory { id: run.id, commit: run.git_commit }.into());
        }
        let operation = Operation::Upgrade { target: run.target.clone() };
        let tenants = self.tenants_of(queue, &run, &operation)?;
        let mut options = self.tenant_options()?;
        if request.fleet.no_render {
            options.render = Some(false);
        }
        let deploy = self.shared_deploy_options(request)?;
        let workers = request.fleet.jobs.or(options.jobs).map(usize::from);
        let workers = workers.or_else(|| Some(std::thread::available_parallelism().ok()?.get())).unwrap_or(1);
        let course = Course {
            operation: &operation,
            command: &["upgrade", &run.target],
            surveyed: &tenants,
            tenants: &options,
            deploy: &deploy,
            sets_path: deploy.search_path.is_set(),
            permissions: request.run.permissions(&self.environment),
            workers: workers.min(tenants.len()),
        };
        let feed = SharedFeed::new(queue, &run, &tenants).map_err(|error| {
            CommandError::crashed("no thread can be started that renews leases").caused_by(error.to_string())
        })?;
        let mut outcomes: Vec<(usize, TenantOutcome)> = Vec::new();
        self.conduct(&course, &feed, &mut |ui, event| match event {
            FleetEvent::Warning { index, sentence } => {
                ui.warning(&format!("tenant {}: {sentence}", name_of(&tenants, index)));
            }
            FleetEvent::Finished { index, outcome } => outcomes.push((index, outcome)),
            FleetEvent::FreshPythons { .. } => ui.warning(FRESH),
            FleetEvent::Started { .. } | FleetEvent::Step { .. } | FleetEvent::Note { .. } => {}
        })?;
        let part = feed.end();
        self.show_part(&tenants, outcomes, &part);
        if let Some(failure) = part.failure {
            return Err(failure.into());
        }
        if Interruption::is_requested() {
            return Err(CommandError::interrupted());
        }
        Ok(self.show_end(&queue.run(id)?))
    }

    /// The tenants of a run by position, as this machine knows them.
    fn tenants_of(&mut self, queue: &Queue, run: &Run, operation: &Operation) -> Result<Vec<Surveyed>, CommandError> {
        let items = queue.items(&run.id)?;
        let all = self.tenants(&Selection::default())?;
        let mut known: HashMap<String, Tenant> = all.into_iter().map(|tenant| (tenant.name.clone(), tenant)).collect();
        let mut missing = Vec::new();
        let mut tenants = Vec::new();
        for item in items {
            match known.remove(&item.tenant) {
                Some(tenant) => tenants.push((tenant, item.heads_before)),
                None => missing.push(item.tenant),
            }
        }
        if !missing.is_empty() {
            let count = missing.len();
            missing.truncate(NAMED);
            return Err(QueueError::NoTenants { id: run.id.clone(), count, names: missing }.into());
        }
        self.recorded(operation, tenants)
    }

    /// Without a lock in the tenant's database nothing would keep a runner that was frozen from running what another has taken over.
    fn shared_deploy_options(&mut self, request: &FleetRequest<'_>) -> Result<DeployOptions, CommandError> {
        let deploy = request.run.over(&self.project()?.settings.deploy);
        if deploy.lock == Some(LockSetting::Off) {
            return Err(CommandError::usage("a shared run needs the lock of every tenant, and it is switched off")
                .hint("leave `--lock off`, or `lock = \"off\"` in the settings, out"));
        }
        Ok(deploy)
    }

    fn queue_place(&mut self, request: &FleetRequest<'_>) -> Result<QueuePlace, CommandError> {
        let deploy = self.shared_deploy_options(request)?;
        self.common_place(deploy.wait_for_db.unwrap_or(PATIENCE))
    }

    /// The common database as the place of the queue.
    ///
    /// # Errors
    /// It is not configured.
    pub(super) fn common_place(&mut self, patience: Duration) -> Result<QueuePlace, CommandError> {
        let options = self.tenant_options()?;
        let url = self.common_url(&options)?.ok_or_else(|| {
            CommandError::usage("a shared run is kept in the common database, and there is no `common` in [tenants]")
                .hint("name it by `common = \"env:COMMON_URL\"`, or by the ini section that has its history: `common = \"section:common\"`")
        })?;
        Ok(QueuePlace { url, environment: self.database_environment(), patience })
    }

    fn show_part(&mut self, tenants: &[Surveyed], outcomes: Vec<(usize, TenantOutcome)>, part: &SharedPart) {
        for (index, former) in &part.taken_over {
            let name = name_of(tenants, *index);
            self.ui.status(&format!("tenant {name}: taken over from {former}, which was not heard of any more"));
        }
        for index in &part.given_back {
            let name = name_of(tenants, *index);
            self.ui.status(&format!("tenant {name}: put back, for another turn"));
        }
        for index in &part.lost {
            let name = name_of(tenants, *index);
            self.ui.warning(&format!(
                "tenant {name}: this runner was not heard of in time, and another one has taken it over; what it says counts"
            ));
        }
        let is_ours = |index: &usize| !part.lost.contains(index) && !part.given_back.contains(index);
        let mut done = 0;
        for (index, outcome) in outcomes.into_iter().filter(|(index, _)| is_ours(index)) {
            let name = name_of(tenants, index).to_owned();
            match outcome.error {
                None => done += 1,
                Some(error) => {
                    let failure = self.migrate_error(error);
                    self.ui.warning(&format!("tenant {name}: {}", failure.sentence));
                }
            }
        }
        self.ui.status(&format!("{done} of {} tenants migrated by this runner", tenants.len()));
    }

    /// The whole run in a sentence, and the status that its state comes to.
    fn show_end(&mut self, run: &Run) -> ExitStatus {
        let counts = run.counts;
        let mut parts = vec![format!("{} done", counts.done), format!("{} failed", counts.failed)];
        parts.extend((counts.skipped > 0).then(|| format!("{} not begun", counts.skipped)));
        let open = counts.queued + counts.leased;
        parts.extend((open > 0).then(|| format!("{open} not finished")));
        self.ui.status(&format!("run {} {}: {}", run.id, run.state.phrase(), parts.join(", ")));
        let has_succeeded = run.state == RunState::Finished && counts.failed == 0;
        if !has_succeeded {
            self.ui.status(&format!("`limbec tenant runs {}` shows which", run.id));
        }
        if has_succeeded { ExitStatus::Success } else { ExitStatus::Code(1) }
    }
}

fn name_of(tenants: &[Surveyed], index: usize) -> &str {
    tenants.get(index).map_or("", |found| found.tenant.name.as_str())
}

/// The target, where it is the same for every tenant: `+1` would be another one for a tenant that was half migrated by a runner that died.
fn fixed_target(operation: &Operation) -> Result<&str, CommandError> {
    let (Operation::Upgrade { target } | Operation::Downgrade { target }) = operation else {
        return Err(CommandError::usage("a shared run upgrades"));
    };
    match Relative::parse(target) {
        Some(relative) if relative.symbol.is_none() => Err(CommandError::usage(format!(
            "a shared run cannot go to '{target}', which depends on where a tenant is"
        ))
        .hint("name a revision, `head` or `heads`")),
        _ => Ok(target),
    }
}

/// The rows of a version table that had none before.
fn rows_at(operation: &Operation, map: &RevisionMap) -> Result<Vec<RevisionId>, CommandError> {
    let plan = operation.plan(map, &[])?;
    Ok(plan.steps.last().map(|step| step.to_heads.clone()).unwrap_or_default())
}

/// Which history it is: these revisions stay the same whatever is added to it.
fn bases(map: &RevisionMap) -> String {
    let mut bases: Vec<&str> = map.bases().iter().map(|base| map.revision(*base).id.as_str()).collect();
    bases.sort_unstable();
    bases.join(",")
}

fn name_of_now() -> String {
    format!("{}-{:04x}", chrono::Utc::now().format("%Y%m%d-%H%M%S"), fastrand::u16(..))
}
