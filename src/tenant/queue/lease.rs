//! What runners do with the tenants of a run, each in one statement.
//!
//! `clock_timestamp()` of the common database is the only clock: those of the runners are never compared with anything.

use serde::{Deserialize, Serialize};

use super::store::{Queue, read, text_of};
use super::tables::{ITEMS, RUNS};
use super::{ItemState, QueueError, RunState};
use crate::database::OWN_SCHEMA;
use crate::revision::RevisionId;

/// A tenant that is ours as long as nobody has a higher token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Lease {
    /// In the order of the run, from 0.
    pub position: usize,
    /// Its name.
    pub tenant: String,
    /// The fence.
    pub token: i64,
    /// How many runners have had it, this one included.
    pub attempts: u32,
    /// The runner that was not heard of any more.
    pub former_owner: Option<String>,
}

/// What the queue answers to a runner that wants a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// This one.
    Leased(Lease),
    /// None for now: others have the rest of the wave, and may lose it.
    Wait,
    /// None any more.
    Over(RunState),
}

/// What became of a tenant, for its row.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many steps were done.
    pub steps: usize,
    /// How long it took.
    pub duration_ms: u64,
    /// The rows of its version table, where it is done.
    pub heads_after: Option<Vec<RevisionId>>,
    /// The revision in which it failed.
    pub revision: Option<RevisionId>,
    /// Why it failed, without secrets; `None`: it is done.
    pub error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    /// `None`: somebody has deleted the run.
    run: Option<RunState>,
    has_open: bool,
    lease: Option<Lease>,
}

#[derive(Debug, Serialize)]
struct Fence {
    position: usize,
    token: i64,
}

const OPEN: &str = "state IN ('queued', 'leased')";

impl Queue {
    /// Takes the next tenant of the wave that is under way: one that nobody has, or whose lease is over.
    ///
    /// The wave under way is the first one with a tenant that is not finished. Tenants never become unfinished again, so that a wave which
    /// the statement's snapshot finds finished is so for good. `SKIP LOCKED` leaves to others what they are about to take, and PostgreSQL
    /// looks again at the row that it locks: one that was taken after the snapshot is not taken twice. Two statements are not needed
    /// anywhere, so that a runner which is frozen between them holds nothing.
    ///
    /// # Errors
    /// The common database is away for too long.
    pub fn claim(&self, run: &str, owner: &str) -> Result<Claim, QueueError> {
        let sql = format!(
            "WITH run AS (SELECT state, lease_ms FROM {OWN_SCHEMA}.{RUNS} WHERE id = $1), \
             under_way AS (SELECT wave FROM {OWN_SCHEMA}.{ITEMS} WHERE run = $1 AND {OPEN} ORDER BY wave, position LIMIT 1), \
             next AS (SELECT i.position, CASE i.state WHEN 'leased' THEN i.owner END AS former_owner FROM {OWN_SCHEMA}.{ITEMS} AS i \
             WHERE i.run = $1 AND EXISTS (SELECT FROM run WHERE run.state = 'running') AND i.wave = (SELECT wave FROM under_way) \
             AND i.{OPEN} AND i.lease_until < pg_catalog.clock_timestamp() ORDER BY i.position LIMIT 1 FOR UPDATE SKIP LOCKED), \
             taken AS (UPDATE {OWN_SCHEMA}.{ITEMS} AS i SET state = 'leased', token = i.token + 1, attempts = i.attempts + 1, owner = $2, \
             lease_until = pg_catalog.clock_timestamp() + run.lease_ms * interval '1 millisecond' \
             FROM next, run WHERE i.run = $1 AND i.position = next.position \
             RETURNING i.position, i.tenant, i.token, i.attempts, next.former_owner) \
             SELECT pg_catalog.json_build_object('run', (SELECT state FROM run), 'has_open', EXISTS (SELECT FROM under_way), \
             'lease', (SELECT pg_catalog.row_to_json(taken) FROM taken))::text"
        );
        let rows = self.link.ask(&sql, &[run, owner])?;
        let answer: Answer = read(rows.first().map_or("", String::as_str))?;
        match answer {
            Answer { lease: Some(lease), .. } => Ok(Claim::Leased(lease)),
            Answer { run: None, .. } => Err(QueueError::NoRun { id: run.to_owned() }),
            Answer { run: Some(RunState::Running), has_open: true, .. } => Ok(Claim::Wait),
            Answer { .. } => self.settle(run).map(Claim::Over),
        }
    }

