use limbec::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment, VersionTableName};
use limbec::plan::HeadChange;

use crate::fixture::{TestDatabase, connect, refusal, server, with_database};
use crate::scenario::whole_life_of_a_version_table;

#[test]
fn the_whole_life_of_a_version_table() {
    let Some(database) = TestDatabase::create() else { return };
    let mut connection = database.connect("");
    whole_life_of_a_version_table(&mut connection, &VersionTableName::default());
    database.sql("CREATE SCHEMA \"s \"\"q\"\" é\"");
    let odd = VersionTableName::new("é".repeat(31) + "x").in_schema(Some("s \"q\" é".into()));
    whole_life_of_a_version_table(&mut connection, &odd);
}

#[test]
fn the_table_is_that_of_alembic() {
    let Some(database) = TestDatabase::create() else { return };
    let mut connection = database.connect("");
    connection.ensure_version_table(&VersionTableName::default()).expect("the table");
    let columns = database.column(
        "SELECT attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull FROM pg_attribute \
         WHERE attrelid = 'alembic_version'::regclass AND attnum > 0",
    );
    assert_eq!(columns, ["version_num character varying(32) true"]);
    let constraints = "SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p'";
    assert_eq!(
        database.column(&format!("{constraints} AND conrelid = 'alembic_version'::regclass")),
        ["alembic_version_pkc PRIMARY KEY (version_num)"]
    );
    let bare = VersionTableName { primary_key: false, ..VersionTableName::new("bare") };
    connection.ensure_version_table(&bare).expect("the table");
    assert!(database.column(&format!("{constraints} AND conrelid = 'bare'::regclass")).is_empty());
    let error = connection.apply(&bare, &[HeadChange::Insert("x".repeat(33).as_str().into())]).expect_err("too long");
    assert!(error.to_string().contains("too long for type character varying(32)"), "{error}");
}

#[test]
fn the_search_path_decides_without_a_schema() {
    let Some(database) = TestDatabase::create() else { return };
    database.sql(
        "CREATE SCHEMA app; CREATE TABLE app.alembic_version (version_num varchar(32)); \
         INSERT INTO app.alembic_version VALUES ('a1'); CREATE VIEW app.heads AS SELECT * FROM app.alembic_version",
    );
    let table = VersionTableName::default();
    let rows = |connection: &mut Connection, table: &VersionTableName| connection.version_rows(table).expect("rows");
    assert_eq!(rows(&mut database.connect(""), &table), None, "invisible on the default search path");
    let in_app = table.clone().in_schema(Some("app".into()));
    assert_eq!(rows(&mut database.connect(""), &in_app), Some(vec!["a1".into()]));
    let mut moved = database.connect("options=-csearch_path%3Dapp");
    assert_eq!(rows(&mut moved, &table), Some(vec!["a1".into()]));
    assert_eq!(rows(&mut moved, &VersionTableName::new("heads")), Some(vec!["a1".into()]), "a view counts");
    assert_eq!(rows(&mut moved, &VersionTableName::new("pg_class")), None, "pg_catalog does not");
}

