//! What `limbec test` needs to know of a project before a database is made, and the making.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::commands::test::{TestArgs, TestDialect};
use super::context::CommandContext;
use super::engine::{Mutation, own_executable};
use super::error::CommandError;
use super::published::published;
use super::ui::Ui;
use crate::config::{EnvPy, Place as KnownPlace};
use crate::database::{DatabaseUrl, Dialect, PostgresServer};
use crate::lint::Irreversible;
use crate::revision::{RevisionId, RevisionIndex};
use crate::runtime::{Interpreter, Mode, Runtime, RuntimeError, RuntimeOptions};
use crate::script::env::Sources;
use crate::script::{self, ScriptDirectory};
use crate::trial::{
    Cluster, ClusterRequest, EnvRuns, Fixtures, HistoryKeys, Ingredients, Observer, Place, Provider, Trial, TrialError,
    TrialReport, Verdicts, cluster_folder,
};

/// A trial that was held.
pub(super) struct HeldTrial {
    /// What was found.
    pub(super) report: TrialReport,
    /// Where, in words.
    pub(super) place: String,
    /// The dialect's name.
    pub(super) dialect: &'static str,
    /// How many revisions there are.
    pub(super) revisions: usize,
}

/// The place where databases are made, and what has to outlive it.
struct Grounds {
    place: Place,
    words: String,
    /// Parts of the keys of snapshots.
    version: String,
    dialect: TestDialect,
    _cluster: Option<Cluster>,
    /// Python's output, and SQLite's files.
    folder: tempfile::TempDir,
}

/// Makes databases, tries the history on them and drops them; or, with `--provide`, lends them to another program, and there is no
/// trial.
///
/// # Errors
/// Whatever keeps the trial from being held.
pub(super) fn hold(context: &mut CommandContext, args: &TestArgs) -> Result<Option<HeldTrial>, CommandError> {
    let scripts = context.scripts()?;
    let order = Trial::order(&scripts.map)?;
    let own = own_url(context, args)?;
    let dialect = dialect(context, args, own.as_ref())?;
    let driver = driver(context, dialect, own.as_ref());
    let variables = url_variables(context, args)?;
    let chosen = chosen(context, args, &scripts)?;
    let irreversible = irreversible(context, &scripts)?;
    let fixtures = match &args.fixtures {
        Some(folder) => Fixtures::read(&context.environment.current_dir.join(folder), &scripts.map)?,
        None => Fixtures::default(),
    };
    let environment = context.database_environment();
    let interpreter = context.interpreter()?;
    let cache = cache_folder(context).filter(|_| !args.no_cache);
    let grounds = Grounds::find(context, args, dialect, own, cache.as_ref())?;
    let ingredients = ingredients(context, &grounds, driver.as_ref(), &variables, &interpreter)?;
    let file = |index: RevisionIndex| std::fs::read(&scripts.script(index).path).unwrap_or_default();
    let with_rows = |index: RevisionIndex| {
        let rows = fixtures.of(index).map(|path| std::fs::read(path).unwrap_or_default());
        [file(index), rows.unwrap_or_default()].concat()
    };
    let upgrade = context.engine_invocation(context.alembic_argv(&["upgrade", "heads"]), Mutation::Allowed)?;
    let check = context.engine_invocation(context.alembic_argv(&["check"]), Mutation::Allowed)?;
    let output = output(context, &grounds);
    let start = |variables| start(&interpreter, &output, variables);
    let mut python = EnvRuns::new(&start, upgrade, check).with_driver_of(driver).with_variables(variables);
    let trial = Trial {
        map: &scripts.map,
        paths: &scripts.scripts.iter().map(|script| script.path.clone()).collect::<Vec<_>>(),
        keys: HistoryKeys::new(&scripts.map, &order, &ingredients, &file),
        data_keys: HistoryKeys::new(&scripts.map, &order, &ingredients, &with_rows),
        order,
        irreversible,
        chosen,
        fixtures: fixtures.clone(),
        jobs: usize::from(args.jobs),
        verdicts: cache.map_or_else(Verdicts::none, |folder| Verdicts::kept_in(folder.join("verdicts"))),
        environment: &environment,
    };
    if args.provide {
        let locks = cache_folder(context).filter(|_| !args.no_cache).map(|cache| cache.join("locks"));
        let provider = Provider::new(&trial, &grounds.place, &mut python).with_locks_in(locks);
        super::provide::serve(context, provider)?;
        return Ok(None);
    }
    let mut progress = TestProgress { ui: &mut context.ui, total: trial.order.len() };
    let outcome = trial.run(&grounds.place, &mut python, &mut progress);
    drop(python);
    let report = outcome.map_err(|error| context.trial_error(error))?;
    let (place, dialect, revisions) = (grounds.words.clone(), name_of(dialect), scripts.map.len());
    Ok(Some(HeldTrial { report, place, dialect, revisions }))
}

