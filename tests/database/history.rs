//! The history table on both dialects.

use chrono::{DateTime, TimeDelta, Utc};
use limbec::database::{
    Connection, Dialect, History, HistoryDirection, HistoryEntry, HistoryError, HistoryFilter, HistoryTable,
    LatestRecords, Outcome, Settlement, VersionTableName,
};
use limbec::revision::{Revision, RevisionId, RevisionMap};

use crate::fixture::{TestDatabase, connect};

const HOSTILE: &str = "h\"i's; :x %s\\ é";

fn entry(step: u32, revision: &str, outcome: Outcome) -> HistoryEntry {
    HistoryEntry {
        id: 0,
        plan_id: "6f0c".to_owned(),
        step,
        version_schema: String::new(),
        version_table: String::new(),
        revision: revision.into(),
        description: HOSTILE.to_owned(),
        direction: HistoryDirection::Upgrade,
        from_heads: Vec::new(),
        to_heads: vec![revision.into()],
        file_sha256: Some("ab".to_owned()),
        meaning: None,
        started_at: time(0),
        finished_at: None,
        duration_ms: None,
        outcome,
        error: None,
        user_name: Some("ann".to_owned()),
        host: None,
        tool_version: "0.1.0".to_owned(),
        git_commit: None,
        transactional: true,
        backup: Some("/backups/x.dump".to_owned()),
        committed_statements: None,
        committed_sha256: None,
    }
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_636_800, 123_456_000).expect("a time") + TimeDelta::seconds(seconds)
}

fn record(connection: &mut Connection, history: &History, entries: &[HistoryEntry]) {
    let mut transaction = connection.begin().expect("a transaction");
    history.record(&mut transaction, entries).expect("rows");
    transaction.commit().expect("a commit");
}

fn settle(connection: &mut Connection, history: &History, step: u32, settlement: &Settlement) {
    let entries = history.entries(connection, &HistoryFilter::default()).expect("the rows");
    let entry = entries.iter().find(|entry| entry.step == step).expect("the step");
    let mut transaction = connection.begin().expect("a transaction");
    history.settle(&mut transaction, entry, settlement).expect("a change");
    transaction.commit().expect("a commit");
}

fn create(connection: &mut Connection, table: &HistoryTable, version: &VersionTableName) -> History {
    let mut transaction = connection.begin().expect("a transaction");
    let (history, created) = History::create(&mut transaction, table, version).expect("the table");
    assert!(created);
    transaction.commit().expect("a commit");
    history
}

/// `(revision, outcome)` of the rows, oldest first.
fn outcomes(connection: &mut Connection, history: &History, filter: &HistoryFilter) -> Vec<(String, Outcome)> {
    let entries = history.entries(connection, filter).expect("the rows");
    entries.into_iter().map(|entry| (entry.revision.to_string(), entry.outcome)).collect()
}

fn whole_life_of_a_history(connection: &mut Connection, table: &HistoryTable) {
    let version = VersionTableName::default();
    assert_eq!(History::open(connection, table, &version).expect("an answer"), None);
    let history = create(connection, table, &version);
    assert_eq!(History::open(connection, table, &version).expect("an answer").as_ref(), Some(&history));

    let three = [
        entry(1, "a1", Outcome::Started),
        entry(2, "b2", Outcome::Planned),
        HistoryEntry { started_at: time(60), ..entry(3, "c3", Outcome::Planned) },
    ];
    record(connection, &history, &three);
    let read = history.entries(connection, &HistoryFilter::default()).expect("the rows");
    let expected = three.clone().into_iter().zip(&read).map(|(entry, found)| HistoryEntry {
        id: found.id,
        version_schema: history.version_schema().to_owned(),
        version_table: "alembic_version".to_owned(),
        ..entry
    });
    assert_eq!(read, expected.collect::<Vec<_>>());
    assert!(read.windows(2).all(|pair| pair[0].id < pair[1].id));

    settle(connection, &history, 1, &Settlement::Done);
    settle(
        connection,
        &history,
        2,
        &Settlement::Failed { error: "boom".to_owned(), started: time(1), committed: None },
    );
    settle(connection, &history, 3, &Settlement::Removed);
    let all = HistoryFilter::default();
    assert_eq!(
        outcomes(connection, &history, &all),
        [("a1".to_owned(), Outcome::Done), ("b2".to_owned(), Outcome::Failed)]
    );
    filters_apply(connection, &history);
    hashes_are_written_later(connection, &history);
    another_version_table_has_its_own_rows(connection, table);
}

