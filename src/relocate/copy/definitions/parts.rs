//! What belongs to a table and is made after its rows.

pub(super) const ALL: &[&str] = &[
    CONSTRAINTS,
    DOMAINS,
    INDEXES,
    ATTACHED,
    INDEX_OPTIONS,
    CLUSTERED,
    REPLICA,
    STATISTICS,
    TRIGGERS,
    RULES,
    POLICIES,
];

/// Those of a partition that come from its parent are made by themselves, and their indexes attached; foreign keys are passed on by
/// the parent. A check that is not valid would be asked of the rows.
const CONSTRAINTS: &str = "SELECT concat('pg_constraint:', k.oid) AS key, CASE k.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END AS kind,
        concat(rel.name, '.', quote_ident(k.conname)) AS name, CASE k.contype WHEN 'f' THEN 21 WHEN 'c' THEN 20 ELSE 10 END AS turn,
        ARRAY[concat('pg_class:', rel.oid)] AS needs,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', concat(CASE WHEN k.contype IN ('p', 'u', 'x') THEN 'ONLY ' END, rel.place),
            k.conname, pg_get_constraintdef(k.oid)) AS sql
    FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid
    WHERE k.contype IN ('p', 'u', 'x') OR k.contype = 'f' AND k.conparentid = 0
        OR k.contype = 'c' AND NOT k.convalidated AND k.coninhcount = 0";

const DOMAINS: &str = "SELECT concat('pg_constraint:', k.oid) AS key, 'constraint' AS kind,
        concat(quote_ident(y.typname), '.', quote_ident(k.conname)) AS name, 20 AS turn, ARRAY[concat('pg_type:', y.oid)] AS needs,
        format('ALTER DOMAIN %s.%I ADD CONSTRAINT %I %s', t.schema, y.typname, k.conname, pg_get_constraintdef(k.oid)) AS sql
    FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type y ON y.oid = k.contypid CROSS JOIN t
    WHERE k.contype = 'c' AND NOT k.convalidated AND concat('pg_type:', y.oid) IN (SELECT key FROM kept)";

/// Pretty: then the table is named as the search path demands.
const INDEXES: &str = "SELECT concat('pg_class:', i.oid) AS key, 'index' AS kind, quote_ident(i.relname) AS name, 11 AS turn,
        ARRAY[concat('pg_class:', rel.oid)] AS needs, pg_get_indexdef(i.oid, 0, true) AS sql
    FROM rel JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x'))";

