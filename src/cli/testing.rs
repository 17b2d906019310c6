//! What `limbec test` needs to know of a project before a database is made, and the making.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::commands::test::TestArgs;
use super::context::CommandContext;
use super::engine::{Mutation, own_executable};
use super::error::CommandError;
use super::published::published;
use super::testing_grounds::{Grounds, dialect, driver, name_of, own_url, url_variables};
use super::ui::Ui;
use crate::database::DatabaseUrl;
use crate::lint::Irreversible;
use crate::revision::{RevisionId, RevisionIndex};
use crate::runtime::{Interpreter, Mode, Runtime, RuntimeError, RuntimeOptions};
use crate::script::{self, ScriptDirectory};
use crate::trial::{
    EnvRuns, Fixtures, HistoryKeys, Ingredients, Observer, Provider, Trial, TrialError, TrialReport, Verdicts,
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
    /// How many tenants it was tried on; `None`: on none, but on databases of the history's own.
    pub(super) tenants: Option<usize>,
}

/// Makes databases, tries the history on them and drops them; or, with `--provide`, lends them to another program, and there is no
/// trial.
///
/// # Errors
/// Whatever keeps the trial from being held.
pub(super) fn hold(context: &mut CommandContext, args: &TestArgs) -> Result<Option<HeldTrial>, CommandError> {
    let scripts = context.scripts()?;
    let order = Trial::order(&scripts.map)?;
    let own = own_url(context, &args.grounds)?;
    let dialect = dialect(context, &args.grounds, own.as_ref())?;
    let driver = driver(context, dialect, own.as_ref());
    let variables = url_variables(context, &args.grounds.url_variable)?;
    let chosen = chosen(context, args, &scripts)?;
    let irreversible = irreversible(context, &scripts)?;
    let fixtures = match &args.fixtures {
        Some(folder) => Fixtures::read(&context.environment.current_dir.join(folder), &scripts.map)?,
        None => Fixtures::default(),
    };
    let environment = context.database_environment();
    let interpreter = context.interpreter()?;
    let cache = cache_folder(context).filter(|_| !args.no_cache);
    let grounds = Grounds::find(context, &args.grounds, dialect, own, cache.as_ref())?;
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
    Ok(Some(HeldTrial { report, place, dialect, revisions, tenants: None }))
}

/// Progress on a terminal.
pub(super) struct TestProgress<'a> {
    ui: &'a mut Ui,
    total: usize,
}

impl<'a> TestProgress<'a> {
    /// Nothing is shown before the first revision.
    pub(super) fn new(ui: &'a mut Ui, total: usize) -> Self {
        Self { ui, total }
    }

    /// The last line.
    pub(super) fn summary(context: &mut CommandContext, held: &HeldTrial, elapsed: Duration) {
        let report = &held.report;
        let (steps, runs) = (report.steps, report.env_runs);
        if let Some(tenants) = held.tenants {
            context.ui.status(&format!(
                "{} revisions for {tenants} tenants on {}: {steps} steps; {:.1} s.",
                held.revisions,
                held.place,
                elapsed.as_secs_f64()
            ));
            return;
        }
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

pub(super) fn irreversible(
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
        context.configured_schema()?.unwrap_or_default(),
        project.settings.deploy.search_path.templates().join("\0"),
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
pub(super) fn start(
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
pub(super) fn output(context: &CommandContext, grounds: &Grounds) -> PathBuf {
    if context.ui.verbosity() > 0 { PathBuf::from("/dev/stderr") } else { grounds.folder.path().join("python.log") }
}

pub(super) fn cache_folder(context: &CommandContext) -> Option<PathBuf> {
    let base = match context.environment.variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute())
    {
        Some(folder) => folder,
        None => PathBuf::from(context.environment.variable("HOME")?).join(".cache"),
    };
    Some(base.join("limbec/test"))
}