fn filters_apply(connection: &mut Connection, history: &History) {
    let mut found = |filter: HistoryFilter| -> Vec<String> {
        outcomes(connection, history, &filter).into_iter().map(|(revision, _)| revision).collect()
    };
    let all = HistoryFilter::default;
    assert_eq!(found(HistoryFilter { revision: Some(RevisionId::from("a1")), ..all() }), ["a1"]);
    assert_eq!(found(HistoryFilter { outcomes: vec![Outcome::Failed, Outcome::Started], ..all() }), ["b2"]);
    assert_eq!(found(HistoryFilter { direction: Some(HistoryDirection::Downgrade), ..all() }), [""; 0]);
    assert_eq!(found(HistoryFilter { since: Some(time(2)), ..all() }), [""; 0]);
    assert_eq!(found(HistoryFilter { since: Some(time(1)), ..all() }), ["b2"]);
    assert_eq!(found(HistoryFilter { since: Some(time(0)), ..all() }), ["a1", "b2"]);
    assert_eq!(found(HistoryFilter { limit: Some(1), ..all() }), ["b2"]);
    assert_eq!(found(HistoryFilter::open()), [""; 0]);
}

fn hashes_are_written_later(connection: &mut Connection, history: &History) {
    let before = history.entries(connection, &HistoryFilter::default()).expect("the rows");
    let mut transaction = connection.begin().expect("a transaction");
    history.accept(&mut transaction, &before[0], ("cd", "ast1:ef")).expect("a change");
    transaction.commit().expect("a commit");
    let after = history.entries(connection, &HistoryFilter::default()).expect("the rows");
    assert_eq!(after[0].file_sha256.as_deref(), Some("cd"));
    assert_eq!(after[0].meaning.as_deref(), Some("ast1:ef"));
    assert_eq!(after[1].file_sha256.as_deref(), Some("ab"));
    assert!(after.iter().all(|entry| entry.backup.as_deref() == Some("/backups/x.dump")));
}

fn another_version_table_has_its_own_rows(connection: &mut Connection, table: &HistoryTable) {
    let other = VersionTableName::new(HOSTILE);
    let history = History::open(connection, table, &other).expect("an answer").expect("the table");
    assert_eq!(outcomes(connection, &history, &HistoryFilter::default()), []);
    record(connection, &history, &[entry(1, "z9", Outcome::Done)]);
    assert_eq!(outcomes(connection, &history, &HistoryFilter::default()), [("z9".to_owned(), Outcome::Done)]);
}

#[test]
fn sqlite_keeps_a_history() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:///{}", folder.path().join("a.db").display());
    for table in
        [HistoryTable::new(&Dialect::Sqlite, None, None), HistoryTable::new(&Dialect::Sqlite, None, Some(HOSTILE))]
    {
        whole_life_of_a_history(&mut connect(&url), &table);
    }
}

#[test]
fn postgres_keeps_a_history() {
    let Some(database) = TestDatabase::create() else { return };
    for schema in [None, Some("public"), Some(HOSTILE)] {
        for name in [None, Some(HOSTILE)] {
            let table = HistoryTable::new(&Dialect::Postgres, schema, name);
            whole_life_of_a_history(&mut database.connect(""), &table);
        }
    }
    let made = database.column("SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'limbec_history' ORDER BY 1");
    assert_eq!(made, [HOSTILE, "limbec", "public"]);
}

#[test]
fn a_version_table_on_the_search_path_is_told_by_its_schema() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql("CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE one.alembic_version (version_num varchar(32))");
    let table = HistoryTable::new(&Dialect::Postgres, None, None);
    create(&mut database.connect(""), &table, &VersionTableName::default());
    let schema = |query: &str| {
        let history = History::open(&mut database.connect(query), &table, &VersionTableName::default());
        history.expect("an answer").expect("the table").version_schema().to_owned()
    };
    assert_eq!(schema("options=-csearch_path%3Dtwo,one"), "one", "where the table is");
    assert_eq!(schema("options=-csearch_path%3Dtwo"), "two", "where it would be created");
    assert_eq!(schema(""), "public");
}

