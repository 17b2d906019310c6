//! `limbec test --tenants`: sample tenants on databases of their own, migrated by what migrates real ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::commands::test::TestArgs;
use super::context::CommandContext;
use super::error::CommandError;
use super::fleet_course::Course;
use super::smoke::Smoke;
use super::tenants::start_worker;
use super::testing::{HeldTrial, cache_folder, irreversible};
use super::testing_grounds::{Grounds, dialect, driver, name_of, own_url, url_variables};
use crate::config::{CommonSource, DeployOptions, ListedTenant, TenantMode, TenantOptions};
use crate::database::DatabaseUrl;
use crate::gate::Permissions;
use crate::migrate::{MigrateError, Operation, history_table};
use crate::revision::RevisionId;
use crate::runtime::Interruption;
use crate::tenant::{Assignment, FleetEvent, InOrder, Standing, Tenant, tenant_invocation};
use crate::trial::{
    self, Check, CheckName, Ephemeral, Outcome, Place, SampleTenant, TenantRun, TenantRuns, TenantTrial, TrialError,
};

/// Makes the tenants, and the common database where the settings have a section for it; migrates and drops them.
///
/// # Errors
/// Whatever keeps the trial from being held.
pub(super) fn hold(context: &mut CommandContext, args: &TestArgs) -> Result<HeldTrial, CommandError> {
    let options = context.tenant_options()?;
    let scripts = context.scripts()?;
    let own = own_url(context, &args.grounds)?;
    let dialect = dialect(context, &args.grounds, template_url(&options).as_ref().or(own.as_ref()))?;
    let cache = cache_folder(context).filter(|_| !args.no_cache);
    let grounds = Grounds::find(context, &args.grounds, dialect, own.clone(), cache.as_ref())?;
    let section = context.globals.name.clone();
    let common = migrate_common(context, args, &options, &grounds)?;
    if common.is_some() {
        context.use_section(&section);
    }
    let samples = Samples::make(&grounds, args, &options)?;
    let irreversible = irreversible(context, &scripts)?;
    let table = context.tenant_version_table()?;
    let deploy = deploy_options(context)?;
    let history = deploy.history.as_ref().filter(|setting| setting.enabled);
    let environment = context.database_environment();
    let paths: Vec<PathBuf> = scripts.scripts.iter().map(|script| script.path.clone()).collect();
    let trial = TenantTrial {
        map: &scripts.map,
        paths: &paths,
        irreversible: &irreversible,
        tenants: &samples.tenants,
        table: &table,
        history: history
            .zip(samples.tenants.first())
            .map(|(setting, tenant)| history_table(setting, &tenant.url.dialect()).as_version_table()),
        environment: &environment,
    };
    let driver = driver(context, dialect, own.as_ref());
    let variables = url_variables(context, &args.grounds.url_variable)?;
    let options = for_samples(options, variables);
    let smoke = args.smoke.as_deref().map(|text| Smoke::read(text, &context.environment)).transpose()?;
    let total = scripts.map.len();
    let mut runs =
        FleetRuns { context, options, deploy, driver, smoke, jobs: args.jobs.into(), folder: grounds.folder.path() };
    let outcome = trial.run(&mut runs);
    let mut report = outcome?;
    for database in samples.databases {
        database.discard()?;
    }
    if let Some((check, database)) = common {
        report.checks.push(check);
        report.checks.sort_by_key(|check| check.name);
        database.discard()?;
    }
    Ok(HeldTrial {
        report,
        place: grounds.words.clone(),
        dialect: name_of(dialect),
        revisions: total,
        tenants: Some(samples.tenants.len()),
    })
}

/// The tenants of a trial and where they are.
struct Samples {
    tenants: Vec<SampleTenant>,
    databases: Vec<Ephemeral>,
}

