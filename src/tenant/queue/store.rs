use serde::{Deserialize, Serialize};
use serde_json::json;

use super::link::Link;
use super::run::{Item, NewRun, Run};
use super::tables::{self, ITEMS, RUNS};
use super::{QueueError, QueuePlace};
use crate::database::{Access, Connection, Dialect, OWN_SCHEMA};
use crate::revision::RevisionId;

/// Beginners of runs take turns, so that no tenant is in two runs that have not ended.
const TAKE_TURNS: &str = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('limbec run'))::text";

/// The shared runs of a common database.
#[derive(Debug)]
pub struct Queue {
    pub(super) link: Link,
}

/// Another run that has some of the same tenants.
#[derive(Debug, Deserialize)]
struct Overlap {
    run: String,
    tenant: String,
    others: u64,
}

#[derive(Debug, Serialize)]
struct NewItem<'a> {
    position: usize,
    tenant: &'a str,
    wave: usize,
    heads_before: Vec<&'a str>,
}

impl Queue {
    /// The queue of a common database; its tables are made where they are absent.
    ///
    /// # Errors
    /// No PostgreSQL, no answer, or a role that may not: the grants that are missing are named.
    pub fn prepare(place: QueuePlace) -> Result<Self, QueueError> {
        let mut connection = connect(&place, Access::Write)?;
        tables::ensure(&mut connection)?;
        Ok(Self { link: Link::new(place, connection) })
    }

    /// The queue of a common database; `None` where no run was ever begun. Nothing is made.
    ///
    /// # Errors
    /// No PostgreSQL, or no answer.
    pub fn open(place: QueuePlace) -> Result<Option<Self>, QueueError> {
        let mut connection = connect(&place, Access::Write)?;
        let are_there = tables::are_there(&mut connection)?;
        Ok(are_there.then(|| Self { link: Link::new(place, connection) }))
    }

    /// Begins a run. Several that begin at once take turns: of two with the same name, or with a tenant in common, one wins.
    ///
    /// # Errors
    /// The name is taken, or a tenant is in a run of the same history that has not ended.
    pub fn begin(&self, run: &NewRun) -> Result<(), QueueError> {
        NewRun::check_name(&run.id)?;
        let mut connection = connect(self.link.place(), Access::Write)?;
        let mut transaction = connection.begin()?;
        transaction.first_column(TAKE_TURNS, &[])?;
        let state = format!("SELECT {} FROM {OWN_SCHEMA}.{RUNS} AS r WHERE id = $1", run_as_json());
        if let Some(taken) = transaction.first_column(&state, &[&run.id])?.first() {
            let taken: Run = read(taken)?;
            return Err(QueueError::Taken { id: taken.id, state: taken.state.phrase() });
        }
        let names: Vec<&str> = run.tenants.iter().map(|(name, _)| name.as_str()).collect();
        let names = text_of(&names)?;
        if let Some(overlap) = transaction.first_column(&overlap(), &[&run.bases, &names])?.first() {
            let Overlap { run: id, tenant, others } = read(overlap)?;
            return Err(QueueError::Overlap { id, tenant, others });
        }
        let (row, items) = (row_of(run)?, items_of(run)?);
        transaction.first_column(&insertion(), &[&row, &items])?;
        transaction.commit()?;
        Ok(())
    }

    /// All runs, the newest first.
    ///
    /// # Errors
    /// The common database does not answer.
    pub fn runs(&self) -> Result<Vec<Run>, QueueError> {
        let sql = format!("SELECT {} FROM {OWN_SCHEMA}.{RUNS} AS r ORDER BY created_at DESC, id", run_as_json());
        self.link.ask(&sql, &[])?.iter().map(|row| read(row)).collect()
    }

    /// One run.
    ///
    /// # Errors
    /// There is none of this name, or the common database does not answer.
    pub fn run(&self, id: &str) -> Result<Run, QueueError> {
        let sql = format!("SELECT {} FROM {OWN_SCHEMA}.{RUNS} AS r WHERE id = $1", run_as_json());
        match self.link.ask(&sql, &[id])?.first() {
            Some(row) => read(row),
            None => Err(QueueError::NoRun { id: id.to_owned() }),
        }
    }

    /// Its tenants, in the order of the run.
    ///
    /// # Errors
    /// The common database does not answer.
    pub fn items(&self, id: &str) -> Result<Vec<Item>, QueueError> {
        let sql = format!(
            "SELECT (pg_catalog.to_jsonb(i) - 'lease_until' || pg_catalog.jsonb_build_object('is_overdue', \
             i.state = 'leased' AND i.lease_until < pg_catalog.clock_timestamp()))::text \
             FROM {OWN_SCHEMA}.{ITEMS} AS i WHERE run = $1 ORDER BY position"
        );
        self.link.ask(&sql, &[id])?.iter().map(|row| read(row)).collect()
    }

