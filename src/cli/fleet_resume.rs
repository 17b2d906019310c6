//! Continuing a fleet run that did not come to its end.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::context::CommandContext;
use super::error::CommandError;
use crate::migrate::Operation;
use crate::revision::RevisionId;
use crate::tenant::{
    LastRun, OnError, RunFolder, RunIntent, RunRecord, Selection, Standing, Surveyed, TenantIntent, UnfinishedRun,
    Waves,
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
    ) -> Result<FleetPlan, CommandError> {
        let tenants = self.tenants(selection)?;
        let surveyed = self.survey(&operation, tenants)?;
        let tenants: Vec<TenantIntent> = surveyed.iter().filter_map(intent).collect();
        let sizes = waves.sizes(tenants.len());
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
    pub(super) fn resume_fleet(&mut self, operation: &str) -> Result<Resumed, CommandError> {
        self.tenant_options()?;
        let folder = self.run_folder()?;
        let run = match folder.last()? {
            LastRun::Unfinished(run) => run,
            LastRun::Complete => return Ok(Resumed::Complete),
            LastRun::None => {
                let failure = CommandError::usage("there is no run of this project to continue");
                return Err(failure.hint("the same command without `--resume` does what is missing"));
            }
        };
        if run.intent.operation != operation {
            let (other, began) = (&run.intent.operation, &run.began);
            return Err(CommandError::usage(format!("the run to continue, of {began}, is a tenant {other}")));
        }
        let target = run.intent.target.clone();
        let operation = match operation {
            "downgrade" => Operation::Downgrade { target },
            _ => Operation::Upgrade { target },
        };
        let names: Vec<&str> = run.intent.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        let (mut listed, mut there) = (self.tenants(&Selection::default())?, Vec::new());
        for name in names {
            match listed.iter().position(|tenant| tenant.name == name) {
                Some(position) => there.push(listed.swap_remove(position)),
                None => self.ui.warning(&format!("tenant {name} is not in the source any more")),
            }
        }
        let mut surveyed = self.survey(&operation, there)?;
        for found in &mut surveyed {
            self.compare(&run, found);
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
        self.ui.status(&format!(
            "Continuing the run of {}: {} of {} tenants are done.",
            run.began,
            run.done.len(),
            run.intent.tenants.len()
        ));
        let record = run.go_on().map_err(|error| self.ui.warning(&error.to_string())).ok();
        Ok(Resumed::Goes(Box::new(FleetPlan { operation, surveyed, sizes, on_error, record })))
    }

    /// Where a tenant stands towards what the run has planned for it, which a relative target alone would not say.
    fn compare(&mut self, run: &UnfinishedRun, found: &mut Surveyed) {
        let Some(intent) = run.intent.tenants.iter().find(|tenant| tenant.name == found.tenant.name) else { return };
        if matches!(found.standing, Standing::Unreachable { .. }) {
            return;
        }
        let rows = sorted(found.standing.rows());
        if rows == sorted(&intent.to) {
            found.standing = Standing::AtTarget { rows };
        } else if run.done.contains(&intent.name) {
            let name = &intent.name;
            self.ui.warning(&format!("tenant {name} was done, and has been changed since: it is at {}", words(&rows)));
            found.standing = Standing::AtTarget { rows };
        } else if is_relative(&run.intent.target) && rows != sorted(&intent.from) {
            let (from, to) = (words(&intent.from), words(&intent.to));
            let reason = format!(
                "it is at {}, on its way from {from} to {to}: name it, and that revision as the target",
                words(&rows)
            );
            found.standing = Standing::Inconsistent { rows, reason };
        }
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
        let project = self.project()?;
        let path = |name: &str| self.environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = path("XDG_STATE_HOME").or_else(|| Some(path("HOME")?.join(".local/state")));
        let state = state.ok_or_else(|| CommandError::usage("neither XDG_STATE_HOME nor HOME names a folder"))?;
        let ini = project.ini_path();
        let ini = ini.canonicalize().unwrap_or(ini);
        let key = Sha256::digest(format!("{}\0{}", ini.display(), project.section));
        let key: String = key.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        Ok(RunFolder::new(state.join("limbec/fleets").join(key)))
    }
}

fn intent(found: &Surveyed) -> Option<TenantIntent> {
    let Standing::Behind { rows, plan } = &found.standing else { return None };
    let to = plan.steps.last().map_or_else(|| rows.clone(), |step| step.to_heads.clone());
    Some(TenantIntent { name: found.tenant.name.clone(), from: rows.clone(), to })
}

/// Of each wave of the run, as many as are left.
fn sizes_left(waves: &Waves, tenants: &[TenantIntent], surveyed: &[Surveyed]) -> Vec<usize> {
    let is_behind: BTreeMap<&str, bool> = surveyed
        .iter()
        .map(|found| (found.tenant.name.as_str(), matches!(found.standing, Standing::Behind { .. })))
        .collect();
    let mut tenants = tenants.iter();
    let left = waves.sizes(tenants.len()).into_iter().map(|size| {
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