    /// Asks whether a tenant is still ours and the run still on: what a runner does before it begins, as it may have been frozen since it
    /// took it. A question only, which costs the server no write to its disk: the heartbeat renews.
    ///
    /// # Errors
    /// The common database is away for too long.
    pub fn may_begin(&self, run: &str, lease: &Lease) -> Result<bool, QueueError> {
        let sql = format!(
            "SELECT 'yes' FROM {OWN_SCHEMA}.{ITEMS} AS i JOIN {OWN_SCHEMA}.{RUNS} AS r ON r.id = i.run \
             WHERE i.run = $1 AND i.position = $2::text::integer AND i.token = $3::text::bigint AND i.state = 'leased' \
             AND r.state = 'running'"
        );
        let (position, token) = (lease.position.to_string(), lease.token.to_string());
        Ok(!self.link.ask(&sql, &[run, &position, &token])?.is_empty())
    }

    /// The heartbeat: renews leases, and says which of them are still ours. One that is over but was not taken over is ours again.
    ///
    /// # Errors
    /// The common database is away for too long.
    pub fn renew(&self, run: &str, leases: &[Lease]) -> Result<Vec<usize>, QueueError> {
        let sql = format!(
            "UPDATE {OWN_SCHEMA}.{ITEMS} AS i SET lease_until = pg_catalog.clock_timestamp() + r.lease_ms * interval '1 millisecond' \
             FROM {OWN_SCHEMA}.{RUNS} AS r, pg_catalog.json_to_recordset($2::text::json) AS ours (position integer, token bigint) \
             WHERE r.id = $1 AND i.run = $1 AND i.state = 'leased' AND i.position = ours.position AND i.token = ours.token \
             RETURNING i.position::text"
        );
        let fences: Vec<Fence> =
            leases.iter().map(|lease| Fence { position: lease.position, token: lease.token }).collect();
        let kept = self.link.ask(&sql, &[run, &text_of(&fences)?])?;
        Ok(kept.iter().filter_map(|position| position.parse().ok()).collect())
    }

    /// Reports what became of a tenant. A failure is counted, and may end the run, in the same transaction. `false`: the lease was lost,
    /// and what the runner says about the tenant does not count any more.
    ///
    /// The second question at the end is for an answer that was lost: the same report a second time is the first one.
    ///
    /// # Errors
    /// The common database is away for too long.
    pub fn finish(&self, run: &str, lease: &Lease, report: &Report) -> Result<bool, QueueError> {
        let sql = format!(
            "WITH finished AS (UPDATE {OWN_SCHEMA}.{ITEMS} SET state = $4, steps = $5::text::integer, duration_ms = $6::text::bigint, \
             heads_after = NULLIF($7, '')::json, revision = NULLIF($8, ''), error = NULLIF($9, ''), lease_until = '-infinity', \
             finished_at = pg_catalog.clock_timestamp() WHERE run = $1 AND position = $2::text::integer \
             AND token = $3::text::bigint AND state = 'leased' RETURNING run, wave), \
             counted AS (UPDATE {OWN_SCHEMA}.{RUNS} AS r SET failures = r.failures + 1, \
             wave_failures[finished.wave] = r.wave_failures[finished.wave] + 1, \
             state = CASE WHEN r.state = 'running' AND (r.failures + 1 > r.most_failures \
             OR r.wave_failures[finished.wave] + 1 > r.wave_most_failures[finished.wave]) THEN 'stopped' ELSE r.state END \
             FROM finished WHERE r.id = finished.run AND $4 = 'failed') \
             SELECT 'yes' WHERE EXISTS (SELECT FROM finished) OR EXISTS (SELECT FROM {OWN_SCHEMA}.{ITEMS} WHERE run = $1 \
             AND position = $2::text::integer AND token = $3::text::bigint AND state = $4)"
        );
        let state = if report.error.is_some() { ItemState::Failed } else { ItemState::Done };
        let heads = report.heads_after.as_ref().map(text_of).transpose()?.unwrap_or_default();
        let parameters = [
            run,
            &lease.position.to_string(),
            &lease.token.to_string(),
            state.name(),
            &report.steps.to_string(),
            &report.duration_ms.to_string(),
            &heads,
            report.revision.as_ref().map_or("", RevisionId::as_str),
            &report.error.as_deref().unwrap_or_default().replace('\0', "\u{fffd}"),
        ];
        Ok(!self.link.ask(&sql, &parameters)?.is_empty())
    }

