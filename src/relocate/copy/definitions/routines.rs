//! Functions, procedures and aggregates.

pub(super) const ALL: &[&str] = &[ROUTINES, AGGREGATES];

/// `pg_get_functiondef` begins with the name in its schema, which is all that is replaced.
const ROUTINES: &str = "SELECT concat('pg_proc:', p.oid) AS key, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
        concat(quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')') AS name, 2 AS turn, '{}'::text[] AS needs,
        concat('CREATE ', k.word, t.schema,
            substr(pg_get_functiondef(p.oid), length(concat('CREATE OR REPLACE ', k.word, quote_ident(n.nspname))) + 1)) AS sql
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL (SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END AS word) k CROSS JOIN t
    WHERE concat('pg_proc:', p.oid) IN (SELECT key FROM kept) AND p.prokind IN ('f', 'p', 'w') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')";

const AGGREGATES: &str = "SELECT concat('pg_proc:', p.oid) AS key, 'aggregate' AS kind,
        concat(quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')') AS name, 2 AS turn, '{}'::text[] AS needs,
        format('CREATE AGGREGATE %s.%I(%s) (%s)', t.schema, p.proname,
            coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), concat_ws(', ',
            'SFUNC = ' || a.aggtransfn::regproc, 'STYPE = ' || format_type(a.aggtranstype, NULL),
            CASE WHEN a.aggtransspace > 0 THEN 'SSPACE = ' || a.aggtransspace END,
            CASE WHEN a.aggfinalfn <> 0 THEN 'FINALFUNC = ' || a.aggfinalfn::regproc END,
            CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
            CASE a.aggfinalmodify WHEN 's' THEN 'FINALFUNC_MODIFY = SHAREABLE' WHEN 'w' THEN 'FINALFUNC_MODIFY = READ_WRITE' END,
            CASE WHEN a.aggcombinefn <> 0 THEN 'COMBINEFUNC = ' || a.aggcombinefn::regproc END,
            CASE WHEN a.aggserialfn <> 0 THEN 'SERIALFUNC = ' || a.aggserialfn::regproc END,
            CASE WHEN a.aggdeserialfn <> 0 THEN 'DESERIALFUNC = ' || a.aggdeserialfn::regproc END,
            'INITCOND = ' || quote_literal(a.agginitval),
            (SELECT format('SORTOP = OPERATOR(%I.%s)', n.nspname, o.oprname) FROM pg_catalog.pg_operator o
                JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = a.aggsortop),
            CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END)) AS sql
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid CROSS JOIN t
    WHERE concat('pg_proc:', p.oid) IN (SELECT key FROM kept)";
