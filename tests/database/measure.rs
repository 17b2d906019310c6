use std::time::Duration;

use limbec::database::{Connection, Count, Gauge, MeasureLimits, TableFacts};

use crate::fixture::{TestDatabase, column, connect, run_sql, server};

/// A table and a column that are SQL themselves.
const HOSTILE: (&str, &str) = ("a\"; DROP TABLE t; --é", "c\" IS NULL OR 'x");

fn table(connection: &mut Connection, name: &str) -> Option<TableFacts> {
    Gauge::new(connection, MeasureLimits::default()).table(None, name)
}

fn values(connection: &mut Connection, table: &str, column: &str) -> Option<Count> {
    Gauge::new(connection, MeasureLimits::default()).column(None, table, column)
}

/// `t` has three rows and two values in `c`; the hostile table has one of each.
fn fill(run: impl Fn(&str)) {
    run("CREATE TABLE t (id integer, c text); INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, '')");
    run("CREATE TABLE e (id integer)");
    let (name, column) = (HOSTILE.0.replace('"', "\"\""), HOSTILE.1.replace('"', "\"\""));
    run(&format!("CREATE TABLE \"{name}\" (\"{column}\" integer); INSERT INTO \"{name}\" VALUES (1)"));
}

fn counts(connection: &mut Connection) {
    assert_eq!(table(connection, "t").unwrap().rows, Count::Exact(3));
    assert!(table(connection, "e").unwrap().rows.is_zero());
    assert_eq!(table(connection, "nope"), None);
    assert_eq!(values(connection, "t", "c"), Some(Count::Exact(2)));
    assert_eq!(values(connection, "t", "nope"), None);
    assert_eq!(values(connection, "nope", "c"), None);
    assert_eq!(table(connection, HOSTILE.0).unwrap().rows, Count::Exact(1));
    assert_eq!(values(connection, HOSTILE.0, HOSTILE.1), Some(Count::Exact(1)));
    let limits = MeasureLimits { rows: 2, ..MeasureLimits::default() };
    assert_eq!(Gauge::new(connection, limits).table(None, "t").unwrap().rows, Count::AtLeast(2));
    let limits = MeasureLimits { total: Duration::ZERO, ..MeasureLimits::default() };
    let facts = Gauge::new(connection, limits).table(None, "t").unwrap();
    assert_eq!(facts.rows.to_string(), "unknown (there was no time left)");
}

#[test]
fn sqlite_counts() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("m.db");
    let own = rusqlite::Connection::open(&file).expect("the file");
    fill(|sql| own.execute_batch(sql).expect(sql));
    let mut connection = connect(&format!("sqlite:///{}", file.display()));
    counts(&mut connection);
    assert_eq!(table(&mut connection, "T").unwrap().rows, Count::Exact(3), "names have no case");
    assert_eq!(table(&mut connection, "t").unwrap().bytes, Some(4096), "one page");
    own.execute_batch("CREATE INDEX i ON t (c)").expect("an index");
    assert_eq!(table(&mut connection, "t").unwrap().bytes, Some(8192));
    let mut gauge = Gauge::new(&mut connection, MeasureLimits::default());
    assert_eq!(gauge.tables_of(None).unwrap(), [HOSTILE.0, "e", "t"]);
    assert_eq!(gauge.table(Some("main"), "t").unwrap().rows, Count::Exact(3));
    assert_eq!(gauge.table(Some("temp"), "t"), None);
}

#[test]
fn a_long_count_in_sqlite_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("m.db");
    let own = rusqlite::Connection::open(&file).expect("the file");
    let rows =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i, NULL FROM n";
    own.execute_batch(&format!("CREATE TABLE t (id integer, c text); INSERT INTO t {rows}")).expect("rows");
    let mut connection = connect(&format!("sqlite:///{}", file.display()));
    let limits = MeasureLimits { statement: Duration::from_micros(500), ..MeasureLimits::default() };
    let counted = Gauge::new(&mut connection, limits).column(None, "t", "c").unwrap();
    assert!(matches!(counted, Count::Unknown(_)), "{counted}");
    // The connection is as good as before.
    assert_eq!(values(&mut connection, "t", "id"), Some(Count::Exact(300_000)));
}

