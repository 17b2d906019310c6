//! Which object of a schema something belongs to: an index to its table, a default to its table, an array type to its element.

/// `pg_class:OID` and the like, the text that objects are told apart by.
const HOLDER: &str = "(CASE {class}
    WHEN 'pg_catalog.pg_attrdef'::regclass THEN
        (SELECT concat('pg_class:', h.adrelid) FROM pg_catalog.pg_attrdef h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_constraint'::regclass THEN
        (SELECT CASE WHEN h.conrelid <> 0 THEN concat('pg_class:', h.conrelid) ELSE concat('pg_type:', h.contypid) END
         FROM pg_catalog.pg_constraint h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_rewrite'::regclass THEN
        (SELECT concat('pg_class:', h.ev_class) FROM pg_catalog.pg_rewrite h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_trigger'::regclass THEN
        (SELECT concat('pg_class:', h.tgrelid) FROM pg_catalog.pg_trigger h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_policy'::regclass THEN
        (SELECT concat('pg_class:', h.polrelid) FROM pg_catalog.pg_policy h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_statistic_ext'::regclass THEN
        (SELECT concat('pg_class:', h.stxrelid) FROM pg_catalog.pg_statistic_ext h WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_class'::regclass THEN
        (SELECT CASE WHEN x.indrelid IS NOT NULL THEN concat('pg_class:', x.indrelid)
            WHEN h.relkind = 'c' THEN concat('pg_type:', h.reltype) ELSE concat('pg_class:', h.oid) END
         FROM pg_catalog.pg_class h LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = h.oid WHERE h.oid = {id})
    WHEN 'pg_catalog.pg_type'::regclass THEN
        (SELECT CASE WHEN r.relkind <> 'c' THEN concat('pg_class:', r.oid) ELSE concat('pg_type:', e.oid) END
         FROM pg_catalog.pg_type h
         JOIN pg_catalog.pg_type e ON e.oid = coalesce((SELECT a.oid FROM pg_catalog.pg_type a WHERE a.typarray = h.oid), h.oid)
         LEFT JOIN pg_catalog.pg_class r ON r.oid = e.typrelid WHERE h.oid = {id})
    ELSE concat((SELECT h.relname FROM pg_catalog.pg_class h WHERE h.oid = {class}), ':', {id}) END)";

/// The SQL expression of the object that (`class`, `id`), columns of `pg_depend`, belong to.
pub(super) fn holder_of(class: &str, id: &str) -> String {
    HOLDER.replace("{class}", class).replace("{id}", id)
}
