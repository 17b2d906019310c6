use serde::Deserialize;

use super::plan::CopyPlan;
use super::progress::Progress;
use crate::database::{Connection, Transaction};
use crate::relocate::ask::ask;
use crate::relocate::holder::holder_of;
use crate::relocate::{RelocateError, Request, records};

/// Something that needs an object of a schema.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Dependent {
    /// The object that it is or belongs to.
    pub(super) holder: String,
    /// The object that it needs, or what that belongs to.
    pub(super) needed: String,
    /// In words.
    pub(super) text: String,
}

/// Sequences of a column go with it.
const DEPENDENTS: &str = "WITH ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)
    SELECT DISTINCT {holder} AS holder, {needed} AS needed, format('%s depends on %s',
        pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)) AS text
    FROM pg_catalog.pg_depend d
    WHERE d.deptype IN ('n', 'a') AND (
        d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = (SELECT oid FROM ns))
        OR d.refclassid = 'pg_catalog.pg_type'::regclass
            AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_type WHERE typnamespace = (SELECT oid FROM ns))
        OR d.refclassid = 'pg_catalog.pg_proc'::regclass
            AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_proc WHERE pronamespace = (SELECT oid FROM ns))
        OR d.refclassid = 'pg_catalog.pg_constraint'::regclass
            AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_constraint WHERE connamespace = (SELECT oid FROM ns)))
        AND NOT (d.deptype = 'a' AND d.refobjsubid > 0 AND d.classid = 'pg_catalog.pg_class'::regclass
            AND d.objid IN (SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'S'))
    ORDER BY 3";

/// What needs what of a schema.
pub(super) fn dependents(connection: &mut Connection, schema: &str) -> Result<Vec<Dependent>, RelocateError> {
    let sql = DEPENDENTS
        .replace("{holder}", &holder_of("d.classid", "d.objid"))
        .replace("{needed}", &holder_of("d.refclassid", "d.refobjid"));
    ask(connection, &sql, &[schema])
}

/// Drops what was copied, by the transaction that has kept writers away. CASCADE is safe: that nothing else is in the way has been
/// looked up, with the tables locked.
///
/// # Errors
/// `Needed`: something that was not copied depends on it. Nothing was dropped then.
pub(super) fn drop_source(held: &mut Transaction<'_>, request: &Request, plan: &CopyPlan) -> Result<(), RelocateError> {
    let tables = plan.lockable();
    if !tables.is_empty() {
        held.run(&format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", tables.join(", ")))?;
    }
    let copied = plan.inventory.keys();
    let found = dependents(held.connection(), &request.from)?;
    let others: Vec<String> = found
        .into_iter()
        .filter(|one| copied.contains(one.needed.as_str()) && !copied.contains(one.holder.as_str()))
        .map(|one| one.text)
        .collect();
    if !others.is_empty() {
        return Err(RelocateError::Needed { from: request.from.clone(), dependents: others });
    }
    for object in plan.inventory.objects.iter().filter(|object| object.part_of.is_none()) {
        if let Some(word) = object.alter() {
            held.run(&format!("DROP {word} IF EXISTS {} CASCADE", object.identity))?;
        }
    }
    let moved: Vec<&str> = plan.inventory.tables().collect();
    records::forget(held, request, &moved)?;
    Progress::new(request).forget(held)
}
