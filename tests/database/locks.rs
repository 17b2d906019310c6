//! Locks on real databases: who gets in, who is shown, what proves them.

use std::path::Path;
use std::time::Duration;

use limbec::database::{
    DatabaseLock, DatabaseUrl, Environment, LockError, LockHolder, LockMethod, LockRequest, OWN_SCHEMA,
    VersionTableName,
};

use crate::fixture::{TestDatabase, server, with_database};

/// Takes a lock without waiting for anybody.
fn take(url: &str, method: LockMethod, table: &VersionTableName) -> Result<DatabaseLock, LockError> {
    take_for(url, method, table, LockRequest::EXPIRY)
}

fn take_for(
    url: &str,
    method: LockMethod,
    table: &VersionTableName,
    expiry: Duration,
) -> Result<DatabaseLock, LockError> {
    let url = DatabaseUrl::parse(url).expect("a URL");
    let environment = Environment::default();
    let wait = Duration::ZERO;
    let request =
        LockRequest { url: &url, environment: &environment, method, wait: wait.into(), own_schema: OWN_SCHEMA, expiry };
    DatabaseLock::acquire(&request, table, &mut |_| {})
}

fn holder(outcome: Result<DatabaseLock, LockError>) -> LockHolder {
    match outcome {
        Err(LockError::Held { holder, .. }) => *holder,
        other => panic!("not held by another: {other:?}"),
    }
}

fn in_schema(schema: &str) -> VersionTableName {
    VersionTableName::default().in_schema(Some(schema.to_owned()))
}

#[test]
fn a_table_has_one_lock_however_it_is_named() {
    let Some(database) = TestDatabase::create() else { return };
    let url = database.url("");
    let table = VersionTableName::default();
    let _held = take(&url, LockMethod::Auto, &table).expect("free");
    holder(take(&url, LockMethod::Auto, &table));
    holder(take(&url, LockMethod::Auto, &in_schema("public")));
    let mut other = take(&url, LockMethod::Auto, &VersionTableName::new("versions")).expect("another table");
    other.add(&in_schema("app"), Duration::ZERO, &mut |_| {}).expect("another schema");
    other.add(&in_schema("app"), Duration::ZERO, &mut |_| {}).expect("it is ours already");
    holder(take(&url, LockMethod::Auto, &in_schema("app")));
}

#[test]
fn the_search_path_decides_without_a_schema() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql("CREATE SCHEMA app; CREATE TABLE app.versions (version_num text); CREATE SCHEMA empty");
    let moved = database.url("options=-csearch_path%3Dempty%2Capp");
    let versions = VersionTableName::new("versions");
    let _there = take(&moved, LockMethod::Auto, &versions).expect("free");
    holder(take(&database.url(""), LockMethod::Auto, &versions.clone().in_schema(Some("app".into()))));
    let _here = take(&database.url(""), LockMethod::Auto, &versions).expect("public.versions is another table");
    let _new = take(&moved, LockMethod::Auto, &VersionTableName::default()).expect("free");
    holder(take(&database.url(""), LockMethod::Auto, &in_schema("empty")));
}

#[test]
fn hostile_names_are_locked_as_they_are() {
    let Some(database) = TestDatabase::create() else { return };
    let table = VersionTableName::new("v\"; DROP TABLE x; -- é").in_schema(Some("s:name \"q\" %s".into()));
    for method in [LockMethod::Advisory, LockMethod::Row] {
        let held = take(&database.url(""), method, &table).expect("free");
        holder(take(&database.url(""), method, &table));
        assert!(!held.proofs(true).is_empty());
    }
}

#[test]
fn the_holder_is_shown_as_far_as_the_role_may_see_it() {
    let Some(database) = TestDatabase::create() else { return };
    let table = VersionTableName::default();
    let _held = take(&database.url("application_name=deploy-7"), LockMethod::Auto, &table).expect("free");
    let seen = holder(take(&database.url(""), LockMethod::Auto, &table));
    assert_eq!(seen.application.as_deref(), Some("deploy-7"));
    assert_eq!(seen.host.as_deref(), Some("127.0.0.1"));
    assert!(seen.pid.is_some() && seen.since.is_some(), "{seen}");

    let role = format!("stranger_{}", database.name());
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'"));
    let stranger = database.url("").replacen("postgres:p%40ss%3A%20word", &format!("{role}:x"), 1);
    let seen = holder(take(&stranger, LockMethod::Auto, &table));
    assert_eq!(seen.application.as_deref(), Some("deploy-7"), "pg_stat_activity shows the name to everybody");
    assert_eq!((seen.host, seen.since), (None, None));
    assert!(seen.pid.is_some());
    database.sql(&format!("DROP ROLE {role}"));
}

