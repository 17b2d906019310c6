use std::time::Instant;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::databases::Direct;
use crate::cli::engine::Mutation;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::path_text;
use crate::cli::table::Table;
use crate::config::{DatabaseTarget, Place};
use crate::database::{Access, DatabaseUrl, Dialect};
use crate::revision::RevisionIndex;
use crate::runtime::Mode;
use crate::script::SqlRevision;

use super::adopt::url_setting;

/// Explain how limbec sees this project, its database and its Python
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// What doctor found; the JSON form is this, field by field.
#[derive(Debug, Default, Serialize)]
struct Findings {
    project: ProjectFindings,
    python: PythonFindings,
    database: DatabaseFindings,
    /// Nothing where there are no SQL revisions.
    sql_revisions: Option<SqlFindings>,
    /// What is wrong; empty when all is well.
    problems: Vec<String>,
    /// What to type or to change.
    hints: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct ProjectFindings {
    config: String,
    section: String,
    settings: Option<String>,
    script_location: Option<String>,
    revisions: Option<usize>,
    heads: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct PythonFindings {
    interpreter: Option<String>,
    origin: Option<String>,
    version: Option<String>,
    mode: Option<&'static str>,
    alembic: Option<String>,
    sqlalchemy: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct DatabaseFindings {
    /// Password hidden.
    url: Option<String>,
    /// Where the URL comes from.
    origin: Option<String>,
    version_table: Option<String>,
    answers: Option<bool>,
    /// Of one connection and one look at the version table.
    milliseconds: Option<f64>,
    rows: Option<Vec<String>>,
    /// Whether `current`, `stamp` and an `upgrade` with nothing to do work without Python.
    without_python: bool,
    /// Why they do not.
    why_python: Option<String>,
}

/// Revisions whose work is in SQL files.
#[derive(Debug, Default, Serialize)]
struct SqlFindings {
    /// How many there are.
    revisions: usize,
    /// Whether limbec runs them itself.
    without_python: bool,
    /// Why it does not.
    why_python: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read at all; everything else is a finding.
pub fn run(context: &mut CommandContext, args: &DoctorArgs) -> Result<ExitStatus, CommandError> {
    let mut findings = Findings::default();
    look_at_project(context, &mut findings)?;
    look_at_python(context, &mut findings);
    look_at_database(context, &mut findings);
    look_at_sql(context, &mut findings);
    match args.format {
        Format::Json => context.ui.json(&findings),
        Format::Text => show(context, &findings),
    }
    Ok(if findings.problems.is_empty() { ExitStatus::Success } else { ExitStatus::Code(1) })
}

fn look_at_project(context: &mut CommandContext, findings: &mut Findings) -> Result<(), CommandError> {
    let project = context.project()?;
    let existing = [project.ini_path(), project.toml_path()].into_iter().filter(|path| path.exists());
    findings.project.config = existing.map(|path| path_text(&path)).collect::<Vec<_>>().join(", ");
    findings.project.section = project.section.clone();
    findings.project.settings = project.settings.origin.as_deref().map(path_text);
    let settings = context.script_settings()?;
    findings.project.script_location = Some(path_text(&settings.locations.script_location));
    match context.scripts() {
        Ok(scripts) => {
            findings.project.revisions = Some(scripts.map.iter().count());
            findings.project.heads =
                scripts.map.heads().iter().map(|index| scripts.map.revision(*index).id.to_string()).collect();
        }
        Err(error) => note(findings, &error),
    }
    Ok(())
}

fn look_at_python(context: &mut CommandContext, findings: &mut Findings) {
    let runtime = match context.runtime() {
        Ok(runtime) => runtime,
        Err(error) => return note(findings, &error),
    };
    let interpreter = runtime.interpreter();
    let packages = interpreter.packages();
    let python = &mut findings.python;
    python.interpreter = Some(path_text(&interpreter.path));
    python.origin = Some(interpreter.origin.to_string());
    python.version = Some(interpreter.version.to_string());
    python.mode = Some(match runtime.mode() {
        Mode::Embedded => "embedded",
        Mode::Child => "child",
    });
    python.alembic = packages.version_of("alembic");
    python.sqlalchemy = packages.version_of("sqlalchemy");
    if python.alembic.is_none() {
        findings.problems.push(format!("{} has no Alembic, so no revision can run", path_text(&interpreter.path)));
        findings.hints.push(
            "activate the project's virtualenv, or name its interpreter by `--python PATH`, LIMBEC_PYTHON, or `python` in \
             the settings"
                .to_owned(),
        );
    }
}

fn look_at_database(context: &mut CommandContext, findings: &mut Findings) {
    let target = match context.database_target() {
        Ok(target) => target,
        Err(error) => return note(findings, &error),
    };
    let database = &mut findings.database;
    if let Place::Known { url, origin } = &target.place {
        database.url = Some(url.obfuscated());
        database.origin = Some(origin.to_string());
    }
    database.version_table = target.version_table.as_ref().map(ToString::to_string);
    if let Some(dialect) = foreign_dialect(&target) {
        database.why_python =
            Some(format!("{dialect} goes through SQLAlchemy; limbec itself speaks PostgreSQL and SQLite"));
        return look_through_env_py(context, findings);
    }
    database.without_python = target.is_known_without_python();
    database.why_python = target.why_python().map(str::to_owned);
    if !database.without_python {
        return look_through_env_py(context, findings);
    }
    let began = Instant::now();
    let rows = match context.direct(Access::Read) {
        Ok(Some(Direct { mut connection, table, .. })) => connection.version_rows(&table).map_err(CommandError::from),
        Ok(None) => return,
        Err(error) => Err(error),
    };
    let database = &mut findings.database;
    database.answers = Some(rows.is_ok());
    match rows {
        Ok(rows) => {
            database.milliseconds = Some(began.elapsed().as_secs_f64() * 1000.0);
            database.rows = rows.map(|rows| rows.iter().map(ToString::to_string).collect());
        }
        Err(error) => note(findings, &error),
    }
}

/// Who runs SQL revisions, as far as that can be told of all of them; a plan with Python revisions among them is Python's as a whole.
fn look_at_sql(context: &mut CommandContext, findings: &mut Findings) {
    let Ok(scripts) = context.scripts() else { return };
    let is_sql = |index: &RevisionIndex| SqlRevision::at(&scripts.script(*index).path).is_some();
    let revisions = scripts.map.iter().filter(is_sql).count();
    if revisions == 0 {
        return;
    }
    let why = context.project().map(|project| project.settings.deploy.clone());
    match why.and_then(|options| context.why_not_native(&options)) {
        Ok(why) => {
            findings.sql_revisions = Some(SqlFindings { revisions, without_python: why.is_none(), why_python: why });
        }
        // What is wrong has been told of the database.
        Err(_) => findings.sql_revisions = Some(SqlFindings { revisions, ..SqlFindings::default() }),
    }
}

/// A dialect that only SQLAlchemy speaks.
fn foreign_dialect(target: &DatabaseTarget) -> Option<String> {
    match target.known()?.0.dialect() {
        Dialect::Other(name) => Some(name),
        _ => None,
    }
}

/// Only env.py knows: it is run as `current` runs it, and what that cost is told.
fn look_through_env_py(context: &mut CommandContext, findings: &mut Findings) {
    let began = Instant::now();
    let runs = match context.observe_env(Mutation::Forbidden) {
        Ok(runs) => runs,
        Err(error) => {
            findings.database.answers = Some(false);
            return note(findings, &error);
        }
    };
    let database = &mut findings.database;
    database.answers = Some(true);
    database.milliseconds = Some(began.elapsed().as_secs_f64() * 1000.0);
    let Some((rows, target)) = runs.first() else { return };
    database.rows = Some(rows.iter().map(ToString::to_string).collect());
    database.version_table = Some(target.version_table.clone());
    let Some(url) = target.url.as_deref().and_then(|url| DatabaseUrl::parse(url).ok()) else { return };
    database.url = Some(url.obfuscated());
    database.origin = Some("env.py, which had to be run".to_owned());
    if runs.len() > 1 {
        findings
            .hints
            .push(format!("env.py works on {} databases, so it is run every time, as Alembic does", runs.len()));
        return;
    }
    if matches!(url.dialect(), Dialect::Other(_)) {
        return;
    }
    let setting = url_setting(context, &url);
    findings.hints.push(match setting {
        Some(setting) => format!("`limbec adopt` writes `url = \"{setting}\"`, and what env.py does, into limbec's settings"),
        None => "give the URL by LIMBEC_URL or by `url = \"file:PATH\"`; then `limbec adopt` makes running env.py unnecessary"
            .to_owned(),
    });
}

fn note(findings: &mut Findings, error: &CommandError) {
    let causes = error.causes.iter().map(|cause| format!(": {cause}"));
    findings.problems.push(std::iter::once(error.sentence.clone()).chain(causes).collect());
    findings.hints.extend(error.hints.iter().cloned());
}

fn show(context: &mut CommandContext, findings: &Findings) {
    let Findings { project, python, database, .. } = findings;
    let mut table = Table::new(&["", ""]);
    let mut line = |name: &str, text: String| table.row(vec![name.to_owned(), text]);
    line("project", format!("{} [{}]", project.config, project.section));
    line("settings", project.settings.clone().unwrap_or_else(|| "none of limbec's own".to_owned()));
    line("scripts", project.script_location.clone().unwrap_or_default());
    if let Some(revisions) = project.revisions {
        line("revisions", format!("{revisions}, heads: {}", list(&project.heads)));
    }
    if let (Some(interpreter), Some(origin)) = (&python.interpreter, &python.origin) {
        let version = python.version.as_deref().unwrap_or("?");
        let mode = if python.mode == Some("child") { "in a child process" } else { "in this process" };
        line("python", format!("{interpreter} ({version}, {origin}; runs {mode})"));
        let unknown = || "not installed".to_owned();
        let alembic = python.alembic.clone().unwrap_or_else(unknown);
        line("alembic", format!("{alembic}, SQLAlchemy {}", python.sqlalchemy.clone().unwrap_or_else(unknown)));
    }
    match (&database.url, &database.origin) {
        (Some(url), Some(origin)) => line("database", format!("{url} (from {origin})")),
        _ if database.why_python.is_some() => line("database", "known to env.py alone".to_owned()),
        _ => line("database", "not known".to_owned()),
    }
    if let Some(name) = &database.version_table {
        line("version table", name.clone());
    }
    if let Some(milliseconds) = database.milliseconds {
        let rows = database.rows.as_ref().map_or("there is no version table".to_owned(), |rows| list(rows));
        line("answers", format!("in {milliseconds:.1} ms: {rows}"));
    }
    line(
        "without Python",
        match &database.why_python {
            None if database.without_python => "current, stamp, and upgrade with nothing to do".to_owned(),
            None => "nothing that needs the database".to_owned(),
            Some(why) => format!("nothing that needs the database: {why}"),
        },
    );
    if let Some(sql) = &findings.sql_revisions {
        let who = match &sql.why_python {
            None if sql.without_python => "run by limbec itself".to_owned(),
            None => "nobody can run them yet".to_owned(),
            Some(why) => format!("run by Python: {why}"),
        };
        table.row(vec!["SQL revisions".to_owned(), format!("{}, {who}", sql.revisions)]);
    }
    for text in table.lines().iter().filter(|text| !text.is_empty()) {
        context.ui.result(text);
    }
    for problem in &findings.problems {
        context.ui.warning(problem);
    }
    for hint in &findings.hints {
        context.ui.hint(hint);
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
