use super::report::{CallReport, DatabaseReport, LockReport, Report, StatementReport, StepReport};
use super::source::Sources;
use crate::cli::commands::plan::table as plan_table;
use crate::cli::table::Table;
use crate::lint::render;
use crate::operation::Dialect;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// Characters of a statement that are shown.
const LONGEST: usize = 2000;

/// The report for people.
pub(super) fn lines(report: &Report<'_>, sources: &Sources, scripts: &ScriptDirectory) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, database) in report.databases.iter().enumerate() {
        if index > 0 {
            lines.push(String::new());
        }
        of_database(database, sources, scripts, &mut lines);
    }
    lines.push(String::new());
    lines.push("Nothing was changed.".to_owned());
    lines
}

fn of_database(database: &DatabaseReport<'_>, sources: &Sources, scripts: &ScriptDirectory, out: &mut Vec<String>) {
    let target = database.target;
    out.push(format!("Database: {}", target.url));
    out.push(format!("At: {}", at(&target.rows, target.has_version_table)));
    if let Some(purged) = target.purged {
        out.push(format!("Purged first: {purged} row{}", if purged == 1 { "" } else { "s" }));
    }
    out.push(String::new());
    out.extend(database.before.iter().flat_map(|statement| sql(&statement.sql)));
    if target.plan.steps.is_empty() {
        out.push("Nothing to do.".to_owned());
        return;
    }
    out.extend(plan_table(&target.plan, scripts).lines());
    if let Some(reason) = &database.not_rendered {
        out.push(String::new());
        out.push(format!("The SQL is not known, as env.py cannot be run offline: {reason}."));
        out.push("The calls of the scripts are shown instead.".to_owned());
    }
    for (index, step) in database.steps.iter().enumerate() {
        out.push(String::new());
        of_step(index, step, sources, out);
    }
    if !database.tables.is_empty() {
        out.push(String::new());
        out.extend(tables(database).lines());
    }
    if target.dialect() != Dialect::Postgresql {
        out.push(String::new());
        out.push("Locks are known of PostgreSQL alone.".to_owned());
    }
}

/// What is touched that was there before.
fn tables(database: &DatabaseReport<'_>) -> Table {
    let mut table = Table::new(&["Table", "Rows", "Size", "Strongest lock", "Steps"]);
    for touched in &database.tables {
        let facts = touched.facts.as_ref();
        let steps: Vec<String> = touched.steps.iter().map(|index| (index + 1).to_string()).collect();
        table.row(vec![
            touched.name.to_string(),
            facts.map_or("?".to_owned(), |facts| facts.rows.to_string()),
            facts.and_then(|facts| facts.bytes).map_or(String::new(), size),
            touched.mode.map_or(String::new(), |mode| mode.to_string()),
            steps.join(", "),
        ]);
    }
    table
}

/// In binary units, as PostgreSQL's `pg_size_pretty`.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 10 * 1024 && unit + 1 < UNITS.len() {
        value = (value + 512) / 1024;
        unit += 1;
    }
    format!("{value} {}", UNITS.get(unit).unwrap_or(&"TB"))
}

/// Where a database is, in words.
pub(in crate::cli) fn at(rows: &[RevisionId], has_version_table: bool) -> String {
    match (rows, has_version_table) {
        ([], false) => "nothing (there is no version table yet)".to_owned(),
        ([], true) => "nothing".to_owned(),
        (rows, _) => rows.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn of_step(index: usize, report: &StepReport<'_>, sources: &Sources, out: &mut Vec<String>) {
    let step = report.step;
    let path = sources.file(step).map(|file| format!(" ({})", sources.project.shown_path(&file.file.path)));
    out.push(format!("Step {}: {} {}{}", index + 1, step.direction.name(), step.revision, path.unwrap_or_default()));
    out.push(String::new());
    out.extend(report.prelude.iter().flat_map(|statement| sql(&statement.sql)));
    match &report.not_rendered {
        None => out.extend(report.statements.iter().flat_map(statement)),
        Some(reason) => {
            out.push(format!("  -- The SQL is not known without running the script: {reason}."));
            out.push("  -- Its calls:".to_owned());
        }
    }
    out.extend(report.calls.iter().flat_map(call));
    if report.not_rendered.is_none() && report.statements.is_empty() && report.calls.is_empty() {
        out.extend(sources.file(step).map(|_| "  -- The script sends nothing.".to_owned()));
    }
    out.extend(report.heads.iter().flat_map(|statement| sql(&statement.sql)));
    let findings = render::concise(&sources.project, &report.findings);
    if !findings.is_empty() {
        out.push(String::new());
        out.extend(findings.lines().map(|line| format!("  {line}")));
    }
}

/// A statement with its locks.
fn statement(statement: &StatementReport) -> Vec<String> {
    let mut lines = sql(&statement.sql);
    if statement.is_autocommit {
        lines.push(
            "    -- outside of the migration's transaction: not rolled back when a later statement fails".to_owned(),
        );
    }
    lines.extend(statement.locks.iter().map(lock));
    lines
}

/// A statement on lines of its own, with a semicolon.
pub(in crate::cli) fn sql(statement: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        shortened(statement).lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    if let Some(last) = lines.last_mut() {
        last.push(';');
    }
    lines
}

fn call(call: &CallReport) -> Vec<String> {
    let perhaps = if call.is_conditional { ", under a condition" } else { "" };
    let mut lines = vec![format!("  {}  -- line {}{perhaps}", shortened(&call.text), call.line)];
    lines.extend(call.not_analysed.iter().map(|reason| format!("    -- not analysed: {reason}")));
    lines.extend(call.locks.iter().map(lock));
    lines
}

fn lock(lock: &LockReport) -> String {
    format!("    -- {} on {}: blocks {}", lock.mode, lock.relation, lock.mode.blocks())
}

fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST {
        return text.trim_end().to_owned();
    }
    let kept: String = text.chars().take(LONGEST).collect();
    format!("{kept} … ({length} characters)")
}
