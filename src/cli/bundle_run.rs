//! Bundles on databases: the plan, gates, lock and history of every other change, and no Python.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::args::Format;
use super::change_args::RunArgs;
use super::commands::plan::table as plan_table;
use super::context::CommandContext;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::native::looked_up;
use super::progress::{Progress, away};
use crate::bundle::{Bundle, BundleError, BundleSteps};
use crate::config::DeployOptions;
use crate::database::{self, Access, Connection, DatabaseUrl, Dialect, VersionTableName};
use crate::migrate::{
    self, Deployment, DeploymentRequest, MigrateError, NativeRun, Operation, Purge, Readiness, Refusal, RunTarget,
    Runner, StepSource,
};
use crate::plan::{Plan, StepSummary};
use crate::revision::RevisionId;
use crate::runtime::Interruption;
use crate::script::{Locations, ScriptDirectory};
use crate::sqlfile::{SqlDialect, Variables};

/// How a bundle is run.
#[derive(Debug, Clone, Args)]
pub struct BundleChangeArgs {
    /// How it is run.
    #[command(flatten)]
    pub run: RunArgs,
    /// Show what would be done, and do nothing: steps and SQL
    #[arg(long)]
    pub dry_run: bool,
    /// Form of the dry run's result
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "dry_run")]
    pub format: Format,
}

/// What is to be done with a bundle.
pub(super) struct BundleChange<'a> {
    /// The file.
    pub(super) file: &'a Path,
    /// What is planned.
    pub(super) operation: Operation,
    /// Whether the rows of the version table are deleted first.
    pub(super) purge: Purge,
    /// The options.
    pub(super) args: &'a BundleChangeArgs,
}

/// A database that a bundle is for.
struct Place {
    url: DatabaseUrl,
    table: VersionTableName,
    rows: Option<Vec<RevisionId>>,
    plan: Plan,
    /// Values for SQL files.
    variables: Variables,
    /// The same with `schema` as it is now, for those who only look.
    shown: Variables,
}

#[derive(Debug, Serialize)]
struct DryRunJson<'a> {
    database: String,
    heads: Vec<&'a str>,
    has_version_table: bool,
    steps: Vec<StepJson<'a>>,
}

#[derive(Debug, Serialize)]
struct StepJson<'a> {
    #[serde(flatten)]
    step: StepSummary<'a>,
    statements: Vec<String>,
}

impl CommandContext {
    /// Opens a bundle: it is whole, or that is the error.
    ///
    /// # Errors
    /// It is none, or not whole.
    pub(super) fn open_bundle(&self, file: &Path) -> Result<Bundle, CommandError> {
        Ok(Bundle::open(&self.environment.current_dir.join(file))?)
    }

    /// Carries a change out.
    ///
    /// # Errors
    /// What the bundle, the graph, the database or a gate says.
    pub(super) fn run_bundle(&mut self, change: &BundleChange<'_>) -> Result<ExitStatus, CommandError> {
        let bundle = self.open_bundle(change.file)?;
        let (scripts, readings) = bundle.scripts()?;
        let options = change.args.run.over(&bundle.manifest.settings.options());
        let place = self.bundle_place(&bundle, &scripts, change, &options)?;
        if change.args.dry_run {
            self.tell_bundle_run(&bundle, &scripts, change, &place)?;
            return Ok(ExitStatus::Success);
        }
        let is_stamp = matches!(change.operation, Operation::Stamp { .. });
        if !is_stamp && place.plan.steps.is_empty() && place.rows.as_ref().is_some_and(|rows| !rows.is_empty()) {
            return Ok(ExitStatus::Success);
        }
        let locations = Locations {
            script_location: bundle.path.clone(),
            versions: Vec::new(),
            recursive: false,
            sourceless: false,
            import_roots: Vec::new(),
        };
        let environment = self.database_environment();
        let request = DeploymentRequest {
            operation: &change.operation,
            purge: change.purge,
            scripts: &scripts,
            locations: &locations,
            options: &options,
            permissions: change.args.run.permissions(&self.environment),
            environment: &environment,
            // limbec begins every transaction itself.
            sets_transactions: true,
            runner: &runner(),
            readings: &readings,
        };
        self.ui.flush();
        let can_ask = self.environment.can_ask();
        let transaction = self.globals.transaction.unwrap_or(bundle.manifest.transaction);
        let target = target(&bundle, &place, transaction == crate::plan::TransactionMode::PerRevision);
        let run = NativeRun {
            target: &target,
            steps: &BundleSteps { bundle: &bundle, variables: place.variables.clone() },
            setup: &bundle.manifest.setup,
            search_path: &options.search_path.resolve(place.table.schema.as_deref()),
            transaction,
            is_interrupted: Interruption::is_requested,
        };
        let interruption = Interruption::watch();
        let mut progress = Progress::new(&mut self.ui, &scripts).asking(can_ask);
        let mut deployment = Deployment::new(request, &mut progress);
        let outcome = match is_stamp {
            true => deployment.stamp(&place.url, &place.table),
            false => deployment.ready(&place.url, &place.table).and_then(|readiness| match readiness {
                Readiness::NothingToDo => Ok(()),
                Readiness::Ready => deployment.run(&mut |supervisor| migrate::run_native(&run, supervisor)),
            }),
        };
        drop(deployment);
        drop(interruption);
        outcome?;
        Ok(ExitStatus::Success)
    }