#[test]
fn without_a_pooler_the_lock_is_advisory_and_with_one_a_row() {
    let Some(database) = TestDatabase::create() else { return };
    let table = VersionTableName::default();
    let direct = take(&database.url(""), LockMethod::Auto, &table).expect("free");
    assert_eq!(direct.describe(), "PostgreSQL's advisory lock");
    assert!(database.column("SELECT nspname::text FROM pg_namespace WHERE nspname = 'limbec'").is_empty());
    if let Some(tls) = server("LIMBEC_TEST_POSTGRES_TLS") {
        let tls = with_database(&tls, database.name(), "sslmode=require");
        let versions = VersionTableName::new("tls");
        let encrypted = take(&tls, LockMethod::Auto, &versions).expect("free");
        assert_eq!(encrypted.describe(), "PostgreSQL's advisory lock");
    }
    drop(direct);
    let Some(pooler) = server("LIMBEC_TEST_PGBOUNCER") else { return };
    let pooled = with_database(&pooler, database.name(), "");
    let row = take(&pooled, LockMethod::Auto, &table).expect("free");
    assert_eq!(row.describe(), "a row of \"limbec\".\"limbec_lock\"");
    let refused = take(&pooled, LockMethod::Advisory, &table).expect_err("no session of one's own");
    assert!(refused.to_string().contains("pooler in transaction mode"), "{refused}");
}

#[test]
fn a_pooler_is_recognised_whatever_its_connections_did_before() {
    let Some(database) = TestDatabase::create() else { return };
    let Some(pooler) = server("LIMBEC_TEST_PGBOUNCER") else { return };
    let pooled = with_database(&pooler, database.name(), "");
    for clients in [1, 3, 6] {
        // Several servers that idle: which one serves the next transaction is the pooler's choice.
        let mut busy: Vec<_> = (0..clients).map(|_| crate::fixture::connect(&pooled)).collect();
        let mut open: Vec<_> = busy.iter_mut().map(|client| client.begin().expect("a transaction")).collect();
        for transaction in &mut open {
            transaction.version_rows(&VersionTableName::default()).expect("rows");
        }
        drop(open);
        let lock = take(&pooled, LockMethod::Auto, &VersionTableName::default()).expect("free");
        assert!(lock.describe().starts_with("a row of"), "{clients}: {}", lock.describe());
    }
}

#[test]
fn rows_and_advisory_locks_exclude_each_other() {
    let Some(database) = TestDatabase::create() else { return };
    let (url, table) = (database.url(""), VersionTableName::default());
    let row = take(&url, LockMethod::Row, &table).expect("free");
    let seen = holder(take(&url, LockMethod::Advisory, &table));
    assert_eq!(seen.pid, Some(i64::from(std::process::id())));
    holder(take(&url, LockMethod::Row, &in_schema("public")));
    drop(row);
    let advisory = take(&url, LockMethod::Advisory, &table).expect("released");
    assert_eq!(holder(take(&url, LockMethod::Row, &table)).application.as_deref(), Some("limbec"));
    drop(advisory);
    drop(take(&url, LockMethod::Row, &table).expect("released"));
    assert_eq!(database.column("SELECT token::text FROM limbec.limbec_lock"), ["2"], "a token for each taking");
}