#[test]
fn a_role_that_may_not_is_told_what_it_lacks() {
    let Some(database) = TestDatabase::create() else { return };
    let role = format!("{}_role", database.name());
    let name = database.name().to_owned();
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT CREATE ON SCHEMA public TO {role}"));
    let refused = |database: &TestDatabase, schema: Option<&str>| -> HistoryError {
        let mut connection = database.connect_as(&role, "x");
        let mut transaction = connection.begin().expect("a transaction");
        let table = HistoryTable::new(&Dialect::Postgres, schema, None);
        History::create(&mut transaction, &table, &VersionTableName::default()).expect_err("no permission")
    };
    let error = refused(&database, None);
    assert_eq!(
        error.to_string(),
        format!("the role {role} may not create the schema limbec for the history table in database {name}")
    );
    assert_eq!(
        error.hint(),
        Some(format!(
            "run `GRANT CREATE ON DATABASE \"{name}\" TO \"{role}\";` as its owner, or name a schema that it may use, such as \
             `history = {{ schema = \"public\" }}`"
        ))
    );
    database.sql("CREATE SCHEMA limbec");
    let error = refused(&database, None);
    assert!(matches!(error, HistoryError::NoTablePermission { .. }), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("GRANT USAGE, CREATE ON SCHEMA \"limbec\"")));

    let table = HistoryTable::new(&Dialect::Postgres, None, None);
    create(&mut database.connect(""), &table, &VersionTableName::default());
    let mut connection = database.connect_as(&role, "x");
    let history =
        History::open(&mut connection, &table, &VersionTableName::default()).expect("an answer").expect("a table");
    let error = history.entries(&mut connection, &HistoryFilter::default()).expect_err("no permission");
    assert!(matches!(error, HistoryError::NoAccess { .. }), "{error:?}");
    drop(connection);
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_table_of_somebody_else_is_none_of_ours() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql("CREATE TABLE limbec_history (id int)");
    let table = HistoryTable::new(&Dialect::Postgres, Some("public"), None);
    let mut connection = database.connect("");
    let history =
        History::open(&mut connection, &table, &VersionTableName::default()).expect("an answer").expect("a table");
    let error = history.entries(&mut connection, &HistoryFilter::default()).expect_err("another table");
    assert_eq!(
        error.to_string(),
        "the table public.limbec_history is not limbec's history: column \"version_schema\" does not exist"
    );
}

#[test]
fn the_latest_records_follow_downgrades_and_stamps() {
    let revision = |id: &str, down: &[&str]| Revision {
        id: id.into(),
        down: down.iter().map(|id| RevisionId::from(*id)).collect(),
        depends_on: Vec::new(),
        branch_labels: Vec::new(),
    };
    let map =
        RevisionMap::build(vec![revision("a", &[]), revision("b", &["a"]), revision("c", &["b"])]).expect("a map");
    let done = |id: &str, direction, to: &[&str]| HistoryEntry {
        direction,
        to_heads: to.iter().map(|id| RevisionId::from(*id)).collect(),
        ..entry(1, id, Outcome::Done)
    };
    let known = |entries: &[HistoryEntry]| -> Vec<String> {
        let records = LatestRecords::of(entries.to_vec(), &map);
        records.iter().map(|(id, record)| format!("{id}{}", if record.was_run() { "" } else { "*" })).collect()
    };
    let up = |id: &str| done(id, HistoryDirection::Upgrade, &[id]);
    let ran = [up("a"), up("b"), up("c"), entry(1, "d", Outcome::Failed)];
    assert_eq!(known(&ran), ["a", "b", "c"]);
    let undone = [&ran[..], &[done("c", HistoryDirection::Downgrade, &["b"])]].concat();
    assert_eq!(known(&undone), ["a", "b"]);
    let stamped = [&ran[..], &[done("a", HistoryDirection::Stamp, &["a"])]].concat();
    assert_eq!(known(&stamped), ["a"]);
    assert_eq!(known(&[done("b", HistoryDirection::Stamp, &["b"])]), ["b*"]);
    assert_eq!(known(&[entry(0, "a", Outcome::Adopted)]), ["a*"]);
}
