//! What the catalogue of a real database is read as, and what the difference of two readings says.

use limbec::catalogue::{Catalogue, Scope};
use limbec::database::{Connection, VersionTableName};

use crate::fixture::{TestDatabase, connect};

fn read(connection: &mut Connection) -> Catalogue {
    let scope = Scope::everything().without(VersionTableName::default());
    Catalogue::read(connection, &scope).expect("the catalogue is read")
}

fn sentences(before: &Catalogue, after: &Catalogue) -> String {
    Catalogue::difference(before, after).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One of everything, in schemas and with names that have to be quoted.
const POSTGRES: &str = r#"
    CREATE TYPE mood AS ENUM ('sad', 'it''s ok');
    CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
    CREATE TYPE pair AS (a int, "b c" text);
    CREATE TABLE orgs (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood mood DEFAULT 'sad', size positive);
    CREATE SCHEMA "we;ird ""s""";
    CREATE TABLE "we;ird ""s"""."T'; DROP TABLE orgs; --" (
        "c.d" bigint GENERATED ALWAYS AS IDENTITY, "é""" varchar(50) COLLATE "C",
        twice int GENERATED ALWAYS AS (o * 2) STORED, o int REFERENCES orgs ON DELETE CASCADE ON UPDATE SET NULL,
        CONSTRAINT "ck ;" CHECK (o > 1), PRIMARY KEY ("c.d", o));
    CREATE UNIQUE INDEX "ix 1" ON "we;ird ""s"""."T'; DROP TABLE orgs; --" (lower("é"""), o) WHERE o > 3;
    CREATE VIEW v AS SELECT id FROM orgs;
    CREATE MATERIALIZED VIEW mv AS SELECT name FROM orgs;
    CREATE INDEX ix_mv ON mv (name);
    CREATE SEQUENCE counter INCREMENT 5;
    CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT a';
    "#;

const POSTGRES_MORE: &str = r#"
    DROP MATERIALIZED VIEW mv;
    CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER "t 1" BEFORE INSERT ON orgs FOR EACH ROW EXECUTE FUNCTION tf();
    CREATE RULE r AS ON DELETE TO orgs DO INSTEAD NOTHING;
    ALTER TABLE orgs ENABLE ROW LEVEL SECURITY;
    CREATE POLICY p ON orgs USING (id > 3);
    CREATE TABLE parts (at date, n int) PARTITION BY RANGE (at);
    CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    COMMENT ON COLUMN orgs.name IS 'how it''s called';
    COMMENT ON TABLE parts IS 'not named: the table is';
    COMMENT ON VIEW v IS 'a view';
    ALTER TABLE orgs ALTER name TYPE varchar(20), ALTER name DROP NOT NULL, ALTER mood SET DEFAULT 'happy', ADD extra uuid;
    ALTER TABLE "we;ird ""s"""."T'; DROP TABLE orgs; --" DROP CONSTRAINT "ck ;", DROP COLUMN twice;
    DROP INDEX "we;ird ""s"""."ix 1";
    CREATE INDEX "ix 1" ON "we;ird ""s"""."T'; DROP TABLE orgs; --" (o);
    ALTER TABLE orgs DROP CONSTRAINT orgs_name_key;
    ALTER TABLE orgs ADD CONSTRAINT late CHECK (id > 0) NOT VALID;
    DROP SEQUENCE counter; CREATE SEQUENCE owned OWNED BY orgs.extra;
    CREATE OR REPLACE VIEW v AS SELECT id, id + 1 AS next FROM orgs; DROP FUNCTION f(int, text);
    "#;

#[test]
fn everything_of_postgres_is_seen_by_its_name() {
    let Some(database) = TestDatabase::create() else { return };
    let mut connection = database.connect("");
    let empty = read(&mut connection);
    assert_eq!(sentences(&empty, &empty), "");
    database.sql(POSTGRES);
    connection.ensure_version_table(&VersionTableName::default()).expect("the version table");
    let some = read(&mut connection);
    insta::assert_snapshot!(sentences(&empty, &some), @r#"
    materialized view `mv` is left
    table `orgs` is left
    view `v` is left
    table `we;ird "s".T'; DROP TABLE orgs; --` is left
    enum type `mood` is left
    function `f(a integer, b text)` is left
    sequence `counter` is left
    domain `positive` is left
    type `pair` is left
    schema `we;ird "s"` is left
    "#);
    insta::assert_debug_snapshot!(some.relations.values().next_back(), @r#"
    Some(
        Relation {
            name: TableName {
                schema: Some(
                    "we;ird \"s\"",
                ),
                name: "T'; DROP TABLE orgs; --",
            },
            kind: Table,
            definition: None,
            properties: [],
            columns: [
                Column {
                    name: "c.d",
                    type_: "bigint",
                    nullable: false,
                    default: None,
                    generation: Some(
                        IdentityAlways,
                    ),
                    collation: None,
                    sequence: Some(
                        "\"we;ird \"\"s\"\"\".\"T'; DROP TABLE orgs; --_c.d_seq\" (bigint start 1 increment 1)",
                    ),
                },
                Column {
                    name: "é\"",
                    type_: "character varying(50)",
                    nullable: true,
                    default: None,
                    generation: None,
                    collation: Some(
                        "C",
                    ),
                    sequence: None,
                },
                Column {
                    name: "twice",
                    type_: "integer",
                    nullable: true,
                    default: None,
                    generation: Some(
                        Computed {
                            expression: "(o * 2)",
                            stored: true,
                        },
                    ),
                    collation: None,
                    sequence: None,
                },
                Column {
                    name: "o",
                    type_: "integer",
                    nullable: false,
                    default: None,
                    generation: None,
                    collation: None,
                    sequence: None,
                },
            ],
            constraints: [
                Constraint {
                    name: Some(
                        "T'; DROP TABLE orgs; --_o_fkey",
                    ),
                    kind: ForeignKey {
                        referent: TableName {
                            schema: None,
                            name: "orgs",
                        },
                        referent_columns: [
                            "id",
                        ],
                        on_delete: Some(
                            "CASCADE",
                        ),
                        on_update: Some(
                            "SET NULL",
                        ),
                    },
                    columns: [
                        "o",
                    ],
                    definition: "FOREIGN KEY (o) REFERENCES orgs(id) ON UPDATE SET NULL ON DELETE CASCADE",
                    validated: true,
                },
                Constraint {
                    name: Some(
                        "T'; DROP TABLE orgs; --_pkey",
                    ),
                    kind: PrimaryKey,
                    columns: [
                        "c.d",
                        "o",
                    ],
                    definition: "PRIMARY KEY (\"c.d\", o)",
                    validated: true,
                },
                Constraint {
                    name: Some(
                        "ck ;",
                    ),
                    kind: Check,
                    columns: [
                        "o",
                    ],
                    definition: "CHECK ((o > 1))",
                    validated: true,
                },
            ],
            indexes: [
                Index {
                    name: "ix 1",
                    columns: [
                        None,
                        Some(
                            "o",
                        ),
                    ],
                    unique: true,
                    definition: "CREATE UNIQUE INDEX \"ix 1\" ON \"we;ird \"\"s\"\"\".\"T'; DROP TABLE orgs; --\" USING btree (lower((\"é\"\"\")::text), o) WHERE (o > 3)",
                    valid: true,
                },
            ],
            parts: {},
        },
    )
    "#);
    database.sql("ALTER TYPE mood ADD VALUE 'happy' BEFORE 'sad'");
    database.sql(POSTGRES_MORE);
    let more = read(&mut connection);
    insta::assert_snapshot!(sentences(&some, &more), @r#"
    materialized view `mv` is gone
    table `parts` is left
    table `parts_1` is left
    table `orgs`: properties none → row level security
    column `orgs.extra` is left
    column `orgs.mood`: default 'sad'::mood → 'happy'::mood
    column `orgs.name`: text → character varying(20)
    column `orgs.name`: NOT NULL → NULL
    unique constraint `orgs.orgs_name_key` is gone
    check constraint `orgs.late` is left
    trigger `orgs.t 1` is left
    policy `orgs.p` is left
    rule `orgs.r` is left
    view `v`: definition SELECT orgs.id FROM orgs; → SELECT orgs.id, (orgs.id + 1) AS next FROM orgs;
    column `we;ird "s".T'; DROP TABLE orgs; --.twice` is gone
    check constraint `we;ird "s".T'; DROP TABLE orgs; --.ck ;` is gone
    index `we;ird "s".T'; DROP TABLE orgs; --.ix 1`: CREATE UNIQUE INDEX "ix 1" ON "we;ird ""s"""."T'; DROP TABLE orgs; --" USING btree (lower(("é""")::text), o) WHERE (o > 3) → CREATE INDEX "ix 1" ON "we;ird ""s"""."T'; DROP TABLE orgs; --" USING btree (o)
    enum type `mood`: 'sad', 'it's ok' → 'happy', 'sad', 'it's ok'
    function `f(a integer, b text)` is gone
    sequence `counter` is gone
    function `tf()` is left
    column `orgs.name`: comment none → how it's called
    view `v`: comment none → a view
    "#);
    assert_eq!(Catalogue::difference(&some, &more).len(), Catalogue::difference(&more, &some).len());
}

#[test]
fn a_schema_is_read_alone_and_a_schema_of_limbecs_own_not_at_all() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql("CREATE SCHEMA a; CREATE TABLE a.t (x int); CREATE SCHEMA b; CREATE TYPE b.e AS ENUM ('x'); CREATE TABLE t (x int);
        CREATE SCHEMA own; CREATE TABLE own.history (x int); CREATE INDEX ON own.history (x); COMMENT ON COLUMN own.history.x IS 'c'");
    let mut connection = database.connect("");
    let of = |connection: &mut Connection, scope: Scope| {
        sentences(&Catalogue::default(), &Catalogue::read(connection, &scope).expect("the catalogue"))
    };
    insta::assert_snapshot!(of(&mut connection, Scope::schemas(["a"])), @"
    table `a.t` is left
    schema `a` is left
    ");
    let own = VersionTableName::new("history").in_schema(Some("own".into()));
    insta::assert_snapshot!(of(&mut connection, Scope::everything().without(own)), @"
    table `t` is left
    table `a.t` is left
    enum type `b.e` is left
    schema `a` is left
    schema `b` is left
    schema `public` is left
    ");
}

#[test]
fn an_index_that_was_not_built_is_seen() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql("CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1)");
    let mut connection = database.connect("");
    database.fails("CREATE UNIQUE INDEX CONCURRENTLY ux ON t (x)");
    let found = read(&mut connection);
    let indexes = &found.tables().next().expect("the table").indexes;
    assert!(indexes.iter().any(|index| index.name == "ux" && !index.valid && index.unique), "{indexes:?}");
}

const SQLITE: &str = r#"
    CREATE TABLE "T'; DROP TABLE o; --" (id INTEGER PRIMARY KEY AUTOINCREMENT, "é""" VARCHAR(50) COLLATE NOCASE NOT NULL,
        n INT DEFAULT 3 CONSTRAINT "ck ;" CHECK (n > 0), twice INT AS (n * 2) STORED,
        o INT CONSTRAINT fk_o REFERENCES o (a) ON DELETE CASCADE DEFERRABLE, UNIQUE (n, o));
    CREATE TABLE o (a INT, b TEXT, CONSTRAINT pk_o PRIMARY KEY (a), CONSTRAINT uq_b UNIQUE (b)) WITHOUT ROWID;
    CREATE UNIQUE INDEX "ix 1" ON "T'; DROP TABLE o; --" (lower("é"""), n DESC) WHERE n > 3;
    CREATE VIEW v AS SELECT a FROM o;
    CREATE TRIGGER tr AFTER INSERT ON o BEGIN SELECT 1; END;
    CREATE VIRTUAL TABLE search USING fts5(text);
    "#;

#[test]
fn everything_of_sqlite_is_seen_by_its_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.db");
    let file = rusqlite::Connection::open(&path).expect("the file");
    let mut connection = connect(&format!("sqlite:///{}", path.display()));
    let empty = read(&mut connection);
    file.execute_batch(SQLITE).expect("the tables");
    connection.ensure_version_table(&VersionTableName::default()).expect("the version table");
    let some = read(&mut connection);
    insta::assert_snapshot!(sentences(&empty, &some), @"
    table `T'; DROP TABLE o; --` is left
    table `o` is left
    virtual table `search` is left
    view `v` is left
    ");
    insta::assert_debug_snapshot!(some.relations.values().next(), @r#"
    Some(
        Relation {
            name: TableName {
                schema: None,
                name: "T'; DROP TABLE o; --",
            },
            kind: Table,
            definition: None,
            properties: [],
            columns: [
                Column {
                    name: "id",
                    type_: "INTEGER",
                    nullable: true,
                    default: None,
                    generation: None,
                    collation: None,
                    sequence: None,
                },
                Column {
                    name: "é\"",
                    type_: "VARCHAR(50)",
                    nullable: false,
                    default: None,
                    generation: None,
                    collation: Some(
                        "NOCASE",
                    ),
                    sequence: None,
                },
                Column {
                    name: "n",
                    type_: "INT",
                    nullable: true,
                    default: Some(
                        "3",
                    ),
                    generation: None,
                    collation: None,
                    sequence: None,
                },
                Column {
                    name: "twice",
                    type_: "INT",
                    nullable: true,
                    default: None,
                    generation: Some(
                        Computed {
                            expression: "n * 2",
                            stored: true,
                        },
                    ),
                    collation: None,
                    sequence: None,
                },
                Column {
                    name: "o",
                    type_: "INT",
                    nullable: true,
                    default: None,
                    generation: None,
                    collation: None,
                    sequence: None,
                },
            ],
            constraints: [
                Constraint {
                    name: None,
                    kind: PrimaryKey,
                    columns: [
                        "id",
                    ],
                    definition: "PRIMARY KEY (id) AUTOINCREMENT",
                    validated: true,
                },
                Constraint {
                    name: None,
                    kind: Unique,
                    columns: [
                        "n",
                        "o",
                    ],
                    definition: "UNIQUE (n, o)",
                    validated: true,
                },
                Constraint {
                    name: Some(
                        "ck ;",
                    ),
                    kind: Check,
                    columns: [],
                    definition: "CHECK (n > 0)",
                    validated: true,
                },
                Constraint {
                    name: Some(
                        "fk_o",
                    ),
                    kind: ForeignKey {
                        referent: TableName {
                            schema: None,
                            name: "o",
                        },
                        referent_columns: [
                            "a",
                        ],
                        on_delete: Some(
                            "CASCADE",
                        ),
                        on_update: None,
                    },
                    columns: [
                        "o",
                    ],
                    definition: "FOREIGN KEY (o) REFERENCES o (a) ON DELETE CASCADE DEFERRABLE",
                    validated: true,
                },
            ],
            indexes: [
                Index {
                    name: "ix 1",
                    columns: [
                        None,
                        Some(
                            "n",
                        ),
                    ],
                    unique: true,
                    definition: "CREATE UNIQUE INDEX ix 1 ON T'; DROP TABLE o; -- (lower (\"é\"\"\"), n DESC) WHERE n > 3",
                    valid: true,
                },
            ],
            parts: {},
        },
    )
    "#);
    file.execute_batch(
        "DROP TRIGGER tr; DROP VIEW v; CREATE INDEX ix_b ON o (b); ALTER TABLE o ADD COLUMN c DATE NOT NULL DEFAULT 'x';
         DROP INDEX \"ix 1\"; CREATE INDEX \"ix 1\" ON o (c)",
    )
    .expect("the changes");
    insta::assert_snapshot!(sentences(&some, &read(&mut connection)), @"
    view `v` is gone
    index `T'; DROP TABLE o; --.ix 1` is gone
    column `o.c` is left
    index `o.ix 1` is left
    index `o.ix_b` is left
    trigger `o.tr` is gone
    ");
}

#[test]
fn a_file_that_is_not_there_has_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = limbec::database::DatabaseUrl::parse(&format!("sqlite:///{}/none.db", directory.path().display()))
        .expect("a URL");
    let mut connection =
        Connection::open(&url, &limbec::database::Environment::default(), limbec::database::Access::Read)
            .expect("no file");
    assert_eq!(read(&mut connection).relations.len(), 0);
}