#[test]
fn a_row_is_renewed_while_it_is_held_and_can_be_taken_over_when_it_is_not() {
    let Some(database) = TestDatabase::create() else { return };
    let (url, table) = (database.url(""), VersionTableName::default());
    let expiry = Duration::from_millis(600);
    let mut held = take_for(&url, LockMethod::Row, &table, expiry).expect("free");
    std::thread::sleep(expiry * 3);
    holder(take(&url, LockMethod::Row, &table));
    held.check().expect("renewed");
    let proof = held.proofs(false).remove(0);

    // What a runner leaves that was stopped: a row that nobody renews.
    database.sql("UPDATE limbec.limbec_lock SET expires = now() - interval '1 s', token = token + 1");
    let lost = held.check().expect_err("it has another token");
    assert!(matches!(lost, LockError::Lost { .. }), "{lost}");
    let mut second = take(&url, LockMethod::Row, &table).expect("expired");
    drop(held);
    second.check().expect("who lost it releases nothing");
    let token = |parameters: &[(&str, String)]| parameters[1].1.clone();
    assert_eq!((token(&proof.parameters), token(&second.proofs(true)[0].parameters)), ("1".into(), "3".into()));
}

#[test]
fn a_terminated_connection_is_a_lost_lock() {
    let Some(database) = TestDatabase::create() else { return };
    let (url, table) = (database.url(""), VersionTableName::default());
    let mut held = take(&url, LockMethod::Auto, &table).expect("free");
    held.check().expect("held");
    database.column("SELECT pg_terminate_backend(pid)::text FROM pg_locks WHERE locktype = 'advisory'");
    let lost = held.check().expect_err("terminated");
    assert!(lost.to_string().contains("was lost while migrations ran"), "{lost}");

    let mut row = take(&url, LockMethod::Row, &table).expect("free");
    database.column(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    row.check().expect("a row outlives its connection");
}

#[test]
fn a_role_without_rights_is_told_what_it_lacks() {
    let Some(database) = TestDatabase::create() else { return };
    let role = format!("poor_{}", database.name());
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'"));
    let url = database.url("").replacen("postgres:p%40ss%3A%20word", &format!("{role}:x"), 1);
    let table = VersionTableName::default();
    let grant = || match take(&url, LockMethod::Row, &table) {
        Err(LockError::Unprepared { grant, .. }) => grant,
        other => panic!("{other:?}"),
    };
    let name = database.name();
    assert_eq!(grant(), format!("GRANT CREATE ON DATABASE \"{name}\" TO {role}"));
    database.sql("CREATE SCHEMA limbec");
    assert_eq!(grant(), format!("GRANT USAGE, CREATE ON SCHEMA \"limbec\" TO {role}"));
    drop(take(&database.url(""), LockMethod::Row, &table).expect("free"));
    let rights = grant();
    database.sql(&rights);
    drop(take(&url, LockMethod::Row, &table).expect("what it said is enough"));
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn an_sqlite_file_has_one_lock_by_whichever_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let url = |path: &Path| format!("sqlite:///{}", path.display());
    std::fs::create_dir(path("sub")).expect("a folder");
    std::os::unix::fs::symlink(path("real.db"), path("sub/link.db")).expect("a link to what does not exist yet");
    let table = VersionTableName::default();
    let held = take(&url(&path("real.db")), LockMethod::Auto, &table).expect("free");
    let seen = holder(take(&url(&path("sub/link.db")), LockMethod::Auto, &table));
    assert_eq!((seen.application.as_deref(), seen.pid), (Some("limbec"), Some(i64::from(std::process::id()))));
    assert!(seen.host.is_some() && seen.since.is_some(), "{seen}");
    holder(take(&format!("sqlite:///file:{}?uri=true", path("real.db").display()), LockMethod::Auto, &table));
    drop(held);
    assert_eq!(std::fs::read_to_string(path("real.db.limbec-lock")).expect("it stays"), "");
    drop(take(&url(&path("sub/link.db")), LockMethod::Auto, &table).expect("released"));
    assert!(!path("sub/link.db.limbec-lock").exists());

    let missing = take(&url(&path("nowhere/x.db")), LockMethod::Auto, &table).expect_err("no folder");
    assert!(missing.to_string().contains("nowhere"), "{missing}");
    let alone = take("sqlite://", LockMethod::Auto, &table).expect("in memory");
    let _again = take("sqlite:///file:x?mode=memory&uri=true", LockMethod::Auto, &table).expect("in memory");
    assert!(alone.describe().contains("in memory"));
}
