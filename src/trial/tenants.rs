//! Sample tenants, treated as a deployment treats all of them: every one to the heads, one revision back, and up again.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::judge::{after_downgrade, after_second_upgrade};
use super::{Check, CheckName, Outcome, TrialError, TrialReport};
use crate::catalogue::{Catalogue, Scope};
use crate::database::{Access, Connection, DatabaseUrl, Environment, VersionTableName};
use crate::migrate::Operation;
use crate::plan;
use crate::revision::{RevisionId, RevisionIndex, RevisionMap};

/// A tenant that was made for a trial.
#[derive(Debug, Clone)]
pub struct SampleTenant {
    /// Its name.
    pub name: String,
    /// Its database.
    pub url: DatabaseUrl,
    /// Its schema, where it has one.
    pub schema: Option<String>,
}

/// What became of one tenant in a fleet run.
#[derive(Debug, Clone, Default)]
pub struct TenantRun {
    /// How many steps were done.
    pub steps: usize,
    /// How long it took.
    pub elapsed: Duration,
    /// Why it failed, without a full stop.
    pub failure: Option<String>,
}

/// How sample tenants are migrated and looked at: by what does it to real ones.
pub trait TenantRuns {
    /// What keeps a run from beginning.
    type Error: From<TrialError>;

    /// Something begins, in words.
    fn stage(&mut self, sentence: &str);

    /// Runs an operation on these tenants; what became of each, in their order.
    ///
    /// # Errors
    /// Nothing could be run at all.
    fn migrate(&mut self, operation: &Operation, tenants: &[&SampleTenant]) -> Result<Vec<TenantRun>, Self::Error>;

    /// Alembic's comparison of models and schema.
    ///
    /// # Errors
    /// It could not be asked for.
    fn compare_models(&mut self, tenant: &SampleTenant) -> Result<Outcome, Self::Error>;

    /// The project's own test; `None` where there is none.
    ///
    /// # Errors
    /// Nothing more is to be tried.
    fn smoke(&mut self, tenant: &SampleTenant) -> Result<Option<Outcome>, Self::Error>;
}

/// A history, and the tenants that it is tried on.
pub struct TenantTrial<'a> {
    /// The graph.
    pub map: &'a RevisionMap,
    /// The files, by index.
    pub paths: &'a [PathBuf],
    /// Why a revision is not undone, by index.
    pub irreversible: &'a HashMap<RevisionIndex, String>,
    /// The tenants.
    pub tenants: &'a [SampleTenant],
    /// The version table; its schema is the tenant's, if that has one.
    pub table: &'a VersionTableName,
    /// A table of limbec's own that is no part of the schema.
    pub history: Option<VersionTableName>,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
}

/// What `downgrade -1` does at the heads.
struct WayBack {
    /// The revision that it undoes, where there is one.
    last: Option<RevisionIndex>,
    /// The rows of the version table afterwards, or why it is not tried.
    below: Result<Vec<RevisionId>, String>,
}

/// A tenant on its way.
struct OnTheWay<'a> {
    tenant: &'a SampleTenant,
    /// Below the last revision, before that was ever run.
    below: Option<Catalogue>,
    /// At the heads.
    above: Option<Catalogue>,
    elapsed: Duration,
    has_failed: bool,
}

