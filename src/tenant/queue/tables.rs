//! The two tables: a row a run, and a row a tenant of it.

use super::QueueError;
use crate::database::{Connection, DatabaseError, OWN_SCHEMA, Placement, VersionTableName};

/// A row a run.
pub(super) const RUNS: &str = "limbec_run";
/// A row a tenant of a run.
pub(super) const ITEMS: &str = "limbec_run_item";

/// The schema is made only where it is absent: IF NOT EXISTS asks for the right to make it even where it is not needed. The lock is the
/// one under which limbec makes all its tables; without it two makers would meet in the catalogue's unique indexes.
///
/// The partial index has the tenants that are not finished, in the order in which they are given out: claiming never reads the others. Its
/// entries die as fast as tenants are done, which is why the table is vacuumed early.
fn script(schema_exists: bool) -> String {
    let schema = if schema_exists { String::new() } else { format!("CREATE SCHEMA IF NOT EXISTS {OWN_SCHEMA};\n") };
    format!(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('limbec history'));
{schema}CREATE TABLE IF NOT EXISTS {OWN_SCHEMA}.{RUNS} (
    id text PRIMARY KEY,
    operation text NOT NULL,
    target text NOT NULL,
    target_revisions json NOT NULL,
    history text NOT NULL,
    bases text NOT NULL,
    git_commit text,
    waves text NOT NULL,
    on_error text NOT NULL,
    tenants integer NOT NULL,
    lease_ms bigint NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    most_failures integer,
    wave_failures integer[] NOT NULL,
    wave_most_failures integer[] NOT NULL,
    state text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE TABLE IF NOT EXISTS {OWN_SCHEMA}.{ITEMS} (
    run text NOT NULL REFERENCES {OWN_SCHEMA}.{RUNS} ON DELETE CASCADE,
    position integer NOT NULL,
    tenant text NOT NULL,
    wave integer NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    token bigint NOT NULL DEFAULT 0,
    owner text,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    heads_before json NOT NULL,
    heads_after json,
    steps integer,
    duration_ms bigint,
    revision text,
    error text,
    finished_at timestamptz,
    PRIMARY KEY (run, position),
    UNIQUE (run, tenant)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX IF NOT EXISTS {ITEMS}_open ON {OWN_SCHEMA}.{ITEMS} (run, wave, position) WHERE state IN ('queued', 'leased');"
    )
}

/// Makes the tables as far as they are absent; several at once do no harm.
///
/// # Errors
/// The role may not make or use them: the grants that are missing are named.
pub(super) fn ensure(connection: &mut Connection) -> Result<(), QueueError> {
    let runs = allowed(connection, RUNS)?;
    let items = allowed(connection, ITEMS)?;
    if !(runs.table_exists && items.table_exists) {
        connection.run_script(&script(runs.schema_exists))?;
    }
    Ok(())
}

/// Whether both tables are there.
pub(super) fn are_there(connection: &mut Connection) -> Result<bool, DatabaseError> {
    Ok(connection.has_table(&name(RUNS))? && connection.has_table(&name(ITEMS))?)
}

fn allowed(connection: &mut Connection, table: &str) -> Result<Placement, QueueError> {
    let Some(placement) = Placement::of(connection, &name(table))? else {
        return Err(QueueError::NotPostgres { dialect: connection.dialect().to_string() });
    };
    let (what, grants): (Vec<String>, Vec<String>) = placement.missing(table).into_iter().unzip();
    if what.is_empty() {
        return Ok(placement);
    }
    let Placement { role, database, .. } = placement;
    Err(DatabaseError::MissingGrants { role, database, what, grants }.into())
}

fn name(table: &str) -> VersionTableName {
    VersionTableName::new(table).in_schema(Some(OWN_SCHEMA.to_owned()))
}