    /// Puts a tenant back for later, by any runner. `false`: the lease was lost.
    ///
    /// # Errors
    /// The common database is away for too long.
    pub fn give_back(&self, run: &str, lease: &Lease, pause_ms: u64) -> Result<bool, QueueError> {
        let sql = format!(
            "UPDATE {OWN_SCHEMA}.{ITEMS} SET state = 'queued', \
             lease_until = pg_catalog.clock_timestamp() + $4::text::bigint * interval '1 millisecond' \
             WHERE run = $1 AND position = $2::text::integer AND token = $3::text::bigint AND state = 'leased' RETURNING 'yes'"
        );
        let (position, token) = (lease.position.to_string(), lease.token.to_string());
        Ok(!self.link.ask(&sql, &[run, &position, &token, &pause_ms.to_string()])?.is_empty())
    }

    /// What is left to be written when no tenant is given out any more: in a run that was ended, the tenants that nobody has are skipped,
    /// and those whose runner was lost have failed (their token goes up: should it come back, it may not report). A run without
    /// unfinished tenants is over.
    fn settle(&self, run: &str) -> Result<RunState, QueueError> {
        let skip = format!(
            "UPDATE {OWN_SCHEMA}.{ITEMS} AS i SET state = CASE i.state WHEN 'queued' THEN 'skipped' ELSE 'failed' END, \
             token = i.token + 1, finished_at = pg_catalog.clock_timestamp(), error = CASE i.state WHEN 'leased' \
             THEN pg_catalog.concat('its runner (', i.owner, ') was not heard of any more, and the run was ended') END \
             FROM {OWN_SCHEMA}.{RUNS} AS r WHERE r.id = $1 AND r.state IN ('stopped', 'cancelled') AND i.run = $1 \
             AND (i.state = 'queued' OR i.state = 'leased' AND i.lease_until < pg_catalog.clock_timestamp())"
        );
        self.link.ask(&skip, &[run])?;
        let end = format!(
            "WITH ended AS (UPDATE {OWN_SCHEMA}.{RUNS} SET ended_at = pg_catalog.clock_timestamp(), \
             state = CASE state WHEN 'running' THEN 'finished' ELSE state END WHERE id = $1 AND ended_at IS NULL \
             AND NOT EXISTS (SELECT FROM {OWN_SCHEMA}.{ITEMS} WHERE run = $1 AND {OPEN}) RETURNING state) \
             SELECT pg_catalog.to_json(COALESCE((SELECT state FROM ended), \
             (SELECT state FROM {OWN_SCHEMA}.{RUNS} WHERE id = $1)))::text"
        );
        let ended = || -> Result<RunState, QueueError> {
            let rows = self.link.ask(&end, &[run])?;
            let state: Option<RunState> = read(rows.first().map_or("null", String::as_str))?;
            state.ok_or_else(|| QueueError::NoRun { id: run.to_owned() })
        };
        match ended()? {
            // Somebody else has ended it at the same moment, which the snapshot of the statement is too old to see.
            RunState::Running => ended(),
            state => Ok(state),
        }
    }
}