#[test]
fn postgres_counts() {
    let Some(database) = TestDatabase::create() else { return };
    fill(|sql| database.sql(sql));
    let mut connection = database.connect("");
    counts(&mut connection);
    assert!(table(&mut connection, "t").unwrap().bytes > Some(0));
    assert_eq!(table(&mut connection, "T"), None, "names have a case");
    database.sql("CREATE SCHEMA \"s;x\"; CREATE TABLE \"s;x\".t (id integer); INSERT INTO \"s;x\".t VALUES (1)");
    let mut gauge = Gauge::new(&mut connection, MeasureLimits::default());
    assert_eq!(gauge.table(Some("s;x"), "t").unwrap().rows, Count::Exact(1));
    assert_eq!(gauge.tables_of(Some("s;x")).unwrap(), ["t"]);
    let mut gauge = gauge.on_search_path(Some(vec!["s;x".to_owned(), "public".to_owned()]));
    assert_eq!(gauge.table(None, "t").unwrap().rows, Count::Exact(1), "the first on the path");
    assert!(gauge.table(None, "e").unwrap().rows.is_zero());
}

#[test]
fn partitions_count_and_estimates_help_out() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql(
        "CREATE TABLE p (id integer, c text) PARTITION BY RANGE (id); \
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (5000); \
         CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (5000) TO (10000); \
         INSERT INTO p SELECT i, CASE WHEN i % 2 = 0 THEN 'x' END FROM generate_series(0, 9999) i; ANALYZE p",
    );
    let mut connection = database.connect("");
    let facts = table(&mut connection, "p").unwrap();
    assert_eq!(facts.rows, Count::Exact(10_000));
    assert!(facts.bytes > Some(100_000), "{facts:?}");
    let limits = MeasureLimits { rows: 100, ..MeasureLimits::default() };
    let mut gauge = Gauge::new(&mut connection, limits);
    assert_eq!(gauge.table(None, "p").unwrap().rows, Count::About(10_000));
    assert_eq!(gauge.column(None, "p", "c"), Some(Count::About(5000)));
    assert_eq!(gauge.tables_of(None).unwrap(), ["p"], "a partition is part of its table");
}

#[test]
fn what_may_not_be_seen_or_is_locked_is_unknown() {
    let Some(database) = TestDatabase::create() else { return };
    let role = database.name();
    database.sql(&format!(
        "CREATE TABLE t (id integer); INSERT INTO t VALUES (1); CREATE TABLE r (id integer); INSERT INTO r VALUES (1); \
         ALTER TABLE r ENABLE ROW LEVEL SECURITY; CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT SELECT ON r TO {role}"
    ));
    let url = database.url("").replacen("postgres:p%40ss%3A%20word@", &format!("{role}:p@"), 1);
    let mut connection = connect(&url);
    let denied = table(&mut connection, "t").unwrap();
    let hidden = table(&mut connection, "r").unwrap();
    drop(connection);
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert_eq!(denied.rows.to_string(), "unknown (permission denied for table t)");
    assert!(matches!(hidden.rows, Count::Unknown(_)), "row-level security hides rows: {}", hidden.rows);

    let blocked = database.url("");
    let lock = std::thread::spawn(move || run_sql(&blocked, "BEGIN; LOCK TABLE t; SELECT pg_sleep(3)"));
    let url = database.url("");
    while column(&url, "SELECT count(*)::text FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted")[0] == "0" {
        std::thread::sleep(Duration::from_millis(10));
    }
    let facts = table(&mut database.connect(""), "t").unwrap();
    assert_eq!(facts.rows.to_string(), "unknown (the table is locked by another session)");
    lock.join().expect("the lock");
}

#[test]
fn a_pooler_is_no_obstacle() {
    let Some(pooler) = server("LIMBEC_TEST_PGBOUNCER") else { return };
    let mut connection = connect(&pooler);
    assert_eq!(table(&mut connection, "limbec has no such table"), None);
    // Nothing of the limits stays with the server's session.
    assert_eq!(column(&pooler, "SELECT current_setting('row_security')"), ["on"]);
}