impl Samples {
    /// In database mode each has a database, in schema mode all share one.
    fn make(grounds: &Grounds, args: &TestArgs, options: &TenantOptions) -> Result<Self, CommandError> {
        let mut samples = Self { tenants: Vec::new(), databases: Vec::new() };
        for name in &args.tenants {
            if samples.tenants.iter().any(|tenant| tenant.name == *name) {
                return Err(CommandError::usage(format!("two tenants have the name '{name}'")));
            }
            let shared = samples.databases.first().filter(|_| options.mode == TenantMode::Schema);
            let database = match shared {
                Some(database) => database,
                None => {
                    samples.databases.push(grounds.place.create()?);
                    let Some(database) = samples.databases.last() else { continue };
                    database
                }
            };
            let url = database.url()?;
            let listed = ListedTenant { name: name.clone(), url: Some(url.with_password()), ..ListedTenant::default() };
            let schema = Tenant::new(&listed, options, None)?.schema;
            if let Some(schema) = &schema {
                let Place::Server { server, .. } = &grounds.place else {
                    return Err(CommandError::usage(
                        "SQLite has no schemas, and the tenants of this project are schemas",
                    )
                    .hint("`--dialect postgresql`"));
                };
                server.create_schema(database.name(), schema, None).map_err(TrialError::from)?;
            }
            samples.tenants.push(SampleTenant { name: name.clone(), url, schema });
        }
        Ok(samples)
    }
}

/// Migrates the common database, where the settings name the ini section of its history. The command works on that section afterwards.
fn migrate_common(
    context: &mut CommandContext,
    args: &TestArgs,
    options: &TenantOptions,
    grounds: &Grounds,
) -> Result<Option<(Check, Ephemeral)>, CommandError> {
    let Some(CommonSource::Section(section)) = &options.common else { return Ok(None) };
    context.use_section(section);
    let database = grounds.place.create()?;
    let own = own_url(context, &args.grounds)?;
    let driver = driver(context, grounds.dialect, own.as_ref());
    let settings = TenantOptions { arguments: Some(Vec::new()), ..TenantOptions::default() };
    let settings = for_samples(settings, url_variables(context, &[])?);
    let deploy = deploy_options(context)?;
    let mut runs =
        FleetRuns { context, options: settings, deploy, driver, smoke: None, jobs: 1, folder: grounds.folder.path() };
    let tenant = SampleTenant { name: section.clone(), url: database.url()?, schema: None };
    runs.stage("migrating the common database");
    let ran = runs.migrate(&Operation::Upgrade { target: "heads".to_owned() }, &[&tenant])?.pop().unwrap_or_default();
    let outcome = ran.failure.map_or(Outcome::Passed, |failure| Outcome::Failed(vec![failure]));
    let check = Check { elapsed: ran.elapsed, ..Check::of_history(CheckName::Common, outcome) };
    Ok(Some((check, database)))
}

/// Migrates sample tenants by fleet runs.
struct FleetRuns<'a> {
    context: &'a mut CommandContext,
    options: TenantOptions,
    deploy: DeployOptions,
    driver: Option<DatabaseUrl>,
    smoke: Option<Smoke>,
    jobs: usize,
    folder: &'a Path,
}

impl FleetRuns<'_> {
    /// The tenant as the fleet has it.
    fn tenant(&self, sample: &SampleTenant) -> Result<Tenant, CommandError> {
        let listed = ListedTenant {
            name: sample.name.clone(),
            url: Some(sample.url.with_password()),
            schema: sample.schema.clone(),
            tags: Vec::new(),
        };
        Ok(Tenant::new(&listed, &self.options, None)?)
    }
}

