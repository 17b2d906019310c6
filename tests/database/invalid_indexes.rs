use limbec::database::{Access, Connection, DatabaseUrl, Environment, VersionTableName};
use limbec::plan::HeadChange;

use crate::fixture::{TestDatabase, run_sql};

/// A unique build that fails on duplicates, with the most awkward names there are.
fn fail_a_build(database: &TestDatabase) {
    database.sql(
        "CREATE SCHEMA \"a\"\".b\"; CREATE TABLE \"a\"\".b\".\"t;é\" AS SELECT 1 AS id FROM generate_series(1, 2)",
    );
    let build = "CREATE UNIQUE INDEX CONCURRENTLY \"ix\"\"; DROP TABLE t\" ON \"a\"\".b\".\"t;é\" (id)";
    let failed = std::panic::catch_unwind(|| run_sql(&database.url(""), build));
    assert!(failed.is_err(), "the rows are not unique");
}

#[test]
fn what_a_failed_build_leaves_is_found_and_dropped() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql(
        "CREATE TABLE p (id int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p DEFAULT; \
                  CREATE INDEX ix_p ON ONLY p (id)",
    );
    let mut connection = database.connect("");
    assert_eq!(
        connection.invalid_indexes(&VersionTableName::default()).expect("an answer"),
        [],
        "the index of a partitioned table waits for others"
    );
    fail_a_build(&database);
    let found = connection.invalid_indexes(&VersionTableName::default()).expect("an answer");
    let [index] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((index.schema.as_str(), index.table.as_str(), index.is_unique), ("a\".b", "t;é", true));
    assert_eq!(index.to_string(), "a\".b.ix\"; DROP TABLE t on t;é");

    let url = DatabaseUrl::parse(&database.url("")).expect("a URL");
    let mut reader = Connection::open(&url, &Environment::default(), Access::Read).expect("an answer");
    assert!(reader.drop_invalid_index(index).is_err(), "it was opened for reading");
    assert!(connection.drop_invalid_index(index).expect("dropped"));
    assert!(!connection.drop_invalid_index(index).expect("it is gone already"));
    assert_eq!(connection.invalid_indexes(&VersionTableName::default()).expect("an answer"), []);
}

/// A build waits for those who have written to its table; until it ends, its index is nobody's to drop.
#[test]
fn a_build_that_is_running_is_left_alone() {
    let Some(database) = TestDatabase::create() else { return };
    let table = VersionTableName::default();
    let (mut connection, mut writer) = (database.connect(""), database.connect(""));
    writer.ensure_version_table(&table).expect("the table");
    let mut transaction = writer.begin().expect("a transaction");
    transaction.apply(&table, &[HeadChange::Insert("a1".into())]).expect("a row");
    let url = database.url("");
    let building =
        std::thread::spawn(move || run_sql(&url, "CREATE INDEX CONCURRENTLY ix ON alembic_version (version_num)"));
    let invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid";
    while database.column(invalid).is_empty() {
        assert!(!building.is_finished(), "it has not waited for the writer");
    }
    assert_eq!(connection.invalid_indexes(&VersionTableName::default()).expect("an answer"), []);
    transaction.commit().expect("committed");
    building.join().expect("built");
    assert_eq!(database.column(invalid), [""; 0]);
}
