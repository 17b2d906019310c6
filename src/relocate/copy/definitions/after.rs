//! What is said of objects that are there: row level security, comments, owners, grants.

pub(super) const ALL: &[&str] = &[SECURITY, COMMENTS, OWNERS, GRANTS, COLUMN_GRANTS];

const SECURITY: &str =
    "SELECT concat('security:', rel.oid) AS key, 'row level security of' AS kind, rel.name, 25 AS turn,
        '{}'::text[] AS needs, concat('ALTER TABLE ', rel.place, ' ENABLE ROW LEVEL SECURITY',
            CASE WHEN rel.relforcerowsecurity THEN ', FORCE ROW LEVEL SECURITY' END) AS sql
    FROM rel WHERE rel.relrowsecurity OR rel.relforcerowsecurity";

/// Every object by its class, with the words of COMMENT and its name; `of` is what it is a part of.
const COMMENTS: &str = "SELECT concat('comment:', o.key, ':', coalesce(d.objsubid, 0)) AS key, 'comment on' AS kind,
        concat(o.word, ' ', o.shown, '.' || quote_ident(a.attname)) AS name, 30 AS turn, '{}'::text[] AS needs,
        format('COMMENT ON %s IS %L', CASE WHEN d.objsubid > 0 THEN concat('COLUMN ', o.place, '.', quote_ident(a.attname))
            ELSE concat(o.word, ' ', o.place) END, d.description) AS sql
    FROM (
        SELECT 'pg_class'::regclass AS class, rel.oid, concat('pg_class:', rel.oid) AS key, CASE rel.relkind WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word, rel.place, rel.name AS shown FROM rel
        UNION ALL SELECT 'pg_class'::regclass, s.oid, concat('pg_class:', s.oid), 'SEQUENCE', concat(t.schema, '.', quote_ident(s.relname)),
            quote_ident(s.relname) FROM rel JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = rel.oid AND d.refobjsubid > 0 AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
            JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' CROSS JOIN t
        UNION ALL SELECT 'pg_class'::regclass, i.oid, concat('pg_class:', i.oid), 'INDEX', concat(t.schema, '.', quote_ident(i.relname)),
            quote_ident(i.relname) FROM rel JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid
            JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid CROSS JOIN t
        UNION ALL SELECT 'pg_type'::regclass, y.oid, concat('pg_type:', y.oid), CASE y.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
            concat(t.schema, '.', quote_ident(y.typname)), quote_ident(y.typname) FROM pg_catalog.pg_type y CROSS JOIN t
            WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept)
        UNION ALL SELECT 'pg_class'::regclass, y.typrelid, concat('pg_type:', y.oid), 'TYPE',
            concat(t.schema, '.', quote_ident(y.typname)), quote_ident(y.typname) FROM pg_catalog.pg_type y CROSS JOIN t
            WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept) AND y.typrelid <> 0
        UNION ALL SELECT 'pg_proc'::regclass, p.oid, concat('pg_proc:', p.oid), CASE p.prokind WHEN 'a' THEN 'AGGREGATE' ELSE 'ROUTINE' END,
            concat(t.schema, '.', quote_ident(p.proname), '(', CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*'
            ELSE pg_get_function_identity_arguments(p.oid) END, ')'),
            concat(quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')') FROM pg_catalog.pg_proc p CROSS JOIN t
            WHERE concat('pg_proc:', p.oid) IN (SELECT key FROM kept)
        UNION ALL SELECT 'pg_constraint'::regclass, k.oid, concat('pg_constraint:', k.oid), 'CONSTRAINT',
            concat(quote_ident(k.conname), ' ON ', rel.place), concat(rel.name, '.', quote_ident(k.conname))
            FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid
        UNION ALL SELECT 'pg_constraint'::regclass, k.oid, concat('pg_constraint:', k.oid), 'CONSTRAINT',
            format('%I ON DOMAIN %s.%I', k.conname, t.schema, y.typname), concat(quote_ident(y.typname), '.', quote_ident(k.conname))
            FROM pg_catalog.pg_type y JOIN pg_catalog.pg_constraint k ON k.contypid = y.oid CROSS JOIN t
            WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept)
        UNION ALL SELECT 'pg_trigger'::regclass, g.oid, concat('pg_trigger:', g.oid), 'TRIGGER',
            concat(quote_ident(g.tgname), ' ON ', rel.place), concat(rel.name, '.', quote_ident(g.tgname))
            FROM rel JOIN pg_catalog.pg_trigger g ON g.tgrelid = rel.oid
        UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, concat('pg_rewrite:', r.oid), 'RULE',
            concat(quote_ident(r.rulename), ' ON ', rel.place), concat(rel.name, '.', quote_ident(r.rulename))
            FROM rel JOIN pg_catalog.pg_rewrite r ON r.ev_class = rel.oid
        UNION ALL SELECT 'pg_policy'::regclass, p.oid, concat('pg_policy:', p.oid), 'POLICY',
            concat(quote_ident(p.polname), ' ON ', rel.place), concat(rel.name, '.', quote_ident(p.polname))
            FROM rel JOIN pg_catalog.pg_policy p ON p.polrelid = rel.oid
        UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, concat('pg_statistic_ext:', s.oid), 'STATISTICS',
            concat(t.schema, '.', quote_ident(s.stxname)), quote_ident(s.stxname) FROM pg_catalog.pg_statistic_ext s CROSS JOIN t
            WHERE concat('pg_statistic_ext:', s.oid) IN (SELECT key FROM kept)) o
    JOIN pg_catalog.pg_description d ON d.classoid = o.class AND d.objoid = o.oid
    LEFT JOIN pg_catalog.pg_attribute a ON o.class = 'pg_catalog.pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid
        AND d.objsubid > 0";

