//! The table of locks against the server: every form is run in a transaction, and `pg_locks` says what it took.

use std::collections::BTreeMap;

use limbec::database::Connection;
use limbec::operation::{LockMode, LockedRelation, statements};
use tokio_postgres::NoTls;

use crate::fixture::TestDatabase;

const SCHEMA: &str = "
    CREATE TABLE parent (id int PRIMARY KEY, code int UNIQUE);
    CREATE TABLE child (id int PRIMARY KEY, parent_id int CONSTRAINT fk REFERENCES parent, n int, name text, extra int,
        CONSTRAINT positive CHECK (n > 0));
    ALTER TABLE child ADD CONSTRAINT fk2 FOREIGN KEY (extra) REFERENCES parent (code) NOT VALID;
    ALTER TABLE child ADD CONSTRAINT small CHECK (n < 9) NOT VALID;
    CREATE TABLE lonely (id int NOT NULL, n int, name text);
    CREATE INDEX ix ON lonely (n);
    CREATE UNIQUE INDEX ux ON lonely (id);
    CREATE TABLE parts (id int) PARTITION BY LIST (id);
    CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1);
    CREATE TABLE part2 (id int);
    CREATE VIEW v AS SELECT id FROM lonely;
    CREATE MATERIALIZED VIEW mv AS SELECT id FROM lonely;
    CREATE UNIQUE INDEX mvx ON mv (id);
    CREATE SEQUENCE seq;
    CREATE TYPE mood AS ENUM ('a');
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER trg BEFORE INSERT ON lonely FOR EACH ROW EXECUTE FUNCTION f();
    CREATE POLICY pol ON lonely;
    CREATE RULE ru AS ON DELETE TO child DO NOTHING;
    CREATE SCHEMA other;";

const STATEMENTS: &[&str] = &[
    "ALTER TABLE lonely ADD COLUMN c int",
    "ALTER TABLE lonely ADD COLUMN c int DEFAULT 1 NOT NULL",
    "ALTER TABLE lonely ADD COLUMN c int REFERENCES parent (id)",
    "ALTER TABLE lonely DROP COLUMN name",
    "ALTER TABLE lonely ALTER COLUMN n TYPE bigint",
    "ALTER TABLE lonely ALTER COLUMN n SET DEFAULT 1",
    "ALTER TABLE lonely ALTER COLUMN n DROP DEFAULT",
    "ALTER TABLE lonely ALTER COLUMN n SET NOT NULL",
    "ALTER TABLE lonely ALTER COLUMN id DROP NOT NULL",
    "ALTER TABLE lonely ALTER COLUMN n SET STATISTICS 10",
    "ALTER TABLE lonely ALTER COLUMN n SET (n_distinct = 5)",
    "ALTER TABLE lonely ALTER COLUMN n RESET (n_distinct)",
    "ALTER TABLE lonely ALTER COLUMN name SET STORAGE EXTERNAL",
    "ALTER TABLE lonely ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE lonely ADD CONSTRAINT c CHECK (n > 0)",
    "ALTER TABLE lonely ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
    "ALTER TABLE lonely ADD CONSTRAINT c UNIQUE (n)",
    "ALTER TABLE lonely ADD CONSTRAINT c PRIMARY KEY USING INDEX ux",
    "ALTER TABLE lonely ADD CONSTRAINT c FOREIGN KEY (n) REFERENCES parent (id)",
    "ALTER TABLE lonely ADD CONSTRAINT c FOREIGN KEY (n) REFERENCES parent (id) NOT VALID",
    "ALTER TABLE lonely ADD CONSTRAINT c EXCLUDE USING btree (n WITH =)",
    "ALTER TABLE child VALIDATE CONSTRAINT small",
    "ALTER TABLE child VALIDATE CONSTRAINT fk2",
    "ALTER TABLE child DROP CONSTRAINT positive",
    "ALTER TABLE child DROP CONSTRAINT fk",
    "ALTER TABLE child ALTER CONSTRAINT fk DEFERRABLE",
    "ALTER TABLE child RENAME CONSTRAINT fk TO fkk",
    "ALTER TABLE lonely RENAME TO alone",
    "ALTER TABLE lonely RENAME COLUMN n TO m",
    "ALTER TABLE lonely SET SCHEMA other",
    "ALTER TABLE lonely OWNER TO CURRENT_USER",
    "ALTER TABLE lonely SET (fillfactor = 70)",
    "ALTER TABLE lonely SET (autovacuum_enabled = off)",
    "ALTER TABLE lonely RESET (fillfactor)",
    "ALTER TABLE lonely CLUSTER ON ix",
    "ALTER TABLE lonely SET WITHOUT CLUSTER",
    "ALTER TABLE lonely SET UNLOGGED",
    "ALTER TABLE lonely ENABLE TRIGGER ALL",
    "ALTER TABLE lonely DISABLE TRIGGER trg",
    "ALTER TABLE lonely ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE lonely FORCE ROW LEVEL SECURITY",
    "ALTER TABLE lonely REPLICA IDENTITY FULL",
    "ALTER TABLE child INHERIT part2",
    "ALTER TABLE lonely ADD COLUMN c int, ALTER COLUMN n SET STATISTICS 10",
    "ALTER TABLE lonely ALTER COLUMN n SET STATISTICS 10, ADD FOREIGN KEY (n) REFERENCES parent (id)",
    "ALTER TABLE parts ATTACH PARTITION part2 FOR VALUES IN (2)",
    "ALTER TABLE parts DETACH PARTITION part1",
    "CREATE TABLE part3 PARTITION OF parts FOR VALUES IN (3)",
    "CREATE TABLE fresh (id int PRIMARY KEY, parent_id int REFERENCES parent)",
    "CREATE TABLE fresh AS SELECT 1 AS id",
    "CREATE INDEX iy ON lonely (name)",
    "CREATE UNIQUE INDEX iy ON lonely (name)",
    "DROP INDEX ix",
    "ALTER INDEX ix RENAME TO iz",
    "REINDEX TABLE lonely",
    "DROP TABLE child",
    "TRUNCATE lonely",
    "DROP VIEW v",
    "ALTER VIEW v RENAME TO w",
    "DROP MATERIALIZED VIEW mv",
    "REFRESH MATERIALIZED VIEW mv",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY mv",
    "CREATE TRIGGER t2 BEFORE INSERT ON lonely FOR EACH ROW EXECUTE FUNCTION f()",
    "DROP TRIGGER trg ON lonely",
    "ALTER TRIGGER trg ON lonely RENAME TO trh",
    "CREATE POLICY p2 ON lonely",
    "DROP POLICY pol ON lonely",
    "CREATE RULE r2 AS ON UPDATE TO lonely DO NOTHING",
    "DROP RULE ru ON child",
    "COMMENT ON TABLE lonely IS 'x'",
    "COMMENT ON COLUMN lonely.n IS 'x'",
    "COMMENT ON CONSTRAINT fk ON child IS 'x'",
    "COMMENT ON TRIGGER trg ON lonely IS 'x'",
    "CREATE STATISTICS st ON id, n FROM lonely",
    "ANALYZE lonely",
    "CLUSTER lonely USING ix",
    "LOCK TABLE lonely IN SHARE ROW EXCLUSIVE MODE",
    "LOCK lonely",
    "INSERT INTO lonely VALUES (1, 1, 'x')",
    "UPDATE lonely SET n = 2 WHERE id = 1",
    "DELETE FROM lonely",
    "DROP SEQUENCE seq",
    "ALTER SEQUENCE seq INCREMENT BY 2",
    "ALTER TYPE mood ADD VALUE 'b'",
    "GRANT SELECT ON lonely TO PUBLIC",
    "CREATE PUBLICATION pub FOR TABLE lonely",
];