/// Progress on a terminal.
pub(super) struct TestProgress<'a> {
    ui: &'a mut Ui,
    total: usize,
}

impl TestProgress<'_> {
    /// The last line.
    pub(super) fn summary(context: &mut CommandContext, held: &HeldTrial, elapsed: Duration) {
        let report = &held.report;
        let (steps, runs) = (report.steps, report.env_runs);
        let restored = match report.restored {
            0 => String::new(),
            revisions => format!(", beginning with a snapshot of {revisions} revisions"),
        };
        context.ui.status(&format!(
            "{} revisions on {}: {steps} steps in {runs} runs of env.py{restored}; {:.1} s.",
            held.revisions,
            held.place,
            elapsed.as_secs_f64()
        ));
    }
}

impl Observer for TestProgress<'_> {
    fn stage(&mut self, sentence: &str) {
        if self.ui.shows_progress() {
            self.ui.status(&format!("{sentence} …"));
        }
    }

    fn revision(&mut self, position: usize, revision: &RevisionId) {
        if self.ui.shows_progress() && (position.is_multiple_of(10) || position + 1 == self.total) {
            self.ui.status(&format!("[{}/{}] {revision}", position + 1, self.total));
        }
    }
}

impl CommandContext {
    pub(super) fn trial_error(&mut self, error: TrialError) -> CommandError {
        match error {
            TrialError::Migrate(error) => {
                let failure = self.migrate_error(error);
                if failure.sentence.contains("env.py connects to") {
                    return CommandError { is_configuration: true, ..failure }.hint(
                        "name the environment variable by which env.py is told its database: `--url-variable NAME`",
                    );
                }
                failure
            }
            error => error.into(),
        }
    }
}

impl Grounds {
    fn find(
        context: &mut CommandContext,
        args: &TestArgs,
        dialect: TestDialect,
        own: Option<DatabaseUrl>,
        cache: Option<&PathBuf>,
    ) -> Result<Self, CommandError> {
        let folder = tempfile::Builder::new()
            .prefix("limbec-test-")
            .tempdir()
            .map_err(|error| CommandError::crashed("no temporary folder can be made").caused_by(error.to_string()))?;
        if dialect == TestDialect::Sqlite {
            let snapshots = cache.map(|cache| cache.join("sqlite"));
            let place = Place::Files { folder: folder.path().to_owned(), snapshots };
            let (words, version) = ("SQLite".to_owned(), String::new());
            return Ok(Self { place, words, version, dialect, _cluster: None, folder });
        }
        let (server, cluster) = match server_url(context, args, own)? {
            Some(url) => (PostgresServer::new(url, context.database_environment()), None),
            None => {
                let request = ClusterRequest {
                    search_path: context.environment.variables.get("PATH").cloned(),
                    cache: cache.map(|cache| cluster_folder(cache)).transpose()?,
                    temporary: std::env::temp_dir(),
                };
                if context.ui.shows_progress() {
                    context.ui.status("starting a PostgreSQL …");
                }
                let cluster = Cluster::start(&request)?;
                (cluster.server().clone(), Some(cluster))
            }
        };
        let version = server.version().map_err(TrialError::from)?;
        let number = version.parse::<u32>().map_or(0, |number| number / 10_000);
        let words = match &cluster {
            Some(_) => format!("a PostgreSQL {number} of its own"),
            None => format!("PostgreSQL {number} at {}", server.url_of("").obfuscated().trim_end_matches('/')),
        };
        let keeps_snapshots = cache.is_some() && cluster.as_ref().is_none_or(Cluster::keeps_snapshots);
        let place = Place::Server { server, keeps_snapshots };
        let left = place.clear_leftovers()?;
        if left > 0 {
            context.ui.status(&format!("{left} databases of runs that were killed have been dropped."));
        }
        Ok(Self { place, words, version, dialect, _cluster: cluster, folder })
    }
}