/// Relations, types and routines that have an owner and grants of their own. Grants of the owner that were never changed are NULL.
macro_rules! owned {
    () => {
        "(SELECT concat('pg_class:', rel.oid) AS key, CASE rel.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word, CASE rel.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS on_word,
            rel.place, rel.name AS shown, rel.relowner AS owner, rel.relacl AS acl FROM rel
        UNION ALL SELECT concat('pg_class:', s.oid), 'SEQUENCE', 'SEQUENCE', concat(t.schema, '.', quote_ident(s.relname)),
            quote_ident(s.relname), NULL, s.relacl FROM rel JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = rel.oid AND d.refobjsubid > 0 AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
            JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' CROSS JOIN t
        UNION ALL SELECT concat('pg_type:', y.oid), CASE y.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, 'TYPE',
            concat(t.schema, '.', quote_ident(y.typname)), quote_ident(y.typname), y.typowner, y.typacl
            FROM pg_catalog.pg_type y CROSS JOIN t WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept) AND y.typtype <> 'm'
        UNION ALL SELECT concat('pg_proc:', p.oid), 'ROUTINE', 'ROUTINE',
            concat(t.schema, '.', quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')'),
            concat(quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')'), p.proowner, p.proacl
            FROM pg_catalog.pg_proc p CROSS JOIN t WHERE concat('pg_proc:', p.oid) IN (SELECT key FROM kept)
        UNION ALL SELECT concat('pg_statistic_ext:', s.oid), 'STATISTICS', NULL, concat(t.schema, '.', quote_ident(s.stxname)),
            quote_ident(s.stxname), s.stxowner, NULL FROM pg_catalog.pg_statistic_ext s CROSS JOIN t
            WHERE concat('pg_statistic_ext:', s.oid) IN (SELECT key FROM kept)) o"
    };
}

/// Sequences of a column have the owner of the table.
const OWNERS: &str = concat!(
    "SELECT concat('owner:', o.key) AS key, 'owner of' AS kind, concat(lower(o.word), ' ', o.shown) AS name, 31 AS turn,
        '{}'::text[] AS needs, format('ALTER %s %s OWNER TO %I', o.word, o.place, pg_get_userbyid(o.owner)) AS sql
    FROM ",
    owned!(),
    " WHERE o.owner IS NOT NULL"
);

/// Everything is taken first, so that what is there by default is there only where it was.
const GRANTS: &str = concat!(
    "SELECT concat('grants:', o.key) AS key, 'grants on' AS kind, concat(lower(o.word), ' ', o.shown) AS name, 32 AS turn,
        '{}'::text[] AS needs, concat(format('REVOKE ALL ON %s %s FROM PUBLIC', o.on_word, o.place),
            '; REVOKE ALL ON ' || CASE WHEN o.owner IS NOT NULL
                THEN format('%s %s FROM %I', o.on_word, o.place, pg_get_userbyid(o.owner)) END,
            (SELECT string_agg(format('; GRANT %s ON %s %s TO %s%s', g.privilege_type, o.on_word, o.place,
                CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END), ''
                ORDER BY g.grantee = 0, pg_get_userbyid(g.grantee), g.privilege_type)
             FROM (SELECT DISTINCT grantee, privilege_type, is_grantable FROM pg_catalog.aclexplode(o.acl)) g)) AS sql
    FROM ",
    owned!(),
    " WHERE o.acl IS NOT NULL"
);

const COLUMN_GRANTS: &str = "SELECT concat('grants:', rel.oid, ':', a.attnum) AS key, 'grants on column' AS kind,
        concat(rel.name, '.', quote_ident(a.attname)) AS name, 33 AS turn, '{}'::text[] AS needs,
        (SELECT string_agg(format('GRANT %s (%I) ON TABLE %s TO %s%s', g.privilege_type, a.attname, rel.place,
            CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END), '; '
            ORDER BY g.grantee = 0, pg_get_userbyid(g.grantee), g.privilege_type)
         FROM pg_catalog.aclexplode(a.attacl) g) AS sql
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped";