    /// Gives out no more tenants of a run; those that are under way come to their end. Whether it was running.
    ///
    /// # Errors
    /// The common database does not answer.
    pub fn cancel(&self, id: &str) -> Result<bool, QueueError> {
        let sql = format!(
            "UPDATE {OWN_SCHEMA}.{RUNS} SET state = 'cancelled' WHERE id = $1 AND state = 'running' RETURNING id"
        );
        Ok(!self.link.ask(&sql, &[id])?.is_empty())
    }
}

fn connect(place: &QueuePlace, access: Access) -> Result<Connection, QueueError> {
    match place.url.dialect() {
        Dialect::Postgres => Ok(Connection::open(&place.url, &place.environment, access)?),
        other => Err(QueueError::NotPostgres { dialect: other.to_string() }),
    }
}

/// A row of the runs as a JSON object with the fields of [`Run`].
fn run_as_json() -> String {
    let counts = ["queued", "leased", "done", "failed", "skipped"]
        .map(|state| format!("'{state}', COUNT(*) FILTER (WHERE i.state = '{state}')"))
        .join(", ");
    format!(
        "(pg_catalog.to_jsonb(r) || pg_catalog.jsonb_build_object('counts', (SELECT pg_catalog.json_build_object({counts}) \
         FROM {OWN_SCHEMA}.{ITEMS} AS i WHERE i.run = r.id)))::text"
    )
}

/// The run with most of the tenants `$2` that has not ended, of the history whose bases are `$1`.
fn overlap() -> String {
    format!(
        "SELECT pg_catalog.json_build_object('run', i.run, 'tenant', MIN(i.tenant), 'others', COUNT(*) - 1)::text \
         FROM {OWN_SCHEMA}.{ITEMS} AS i JOIN {OWN_SCHEMA}.{RUNS} AS r ON r.id = i.run \
         WHERE r.state = 'running' AND r.bases = $1 AND i.state IN ('queued', 'leased') \
         AND i.tenant IN (SELECT pg_catalog.json_array_elements_text($2::text::json)) \
         GROUP BY i.run ORDER BY COUNT(*) DESC, i.run LIMIT 1"
    )
}

fn insertion() -> String {
    format!(
        "WITH run AS (INSERT INTO {OWN_SCHEMA}.{RUNS} (id, operation, target, target_revisions, history, bases, git_commit, waves, \
         on_error, tenants, lease_ms, most_failures, wave_failures, wave_most_failures, state, created_by, created_at, ended_at) \
         SELECT id, operation, target, target_revisions, history, bases, git_commit, waves, on_error, tenants, lease_ms, \
         most_failures, wave_failures, wave_most_failures, CASE tenants WHEN 0 THEN 'finished' ELSE 'running' END, created_by, \
         pg_catalog.clock_timestamp(), CASE tenants WHEN 0 THEN pg_catalog.clock_timestamp() END \
         FROM pg_catalog.json_populate_record(NULL::{OWN_SCHEMA}.{RUNS}, $1::text::json) RETURNING id), \
         items AS (INSERT INTO {OWN_SCHEMA}.{ITEMS} (run, position, tenant, wave, state, heads_before) \
         SELECT run.id, n.position, n.tenant, n.wave, 'queued', n.heads_before FROM run, \
         pg_catalog.json_to_recordset($2::text::json) AS n (position integer, tenant text, wave integer, heads_before json)) \
         SELECT id FROM run"
    )
}

fn row_of(run: &NewRun) -> Result<String, QueueError> {
    let (_, most) = run.plan();
    text_of(&json!({
        "id": run.id,
        "operation": run.operation,
        "target": run.target,
        "target_revisions": run.target_revisions,
        "history": run.history,
        "bases": run.bases,
        "git_commit": run.git_commit,
        "waves": run.waves.to_string(),
        "on_error": run.on_error.to_string(),
        "tenants": run.tenants.len(),
        "lease_ms": u64::try_from(run.lease.as_millis()).unwrap_or(u64::MAX / 4),
        "most_failures": run.most_failures().map(bounded),
        "wave_failures": vec![0; most.len()],
        "wave_most_failures": most.iter().map(|most| most.map(bounded)).collect::<Vec<_>>(),
        "created_by": run.created_by,
    }))
}

/// As PostgreSQL's `integer`: more tenants than that there are not.
fn bounded(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX - 1)
}

fn items_of(run: &NewRun) -> Result<String, QueueError> {
    let (waves, _) = run.plan();
    let items = run.tenants.iter().zip(waves).enumerate().map(|(position, ((tenant, rows), wave))| NewItem {
        position,
        tenant,
        wave,
        heads_before: rows.iter().map(RevisionId::as_str).collect(),
    });
    text_of(&items.collect::<Vec<_>>())
}

pub(super) fn text_of(value: &impl Serialize) -> Result<String, QueueError> {
    serde_json::to_string(value).map_err(|error| QueueError::Foreign { reason: error.to_string() })
}

pub(super) fn read<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, QueueError> {
    serde_json::from_str(text).map_err(|error| QueueError::Foreign { reason: error.to_string() })
}