/// `--server`, else LIMBEC_TEST_URL, else the project's own server where that was asked for.
fn server_url(
    context: &CommandContext,
    args: &TestArgs,
    own: Option<DatabaseUrl>,
) -> Result<Option<DatabaseUrl>, CommandError> {
    if args.own_server {
        let own = own.ok_or_else(|| {
            CommandError::usage("where the project's own server is cannot be known without running env.py")
                .hint("name it by `--server URL`, or by `--url URL --own-server`")
        })?;
        return Ok(Some(own));
    }
    let variable = context.environment.variable("LIMBEC_TEST_URL");
    let (text, origin) = match (&args.server, variable) {
        (Some(text), _) => (text.as_str(), "--server"),
        (None, Some(text)) => (text, "the environment variable LIMBEC_TEST_URL"),
        (None, None) => return Ok(None),
    };
    let url = DatabaseUrl::parse(text).map_err(|error| CommandError::usage(format!("{origin}: {error}")))?;
    if url.dialect() != Dialect::Postgres {
        return Err(CommandError::usage(format!("{origin} is no PostgreSQL server: {url}"))
            .hint("SQLite needs no server: `--dialect sqlite`"));
    }
    Ok(Some(url))
}

/// The project's own URL, for its dialect and driver: nothing is connected to.
fn own_url(context: &mut CommandContext, args: &TestArgs) -> Result<Option<DatabaseUrl>, CommandError> {
    let target = match context.database_target() {
        Ok(target) => target,
        // A variable that is not set is no reason: that database is not used.
        Err(error) if args.own_server => return Err(error),
        Err(_) => return Ok(None),
    };
    if let KnownPlace::Known { url, .. } = &target.place {
        return Ok(Some(url.clone()));
    }
    let configured = context.project()?.main_option("sqlalchemy.url").ok().flatten();
    Ok(configured.and_then(|text| DatabaseUrl::parse(&text).ok()).filter(|_| !args.own_server))
}

fn dialect(
    context: &mut CommandContext,
    args: &TestArgs,
    own: Option<&DatabaseUrl>,
) -> Result<TestDialect, CommandError> {
    let has_server = args.server.is_some() || args.own_server;
    match args.dialect {
        Some(TestDialect::Sqlite) if has_server => {
            return Err(CommandError::usage("SQLite has no server").hint("leave out one of --dialect and --server"));
        }
        Some(dialect) => return Ok(dialect),
        None if has_server => return Ok(TestDialect::Postgresql),
        None => {}
    }
    let say = "say which kind of database to make: `--dialect postgresql` or `--dialect sqlite`";
    // The template's driver://user:pass@localhost/dbname is no dialect.
    match own.filter(|url| url.driver_name() != "driver").map(DatabaseUrl::dialect) {
        Some(Dialect::Postgres) => Ok(TestDialect::Postgresql),
        Some(Dialect::Sqlite) => Ok(TestDialect::Sqlite),
        Some(Dialect::Other(other)) => {
            Err(CommandError::usage(format!("limbec makes databases of PostgreSQL and SQLite, not of {other}"))
                .hint(format!("{say}, if the history runs there")))
        }
        None if context.environment.variable("LIMBEC_TEST_URL").is_some() => Ok(TestDialect::Postgresql),
        None => {
            Err(CommandError::usage("the kind of the project's database cannot be known without running env.py")
                .hint(say))
        }
    }
}

/// The driver of the project's own URL, else one that is installed.
fn driver(context: &mut CommandContext, dialect: TestDialect, own: Option<&DatabaseUrl>) -> Option<DatabaseUrl> {
    let wanted = if dialect == TestDialect::Sqlite { Dialect::Sqlite } else { Dialect::Postgres };
    if let Some(own) = own.filter(|own| own.dialect() == wanted && own.driver().is_some()) {
        return Some(own.clone());
    }
    if dialect == TestDialect::Sqlite {
        return None;
    }
    let packages = context.interpreter().ok()?.packages();
    // In the order in which SQLAlchemy's documentation has them.
    let drivers =
        [("psycopg2", "psycopg2"), ("psycopg2_binary", "psycopg2"), ("psycopg", "psycopg"), ("pg8000", "pg8000")];
    let (_, driver) = drivers.iter().find(|(distribution, _)| packages.version_of(distribution).is_some())?;
    DatabaseUrl::parse(&format!("postgresql+{driver}://")).ok()
}

