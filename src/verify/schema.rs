use std::collections::{BTreeMap, BTreeSet};

use super::unread::Unread;
use super::{Code, Finding, Standing, Subject, VerifyError};
use crate::catalogue::{Catalogue, Deviation, DeviationKind, Drift, Scope, named_schemas};
use crate::database::{BOOTSTRAP_TABLE, Connection, SEED_TABLE, VersionTableName};
use crate::operation::TableName;
use crate::revision::{RevisionId, RevisionIndex};
use crate::schema::{Schema, SchemaHistory};

/// The schema that revisions make, beside the one that is there.
#[derive(Debug)]
pub struct AppliedSchema {
    /// Of all revisions.
    pub history: SchemaHistory,
    /// What the rows fold to.
    pub expected: Schema,
    /// What is there.
    pub catalogue: Catalogue,
}

/// Folds the applied revisions and reads the catalogue.
///
/// # Errors
/// The database does not answer.
pub fn read_applied(
    subject: &Subject<'_>,
    connection: &mut Connection,
    rows: &[RevisionId],
) -> Result<AppliedSchema, VerifyError> {
    let history = subject.files.fold(subject.scripts, subject.dialect());
    let heads: Vec<RevisionIndex> = rows.iter().filter_map(|row| subject.scripts.map.position(row.as_str())).collect();
    let expected = history.at(&subject.scripts.map, &heads);
    let catalogue = catalogue(subject, connection, &expected)?;
    Ok(AppliedSchema { history, expected, catalogue })
}

/// Reads the schemas that the revisions speak of. env.py may have set the search path to that of the version table.
pub(super) fn catalogue(
    subject: &Subject<'_>,
    connection: &mut Connection,
    expected: &Schema,
) -> Result<Catalogue, VerifyError> {
    let own = VersionTableName::new(subject.history.name.clone()).in_schema(subject.history.schema.clone());
    let scope = Scope::default_and(named_schemas(expected)).without(subject.table.clone()).without(own);
    let limbecs = [SEED_TABLE, BOOTSTRAP_TABLE].map(VersionTableName::new);
    let scope = limbecs.into_iter().fold(scope, Scope::without);
    let catalogue = connection.looking_in(&subject.search_path, |connection| Catalogue::read(connection, &scope))?;
    let count = |found: &Catalogue| expected.tables().filter(|table| found.relation(&table.name).is_some()).count();
    match &subject.table.schema {
        Some(schema) if subject.search_path.is_empty() && catalogue.default_schema.as_ref() != Some(schema) => {
            let schemas = [schema.clone()];
            let there = connection.looking_in(&schemas, |connection| Catalogue::read(connection, &scope))?;
            // The same tables in both: those beside the version table are its history's.
            Ok(if count(&there) > 0 && count(&there) >= count(&catalogue) { there } else { catalogue })
        }
        _ => Ok(catalogue),
    }
}

/// What the schema says: revisions of which nothing is there, and objects that are not as they should be.
pub(super) fn check(
    subject: &Subject<'_>,
    rows: &[RevisionId],
    applied: &AppliedSchema,
    (found, notes): (&mut Vec<Finding>, &mut Vec<String>),
) {
    let mut drift = Drift::between(&applied.expected, &applied.catalogue, subject.dialect());
    let unread = Unread::of(subject, rows);
    let (likely, open): (Vec<_>, Vec<_>) =
        std::mem::take(&mut drift.likely).into_iter().partition(|deviation| unread.is_free_of(subject, deviation));
    drift.found.extend(likely);
    drift.not_compared.extend(open);
    let absent = absent_revisions(&applied.expected, &drift);
    for (revision, objects) in &absent {
        let id = &subject.scripts.map.revision(*revision).id;
        let message = format!("revision {id} counts as applied, and nothing that it makes is there: {}", some(objects));
        let down = subject.scripts.map.revision(*revision).down.first().map_or("base", |down| down.as_str());
        let finding = Finding::new(Code::StampedNotRun, message)
            .revision(id.as_str())
            .hint(format!("if it was stamped by mistake: `limbec stamp {down}`, then `limbec upgrade`"));
        found.push(match subject.path(id.as_str()) {
            Some(path) => finding.path(path),
            None => finding,
        });
    }
    // What of a pending revision is there is told where that is told.
    let pending = pending_names(subject, applied, rows);
    for deviation in drift.found.iter().filter(|deviation| !pending.contains(&deviation.to_string())) {
        if deviation.made_by.is_some_and(|by| absent.contains_key(&by)) && deviation.kind == DeviationKind::Missing {
            continue;
        }
        if !is_unknown_table(deviation) {
            found.push(finding_of(subject, deviation));
        }
    }
    let unknown: Vec<String> =
        drift.found.iter().filter(|one| is_unknown_table(one)).map(|one| format!("`{}`", one.name)).collect();
    if !unknown.is_empty() {
        notes.push(format!("schema: no revision that limbec can read makes the table {}", some(&unknown)));
    }
    if !drift.not_compared.is_empty() {
        let names: Vec<String> = drift.not_compared.iter().map(|deviation| format!("{deviation}")).collect();
        notes.push(format!("schema: not certain, because {}: {}", unread.reason(subject), some(&names)));
    }
}

