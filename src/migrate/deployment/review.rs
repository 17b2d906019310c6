//! The gates of a plan: what its steps destroy is read from their files and measured in the database, and somebody has to agree.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::held::Held;
use super::{Attendant, Consent, DeploymentRequest};
use crate::database::{
    Access, Connection, DatabaseError, DatabaseUrl, Gauge, MeasureLimits, TableFacts, VersionTableName,
};
use crate::gate::{
    Destruction, DestructiveStep, Extent, GateError, Policy, Review, StepSource, Target, Unasked, Verdict,
    check_baselines, foresee, is_production,
};
use crate::migrate::{Event, Operation, RunTarget};
use crate::operation::{Dialect, OperationKind, Operations};
use crate::plan::{Direction, Plan, Step};
use crate::revision::RevisionId;
use crate::schema::{Schema, SchemaHistory};
use crate::script::RevisionFile;

/// More tables of one schema than this are not measured one by one.
const TABLES: usize = 200;

/// The database that a plan is for.
pub(super) struct Place<'a> {
    /// Where it is; `None`: its URL could not be read.
    pub(super) url: Option<&'a DatabaseUrl>,
    /// SQLAlchemy's name of the dialect.
    pub(super) dialect: &'a str,
    /// Which version table is planned for.
    pub(super) table: &'a VersionTableName,
    /// limbec's own connection, where it has one.
    pub(super) connection: Option<&'a mut Connection>,
}

/// Which steps were looked at and agreed to. A run that is tried again, or that goes on with what is left of a plan, does not ask twice.
#[derive(Debug, Default)]
pub(super) struct Gates {
    passed: HashSet<(String, RevisionId, bool)>,
    destroys: bool,
}

impl Gates {
    /// Whether a plan that passed destroys data, or may.
    pub(super) fn destroys(&self) -> bool {
        self.destroys
    }

    /// The same for a plan over what env.py's own connection read, which nearly always is the plan that has passed.
    pub(super) fn pass_target(
        &mut self,
        request: &DeploymentRequest<'_>,
        plan: &Plan,
        target: &RunTarget,
        held: Option<&mut Held>,
        attendant: &mut dyn Attendant,
    ) -> Result<(), GateError> {
        let url = target.url.as_deref().and_then(|url| DatabaseUrl::parse(url).ok());
        let table = target.table();
        let held = held.filter(|held| url.as_ref().is_some_and(|url| held.is(url, &table)));
        let place = match held {
            Some(held) => Place {
                url: Some(&held.url),
                dialect: &target.dialect,
                table: &held.table,
                connection: Some(&mut held.connection),
            },
            None => Place { url: url.as_ref(), dialect: &target.dialect, table: &table, connection: None },
        };
        self.pass(request, plan, place, attendant)
    }

    /// Lets a plan pass, or says why not.
    pub(super) fn pass(
        &mut self,
        request: &DeploymentRequest<'_>,
        plan: &Plan,
        place: Place<'_>,
        attendant: &mut dyn Attendant,
    ) -> Result<(), GateError> {
        let is_stamp = matches!(request.operation, Operation::Stamp { .. });
        let key = |step: &Step| {
            let database = place.url.map(DatabaseUrl::obfuscated).unwrap_or_default();
            (format!("{database} {}", place.table), step.revision.clone(), step.direction == Direction::Upgrade)
        };
        let steps: Vec<_> = plan.steps.iter().map(key).collect();
        // What is in memory dies with this process, and no other connection sees it.
        let is_in_memory = place.url.is_some_and(|url| is_sqlite(url) && matches!(url.sqlite_file(), Ok(None)));
        if is_stamp || is_in_memory || steps.iter().all(|step| self.passed.contains(step)) {
            return Ok(());
        }
        check_baselines(request.scripts, plan)?;
        let policy = Policy {
            is_production: is_production(request.options.production.as_ref(), place.url),
            destructive: request.options.destructive,
            permissions: request.permissions,
        };
        let review = review(request, plan, place);
        self.destroys |= review.destroys();
        decide(&policy, &review, attendant)?;
        self.passed.extend(steps);
        Ok(())
    }
}

