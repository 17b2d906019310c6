use limbec::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment, VersionTableName};
use limbec::plan::HeadChange;

use crate::fixture::connect;
use crate::scenario::whole_life_of_a_version_table;

fn open(url: &str, access: Access) -> Result<Connection, DatabaseError> {
    Connection::open(&DatabaseUrl::parse(url).expect("a URL"), &Environment::default(), access)
}

fn url_in(directory: &tempfile::TempDir, name: &str) -> String {
    format!("sqlite:///{}/{name}", directory.path().display())
}

#[test]
fn the_whole_life_of_a_version_table() {
    let directory = tempfile::tempdir().expect("a directory");
    whole_life_of_a_version_table(&mut connect(&url_in(&directory, "a b%2520ü.db")), &VersionTableName::default());
    assert!(directory.path().join("a b%20ü.db").exists());
    let odd = VersionTableName::new("select \"x\" é").in_schema(Some("main".into()));
    whole_life_of_a_version_table(&mut connect("sqlite://"), &odd);
    let uri = format!("sqlite:///file:{}/u.db?uri=true&mode=rwc", directory.path().display());
    whole_life_of_a_version_table(&mut connect(&uri), &VersionTableName::default());
    assert!(directory.path().join("u.db").exists());
}

#[test]
fn the_table_is_the_very_text_of_alembic() {
    let directory = tempfile::tempdir().expect("a directory");
    let schema = |name: &str| -> String {
        let file = rusqlite::Connection::open(directory.path().join("t.db")).expect("the file");
        file.query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [name], |row| row.get(0)).expect("the table")
    };
    let mut connection = connect(&url_in(&directory, "t.db"));
    connection.ensure_version_table(&VersionTableName::default()).expect("the table");
    assert_eq!(
        schema("alembic_version"),
        "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\t\
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
    );
    let bare = VersionTableName { primary_key: false, ..VersionTableName::new("Order") };
    connection.ensure_version_table(&bare).expect("the table");
    assert_eq!(schema("Order"), "CREATE TABLE \"Order\" (\n\tversion_num VARCHAR(32) NOT NULL\n)");
}

#[test]
fn reading_creates_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let table = VersionTableName::default();
    let mut absent = open(&url_in(&directory, "absent.db"), Access::Read).expect("a missing file is no error");
    assert_eq!(absent.version_rows(&table).expect("no table"), None);
    let nowhere = url_in(&directory, "no/such/directory.db");
    for access in [Access::Read, Access::Write] {
        // As SQLite itself: where no file can be made, a missing one is a mistake.
        let error = open(&nowhere, access).expect_err("no directory");
        assert!(error.to_string().contains("there is no directory"), "{error}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).expect("the directory").count(), 0);
}

#[test]
fn a_read_connection_cannot_write() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = url_in(&directory, "r.db");
    connect(&url).ensure_version_table(&VersionTableName::default()).expect("the table");
    let mut reader = open(&url, Access::Read).expect("a reader");
    let error = reader.apply(&VersionTableName::default(), &[HeadChange::Insert("a".into())]).expect_err("read only");
    assert!(matches!(error, DatabaseError::ReadOnly { .. }), "{error:?}");
}

#[test]
fn a_locked_database_is_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = url_in(&directory, "l.db");
    let table = VersionTableName::default();
    let mut first = connect(&url);
    first.ensure_version_table(&table).expect("the table");
    let transaction = first.begin().expect("a transaction");
    let mut second = connect(&format!("{url}?timeout=0.2"));
    let begun = std::time::Instant::now();
    let error = second.apply(&table, &[HeadChange::Insert("a".into())]).expect_err("locked");
    assert!(matches!(error, DatabaseError::Busy { .. }), "{error:?}");
    assert!(begun.elapsed().as_millis() >= 180);
    drop(transaction);
    second.apply(&table, &[HeadChange::Insert("a".into())]).expect("free again");
}

#[test]
fn a_view_counts_and_odd_contents_are_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = url_in(&directory, "v.db");
    let file = rusqlite::Connection::open(directory.path().join("v.db")).expect("the file");
    file.execute_batch(
        "CREATE TABLE t (version_num); INSERT INTO t VALUES ('a1'); CREATE VIEW alembic_version AS SELECT * FROM t",
    )
    .expect("a view");
    let table = VersionTableName::default();
    let rows = open(&url, Access::Read).expect("a reader").version_rows(&table).expect("rows");
    assert_eq!(rows, Some(vec!["a1".into()]));
    file.execute_batch("INSERT INTO t VALUES (NULL)").expect("a row");
    let error = open(&url, Access::Read).expect("a reader").version_rows(&table).expect_err("no text");
    assert_eq!(
        error.to_string(),
        "revision identifier None is not a string; ensure database driver settings are correct"
    );
    std::fs::write(directory.path().join("n.db"), "this is no database, whatever its name says").expect("a file");
    let error = open(&url_in(&directory, "n.db"), Access::Read)
        .and_then(|mut connection| connection.version_rows(&table))
        .expect_err("no database");
    assert!(error.to_string().contains("not an SQLite database"), "{error}");
}

#[test]
fn wrong_urls_are_refused_without_an_echo() {
    for (url, words) in [
        ("sqlite://secret.db", "has no host"),
        ("sqlite:///a.db?timeout=secret", "timeout"),
        ("sqlite:///a.db?uri=secret", "uri"),
    ] {
        let error = open(url, Access::Read).expect_err(url).to_string();
        assert!(error.contains(words) && !error.contains("secret"), "{error}");
    }
}