impl TenantTrial<'_> {
    /// Runs every check. A tenant that fails is left behind; the others go on.
    ///
    /// # Errors
    /// What keeps the trial itself from going on.
    pub fn run<R: TenantRuns>(&self, runs: &mut R) -> Result<TrialReport, R::Error> {
        let mut report = TrialReport::default();
        report.checks.push(Check::of_history(CheckName::SingleHead, single_head(self.map)));
        let started =
            |tenant| OnTheWay { tenant, below: None, above: None, elapsed: Duration::ZERO, has_failed: false };
        let mut ways: Vec<OnTheWay<'_>> = self.tenants.iter().map(started).collect();
        let plan = plan::upgrade(self.map, &[], "heads").map_err(TrialError::from)?;
        let Some(heads) = plan.steps.last().map(|step| step.to_heads.clone()) else { return Ok(report) };
        let back = self.way_back(&heads);
        runs.stage(&format!("migrating {} tenants", ways.len()));
        if let Ok(below) = &back.below {
            for target in below {
                let operation = Operation::Upgrade { target: target.to_string() };
                self.upgrade(&operation, &mut ways, runs, &mut report)?;
            }
            for way in ways.iter_mut().filter(|way| !way.has_failed) {
                way.below = Some(self.catalogue(way.tenant)?);
            }
        }
        let to_heads = Operation::Upgrade { target: "heads".to_owned() };
        self.upgrade(&to_heads, &mut ways, runs, &mut report)?;
        self.arrive(&heads, &mut ways, &mut report)?;
        runs.stage("looking at the tenants");
        for way in ways.iter().filter(|way| !way.has_failed) {
            report.checks.push(Check::of_tenant(CheckName::Models, way.tenant, runs.compare_models(way.tenant)?));
            if let Some(outcome) = runs.smoke(way.tenant)? {
                report.checks.push(Check::of_tenant(CheckName::Smoke, way.tenant, outcome));
            }
        }
        runs.stage("taking the tenants back by one revision, and up again");
        self.round_trip(&back, &mut ways, runs, &mut report)?;
        report.checks.sort_by_key(|check| check.name);
        Ok(report)
    }

    fn way_back(&self, heads: &[RevisionId]) -> WayBack {
        let plan = match plan::downgrade(self.map, heads, "-1") {
            Ok(plan) => plan,
            Err(error) => return WayBack { last: None, below: Err(error.to_string()) },
        };
        let undone: Vec<RevisionIndex> =
            plan.steps.iter().filter_map(|step| self.map.position(step.revision.as_str())).collect();
        let reason = undone.iter().find_map(|index| self.irreversible.get(index)).cloned();
        let below = plan.steps.last().map(|step| step.to_heads.clone()).unwrap_or_default();
        WayBack { last: undone.first().copied(), below: reason.map_or(Ok(below), Err) }
    }

    fn upgrade<R: TenantRuns>(
        &self,
        operation: &Operation,
        ways: &mut [OnTheWay<'_>],
        runs: &mut R,
        report: &mut TrialReport,
    ) -> Result<(), R::Error> {
        for (way, failure) in migrate(operation, ways, runs, report)? {
            let mut check = Check::of_tenant(CheckName::Upgrade, way.tenant, Outcome::Failed(vec![failure]));
            check.elapsed = way.elapsed;
            report.checks.push(check);
        }
        Ok(())
    }

    /// Whether every tenant is where all of them should be.
    fn arrive(
        &self,
        heads: &[RevisionId],
        ways: &mut [OnTheWay<'_>],
        report: &mut TrialReport,
    ) -> Result<(), TrialError> {
        for way in ways.iter_mut().filter(|way| !way.has_failed) {
            let mut connection = Connection::open(&way.tenant.url, self.environment, Access::Read)?;
            let mut rows = connection.version_rows(&self.table_of(way.tenant))?.unwrap_or_default();
            rows.sort();
            let mut expected = heads.to_vec();
            expected.sort();
            way.has_failed = rows != expected;
            let outcome = match way.has_failed {
                true => {
                    Outcome::Failed(vec![format!("its version table has {}, not {}", listed(&rows), listed(&expected))])
                }
                false => Outcome::Passed,
            };
            let check = Check::of_tenant(CheckName::Upgrade, way.tenant, outcome);
            report.checks.push(Check { elapsed: std::mem::take(&mut way.elapsed), ..check });
            way.above = Some(self.catalogue(way.tenant)?);
        }
        Ok(())
    }

    fn round_trip<R: TenantRuns>(
        &self,
        back: &WayBack,
        ways: &mut [OnTheWay<'_>],
        runs: &mut R,
        report: &mut TrialReport,
    ) -> Result<(), R::Error> {
        let tried: Vec<&SampleTenant> = ways.iter().filter(|way| !way.has_failed).map(|way| way.tenant).collect();
        let mut found = match &back.below {
            Ok(_) => self.down_and_up(ways, runs, report)?,
            Err(reason) => {
                tried.iter().map(|tenant| (tenant.name.as_str(), Outcome::Skipped(reason.clone()))).collect()
            }
        };
        for way in ways.iter() {
            let Some(outcome) = found.remove(way.tenant.name.as_str()) else { continue };
            report.checks.push(Check {
                revision: back.last.map(|last| self.map.id(last).clone()),
                path: back.last.and_then(|last| self.paths.get(last.0 as usize)).cloned(),
                elapsed: way.elapsed,
                ..Check::of_tenant(CheckName::UpDownUp, way.tenant, outcome)
            });
        }
        Ok(())
    }

    /// What is found of every tenant that is left, by name.
    fn down_and_up<'t, R: TenantRuns>(
        &self,
        ways: &mut [OnTheWay<'t>],
        runs: &mut R,
        report: &mut TrialReport,
    ) -> Result<HashMap<&'t str, Outcome>, R::Error> {
        let left = ways.iter().filter(|way| !way.has_failed);
        let mut found: HashMap<&str, Outcome> = left.map(|way| (way.tenant.name.as_str(), Outcome::Passed)).collect();
        let down = Operation::Downgrade { target: "-1".to_owned() };
        for (way, failure) in migrate(&down, ways, runs, report)? {
            let outcome = match failure.contains("NotImplementedError") {
                true => Outcome::Skipped("irreversible: the downgrade raises NotImplementedError".to_owned()),
                false => Outcome::Failed(vec![format!("the downgrade: {failure}")]),
            };
            found.insert(&way.tenant.name, outcome);
        }
        for way in ways.iter().filter(|way| !way.has_failed) {
            let Some(below) = &way.below else { continue };
            let differences = Catalogue::difference(below, &self.catalogue(way.tenant)?);
            add(&mut found, way.tenant, differences.iter().map(after_downgrade).collect());
        }
        let up = Operation::Upgrade { target: "heads".to_owned() };
        for (way, failure) in migrate(&up, ways, runs, report)? {
            add(&mut found, way.tenant, vec![format!("the upgrade after the downgrade: {failure}")]);
        }
        for way in ways.iter().filter(|way| !way.has_failed) {
            let Some(above) = &way.above else { continue };
            let differences = Catalogue::difference(above, &self.catalogue(way.tenant)?);
            add(&mut found, way.tenant, differences.iter().map(after_second_upgrade).collect());
        }
        Ok(found)
    }

    fn table_of(&self, tenant: &SampleTenant) -> VersionTableName {
        match &tenant.schema {
            Some(schema) => self.table.clone().in_schema(Some(schema.clone())),
            None => self.table.clone(),
        }
    }

    fn catalogue(&self, tenant: &SampleTenant) -> Result<Catalogue, TrialError> {
        let scope = match &tenant.schema {
            Some(schema) => Scope::schemas([schema.clone()]).with_default(schema.clone()),
            None => Scope::everything(),
        };
        let scope = scope.without(self.table_of(tenant));
        let scope = self.history.iter().fold(scope, |scope, table| scope.without(table.clone()));
        let mut connection = Connection::open(&tenant.url, self.environment, Access::Read)?;
        Ok(Catalogue::read(&mut connection, &scope)?)
    }
}

/// Migrates those that are left; those that fail are not any more.
fn migrate<'w, 't, R: TenantRuns>(
    operation: &Operation,
    ways: &'w mut [OnTheWay<'t>],
    runs: &mut R,
    report: &mut TrialReport,
) -> Result<Vec<(&'w OnTheWay<'t>, String)>, R::Error> {
    let left: Vec<usize> =
        ways.iter().enumerate().filter(|(_, way)| !way.has_failed).map(|(position, _)| position).collect();
    let tenants: Vec<&SampleTenant> = left.iter().filter_map(|position| Some(ways.get(*position)?.tenant)).collect();
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let outcomes = runs.migrate(operation, &tenants)?;
    let mut failed = Vec::new();
    for (position, outcome) in left.into_iter().zip(outcomes) {
        let Some(way) = ways.get_mut(position) else { continue };
        report.steps += outcome.steps;
        way.elapsed += outcome.elapsed;
        if let Some(failure) = outcome.failure {
            way.has_failed = true;
            failed.push((position, failure));
        }
    }
    Ok(failed.into_iter().filter_map(|(position, failure)| Some((ways.get(position)?, failure))).collect())
}

fn add<'t>(found: &mut HashMap<&'t str, Outcome>, tenant: &'t SampleTenant, findings: Vec<String>) {
    if findings.is_empty() {
        return;
    }
    match found.get_mut(tenant.name.as_str()) {
        Some(Outcome::Failed(known)) => known.extend(findings),
        _ => drop(found.insert(&tenant.name, Outcome::Failed(findings))),
    }
}

/// Whether the history has one head.
pub(super) fn single_head(map: &RevisionMap) -> Outcome {
    let heads: Vec<&str> = map.heads().iter().map(|head| map.id(*head).as_str()).collect();
    match heads.as_slice() {
        [] => Outcome::Skipped("there are no revisions".to_owned()),
        [_] => Outcome::Passed,
        several => Outcome::Failed(vec![format!("there are {} heads: {}", several.len(), several.join(", "))]),
    }
}

fn listed(rows: &[RevisionId]) -> String {
    let rows: Vec<&str> = rows.iter().map(RevisionId::as_str).collect();
    if rows.is_empty() { "no revision".to_owned() } else { rows.join(", ") }
}