const ATTACHED: &str = "SELECT concat('attached:', i.oid) AS key, 'partition of index' AS kind, quote_ident(i.relname) AS name, 12 AS turn,
        ARRAY[coalesce((SELECT concat('pg_constraint:', k.oid) FROM pg_catalog.pg_constraint k
                WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')), concat('pg_class:', i.oid)),
            coalesce((SELECT concat('pg_constraint:', k.oid) FROM pg_catalog.pg_constraint k
                WHERE k.conindid = p.oid AND k.contype IN ('p', 'u', 'x')), concat('pg_class:', p.oid))] AS needs,
        format('ALTER INDEX %s.%I ATTACH PARTITION %s.%I', t.schema, p.relname, t.schema, i.relname) AS sql
    FROM rel JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.oid JOIN pg_catalog.pg_class p ON p.oid = h.inhparent CROSS JOIN t";

/// The definition of a constraint is without them.
const INDEX_OPTIONS: &str =
    "SELECT concat('options:', i.oid) AS key, 'options of index' AS kind, quote_ident(i.relname) AS name, 12 AS turn,
        ARRAY[concat('pg_constraint:', k.oid)] AS needs, format('ALTER INDEX %s.%I SET (%s)', t.schema, i.relname,
            (SELECT string_agg(format('%I = %L', split_part(u, '=', 1), substr(u, strpos(u, '=') + 1)), ', ' ORDER BY u)
                FROM unnest(i.reloptions) u)) AS sql
    FROM rel JOIN pg_catalog.pg_constraint k ON k.conrelid = rel.oid AND k.contype IN ('p', 'u', 'x')
    JOIN pg_catalog.pg_class i ON i.oid = k.conindid CROSS JOIN t WHERE i.reloptions IS NOT NULL";

const CLUSTERED: &str = "SELECT concat('clustered:', rel.oid) AS key, 'cluster index of' AS kind, rel.name, 26 AS turn, '{}'::text[] AS needs,
        format('ALTER TABLE %s CLUSTER ON %I', rel.place, i.relname) AS sql
    FROM rel JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid AND x.indisclustered
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid";

const REPLICA: &str = "SELECT concat('replica:', rel.oid) AS key, 'replica identity of' AS kind, rel.name, 26 AS turn, '{}'::text[] AS needs,
        format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', rel.place, CASE rel.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
            ELSE (SELECT format('USING INDEX %I', i.relname) FROM pg_catalog.pg_index x
                JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = rel.oid AND x.indisreplident) END) AS sql
    FROM rel WHERE rel.relkind IN ('r', 'p') AND rel.relreplident <> 'd'";

const STATISTICS: &str = "SELECT concat('pg_statistic_ext:', s.oid) AS key, 'statistics object' AS kind, quote_ident(s.stxname) AS name,
        15 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs,
        concat('CREATE STATISTICS ', t.schema, substr(pg_get_statisticsobjdef(s.oid),
            length(concat('CREATE STATISTICS ', quote_ident(n.nspname))) + 1),
            CASE WHEN s.stxstattarget >= 0 THEN format('; ALTER STATISTICS %s.%I SET STATISTICS %s', t.schema, s.stxname, s.stxstattarget) END)
        AS sql
    FROM rel JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = rel.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace CROSS JOIN t
    WHERE concat('pg_statistic_ext:', s.oid) IN (SELECT key FROM kept)";

/// Those that a partition has from its parent come with the parent's.
const TRIGGERS: &str = "SELECT concat('pg_trigger:', g.oid) AS key, 'trigger' AS kind, concat(rel.name, '.', quote_ident(g.tgname)) AS name,
        22 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs, concat(pg_get_triggerdef(g.oid, true),
            '; ALTER TABLE ' || CASE WHEN g.tgenabled <> 'O' THEN concat(rel.place, CASE g.tgenabled WHEN 'D' THEN ' DISABLE'
                WHEN 'R' THEN ' ENABLE REPLICA' ELSE ' ENABLE ALWAYS' END, ' TRIGGER ', quote_ident(g.tgname)) END) AS sql
    FROM rel JOIN pg_catalog.pg_trigger g ON g.tgrelid = rel.oid
    WHERE NOT g.tgisinternal AND coalesce(to_jsonb(g) ->> 'tgparentid', '0') = '0'";

const RULES: &str = "SELECT concat('pg_rewrite:', r.oid) AS key, 'rule' AS kind, concat(rel.name, '.', quote_ident(r.rulename)) AS name,
        23 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs, concat(rtrim(pg_get_ruledef(r.oid, true), ';'),
            '; ALTER TABLE ' || CASE WHEN r.ev_enabled <> 'O' THEN concat(rel.place, CASE r.ev_enabled WHEN 'D' THEN ' DISABLE'
                WHEN 'R' THEN ' ENABLE REPLICA' ELSE ' ENABLE ALWAYS' END, ' RULE ', quote_ident(r.rulename)) END) AS sql
    FROM rel JOIN pg_catalog.pg_rewrite r ON r.ev_class = rel.oid WHERE r.rulename <> '_RETURN'";

const POLICIES: &str = "SELECT concat('pg_policy:', p.oid) AS key, 'policy' AS kind, concat(rel.name, '.', quote_ident(p.polname)) AS name,
        24 AS turn, ARRAY[concat('pg_class:', rel.oid)] AS needs, concat('CREATE POLICY ', quote_ident(p.polname), ' ON ', rel.place,
            CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
            CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE' WHEN 'd' THEN ' FOR DELETE' END,
            ' TO ', (SELECT string_agg(CASE WHEN o = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(o)) END, ', ')
                FROM unnest(p.polroles) o),
            ' USING (' || pg_get_expr(p.polqual, rel.oid) || ')', ' WITH CHECK (' || pg_get_expr(p.polwithcheck, rel.oid) || ')') AS sql
    FROM rel JOIN pg_catalog.pg_policy p ON p.polrelid = rel.oid";