#[test]
fn failures_name_the_place_and_never_the_password() {
    let Some(database) = TestDatabase::create() else { return };
    let Some(scram) = server("LIMBEC_TEST_POSTGRES") else { return };
    let admin = database.url("");
    let (_, host) = admin.rsplit_once('@').expect("a user");
    let role = format!("{}_role", database.name());
    database.sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'right one'; REVOKE ALL ON SCHEMA public FROM PUBLIC"));
    let (user, secret, _) = user_password_place(&scram);

    let wrong = refusal(&scram.replace(&secret, "hunter2"));
    assert!(matches!(wrong, DatabaseError::Password { .. }), "{wrong:?}");
    let missing = refusal(&format!("postgresql://{user}@{host}"));
    assert!(matches!(missing, DatabaseError::Password { .. }), "{missing:?}");
    let absent = refusal(&with_database(&admin, "limbec_no_such_database", ""));
    assert!(matches!(absent, DatabaseError::NoDatabase { .. }), "{absent:?}");
    let away = refusal("postgresql://me:hunter2@127.0.0.1:1/d");
    assert!(away.to_string().contains("127.0.0.1:1") && away.to_string().contains("refused"), "{away}");
    let all_away = refusal("postgresql://me:hunter2@/d?host=127.0.0.1:1&host=127.0.0.1:2");
    assert!(all_away.to_string().starts_with("none of the 2 servers"), "{all_away}");

    let mut connection = connect(&format!("postgresql://{role}:right%20one@{host}"));
    let denied = connection.ensure_version_table(&VersionTableName::default()).expect_err("no permission");
    assert!(matches!(denied, DatabaseError::Permission { .. } | DatabaseError::NoSchema { .. }), "{denied:?}");
    let nowhere = VersionTableName::default().in_schema(Some("nowhere".into()));
    let no_schema = database.connect("").ensure_version_table(&nowhere).expect_err("no schema");
    assert!(no_schema.to_string().contains("nowhere.alembic_version"), "{no_schema}");
    for error in [wrong, missing, absent, away, all_away, denied, no_schema] {
        assert!(error.hint().is_some(), "{error}");
        let text = format!("{error} {error:?} {:?}", error.hint());
        assert!(!text.contains("hunter2") && !text.contains("right one"), "{text}");
    }
    drop(connection);
    database.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn the_next_host_is_tried_and_the_environment_completes() {
    let Some(database) = TestDatabase::create() else { return };
    let Some(scram) = server("LIMBEC_TEST_POSTGRES") else { return };
    let (user, secret, place) = user_password_place(&scram);
    let (host, port) = place.split_once(':').expect("a port");
    for hosts in [
        format!("host=127.0.0.1:1&host={host}:{port}"),
        format!("host=127.0.0.1,{host}&port=1,{port}&target_session_attrs=read-write"),
        format!("host=127.0.0.1,{host}&port=1,{port}&target_session_attrs=prefer-standby"),
    ] {
        let text = format!("postgresql+psycopg2://{user}:{secret}@/{}?{hosts}", database.name());
        let rows = connect(&text).version_rows(&VersionTableName::default()).expect("an answer");
        assert_eq!(rows, None);
    }
    let wrong_kind = refusal(&database.url("target_session_attrs=standby"));
    assert!(matches!(wrong_kind, DatabaseError::WrongKindOfServer { .. }), "{wrong_kind:?}");

    let directory = tempfile::tempdir().expect("a directory");
    let password = percent_encoding::percent_decode_str(&secret).decode_utf8_lossy().into_owned();
    let line = format!("*:{port}:{}:*:{}", database.name(), password.replace('\\', "\\\\").replace(':', "\\:"));
    let passfile = directory.path().join(".pgpass");
    std::fs::write(&passfile, line).expect("a file");
    let mut environment: Vec<(String, String)> = [
        ("PGHOST", host),
        ("PGPORT", port),
        ("PGDATABASE", database.name()),
        ("PGUSER", user.as_str()),
        ("HOME", directory.path().to_str().expect("a path")),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec();
    let bare = DatabaseUrl::parse("postgresql://").expect("a URL");
    let open = |environment: &[(String, String)]| {
        Connection::open(&bare, &environment.iter().cloned().collect::<Environment>(), Access::Read)
    };
    let _ = std::fs::set_permissions(&passfile, std::os::unix::fs::PermissionsExt::from_mode(0o644));
    assert!(open(&environment).is_err(), "libpq ignores a password file that others can read");
    let _ = std::fs::set_permissions(&passfile, std::os::unix::fs::PermissionsExt::from_mode(0o600));
    open(&environment).expect("by the password file");
    std::fs::remove_file(&passfile).expect("removed");
    environment.push(("PGPASSWORD".into(), password));
    open(&environment).expect("by PGPASSWORD");
}

/// The parts of `scheme://user:password@host:port/database`, as written.
fn user_password_place(url: &str) -> (String, String, String) {
    let rest = url.split_once("://").expect("a scheme").1;
    let (user_info, rest) = rest.rsplit_once('@').expect("a user");
    let (user, password) = user_info.split_once(':').expect("a password");
    let (place, _) = rest.split_once('/').expect("a database");
    (user.to_owned(), password.to_owned(), place.to_owned())
}

#[test]
fn settings_nobody_knows_are_named() {
    let error = refusal("postgresql://u:hunter2@h/d?schema=public");
    assert!(error.to_string().contains("schema") && !error.to_string().contains("hunter2"), "{error}");
    let error = refusal("postgresql://u:hunter2@h/d?sslmode=maybe");
    assert!(error.to_string().contains("sslmode"), "{error}");
    let error = refusal("mysql+pymysql://u:hunter2@h/d");
    assert!(matches!(error, DatabaseError::NotNative { .. }), "{error:?}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let begun = std::time::Instant::now();
    let error = refusal(&format!("postgresql://u:hunter2@127.0.0.1:{port}/d?connect_timeout=2"));
    assert!(matches!(error, DatabaseError::ConnectTimeout { .. }), "{error:?}");
    assert!(begun.elapsed().as_secs() < 10);
}
