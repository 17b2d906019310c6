//! Roles, schemas and databases of people: `PostgresServer`'s statements on a real server, as a superuser and as a role that may
//! do less.

use limbec::database::{Access, Connection, DatabaseError, DatabaseUrl, Environment, Password, PostgresServer};

use crate::fixture::{TestDatabase, server, with_database};

/// As awkward as names get.
const AWKWARD: &str = "we;ird\"Ro%le é";

fn as_admin() -> PostgresServer {
    let url = with_database(&server("LIMBEC_TEST_POSTGRES").expect("a server"), "postgres", "");
    PostgresServer::new(DatabaseUrl::parse(&url).expect("a URL"), Environment::default())
}

/// The URL of a role, in which everything is quoted.
fn url_of(database: &TestDatabase, role: &str, password: &Password, name: &str) -> DatabaseUrl {
    let url = database.url("");
    let place = url.rsplit_once('@').expect("a user").1.split_once('/').expect("a database").0;
    let quoted: String = role.bytes().map(|byte| format!("%{byte:02X}")).collect();
    DatabaseUrl::parse(&format!("postgresql://{quoted}:{}@{place}/{name}", password.expose())).expect("a URL")
}

fn connect(url: &DatabaseUrl) -> Result<Connection, DatabaseError> {
    Connection::open(url, &Environment::default(), Access::Write)
}

/// Dropped even if the test fails.
struct Role<'a>(&'a PostgresServer, String);

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let _ = self.0.drop_role(&self.1);
    }
}

fn own(name: &str, database: &TestDatabase) -> String {
    format!("{name} {}", database.name())
}