fn decide(policy: &Policy, review: &Review, attendant: &mut dyn Attendant) -> Result<(), GateError> {
    let refusal = |options: Vec<&'static str>| GateError::NeedsConsent {
        heading: review.heading(),
        lines: review.lines(),
        options,
        is_production: policy.is_production,
    };
    match policy.verdict(review) {
        Verdict::Refuse(options) => Err(refusal(options)),
        Verdict::Run => {
            tell(review, attendant);
            Ok(())
        }
        Verdict::Ask(unasked) => match (attendant.consent(review), unasked) {
            (Consent::Given, _) => Ok(()),
            (Consent::Declined, _) => Err(GateError::Declined),
            (Consent::Interrupted, _) => Err(GateError::Interrupted),
            (Consent::NobodyToAsk, Unasked::Refuse(option)) => Err(refusal(vec![option])),
            (Consent::NobodyToAsk, Unasked::Run) => {
                tell(review, attendant);
                Ok(())
            }
        },
    }
}

/// Whoever reads the log should know.
fn tell(review: &Review, attendant: &mut dyn Attendant) {
    if review.destructive.is_empty() && review.unread.is_empty() {
        return;
    }
    let mut text = review.heading();
    for line in review.lines() {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    let is_warning = review.destroys() || !review.unread.is_empty();
    attendant.event(if is_warning { Event::Warning(&text) } else { Event::Note(&text) });
}

/// What a plan destroys in a database of this dialect, as far as its files say.
pub fn review_unmeasured(
    request: &DeploymentRequest<'_>,
    plan: &Plan,
    (dialect, table): (&str, &VersionTableName),
) -> Review {
    review(request, plan, Place { url: None, dialect, table, connection: None })
}

/// What a plan destroys in this database, measured on a connection of its own.
///
/// # Errors
/// No connection.
pub fn review_measured(
    request: &DeploymentRequest<'_>,
    plan: &Plan,
    (url, table): (&DatabaseUrl, &VersionTableName),
) -> Result<Review, DatabaseError> {
    let mut connection = Connection::open(url, request.environment, Access::Read)?;
    let dialect = url.dialect().to_string();
    let place = Place { url: Some(url), dialect: &dialect, table, connection: Some(&mut connection) };
    Ok(review(request, plan, place))
}

fn review(request: &DeploymentRequest<'_>, plan: &Plan, mut place: Place<'_>) -> Review {
    let dialect = Dialect::named(place.dialect);
    let files: Vec<_> = plan.steps.iter().filter_map(|step| read(request, step)).collect();
    let schemas = OnceCell::new();
    let sources: Vec<StepSource<'_>> = files
        .iter()
        .map(|(step, read)| {
            let (file, operations) = &**read;
            let schema = needs_history(operations).then(|| {
                let history =
                    schemas.get_or_init(|| request.readings.schemas((request.scripts, request.locations), dialect));
                found_by(request, history, step)
            });
            StepSource { step, file, operations, schema: schema.flatten() }
        })
        .collect();
    let foreseen = foresee(&sources, dialect);
    let path = request.options.search_path.resolve(place.table.schema.as_deref());
    let gauge = |connection| Gauge::new(connection, MeasureLimits::default()).on_search_path(Some(path));
    let mut gauge = place.connection.as_deref_mut().map(gauge);
    let destructive = foreseen
        .destructions
        .iter()
        .map(|destruction| (destruction, extent(gauge.as_mut(), destruction, place.table)))
        .filter(|(destruction, extent)| !(destruction.is_told_with_data_alone() && extent.is_nothing()))
        .map(|(destruction, extent)| DestructiveStep::new(destruction, extent))
        .collect();
    let is_downgrade = matches!(request.operation, Operation::Downgrade { .. });
    // What is built from nothing has no rows yet that could go.
    let is_first = !is_downgrade && plan.steps.first().is_some_and(|step| step.from_heads.is_empty());
    let says_base = matches!(request.operation, Operation::Downgrade { target } if target.ends_with("base"));
    Review {
        direction: if is_downgrade { Direction::Downgrade } else { Direction::Upgrade },
        database: place.url.map(DatabaseUrl::obfuscated),
        steps: plan.steps.len(),
        reaches_base: is_downgrade && (says_base || plan.steps.last().is_some_and(|step| step.to_heads.is_empty())),
        destructive,
        unread: if is_first { Vec::new() } else { foreseen.unread },
    }
}

fn read<'a>(request: &DeploymentRequest<'_>, step: &'a Step) -> Option<(&'a Step, Arc<(RevisionFile, Operations)>)> {
    let position = request.scripts.map.position(step.revision.as_str())?;
    Some((step, request.readings.file((request.scripts, request.locations), position)))
}

