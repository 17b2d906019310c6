use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Deserialize;

use super::definitions::{Definition, Definitions};
use crate::database::Connection;
use crate::relocate::RelocateError;
use crate::relocate::ask::ask;

/// What is part of what: a row type of its table, an array type of its element, the rule of a view of the view …
const PARTS: &str = "WITH ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)
    SELECT concat('pg_type:', c.reltype) AS part, concat('pg_class:', c.oid) AS whole FROM pg_catalog.pg_class c
        WHERE c.relnamespace = (SELECT oid FROM ns) AND c.reltype <> 0 AND c.relkind <> 'c'
    UNION ALL SELECT concat('pg_class:', c.oid), concat('pg_type:', c.reltype) FROM pg_catalog.pg_class c
        WHERE c.relnamespace = (SELECT oid FROM ns) AND c.relkind = 'c'
    UNION ALL SELECT concat('pg_type:', y.typarray), concat('pg_type:', y.oid) FROM pg_catalog.pg_type y
        WHERE y.typnamespace = (SELECT oid FROM ns) AND y.typarray <> 0
    UNION ALL SELECT concat('pg_constraint:', k.oid), CASE WHEN k.conrelid <> 0 THEN concat('pg_class:', k.conrelid)
        ELSE concat('pg_type:', k.contypid) END FROM pg_catalog.pg_constraint k
        WHERE k.connamespace = (SELECT oid FROM ns) AND k.contype = 'c'
    UNION ALL SELECT concat('pg_class:', k.conindid), concat('pg_constraint:', k.oid) FROM pg_catalog.pg_constraint k
        WHERE k.connamespace = (SELECT oid FROM ns) AND k.contype IN ('p', 'u', 'x')
    UNION ALL SELECT concat('pg_attrdef:', e.oid), concat('pg_class:', e.adrelid) FROM pg_catalog.pg_attrdef e
        JOIN pg_catalog.pg_class c ON c.oid = e.adrelid WHERE c.relnamespace = (SELECT oid FROM ns)
    UNION ALL SELECT concat('pg_rewrite:', r.oid), concat('pg_class:', r.ev_class) FROM pg_catalog.pg_rewrite r
        JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = (SELECT oid FROM ns)
    UNION ALL SELECT concat((SELECT relname FROM pg_catalog.pg_class WHERE oid = d.classid), ':', d.objid),
        concat((SELECT relname FROM pg_catalog.pg_class WHERE oid = d.refclassid), ':', d.refobjid)
        FROM pg_catalog.pg_depend d LEFT JOIN pg_catalog.pg_class s ON d.classid = 'pg_catalog.pg_class'::regclass AND s.oid = d.objid
        WHERE d.deptype = 'i' AND (d.classid = 'pg_catalog.pg_proc'::regclass AND d.refclassid = 'pg_catalog.pg_type'::regclass
                AND d.refobjid IN (SELECT oid FROM pg_catalog.pg_type WHERE typnamespace = (SELECT oid FROM ns))
            OR s.relkind = 'S' AND s.relnamespace = (SELECT oid FROM ns)
            OR d.classid = 'pg_catalog.pg_type'::regclass AND d.refclassid = 'pg_catalog.pg_type'::regclass
                AND d.objid IN (SELECT oid FROM pg_catalog.pg_type WHERE typtype = 'm' AND typnamespace = (SELECT oid FROM ns)))";

#[derive(Deserialize)]
struct Part {
    part: String,
    whole: String,
}

const EDGES: &str = "WITH ns AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1),
    nodes AS (SELECT 'pg_catalog.pg_class'::regclass AS class, oid FROM pg_catalog.pg_class WHERE relnamespace = (SELECT oid FROM ns)
        UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid FROM pg_catalog.pg_type WHERE typnamespace = (SELECT oid FROM ns)
        UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid FROM pg_catalog.pg_proc WHERE pronamespace = (SELECT oid FROM ns)
        UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid FROM pg_catalog.pg_constraint
            WHERE connamespace = (SELECT oid FROM ns)
        UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid FROM pg_catalog.pg_statistic_ext
            WHERE stxnamespace = (SELECT oid FROM ns)
        UNION ALL SELECT p.class, p.oid FROM (
            SELECT 'pg_catalog.pg_attrdef'::regclass AS class, oid, adrelid AS rel FROM pg_catalog.pg_attrdef
            UNION ALL SELECT 'pg_catalog.pg_rewrite'::regclass, oid, ev_class FROM pg_catalog.pg_rewrite
            UNION ALL SELECT 'pg_catalog.pg_trigger'::regclass, oid, tgrelid FROM pg_catalog.pg_trigger
            UNION ALL SELECT 'pg_catalog.pg_policy'::regclass, oid, polrelid FROM pg_catalog.pg_policy) p
            JOIN pg_catalog.pg_class c ON c.oid = p.rel WHERE c.relnamespace = (SELECT oid FROM ns))
    SELECT DISTINCT concat((SELECT relname FROM pg_catalog.pg_class WHERE oid = d.classid), ':', d.objid) AS what,
        concat((SELECT relname FROM pg_catalog.pg_class WHERE oid = d.refclassid), ':', d.refobjid) AS needs, d.deptype = 'a' AS is_owned
    FROM pg_catalog.pg_depend d JOIN nodes a ON a.class = d.classid AND a.oid = d.objid
    JOIN nodes b ON b.class = d.refclassid AND b.oid = d.refobjid";