/// The revisions that come next: a run without transactional DDL that was killed leaves their objects, and not their row.
pub(super) fn pending_steps(subject: &Subject<'_>, rows: &[RevisionId]) -> Vec<(RevisionId, Vec<RevisionId>)> {
    let map = &subject.scripts.map;
    let applied: BTreeSet<RevisionIndex> = map.applied(rows).into_iter().collect();
    let is_next = |index: &RevisionIndex| {
        !applied.contains(index) && map.normalized_down(*index).iter().all(|down| applied.contains(down))
    };
    let next = map.iter().filter(is_next);
    let heads_after = |index: RevisionIndex| {
        let below = map.applied(&[map.revision(index).id.clone()]);
        let kept = rows.iter().filter(|row| map.position(row.as_str()).is_none_or(|row| !below.contains(&row)));
        kept.cloned().chain([map.revision(index).id.clone()]).collect()
    };
    next.map(|index| (map.revision(index).id.clone(), heads_after(index))).collect()
}

/// Pending revisions whose objects are there.
pub(super) fn check_pending(
    subject: &Subject<'_>,
    rows: &[RevisionId],
    applied: &AppliedSchema,
    found: &mut Vec<Finding>,
) {
    for (id, after) in pending_steps(subject, rows) {
        let (message, hint) = match Standing::of(subject, applied, &id, (rows, &after)) {
            Standing::Wholly => (
                format!("revision {id} does not count as applied, and all that it makes is there"),
                "`limbec repair unrecorded-step` says that it is applied".to_owned(),
            ),
            Standing::Partly { done, missing } => (
                format!(
                    "revision {id} does not count as applied, and a part of it is there: {}; not: {}",
                    some(&done),
                    some(&missing)
                ),
                format!("undo that part by hand and run `limbec upgrade`, or do the rest and run `limbec stamp {id}`"),
            ),
            Standing::NotAtAll | Standing::Unknown => continue,
        };
        let finding = Finding::new(Code::UnrecordedStep, message).revision(id.as_str()).hint(hint);
        found.push(match subject.path(id.as_str()) {
            Some(path) => finding.path(path),
            None => finding,
        });
    }
}

fn finding_of(subject: &Subject<'_>, deviation: &Deviation) -> Finding {
    let finding = Finding::new(Code::SchemaDrift, deviation.to_string()).object(deviation.name.clone());
    match deviation.made_by {
        Some(revision) => {
            let id = subject.scripts.map.revision(revision).id.as_str();
            let finding =
                finding.revision(id).hint("somebody changed it by hand: undo that, or write a revision that says so");
            match subject.path(id) {
                Some(path) => finding.path(path),
                None => finding,
            }
        }
        None => finding.hint("somebody made it by hand: drop it, or write a revision that makes it"),
    }
}

/// How what pending revisions have done to the schema already looks beside that of the applied ones.
fn pending_names(subject: &Subject<'_>, applied: &AppliedSchema, rows: &[RevisionId]) -> BTreeSet<String> {
    let map = &subject.scripts.map;
    let deviations = |expected: &Schema| -> BTreeSet<String> {
        let drift = Drift::between(expected, &applied.catalogue, subject.dialect());
        drift.found.iter().chain(&drift.likely).map(ToString::to_string).collect()
    };
    let now = deviations(&applied.expected);
    let mut names = BTreeSet::new();
    for (_, after) in pending_steps(subject, rows) {
        let heads: Vec<RevisionIndex> = after.iter().filter_map(|id| map.position(id.as_str())).collect();
        let then = deviations(&applied.history.at(map, &heads));
        names.extend(now.difference(&then).cloned());
    }
    names
}

/// Several applications may share a database.
fn is_unknown_table(deviation: &Deviation) -> bool {
    deviation.object == "table" && deviation.kind == DeviationKind::Extra
}

/// Revisions of whose tables and columns none is there, with what is missing.
fn absent_revisions(expected: &Schema, drift: &Drift) -> BTreeMap<RevisionIndex, Vec<String>> {
    let missing_tables: BTreeSet<&TableName> = drift
        .found
        .iter()
        .filter(|deviation| deviation.object == "table" && deviation.kind == DeviationKind::Missing)
        .filter_map(|deviation| deviation.table.as_ref())
        .collect();
    let mut absent: BTreeMap<RevisionIndex, Vec<String>> = BTreeMap::new();
    for deviation in drift.found.iter().filter(|deviation| deviation.kind == DeviationKind::Missing) {
        if let (Some(by), "table" | "column") = (deviation.made_by, deviation.object) {
            absent.entry(by).or_default().push(format!("{} {}", deviation.object, deviation.name));
        }
    }
    let is_missing = |name: &str| {
        drift.found.iter().any(|deviation| deviation.name == name && deviation.kind == DeviationKind::Missing)
    };
    for table in expected.tables().filter(|table| !missing_tables.contains(&table.name)) {
        absent.remove(&table.created_by);
        for column in &table.columns {
            if !is_missing(&format!("{}.{}", table.name, column.name)) {
                absent.remove(&column.created_by);
            }
        }
    }
    absent
}

/// The first few of many.
fn some(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