impl TenantRuns for FleetRuns<'_> {
    type Error = CommandError;

    fn stage(&mut self, sentence: &str) {
        if self.context.ui.shows_progress() {
            self.context.ui.status(&format!("{sentence} …"));
        }
    }

    fn migrate(&mut self, operation: &Operation, samples: &[&SampleTenant]) -> Result<Vec<TenantRun>, CommandError> {
        let tenants = samples.iter().map(|sample| self.tenant(sample)).collect::<Result<Vec<_>, _>>()?;
        let surveyed = self.context.survey(operation, tenants)?;
        let mut runs = vec![TenantRun::default(); surveyed.len()];
        for (run, found) in runs.iter_mut().zip(&surveyed) {
            run.failure = found.standing.reason().map(str::to_owned);
        }
        let behind = surveyed.iter().enumerate().filter(|(_, found)| matches!(found.standing, Standing::Behind { .. }));
        let assignments: Vec<Assignment> =
            behind.map(|(index, found)| Assignment { index, surveyed: found.clone() }).collect();
        let command = match operation {
            Operation::Upgrade { target } => ["upgrade", target],
            Operation::Downgrade { target } => ["downgrade", target],
            Operation::Stamp { .. } => return Err(CommandError::usage("tenants are not stamped")),
        };
        let course = Course {
            operation,
            command: &command,
            surveyed: &surveyed,
            tenants: &self.options,
            deploy: &self.deploy,
            sets_path: self.deploy.search_path.is_set(),
            permissions: Permissions { yes: true, yes_by_environment: false, allow_destructive: true },
            workers: self.jobs.min(assignments.len()),
        };
        let mut outcomes = Vec::new();
        self.context.conduct(&course, &InOrder::new(assignments), &mut |_, event| {
            if let FleetEvent::Finished { index, outcome } = event {
                outcomes.push((index, outcome));
            }
        })?;
        if Interruption::is_requested() {
            return Err(CommandError::interrupted());
        }
        for (index, outcome) in outcomes {
            let Some(run) = runs.get_mut(index) else { continue };
            (run.steps, run.elapsed) = (outcome.steps, outcome.elapsed);
            run.failure = outcome.error.map(|error| failure(&error, outcome.revision.as_ref()));
        }
        Ok(runs)
    }

    fn compare_models(&mut self, sample: &SampleTenant) -> Result<Outcome, CommandError> {
        let check = self.context.tenant_invocation(&["check"])?;
        let tenant = self.tenant(sample)?;
        let check = tenant_invocation(&check, &self.options, &tenant, &sample.url, self.driver.as_ref())?;
        let output = self.folder.join("models.log");
        // One each: an application may read its environment when it is imported.
        let python = start_worker(&self.context.interpreter()?, &output, &check.environment)
            .map_err(|error| TrialError::Migrate(error.into()))?;
        let outcome = trial::compare_models(&python, check);
        // Its exit handlers are not what is tested.
        let _ = python.finish();
        Ok(outcome?)
    }

    fn smoke(&mut self, sample: &SampleTenant) -> Result<Option<Outcome>, CommandError> {
        let Some(smoke) = &self.smoke else { return Ok(None) };
        let tenant = self.tenant(sample)?;
        let nothing = self.context.tenant_invocation(&["current"])?;
        let given = tenant_invocation(&nothing, &self.options, &tenant, &sample.url, self.driver.as_ref())?;
        Ok(Some(smoke.run(sample, given.environment)?))
    }
}

/// What went wrong, and what to write into the settings where env.py went elsewhere.
fn failure(error: &MigrateError, revision: Option<&RevisionId>) -> String {
    let words = trial::sentence(error);
    match revision {
        Some(revision) => format!("revision {revision} cannot be run: {words}"),
        None if words.contains("env.py connects to") => {
            format!("{words}: name the environment variable that it reads in `variables` of [tenants]")
        }
        None => words,
    }
}

/// Where the settings say that tenants are, for its dialect and driver alone.
fn template_url(options: &TenantOptions) -> Option<DatabaseUrl> {
    let template = options.url.as_ref()?;
    DatabaseUrl::parse(&template.replace(['{', '}'], "")).ok()
}

/// The settings, with what does not concern tenants that nobody uses left out: hooks, backups, consent.
fn deploy_options(context: &mut CommandContext) -> Result<DeployOptions, CommandError> {
    let settings = context.project()?.settings.deploy.clone();
    Ok(DeployOptions { production: None, destructive: None, backup: None, hooks: Vec::new(), ..settings })
}

/// Settings for tenants whose URL is known, password included. Variables that env.py demonstrably takes its URL from are set, too.
fn for_samples(options: TenantOptions, url_variables: Vec<String>) -> TenantOptions {
    let mut variables: BTreeMap<String, String> =
        url_variables.into_iter().map(|name| (name, "{url}".to_owned())).collect();
    variables.extend(options.variables.clone());
    TenantOptions { variables, url: None, password: None, ..options }
}