    /// The database with its rows and the plan, all of which the bundle has to know. Nothing is locked, and nothing changed.
    fn bundle_place(
        &mut self,
        bundle: &Bundle,
        scripts: &ScriptDirectory,
        change: &BundleChange<'_>,
        options: &DeployOptions,
    ) -> Result<Place, CommandError> {
        let Some(text) = self.url_override() else {
            return Err(CommandError::usage("which database the bundle is for is not said")
                .hint("name it by `--url URL`, or by the environment variable LIMBEC_URL"));
        };
        let url = DatabaseUrl::parse(text).map_err(|error| CommandError::usage(error.to_string()))?;
        self.ui.hide(&url);
        let dialect = url.dialect().to_string();
        if dialect != bundle.manifest.dialect {
            let bundle = bundle.manifest.dialect.clone();
            return Err(BundleError::Dialect { bundle, database: dialect }.into());
        }
        let environment = self.database_environment();
        if let Some(limit) = options.wait_for_db {
            database::wait_for_database(&url, &environment, limit, &mut |reason| {
                self.ui.status(&away(&reason.to_string(), limit));
            })?;
        }
        let mut table = VersionTableName::from(&bundle.manifest.version_table);
        if let Some(schema) = self.schema_override() {
            table.schema = Some(schema.to_owned());
        }
        // Only to look: what is refused makes no file.
        let mut connection = Connection::open(&url, &environment, Access::Read)?;
        check_server(bundle, &mut connection)?;
        let rows = connection.version_rows(&table)?;
        let start = match change.purge {
            Purge::Nothing => rows.clone().unwrap_or_default(),
            Purge::All => Vec::new(),
        };
        bundle.check_rows(&scripts.map, &start)?;
        let plan = change.operation.plan(&scripts.map, &start)?;
        bundle.check_plan(&plan)?;
        let variables = self.sql_variables(&table)?;
        let dialect = if connection.dialect() == Dialect::Sqlite { SqlDialect::Sqlite } else { SqlDialect::Postgres };
        let path = options.search_path.resolve(table.schema.as_deref());
        let shown = looked_up(&variables, dialect, &path, Some(&mut connection))?;
        Ok(Place { url, table, rows, plan, variables, shown })
    }

    fn tell_bundle_run(
        &mut self,
        bundle: &Bundle,
        scripts: &ScriptDirectory,
        change: &BundleChange<'_>,
        place: &Place,
    ) -> Result<(), CommandError> {
        let database = place.url.accepted_by_sqlalchemy().obfuscated();
        let rows = place.rows.clone().unwrap_or_default();
        let source = BundleSteps { bundle, variables: place.shown.clone() };
        let told = |step| -> Result<StepJson<'_>, Refusal> {
            let statements = source.script(step, None)?.statements.map(|statement| Ok(statement?.sql.into_owned()));
            Ok(StepJson { step: step.summary(), statements: statements.collect::<Result<_, Refusal>>()? })
        };
        let steps: Result<Vec<StepJson<'_>>, Refusal> = place.plan.steps.iter().map(told).collect();
        let steps = steps.map_err(MigrateError::Refused)?;
        if change.args.format == Format::Json {
            let heads = rows.iter().map(RevisionId::as_str).collect();
            self.ui.json(&DryRunJson { database, heads, has_version_table: place.rows.is_some(), steps });
            return Ok(());
        }
        let at = super::dry_run::at(&rows, place.rows.is_some());
        self.ui.result(&format!("Database: {database}"));
        self.ui.result(&format!("At: {at}"));
        self.ui.result("");
        if steps.is_empty() {
            self.ui.result("Nothing to do.");
        } else {
            plan_table(&place.plan, scripts).lines().iter().for_each(|line| self.ui.result(line));
        }
        for (number, step) in steps.iter().enumerate() {
            self.ui.result("");
            self.ui.result(&format!("Step {}: {} {}", number + 1, step.step.direction, step.step.revision));
            let lines: Vec<String> = step.statements.iter().flat_map(|sql| super::dry_run::sql(sql)).collect();
            lines.iter().for_each(|line| self.ui.result(line));
        }
        self.ui.result("");
        self.ui.result("Nothing was changed.");
        Ok(())
    }
}

/// The run as env.py would have it.
fn target(bundle: &Bundle, place: &Place, per_revision: bool) -> RunTarget {
    RunTarget {
        url: Some(place.url.with_password()),
        dialect: bundle.manifest.dialect.clone(),
        version_table: place.table.name.clone(),
        version_table_schema: place.table.schema.clone(),
        version_table_pk: place.table.primary_key,
        transactional_ddl: true,
        transaction_per_migration: per_revision,
        ..RunTarget::default()
    }
}

/// Who runs it; there is no working copy.
fn runner() -> Runner {
    Runner {
        user: whoami::username().ok(),
        host: whoami::hostname().ok(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: None,
    }
}

fn check_server(bundle: &Bundle, connection: &mut Connection) -> Result<(), CommandError> {
    let Some(lowest) = bundle.manifest.min_server.filter(|_| connection.dialect() == Dialect::Postgres) else {
        return Ok(());
    };
    let version = connection.first_column("SELECT pg_catalog.current_setting('server_version_num')", &[])?;
    let server = version.first().and_then(|text| text.parse::<u32>().ok()).map_or(0, |number| number / 10_000);
    if server < lowest { Err(BundleError::Server { bundle: lowest, server }.into()) } else { Ok(()) }
}
