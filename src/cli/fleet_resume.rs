//! Continuing a fleet run that did not come to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::context::CommandContext;
use super::error::CommandError;
use super::tenants::environment_of;
use crate::database::DatabaseUrl;
use crate::migrate::Operation;
use crate::revision::RevisionId;
use crate::tenant::{
    OnError, PastRun, PlaceRequest, Resumable, RunFolder, RunIntent, RunRecord, Selection, Standing, Surveyed, Tenant,
    TenantIntent, Waves, choose,
};

/// What a run does to which tenants, before it begins.
pub(super) struct FleetPlan {
    /// What is planned.
    pub(super) operation: Operation,
    /// Every tenant of the run, and where it stands.
    pub(super) surveyed: Vec<Surveyed>,
    /// How many tenants that are behind are in which wave.
    pub(super) sizes: Vec<usize>,
    /// Which failures end it.
    pub(super) on_error: OnError,
    /// What remembers it; `None` where nothing can.
    pub(super) record: Option<RunRecord>,
}

/// What becomes of a request to continue a run.
pub(super) enum Resumed {
    /// It goes on.
    Goes(Box<FleetPlan>),
    /// Its tenants are all done.
    Complete,
}

impl CommandContext {
    /// A run that begins.
    ///
    /// # Errors
    /// What keeps the tenants from being listed or looked at.
    pub(super) fn begin_fleet(
        &mut self,
        operation: Operation,
        selection: &Selection,
        (waves, on_error): (&Waves, OnError),
        patience: Option<Duration>,
    ) -> Result<FleetPlan, CommandError> {
        let tenants = self.tenants(selection)?;
        let surveyed = self.survey_patiently(&operation, tenants, patience)?;
        let places = self.places(surveyed.iter().map(|found| (found.tenant.as_ref(), found.url.clone())))?;
        let intents = surveyed.iter().zip(places).filter_map(|(found, place)| intent(found, place));
        let (unknown, mut tenants): (Vec<_>, Vec<_>) = intents.partition(|tenant| tenant.is_unknown);
        let sizes = waves.sizes(tenants.len());
        tenants.extend(unknown);
        let (operation_name, target) = match &operation {
            Operation::Downgrade { target } => ("downgrade", target.clone()),
            Operation::Upgrade { target } => ("upgrade", self.resolved(target)?),
            Operation::Stamp { .. } => ("stamp", String::new()),
        };
        let intent = RunIntent {
            operation: operation_name.to_owned(),
            target,
            waves: waves.to_string(),
            on_error: on_error.to_string(),
            tenants,
        };
        let record = if intent.tenants.is_empty() { None } else { self.remember(&intent) };
        Ok(FleetPlan { operation, surveyed, sizes, on_error, record })
    }

    /// The last run, if it did not come to its end, as far as it is left.
    ///
    /// # Errors
    /// There is none, it is of another command, or its tenants cannot be listed or looked at.
    pub(super) fn resume_fleet(
        &mut self,
        operation: &str,
        patience: Option<Duration>,
    ) -> Result<Resumed, CommandError> {
        self.tenant_options()?;
        let folder = self.run_folder()?;
        let runs = folder.runs()?;
        let listed = if runs.is_empty() { Vec::new() } else { self.tenants(&Selection::default())? };
        let variables = environment_of(self);
        let url = |tenant: &Tenant| tenant.database_url(&|name| variables.get(name).cloned()).ok();
        let places = self.places(listed.iter().map(|tenant| (tenant, url(tenant))))?;
        let names = listed.iter().map(|tenant| tenant.name.as_str());
        let (run, overtaken, older) = match choose(runs, operation, &names.zip(places).collect()) {
            Resumable::Found { run, overtaken, older } => (run, overtaken, older),
            Resumable::Complete => return Ok(Resumed::Complete),
            refused => return Err(refusal(&refused)),
        };
        let target = run.intent.target.clone();
        let operation = match operation {
            "downgrade" => Operation::Downgrade { target },
            _ => Operation::Upgrade { target },
        };
        let tenants = self.still_listed(&run, listed);
        let mut surveyed = self.survey_patiently(&operation, tenants, patience)?;
        for found in &mut surveyed {
            self.compare(&run, &overtaken, found);
        }
        let unreadable = |_| CommandError::crashed("the record of the run is not one of this version");
        let waves: Waves = if run.intent.waves.is_empty() {
            Waves::default()
        } else {
            run.intent.waves.parse().map_err(unreadable)?
        };
        let on_error =
            run.intent.on_error.parse().map_err(|_| CommandError::crashed("the record is not one of this version"))?;
        let sizes = sizes_left(&waves, &run.intent.tenants, &surveyed);
        let done = surveyed.iter().filter(|found| matches!(found.standing, Standing::AtTarget { .. })).count();
        let (began, target, tenants) = (&run.began, &run.intent.target, run.intent.tenants.len());
        self.ui.status(&format!("Continuing the run of {began} to {target}: {done} of {tenants} tenants are done."));
        if older > 0 {
            self.ui.status(&format!("There are {older} unfinished runs before it: `--resume` again continues them."));
        }
        let record = self.go_on(&run, &surveyed);
        Ok(Resumed::Goes(Box::new(FleetPlan { operation, surveyed, sizes, on_error, record })))
    }

