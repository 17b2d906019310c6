use super::Rendered;
use super::asked;
use super::made::Made;
use super::source::{Sources, runs_script};
use super::target::DryRunTarget;
use crate::database::{TableFacts, VersionTableName};
use crate::lint;
use crate::migrate::{RenderedPart, RenderedStep};
use crate::operation::{
    Dialect, InTransaction, LockMode, LockedRelation, RelationLock, SqlStatement, TableName, locks_of, statements,
};
use crate::plan::{HeadChange, Step};

/// What a dry run found out, for every database.
pub(super) struct Report<'a> {
    /// One for every run of migrations of env.py.
    pub(super) databases: Vec<DatabaseReport<'a>>,
}

/// What would be done to one database.
pub(super) struct DatabaseReport<'a> {
    /// The database.
    pub(super) target: &'a DryRunTarget,
    /// Why no step's SQL is known.
    pub(super) not_rendered: Option<String>,
    /// What the version table would go through before the first step.
    pub(super) before: Vec<StatementReport>,
    /// In the order of the plan.
    pub(super) steps: Vec<StepReport<'a>>,
    /// What the database says of the tables that are touched, by name.
    pub(super) tables: Vec<TableReport>,
}

/// A table that is touched and that the plan has not made itself.
pub(super) struct TableReport {
    /// Its name, as the statements have it.
    pub(super) name: TableName,
    /// Positions of the steps that touch it, from 0.
    pub(super) steps: Vec<usize>,
    /// The strongest lock; `None`: not PostgreSQL.
    pub(super) mode: Option<LockMode>,
    /// What it holds; `None`: the database could not be asked, or has no such table.
    pub(super) facts: Option<TableFacts>,
}

/// What one step would do.
pub(super) struct StepReport<'a> {
    /// The step.
    pub(super) step: &'a Step,
    /// What Alembic sends first: the version table, where there is none yet.
    pub(super) prelude: Vec<StatementReport>,
    /// What the script sends, in order; of one that could not be rendered up to where it failed.
    pub(super) statements: Vec<StatementReport>,
    /// Why the script's SQL is not known, or not to its end.
    pub(super) not_rendered: Option<String>,
    /// What the script does instead, as it is read.
    pub(super) calls: Vec<CallReport>,
    /// The change of the version table.
    pub(super) heads: Vec<StatementReport>,
    /// Errors and warnings of `validate`.
    pub(super) findings: lint::Report,
}

/// One statement.
pub(super) struct StatementReport {
    /// Without a semicolon.
    pub(super) sql: String,
    /// Runs outside of the migration's transaction.
    pub(super) is_autocommit: bool,
    /// On what, unless the plan itself has made it. Of PostgreSQL alone.
    pub(super) locks: Vec<LockReport>,
    /// The tables among what is locked or changed, on every database.
    pub(super) tables: Vec<TableName>,
}

/// A call of a script that could not be rendered.
pub(super) struct CallReport {
    /// Its line, from 1.
    pub(super) line: usize,
    /// The call, or the SQL that it sends.
    pub(super) text: String,
    /// Why it is not understood, if so.
    pub(super) not_analysed: Option<String>,
    /// Whether it may or may not run.
    pub(super) is_conditional: bool,
    /// As of a statement.
    pub(super) locks: Vec<LockReport>,
    /// As of a statement.
    pub(super) tables: Vec<TableName>,
}

/// A lock on what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LockReport {
    /// What is locked.
    pub(super) relation: LockedRelation,
    /// How.
    pub(super) mode: LockMode,
}

impl<'a> Report<'a> {
    /// Puts together what was planned, rendered and read.
    pub(super) fn of(targets: &'a [DryRunTarget], rendered: &'a Rendered, sources: &Sources) -> Self {
        let databases = targets.iter().enumerate().map(|(index, target)| {
            let run = rendered.as_ref().ok().and_then(|runs| runs.get(index)).map(Vec::as_slice);
            DatabaseReport {
                target,
                not_rendered: rendered.as_ref().err().cloned(),
                before: before(target),
                steps: steps(target, run, sources),
                tables: Vec::new(),
            }
        });
        let mut databases: Vec<DatabaseReport<'_>> = databases.collect();
        databases.iter_mut().for_each(asked::ask);
        Self { databases }
    }
}

fn before(target: &DryRunTarget) -> Vec<StatementReport> {
    let delete = target.purged.map(|_| format!("DELETE FROM {}", target.table.quoted()));
    delete.map(|sql| of_text(&sql, &mut Made::default(), target.dialect())).unwrap_or_default()
}

