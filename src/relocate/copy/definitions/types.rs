//! Types and sequences.

pub(super) const ALL: &[&str] = &[TYPES, SEQUENCES, OWNED];

/// A multirange and the functions of a range come with the range.
const TYPES: &str = "SELECT concat('pg_type:', y.oid) AS key, 'type' AS kind, quote_ident(y.typname) AS name, 0 AS turn,
        '{}'::text[] AS needs, CASE y.typtype
        WHEN 'e' THEN format('CREATE TYPE %s.%I AS ENUM (%s)', t.schema, y.typname,
            (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
             FROM pg_catalog.pg_enum e WHERE e.enumtypid = y.oid))
        WHEN 'c' THEN format('CREATE TYPE %s.%I AS (%s)', t.schema, y.typname,
            (SELECT string_agg(concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attcollation <> b.typcollation THEN format(' COLLATE %I.%I', n.nspname, l.collname) END),
                ', ' ORDER BY a.attnum)
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type b ON b.oid = a.atttypid
             LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
             WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
        WHEN 'r' THEN (SELECT format('CREATE TYPE %s.%I AS RANGE (%s)', t.schema, y.typname, concat_ws(', ',
                'SUBTYPE = ' || format_type(g.rngsubtype, NULL),
                (SELECT format('SUBTYPE_OPCLASS = %I.%I', n.nspname, o.opcname) FROM pg_catalog.pg_opclass o
                    JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid = g.rngsubopc AND NOT o.opcdefault),
                (SELECT format('COLLATION = %I.%I', n.nspname, l.collname) FROM pg_catalog.pg_collation l
                    JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = g.rngcollation AND l.oid <> 100),
                CASE WHEN g.rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || g.rngsubdiff::text END,
                (SELECT format('MULTIRANGE_TYPE_NAME = %s.%I', t.schema, m.typname) FROM pg_catalog.pg_type m
                    WHERE m.oid::text = to_jsonb(g) ->> 'rngmultitypid' OR m.typname = to_jsonb(g) ->> 'rngmultitypid'
                        AND m.typnamespace = y.typnamespace)))
            FROM pg_catalog.pg_range g WHERE g.rngtypid = y.oid)
        WHEN 'd' THEN concat(format('CREATE DOMAIN %s.%I AS %s', t.schema, y.typname, format_type(y.typbasetype, y.typtypmod)),
            (SELECT format(' COLLATE %I.%I', n.nspname, l.collname) FROM pg_catalog.pg_collation l
                JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
                JOIN pg_catalog.pg_type b ON b.oid = y.typbasetype
                WHERE l.oid = y.typcollation AND l.oid <> b.typcollation),
            ' DEFAULT ' || coalesce(pg_get_expr(y.typdefaultbin, 0), y.typdefault),
            CASE WHEN y.typnotnull THEN ' NOT NULL' END,
            (SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' ORDER BY k.conname)
                FROM pg_catalog.pg_constraint k WHERE k.contypid = y.oid AND k.contype = 'c' AND k.convalidated))
        END AS sql
    FROM pg_catalog.pg_type y CROSS JOIN t
    WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept) AND y.typtype IN ('e', 'c', 'r', 'd')";

/// Those that stand for themselves, and those of a column that are no identity's.
const SEQUENCES: &str = "SELECT concat('pg_class:', c.oid) AS key, 'sequence' AS kind, quote_ident(c.relname) AS name, 1 AS turn,
        '{}'::text[] AS needs, format('CREATE %sSEQUENCE %s.%I AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s',
            CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' END, t.schema, c.relname, format_type(q.seqtypid, NULL),
            q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' END) AS sql
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_sequence q ON q.seqrelid = c.oid CROSS JOIN t
    WHERE c.oid IN (SELECT oid FROM rel) OR c.oid IN (SELECT d.objid FROM pg_catalog.pg_depend d JOIN rel ON rel.oid = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjsubid > 0 AND d.deptype = 'a')";

const OWNED: &str = "SELECT concat('owned:', c.oid) AS key, 'owner of sequence' AS kind, quote_ident(c.relname) AS name, 5 AS turn,
        ARRAY[concat('pg_class:', c.oid), concat('pg_class:', rel.oid)] AS needs,
        format('ALTER SEQUENCE %s.%I OWNED BY %s.%I', t.schema, c.relname, rel.place, a.attname) AS sql
    FROM pg_catalog.pg_depend d JOIN rel ON rel.oid = d.refobjid JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum = d.refobjsubid CROSS JOIN t
    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'a'";