    /// The tenants of a run that the source still has, in the run's order.
    fn still_listed(&mut self, run: &PastRun, mut listed: Vec<Tenant>) -> Vec<Tenant> {
        let mut there = Vec::new();
        for name in run.intent.tenants.iter().map(|tenant| &tenant.name) {
            match listed.iter().position(|tenant| tenant.name == *name) {
                Some(position) => there.push(listed.swap_remove(position)),
                None => self.ui.warning(&format!("tenant {name} is not in the source any more")),
            }
        }
        there
    }

    /// Where a tenant stands towards what the run has planned for it, which a relative target alone would not say. Its version table
    /// counts, not what the record says of it.
    fn compare(&mut self, run: &PastRun, overtaken: &BTreeSet<String>, found: &mut Surveyed) {
        let Some(intent) = run.intent.tenants.iter().find(|tenant| tenant.name == found.tenant.name) else { return };
        if intent.is_unknown || matches!(found.standing, Standing::Missing { .. } | Standing::Unreachable { .. }) {
            return;
        }
        let (rows, name) = (sorted(found.standing.rows()), &intent.name);
        if rows == sorted(&intent.to) {
            found.standing = Standing::AtTarget { rows };
            return;
        }
        if run.done.contains(name) {
            self.ui.warning(&format!("tenant {name} was done, and has been changed since: it is at {}", words(&rows)));
        }
        let (from, to, now) = (words(&intent.from), words(&intent.to), words(&rows));
        if !run.is_upgrade_to_revision() && overtaken.contains(name) {
            let reason = format!("it is at {now}, where a later run has brought it, and not at {to}");
            found.standing = Standing::Inconsistent { rows, reason };
        } else if is_relative(&run.intent.target) && rows != sorted(&intent.from) {
            let reason =
                format!("it is at {now}, on its way from {from} to {to}: name it, and that revision as the target");
            found.standing = Standing::Inconsistent { rows, reason };
        }
    }

    /// The record of a run that goes on, with what is planned now for those that were unknown.
    fn go_on(&mut self, run: &PastRun, surveyed: &[Surveyed]) -> Option<RunRecord> {
        let places = self.places(surveyed.iter().map(|found| (found.tenant.as_ref(), found.url.clone()))).ok()?;
        let unknown = |name: &str| run.intent.tenants.iter().any(|tenant| tenant.is_unknown && tenant.name == name);
        let opened = run.go_on().and_then(|mut record| {
            for (found, place) in surveyed.iter().zip(places).filter(|(found, _)| unknown(&found.tenant.name)) {
                if let Some(intent) = intent(found, place).filter(|intent| !intent.is_unknown) {
                    record.planned(&intent)?;
                }
            }
            Ok(record)
        });
        opened.map_err(|error| self.ui.warning(&error.to_string())).ok()
    }

    /// What tells whether tenants are those of a run, in their order.
    fn places<'a>(
        &mut self,
        tenants: impl Iterator<Item = (&'a Tenant, Option<DatabaseUrl>)>,
    ) -> Result<Vec<Option<String>>, CommandError> {
        let salt = self.project_key()?;
        let environment = self.database_environment();
        let request = PlaceRequest { salt: &salt, folder: &self.environment.current_dir, environment: &environment };
        Ok(tenants.map(|(tenant, url)| request.place(tenant, url.as_ref())).collect())
    }

    /// What `heads` means now, so that it means the same when the run is continued.
    fn resolved(&mut self, target: &str) -> Result<String, CommandError> {
        let scripts = self.scripts()?;
        match scripts.map.heads() {
            [head] if ["head", "heads"].contains(&target) => Ok(scripts.map.revision(*head).id.to_string()),
            _ => Ok(target.to_owned()),
        }
    }