#[derive(Deserialize)]
struct Edge {
    what: String,
    needs: String,
    is_owned: bool,
}

/// Puts what is needed before what needs it; what is ready comes by turn and name.
pub(super) fn sorted(
    connection: &mut Connection,
    schema: &str,
    found: Vec<Definition>,
) -> Result<Definitions, RelocateError> {
    let parts: Vec<Part> = ask(connection, PARTS, &[schema])?;
    let edges: Vec<Edge> = ask(connection, EDGES, &[schema])?;
    let wholes: HashMap<&str, &str> = parts.iter().map(|row| (row.part.as_str(), row.whole.as_str())).collect();
    let positions: HashMap<String, usize> =
        found.iter().enumerate().map(|(position, definition)| (definition.key.clone(), position)).collect();
    let position = |key: &str| {
        let mut key = key;
        // An array of a table's row type is two steps away; nothing is four.
        for _ in 0..4 {
            if let Some(position) = positions.get(key) {
                return Some(*position);
            }
            key = wholes.get(key)?;
        }
        None
    };
    let mut needs: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); found.len()];
    for edge in &edges {
        if let (Some(what), Some(needed)) = (position(&edge.what), position(&edge.needs)) {
            // That a column owns a sequence is said once both are there.
            let is_owner = edge.is_owned && found[what].kind == "sequence";
            if what != needed && !is_owner {
                needs[what].insert(needed);
            }
        }
    }
    for (what, definition) in found.iter().enumerate() {
        needs[what].extend(definition.needs.iter().filter_map(|key| position(key)).filter(|needed| *needed != what));
    }
    let order = topological(&found, &needs)?;
    let early = needed_early(&found, &needs);
    let mut kept: BTreeMap<usize, Definition> = found.into_iter().enumerate().collect();
    let mut definitions = Definitions::default();
    for at in order {
        let Some(definition) = kept.remove(&at) else { continue };
        let list = if early.contains(&at) { &mut definitions.before } else { &mut definitions.after };
        list.push(definition);
    }
    Ok(definitions)
}

fn topological(found: &[Definition], needs: &[BTreeSet<usize>]) -> Result<Vec<usize>, RelocateError> {
    let mut open: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); found.len()];
    for (what, needed) in needs.iter().enumerate() {
        needed.iter().for_each(|needed| needed_by[*needed].push(what));
    }
    let rank = |at: usize| (found[at].turn, found[at].kind.as_str(), found[at].name.as_str(), at);
    let mut ready: BTreeSet<_> = (0..found.len()).filter(|at| open[*at] == 0).map(rank).collect();
    let mut order = Vec::new();
    while let Some((.., at)) = ready.pop_first() {
        order.push(at);
        for next in &needed_by[at] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.insert(rank(*next));
            }
        }
    }
    if order.len() < found.len() {
        let stuck = (0..found.len()).filter(|at| open[*at] > 0);
        let objects = stuck.map(|at| format!("{} depends on itself by way of others", found[at].shown())).collect();
        return Err(RelocateError::NotCopied { objects });
    }
    Ok(order)
}

/// Before the rows: all that says what a row is, and what that needs.
fn needed_early(found: &[Definition], needs: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let kinds = ["type", "sequence", "owner of sequence", "table", "column", "default", "partition"];
    let mut open: Vec<usize> = (0..found.len()).filter(|at| kinds.contains(&found[*at].kind.as_str())).collect();
    let mut early = BTreeSet::new();
    while let Some(at) = open.pop() {
        if early.insert(at) {
            open.extend(needs[at].iter().copied());
        }
    }
    early
}
