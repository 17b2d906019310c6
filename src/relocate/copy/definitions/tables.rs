//! Tables with their columns, and views.

pub(super) const ALL: &[&str] = &[TABLES, SETTINGS, DEFAULTS, ATTACHED, VIEWS];

/// Checks that are valid belong to it. A partition is made by itself and attached; a child table inherits what is not its own.
const TABLES: &str = "SELECT concat('pg_class:', rel.oid) AS key, 'table' AS kind, rel.name, 3 AS turn, '{}'::text[] AS needs,
        concat('CREATE ', CASE WHEN rel.relpersistence = 'u' THEN 'UNLOGGED ' END, 'TABLE ', rel.place, ' (',
            concat_ws(', ',
                (SELECT string_agg(concat(quote_ident(a.attname), ' ', format_type(a.atttypid, a.atttypmod),
                    CASE WHEN a.attcollation <> y.typcollation THEN format(' COLLATE %I.%I', n.nspname, l.collname) END,
                    CASE a.attgenerated WHEN 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(e.adbin, rel.oid))
                        WHEN 'v' THEN format(' GENERATED ALWAYS AS (%s) VIRTUAL', pg_get_expr(e.adbin, rel.oid)) END,
                    CASE WHEN a.attidentity IN ('a', 'd') THEN format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s.%I INCREMENT BY %s '
                            'MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s)',
                        CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, t.schema, i.relname, i.seqincrement, i.seqmin,
                        i.seqmax, i.seqstart, i.seqcache, CASE WHEN i.seqcycle THEN ' CYCLE' END) END,
                    CASE WHEN a.attnotnull THEN ' NOT NULL' END), ', ' ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
                LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
                LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
                LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
                LEFT JOIN LATERAL (SELECT s.relname, q.* FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid
                    JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
                        AND d.refobjid = rel.oid AND d.refobjsubid = a.attnum AND d.deptype = 'i') i ON true
                WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR rel.relispartition)),
                (SELECT string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ', ' ORDER BY k.conname)
                FROM pg_catalog.pg_constraint k WHERE k.conrelid = rel.oid AND k.contype = 'c' AND k.convalidated
                    AND (k.conislocal OR rel.relispartition))),
            ')',
            (SELECT format(' INHERITS (%s)', string_agg(concat(t.schema, '.', quote_ident(p.relname)), ', ' ORDER BY h.inhseqno))
                FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class p ON p.oid = h.inhparent
                WHERE h.inhrelid = rel.oid AND NOT rel.relispartition HAVING count(*) > 0),
            CASE WHEN rel.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(rel.oid) END,
            (SELECT format(' USING %I', m.amname) FROM pg_catalog.pg_am m WHERE m.oid = rel.relam AND rel.relkind = 'r'),
            (SELECT format(' WITH (%s)', string_agg(o.option, ', ' ORDER BY o.option)) FROM (
                SELECT format('%I = %L', split_part(u, '=', 1), substr(u, strpos(u, '=') + 1)) AS option FROM unnest(rel.reloptions) u
                UNION ALL SELECT format('toast.%I = %L', split_part(u, '=', 1), substr(u, strpos(u, '=') + 1))
                    FROM pg_catalog.pg_class x CROSS JOIN LATERAL unnest(x.reloptions) u WHERE x.oid = rel.reltoastrelid) o
                HAVING count(*) > 0),
            (SELECT format(' TABLESPACE %I', s.spcname) FROM pg_catalog.pg_tablespace s WHERE s.oid = rel.reltablespace)) AS sql
    FROM rel CROSS JOIN t WHERE rel.relkind IN ('r', 'p')";

/// Of columns: how they are stored, what is known of them, NOT NULL that a child has and its parent has not.
const SETTINGS: &str = "SELECT concat('column:', rel.oid, ':', a.attnum) AS key, 'column' AS kind,
        concat(rel.name, '.', quote_ident(a.attname)) AS name, 4 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs,
        concat('ALTER TABLE ONLY ', rel.place, ' ', concat_ws(', ',
            CASE WHEN a.attstorage <> y.typstorage THEN format('ALTER COLUMN %I SET STORAGE %s', a.attname, CASE a.attstorage
                WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) END,
            CASE WHEN a.attstattarget >= 0 THEN format('ALTER COLUMN %I SET STATISTICS %s', a.attname, a.attstattarget) END,
            CASE WHEN a.attoptions IS NOT NULL THEN format('ALTER COLUMN %I SET (%s)', a.attname, array_to_string(a.attoptions, ', ')) END,
            CASE to_jsonb(a) ->> 'attcompression' WHEN 'p' THEN format('ALTER COLUMN %I SET COMPRESSION pglz', a.attname)
                WHEN 'l' THEN format('ALTER COLUMN %I SET COMPRESSION lz4', a.attname) END,
            CASE WHEN a.attnotnull AND NOT a.attislocal AND NOT rel.relispartition
                THEN format('ALTER COLUMN %I SET NOT NULL', a.attname) END)) AS sql
    FROM rel JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
    WHERE rel.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND (a.attstorage <> y.typstorage
        OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL OR to_jsonb(a) ->> 'attcompression' IN ('p', 'l')
        OR a.attnotnull AND NOT a.attislocal AND NOT rel.relispartition)";

const DEFAULTS: &str = "SELECT concat('pg_attrdef:', e.oid) AS key, 'default' AS kind, concat(rel.name, '.', quote_ident(a.attname)) AS name,
        4 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs,
        format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s',
            concat(CASE WHEN rel.relkind IN ('r', 'p') THEN 'ONLY ' END, rel.place), a.attname, pg_get_expr(e.adbin, rel.oid)) AS sql
    FROM rel JOIN pg_catalog.pg_attrdef e ON e.adrelid = rel.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = rel.oid AND a.attnum = e.adnum WHERE a.attgenerated = ''";

const ATTACHED: &str = "SELECT concat('attached:', rel.oid) AS key, 'partition' AS kind, rel.name, 5 AS turn,
        ARRAY[concat('pg_class:', rel.oid), concat('pg_class:', p.oid)] AS needs,
        format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', p.place, rel.place, pg_get_expr(rel.relpartbound, rel.oid)) AS sql
    FROM rel JOIN pg_catalog.pg_inherits h ON h.inhrelid = rel.oid JOIN rel p ON p.oid = h.inhparent WHERE rel.relispartition";

const VIEWS: &str = "SELECT concat('pg_class:', rel.oid) AS key,
        CASE rel.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind, rel.name,
        CASE rel.relkind WHEN 'v' THEN 13 ELSE 14 END AS turn, '{}'::text[] AS needs,
        concat('CREATE ', CASE rel.relkind WHEN 'v' THEN 'VIEW ' ELSE 'MATERIALIZED VIEW ' END, rel.place,
            (SELECT format(' USING %I', m.amname) FROM pg_catalog.pg_am m WHERE m.oid = rel.relam AND rel.relkind = 'm'),
            (SELECT format(' WITH (%s)', string_agg(format('%I = %L', split_part(u, '=', 1), substr(u, strpos(u, '=') + 1)), ', ' ORDER BY u))
                FROM unnest(rel.reloptions) u HAVING count(*) > 0),
            ' AS ', rtrim(pg_get_viewdef(rel.oid), ';'),
            CASE WHEN rel.relkind = 'm' AND NOT rel.relispopulated THEN ' WITH NO DATA' END) AS sql
    FROM rel WHERE rel.relkind IN ('v', 'm')";