#[test]
fn a_role_logs_in_with_its_password_which_the_server_never_saw() {
    let Some(database) = TestDatabase::create() else { return };
    let server = as_admin();
    let name = own(AWKWARD, &database);
    let (password, other) = (Password::generate(), Password::new("w'h\\a\"t %s"));
    assert!(!server.has_role(&name).unwrap());
    server.create_role(&name, &password).unwrap();
    let _role = Role(&server, name.clone());
    assert!(server.has_role(&name).unwrap());
    let stored = database.column(&format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'"));
    assert!(stored[0].starts_with("SCRAM-SHA-256$"), "{stored:?}");
    connect(&url_of(&database, &name, &password, database.name())).unwrap();
    assert!(matches!(connect(&url_of(&database, &name, &other, database.name())), Err(DatabaseError::Password { .. })));
    assert!(server.create_role(&name, &password).is_err());
    server.set_password(&name, &other).unwrap();
    // Percent-encoded by hand: the URL's own quoting is tested elsewhere.
    let quoted = Password::new("w%27h%5Ca%22t%20%25s");
    connect(&url_of(&database, &name, &quoted, database.name())).unwrap();
}

#[test]
fn a_schema_belongs_to_its_role_and_is_closed_to_others() {
    let Some(database) = TestDatabase::create() else { return };
    let server = as_admin();
    let (mine, theirs) = (own("mine", &database), own("theirs", &database));
    let password = Password::generate();
    let roles = [&mine, &theirs].map(|name| {
        server.create_role(name, &password).unwrap();
        Role(&server, name.clone())
    });
    for name in [&mine, &theirs] {
        assert!(server.create_schema(database.name(), name, Some(name)).unwrap());
        assert!(!server.create_schema(database.name(), name, Some(name)).unwrap());
    }
    let mut connection = connect(&url_of(&database, &mine, &password, database.name())).unwrap();
    connection.run_script(&format!("CREATE TABLE \"{mine}\".t AS SELECT 1 AS id")).unwrap();
    assert!(connection.run_script(&format!("CREATE TABLE \"{theirs}\".t (id int)")).is_err());
    // The other one is let in, and sees what is made from then on.
    let mut other = connect(&url_of(&database, &theirs, &password, database.name())).unwrap();
    assert!(other.first_column(&format!("SELECT 'read' FROM \"{mine}\".t"), &[]).is_err());
    server.grant_use(database.name(), &mine, (&mine, &theirs)).unwrap();
    connection.run_script(&format!("CREATE TABLE \"{mine}\".later AS SELECT 1 AS id")).unwrap();
    assert_eq!(other.first_column(&format!("SELECT 'read' FROM \"{mine}\".later"), &[]).unwrap(), ["read"]);
    let contents = server.contents(database.name(), Some(&mine)).unwrap();
    assert_eq!(contents.tables, 2);
    assert_eq!(server.contents(database.name(), Some("nowhere")).unwrap().tables, 0);
    drop((connection, other));
    // Rights and possessions keep a role until they are gone.
    assert!(server.drop_role(&mine).unwrap_err().to_string().contains("cannot be dropped"));
    server.drop_schema(database.name(), &mine).unwrap();
    assert!(!server.has_schema(database.name(), &mine).unwrap());
    for name in [&mine, &theirs] {
        server.drop_owned(database.name(), name).unwrap();
        server.drop_role(name).unwrap();
        assert!(!server.has_role(name).unwrap());
    }
    drop(roles);
}

#[test]
fn a_database_is_private_and_is_not_dropped_under_a_session() {
    let Some(database) = TestDatabase::create() else { return };
    let server = as_admin();
    let (owner, stranger) = (own("owner", &database), own("stranger", &database));
    let password = Password::generate();
    let name = format!("{} \"x\"", database.name());
    let roles = [&owner, &stranger].map(|role| {
        server.create_role(role, &password).unwrap();
        Role(&server, role.clone())
    });
    server.join_role(&owner).unwrap();
    server.create_for(&name, Some(&owner)).unwrap();
    assert!(server.create_for(&name, None).is_err());
    server.revoke_public(&name).unwrap();
    let quoted = name.replace('"', "%22").replace(' ', "%20");
    assert!(connect(&url_of(&database, &stranger, &password, &quoted)).is_err());
    let mut session = connect(&url_of(&database, &owner, &password, &quoted)).unwrap();
    session.run_script("CREATE TABLE t AS SELECT generate_series(1, 30)").unwrap();
    let facts = server.facts(&name).unwrap().expect("a database");
    assert_eq!((facts.owner.as_str(), facts.is_template, facts.sessions.len()), (owner.as_str(), false, 1));
    assert!(facts.bytes.is_some_and(|bytes| bytes > 1_000_000));
    assert_eq!(facts.sessions[0].user.as_deref(), Some(owner.as_str()));
    assert!(matches!(server.drop_unused(&name), Err(DatabaseError::Server { code, .. }) if code == "55006"));
    drop(session);
    server.grant_connect(&name, &stranger).unwrap();
    connect(&url_of(&database, &stranger, &password, &quoted)).unwrap();
    server.drop(&name).unwrap();
    assert_eq!(server.facts(&name).unwrap(), None);
    drop(roles);
}

#[test]
fn who_may_not_is_told_what_is_missing() {
    let Some(database) = TestDatabase::create() else { return };
    let admin = as_admin();
    let weak = own("we\"ak", &database);
    let password = Password::generate();
    admin.create_role(&weak, &password).unwrap();
    let _role = Role(&admin, weak.clone());
    let server = PostgresServer::new(url_of(&database, &weak, &password, database.name()), Environment::default());
    let quoted = format!("\"{}\"", weak.replace('"', "\"\""));
    let hint = |error: DatabaseError| error.hint().unwrap_or_default();
    let create = hint(server.create_for("never", None).unwrap_err());
    assert!(create.contains(&format!("ALTER ROLE {quoted} CREATEDB;")), "{create}");
    let role = hint(server.create_role("never", &password).unwrap_err());
    assert!(role.contains(&format!("ALTER ROLE {quoted} CREATEROLE;")), "{role}");
    let schema = hint(server.create_schema(database.name(), "never", None).unwrap_err());
    assert!(schema.contains(&format!("GRANT CREATE ON DATABASE \"{}\" TO {quoted};", database.name())), "{schema}");
    assert!(server.create_role(&"x".repeat(64), &password).is_err());
    assert!(server.create_for("", None).is_err());
}