/// Whether a change of a type says nothing of the type before: then the revisions below have to be read.
fn needs_history(operations: &Operations) -> bool {
    let all = operations.upgrade.operations.iter().chain(&operations.downgrade.operations);
    all.into_iter().any(|operation| match &operation.kind {
        OperationKind::AlterColumn(alter) => alter.type_.is_some() && alter.existing_type.is_none(),
        _ => false,
    })
}

fn found_by<'a>(request: &DeploymentRequest<'_>, history: &'a SchemaHistory, step: &Step) -> Option<&'a Schema> {
    let position = request.scripts.map.position(step.revision.as_str())?;
    Some(match step.direction {
        Direction::Downgrade => history.after(position),
        Direction::Upgrade | Direction::Stamp => history.before(position),
    })
}

fn extent(gauge: Option<&mut Gauge<'_>>, destruction: &Destruction, version_table: &VersionTableName) -> Extent {
    let Some(gauge) = gauge else {
        return Extent::Unknown("limbec measures PostgreSQL and SQLite alone".to_owned());
    };
    let absent = || if destruction.if_exists { Extent::NeedNotExist } else { Extent::Absent };
    match &destruction.target {
        Target::Table(table) => gauge.table(table.schema.as_deref(), &table.name).map_or_else(absent, Extent::Table),
        Target::SomeRows(table) => {
            let facts = gauge.table(table.schema.as_deref(), &table.name);
            facts.map_or_else(absent, |facts| Extent::SomeRows(facts.rows))
        }
        Target::Column { table, column } => {
            let values = gauge.column(table.schema.as_deref(), &table.name, column);
            values.map_or_else(absent, |values| {
                if destruction.is_change() { Extent::SomeValues(values) } else { Extent::Values(values) }
            })
        }
        Target::Schema(schema) => tables(gauge, Some(schema), version_table),
        Target::EveryTable => tables(gauge, None, version_table),
        Target::Referencing(truncated) => {
            let of = truncated.iter().map(|table| (table.schema.as_deref(), table.name.as_str())).collect::<Vec<_>>();
            gauge.referencing(&of).map_or_else(
                || Extent::Unknown("the tables could not be listed".to_owned()),
                |referencing| Extent::Tables(measured(gauge, referencing)),
            )
        }
        Target::Unmeasurable => Extent::Unknown("it cannot be counted".to_owned()),
    }
}

fn tables(gauge: &mut Gauge<'_>, schema: Option<&str>, version_table: &VersionTableName) -> Extent {
    let Some(mut names) = gauge.tables_of(schema) else {
        return Extent::Unknown("the tables could not be listed".to_owned());
    };
    names.retain(|name| *name != version_table.name);
    if names.len() > TABLES {
        return Extent::Unknown(format!("there are {} tables", names.len()));
    }
    let names = names.into_iter().map(|name| (schema.map(str::to_owned), name));
    Extent::Tables(measured(gauge, names.collect()))
}

fn measured(gauge: &mut Gauge<'_>, tables: Vec<(Option<String>, String)>) -> Vec<(String, TableFacts)> {
    let facts = tables.into_iter().filter_map(|(schema, name)| {
        let facts = gauge.table(schema.as_deref(), &name)?;
        Some((name, facts))
    });
    facts.collect()
}

fn is_sqlite(url: &DatabaseUrl) -> bool {
    url.dialect() == crate::database::Dialect::Sqlite
}