fn steps<'a>(target: &'a DryRunTarget, rendered: Option<&'a [RenderedStep]>, sources: &Sources) -> Vec<StepReport<'a>> {
    let mut made = Made::default();
    let mut has_table = target.has_version_table;
    let dialect = target.dialect();
    let mut reports = Vec::with_capacity(target.plan.steps.len());
    for (index, step) in target.plan.steps.iter().enumerate() {
        let rendered = rendered.and_then(|steps| steps.get(index));
        let not_rendered =
            rendered.and_then(|step| step.failure.as_ref()).map(|failure| reason(failure, sources, step));
        let mut report = StepReport {
            step,
            prelude: Vec::new(),
            statements: Vec::new(),
            calls: Vec::new(),
            heads: Vec::new(),
            findings: sources.findings(step),
            not_rendered,
        };
        match rendered {
            Some(rendered) => fill(&mut report, rendered, &mut made, dialect),
            None if !has_table => report.prelude = of_text(&target.table.create_statement(), &mut made, dialect),
            None => {}
        }
        has_table = true;
        if runs_script(step) && (rendered.is_none() || report.not_rendered.is_some()) {
            report.calls = calls(sources, step, &mut made, dialect);
        }
        if rendered.is_none() {
            let changes = step.changes.iter().map(|change| change_statement(&target.table, change));
            report.heads = changes.flat_map(|sql| of_text(&sql, &mut made, dialect)).collect();
        }
        reports.push(report);
    }
    reports
}

/// Sorts what was printed: before the script, by it, after it.
fn fill(report: &mut StepReport<'_>, rendered: &RenderedStep, made: &mut Made, dialect: Dialect) {
    for printed in &rendered.statements {
        let mut statements = of_text(&printed.sql, made, dialect);
        statements.iter_mut().for_each(|statement| statement.is_autocommit |= printed.autocommit);
        match printed.part {
            RenderedPart::Prelude => report.prelude.extend(statements),
            RenderedPart::Script => report.statements.extend(statements),
            RenderedPart::Heads => report.heads.extend(statements),
        }
    }
}

fn of_text(sql: &str, made: &mut Made, dialect: Dialect) -> Vec<StatementReport> {
    let report = |statement: SqlStatement| {
        let (locks, tables) = blocking(&statement.locks, made, dialect);
        statement.operations.iter().for_each(|operation| made.take(operation));
        let is_autocommit = statement.transaction == InTransaction::Outside;
        StatementReport { sql: statement.sql, is_autocommit, locks, tables }
    };
    statements(sql).into_iter().map(report).collect()
}

/// Locks on what others see, and the tables among that.
fn blocking(locks: &[RelationLock], made: &Made, dialect: Dialect) -> (Vec<LockReport>, Vec<TableName>) {
    let others = locks.iter().filter(|lock| !made.contains(&lock.relation));
    let others: Vec<LockReport> =
        others.map(|lock| LockReport { relation: lock.relation.clone(), mode: lock.mode }).collect();
    let tables = others.iter().filter_map(|lock| match &lock.relation {
        LockedRelation::Table(table) => Some(table.clone()),
        _ => None,
    });
    let tables = tables.collect();
    (if dialect == Dialect::Postgresql { others } else { Vec::new() }, tables)
}

/// What a script does, call by call, in its own words.
fn calls(sources: &Sources, step: &Step, made: &mut Made, dialect: Dialect) -> Vec<CallReport> {
    let (Some(file), Some(body)) = (sources.file(step), sources.body(step)) else { return Vec::new() };
    let text_of = |range: &std::ops::Range<usize>| one_line(file.file.text().get(range.clone()).unwrap_or_default());
    let line_of = |range: &std::ops::Range<usize>| file.file.position(range.start).0;
    let mut calls = Vec::new();
    for operation in body.operations.iter().filter(|operation| operation.context.dialects.contains(dialect)) {
        let (locks, tables) = blocking(&locks_of(&operation.kind), made, dialect);
        made.take(&operation.kind);
        calls.push(CallReport {
            line: line_of(&operation.range),
            text: operation.sql.as_deref().map_or_else(|| text_of(&operation.range), one_line),
            not_analysed: None,
            is_conditional: operation.context.is_conditional,
            locks,
            tables,
        });
    }
    for call in body.not_analysed.iter().filter(|call| !call.is_partly_known && call.dialects.contains(dialect)) {
        calls.push(CallReport {
            line: line_of(&call.range),
            text: text_of(&call.range),
            not_analysed: Some(call.reason.clone()),
            is_conditional: false,
            locks: Vec::new(),
            tables: Vec::new(),
        });
    }
    calls.sort_by_key(|call| call.line);
    calls
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a script could not be rendered, with the line of the file where that is known.
fn reason(failure: &crate::migrate::StepFailure, sources: &Sources, step: &Step) -> String {
    let said = &failure.failure;
    let path = sources.file(step).map(|file| file.file.path.clone());
    let line = said.location(&path.into_iter().collect::<Vec<_>>()).map(|(_, line)| line);
    let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
    if failure.reads && said.type_name.ends_with("ReadsDatabase") {
        return format!("{}{place}", said.message);
    }
    format!("{}{place}", said.sentence())
}

/// What Alembic sends for a change of the heads, with the value in place of the parameter.
pub(super) fn change_statement(table: &VersionTableName, change: &HeadChange) -> String {
    let (name, quote) = (table.quoted(), |id: &crate::revision::RevisionId| id.as_str().replace('\'', "''"));
    match change {
        HeadChange::Insert(id) => format!("INSERT INTO {name} (version_num) VALUES ('{}')", quote(id)),
        HeadChange::Delete(id) => format!("DELETE FROM {name} WHERE version_num = '{}'", quote(id)),
        HeadChange::Update { from, to } => {
            format!("UPDATE {name} SET version_num = '{}' WHERE version_num = '{}'", quote(to), quote(from))
        }
    }
}