/// Variables that env.py takes its whole URL from: those named, and those that demonstrably decide on it.
fn url_variables(context: &mut CommandContext, args: &TestArgs) -> Result<Vec<String>, CommandError> {
    let mut names = args.url_variable.clone();
    if let Some(wrong) = names.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        return Err(CommandError::usage(format!("'{wrong}' cannot be the name of an environment variable")));
    }
    let project = context.project()?;
    let Ok(target) = context.database_target() else { return Ok(names) };
    let EnvPy::Understood(summary) = &target.env else { return Ok(names) };
    const PROBE: &str = "sqlite:///limbec-probe";
    for variable in summary.url.variables() {
        let environment = |name: &str| match name == variable {
            true => Some(PROBE.to_owned()),
            false => context.environment.variables.get(name)?.to_str().map(str::to_owned),
        };
        let ini = |option: &str| project.main_option(option).ok().flatten();
        let sources = Sources { environment: &environment, ini: &ini, imported: None };
        if summary.resolve_url(&sources).is_ok_and(|url| url == PROBE) && !names.iter().any(|name| name == variable) {
            names.push(variable.to_owned());
        }
    }
    Ok(names)
}

/// `--since`: the revisions that are not on that branch.
fn chosen(
    context: &mut CommandContext,
    args: &TestArgs,
    scripts: &ScriptDirectory,
) -> Result<Option<BTreeSet<RevisionIndex>>, CommandError> {
    let Some(base) = &args.since else { return Ok(None) };
    let published = published(context, Some(base))?;
    let is_new = |index: &RevisionIndex| !published.is_published(scripts.map.id(*index));
    Ok(Some(scripts.map.iter().filter(is_new).collect()))
}

fn irreversible(
    context: &mut CommandContext,
    scripts: &ScriptDirectory,
) -> Result<HashMap<RevisionIndex, String>, CommandError> {
    let settings = context.script_settings()?;
    let read = script::read_files(&settings.locations, |file| (Irreversible::of(&file), file.path));
    let by_path: HashMap<PathBuf, Irreversible> =
        read.files.into_iter().filter_map(|(found, path)| Some((path, found?))).collect();
    let found =
        scripts.map.iter().filter_map(|index| Some((index, by_path.get(&scripts.script(index).path)?.to_string())));
    Ok(found.collect())
}

/// What decides on the outcome besides the revisions themselves.
fn ingredients(
    context: &mut CommandContext,
    grounds: &Grounds,
    driver: Option<&DatabaseUrl>,
    variables: &[String],
    interpreter: &Interpreter,
) -> Result<Ingredients, CommandError> {
    let settings = context.script_settings()?;
    let project = context.project()?;
    let mut parts = vec![
        env!("CARGO_PKG_VERSION").to_owned(),
        name_of(grounds.dialect).to_owned(),
        grounds.version.clone(),
        driver.map(|url| url.driver_name().to_owned()).unwrap_or_default(),
        variables.join(" "),
        interpreter.version.to_string(),
        context.globals.x.join("\0"),
        project.section.clone(),
        context.schema_override().unwrap_or_default().to_owned(),
    ];
    let packages = interpreter.packages();
    parts.extend(["alembic", "sqlalchemy"].map(|name| packages.version_of(name).unwrap_or_default()));
    // env.py and what may lie beside it for the revisions.
    let entries = std::fs::read_dir(&settings.locations.script_location).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "py"));
    files.sort();
    for path in files {
        parts.push(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
        parts.push(String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned());
    }
    Ok(Ingredients(parts))
}

/// Python in a process of its own: what it prints is no result, and a crash of it takes nothing along.
fn start(
    interpreter: &Interpreter,
    output: &std::path::Path,
    variables: Vec<(String, String)>,
) -> Result<Runtime, RuntimeError> {
    let options = RuntimeOptions {
        mode: Some(Mode::Child),
        executable: own_executable(),
        output: Some(output.to_owned()),
        variables,
        ..RuntimeOptions::default()
    };
    Runtime::new(interpreter.clone(), &options)
}

/// Where Python's output goes: with `-v` to standard error, else where nobody looks.
fn output(context: &CommandContext, grounds: &Grounds) -> PathBuf {
    if context.ui.verbosity() > 0 { PathBuf::from("/dev/stderr") } else { grounds.folder.path().join("python.log") }
}

fn cache_folder(context: &CommandContext) -> Option<PathBuf> {
    let base = match context.environment.variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute())
    {
        Some(folder) => folder,
        None => PathBuf::from(context.environment.variable("HOME")?).join(".cache"),
    };
    Some(base.join("limbec/test"))
}

fn name_of(dialect: TestDialect) -> &'static str {
    match dialect {
        TestDialect::Postgresql => "postgresql",
        TestDialect::Sqlite => "sqlite",
    }
}