    fn remember(&mut self, intent: &RunIntent) -> Option<RunRecord> {
        let begun = self.run_folder().and_then(|folder| Ok(folder.begin(intent)?));
        match begun {
            Ok(record) => Some(record),
            Err(error) => {
                self.ui.warning(&format!("`--resume` will not find this run: {}", error.sentence));
                None
            }
        }
    }

    /// Where this project's runs are remembered.
    fn run_folder(&mut self) -> Result<RunFolder, CommandError> {
        let key = Sha256::digest(self.project_key()?);
        let path = |name: &str| self.environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = path("XDG_STATE_HOME").or_else(|| Some(path("HOME")?.join(".local/state")));
        let state = state.ok_or_else(|| CommandError::usage("neither XDG_STATE_HOME nor HOME names a folder"))?;
        let key: String = key.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Ok(RunFolder::new(state.join("limbec/fleets").join(key)))
    }

    /// The ini and its section.
    fn project_key(&mut self) -> Result<String, CommandError> {
        let project = self.project()?;
        let ini = project.ini_path();
        let ini = ini.canonicalize().unwrap_or(ini);
        Ok(format!("{}\0{}", ini.display(), project.section))
    }
}

/// Why there is nothing to continue.
fn refusal(found: &Resumable) -> CommandError {
    const HINT: &str = "the same command without `--resume` does what is missing";
    match found {
        Resumable::OtherOperation(run) => {
            let (other, began) = (&run.intent.operation, &run.began);
            CommandError::usage(format!("the run to continue, of {began}, is a tenant {other}"))
        }
        Resumable::Elsewhere { run, tenant } => {
            let why = match tenant {
                Some(tenant) => format!("tenant {tenant} lies elsewhere now"),
                None => "none of its tenants is known to lie where it did".to_owned(),
            };
            let began = &run.began;
            CommandError::usage(format!("the unfinished run, of {began}, was of other databases: {why}")).hint(HINT)
        }
        _ => CommandError::usage("there is no run of this project to continue").hint(HINT),
    }
}

/// What a run is to do with a tenant; `None` where there is nothing to do.
fn intent(found: &Surveyed, place: Option<String>) -> Option<TenantIntent> {
    let (is_unknown, from, to) = match &found.standing {
        Standing::AtTarget { .. } => return None,
        Standing::Behind { rows, plan } => {
            let to = plan.steps.last().map_or_else(|| rows.clone(), |step| step.to_heads.clone());
            (false, rows.clone(), to)
        }
        Standing::Inconsistent { .. } | Standing::Missing { .. } | Standing::Unreachable { .. } => {
            (true, Vec::new(), Vec::new())
        }
    };
    Some(TenantIntent { name: found.tenant.name.clone(), place, is_unknown, from, to })
}

/// Of each wave of the run, as many as are left.
fn sizes_left(waves: &Waves, tenants: &[TenantIntent], surveyed: &[Surveyed]) -> Vec<usize> {
    let is_behind: BTreeMap<&str, bool> = surveyed
        .iter()
        .map(|found| (found.tenant.name.as_str(), matches!(found.standing, Standing::Behind { .. })))
        .collect();
    // Those that could not be read when the run began are a wave of their own.
    let planned = tenants.iter().filter(|tenant| !tenant.is_unknown).count();
    let mut sizes = waves.sizes(planned);
    sizes.push(tenants.len() - planned);
    let mut tenants =
        tenants.iter().filter(|tenant| !tenant.is_unknown).chain(tenants.iter().filter(|tenant| tenant.is_unknown));
    let left = sizes.into_iter().map(|size| {
        let wave = tenants.by_ref().take(size);
        wave.filter(|tenant| is_behind.get(tenant.name.as_str()).copied().unwrap_or(false)).count()
    });
    left.filter(|size| *size > 0).collect()
}

/// Whether it leads elsewhere from another revision.
fn is_relative(target: &str) -> bool {
    let symbol = target.rsplit('@').next().unwrap_or_default();
    symbol.starts_with(['+', '-'])
}

fn sorted(rows: &[RevisionId]) -> Vec<RevisionId> {
    let mut rows = rows.to_vec();
    rows.sort();
    rows
}

fn words(rows: &[RevisionId]) -> String {
    if rows.is_empty() {
        return "base".to_owned();
    }
    rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