/// Locks of this backend on the tables, views and sequences that were there before; the weakest, of reading, left out.
const TAKEN: &str = "SELECT b.name, l.mode FROM pg_locks l JOIN before b ON b.oid = l.relation \
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode <> 'AccessShareLock'";

type Locks = BTreeMap<String, LockMode>;

fn strongest(locks: impl Iterator<Item = (String, LockMode)>) -> Locks {
    let mut found = Locks::new();
    for (table, mode) in locks {
        let held = found.entry(table).or_insert(mode);
        *held = mode.max(*held);
    }
    found
}

fn expected(statement: &str, connection: &mut Connection) -> Locks {
    let mut locks = Vec::new();
    for lock in statements(statement).into_iter().flat_map(|statement| statement.locks) {
        let tables = match &lock.relation {
            LockedRelation::Table(table) => vec![table.name.clone()],
            LockedRelation::TableOfIndex(index) => {
                let table = connection.table_of_index(index.schema.as_deref(), &index.name).expect("an answer");
                table.map(|table| table.name).into_iter().collect()
            }
            LockedRelation::Referents(table, constraint) => {
                let found = connection.referents(table.schema.as_deref(), &table.name, constraint.as_deref());
                found.expect("an answer").into_iter().map(|table| table.name).collect()
            }
            LockedRelation::Index(_) => Vec::new(),
            LockedRelation::Unknown => panic!("{statement}: {lock:?}"),
        };
        locks.extend(tables.into_iter().map(|table| (table, lock.mode)));
    }
    strongest(locks.into_iter())
}

#[test]
fn every_form_takes_the_locks_that_it_is_said_to_take() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql(SCHEMA);
    database.sql(
        "CREATE TABLE before AS SELECT oid, relname::text AS name FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')",
    );
    // Before the loop: limbec's own connection waits for its answers itself.
    let mut connection = database.connect("");
    let expected: Vec<Locks> = STATEMENTS.iter().map(|statement| expected(statement, &mut connection)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = database.url("");
    let mut wrong = Vec::new();
    runtime.block_on(async {
        let (client, task) = tokio_postgres::connect(&url, NoTls).await.expect("the test server answers");
        tokio::spawn(task);
        for (statement, expected) in STATEMENTS.iter().zip(expected) {
            client.batch_execute("BEGIN").await.expect("a transaction");
            client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
            let rows = client.query(TAKEN, &[]).await.expect("an answer");
            let taken = strongest(rows.iter().map(|row| {
                let mode: &str = row.get(1);
                (row.get(0), LockMode::named(mode).unwrap_or_else(|| panic!("{mode}")))
            }));
            client.batch_execute("ROLLBACK").await.expect("rolled back");
            if expected != taken {
                wrong.push(format!("{statement}\n  takes {taken:?}\n  not   {expected:?}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
