use serde::Serialize;
use serde_json::Value;

use super::report::{CallReport, DatabaseReport, LockReport, Report, StatementReport, StepReport, TableReport};
use super::source::Sources;
use crate::database::Count;
use crate::lint::render;
use crate::operation::{LockMode, LockedRelation, TableName};
use crate::plan::StepSummary;
use crate::revision::RevisionId;

/// The report for scripts; its keys are described in docs/json.md.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    databases: Vec<DatabaseJson<'a>>,
}

#[derive(Serialize)]
struct DatabaseJson<'a> {
    database: &'a str,
    heads: Vec<&'a str>,
    has_version_table: bool,
    purged_rows: Option<usize>,
    not_rendered: Option<&'a str>,
    steps: Vec<StepJson<'a>>,
    tables: Vec<TableJson>,
}

#[derive(Serialize)]
struct TableJson {
    table: String,
    steps: Vec<usize>,
    lock: Option<&'static str>,
    exists: Option<bool>,
    rows: Option<u64>,
    rows_are: Option<&'static str>,
    bytes: Option<u64>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    #[serde(flatten)]
    step: StepSummary<'a>,
    path: Option<String>,
    statements: Vec<StatementJson<'a>>,
    not_rendered: Option<&'a str>,
    calls: Vec<CallJson<'a>>,
    findings: Value,
}

#[derive(Serialize)]
struct StatementJson<'a> {
    sql: &'a str,
    version_table: bool,
    in_transaction: bool,
    locks: Vec<LockJson>,
}

#[derive(Serialize)]
struct CallJson<'a> {
    line: usize,
    text: &'a str,
    conditional: bool,
    not_analysed: Option<&'a str>,
    locks: Vec<LockJson>,
}

#[derive(Serialize)]
struct LockJson {
    relation: Option<String>,
    index: Option<String>,
    mode: &'static str,
    blocks: &'static str,
}

impl<'a> Document<'a> {
    pub(super) fn of(report: &'a Report<'a>, sources: &Sources) -> Self {
        Self { databases: report.databases.iter().map(|database| of_database(database, sources)).collect() }
    }
}

fn of_database<'a>(database: &'a DatabaseReport<'a>, sources: &Sources) -> DatabaseJson<'a> {
    let target = database.target;
    DatabaseJson {
        database: &target.url,
        heads: ids(&target.rows),
        has_version_table: target.has_version_table,
        purged_rows: target.purged,
        not_rendered: database.not_rendered.as_deref(),
        steps: database.steps.iter().map(|step| of_step(step, sources)).collect(),
        tables: database.tables.iter().map(|table| of_table(table, target.connection.borrow().is_some())).collect(),
    }
}

/// `was_asked`: the database could be asked for the table.
fn of_table(table: &TableReport, was_asked: bool) -> TableJson {
    let rows = table.facts.as_ref().map(|facts| match &facts.rows {
        Count::Exact(rows) => (Some(*rows), "exact"),
        Count::AtLeast(rows) => (Some(*rows), "at least"),
        Count::About(rows) => (Some(*rows), "estimated"),
        Count::Unknown(_) => (None, "unknown"),
    });
    TableJson {
        table: table.name.to_string(),
        steps: table.steps.iter().map(|index| index + 1).collect(),
        lock: table.mode.map(LockMode::name),
        exists: was_asked.then_some(table.facts.is_some()),
        rows: rows.and_then(|(rows, _)| rows),
        rows_are: rows.map(|(_, how)| how),
        bytes: table.facts.as_ref().and_then(|facts| facts.bytes),
    }
}

fn of_step<'a>(report: &'a StepReport<'a>, sources: &Sources) -> StepJson<'a> {
    let step = report.step;
    let own = report.statements.iter().map(|statement| of_statement(statement, false));
    let prelude = report.prelude.iter().map(|statement| of_statement(statement, true));
    let heads = report.heads.iter().map(|statement| of_statement(statement, true));
    StepJson {
        step: step.summary(),
        path: sources.file(step).map(|file| sources.project.shown_path(&file.file.path)),
        statements: prelude.chain(own).chain(heads).collect(),
        not_rendered: report.not_rendered.as_deref(),
        calls: report.calls.iter().map(call).collect(),
        findings: render::findings(&sources.project, &report.findings),
    }
}

fn ids(ids: &[RevisionId]) -> Vec<&str> {
    ids.iter().map(RevisionId::as_str).collect()
}

fn of_statement(statement: &StatementReport, version_table: bool) -> StatementJson<'_> {
    StatementJson {
        sql: &statement.sql,
        version_table,
        in_transaction: !statement.is_autocommit,
        locks: locks(&statement.locks),
    }
}

fn call(call: &CallReport) -> CallJson<'_> {
    CallJson {
        line: call.line,
        text: &call.text,
        conditional: call.is_conditional,
        not_analysed: call.not_analysed.as_deref(),
        locks: locks(&call.locks),
    }
}

fn locks(locks: &[LockReport]) -> Vec<LockJson> {
    let lock = |lock: &LockReport| {
        let (table, index): (Option<&TableName>, Option<&TableName>) = match &lock.relation {
            LockedRelation::Table(table) => (Some(table), None),
            LockedRelation::TableOfIndex(index) | LockedRelation::Index(index) => (None, Some(index)),
            LockedRelation::Referents(..) | LockedRelation::Unknown => (None, None),
        };
        LockJson {
            relation: table.map(ToString::to_string),
            index: index.map(ToString::to_string),
            mode: lock.mode.name(),
            blocks: lock.mode.blocks(),
        }
    };
    locks.iter().map(lock).collect()
}
