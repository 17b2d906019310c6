use std::fs;

use super::super::project::ProjectOptions;
use super::*;

const GENERIC: &str = include_str!("../script/templates/generic/env.py");

/// A project in a folder: alembic.ini, migrations/env.py, and optionally limbec.toml.
struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new(url: &str, env: &str, limbec_toml: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("migrations")).expect("a folder");
        let ini = format!("[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = {url}\n");
        fs::write(folder.path().join("alembic.ini"), ini).expect("a file");
        fs::write(folder.path().join("migrations/env.py"), env).expect("a file");
        if !limbec_toml.is_empty() {
            fs::write(folder.path().join("limbec.toml"), limbec_toml).expect("a file");
        }
        Self(folder)
    }

    fn find(&self, request: &TargetRequest<'_>) -> Result<DatabaseTarget, TargetError> {
        let options = ProjectOptions {
            cwd: self.0.path().to_owned(),
            config: vec![],
            alembic_config: None,
            script_location: None,
            section: "alembic".to_owned(),
        };
        let project = Project::load(&options).expect("a project");
        DatabaseTarget::find(&project, &self.0.path().join("migrations"), request)
    }
}

fn nothing() -> TargetRequest<'static> {
    TargetRequest {
        url: None,
        url_variable: None,
        schema: None,
        schema_variable: None,
        transaction: None,
        environment: &|_| None,
    }
}

fn url_of(target: &DatabaseTarget) -> String {
    match &target.place {
        Place::Known { url, .. } => url.with_password(),
        Place::Unknown { reason } => panic!("{reason}"),
    }
}

fn reason_of(target: &DatabaseTarget) -> &str {
    target.why_python().expect("a reason")
}

#[test]
fn the_nearest_word_counts() {
    let fixture = Fixture::new("sqlite:///ini.db", GENERIC, "url = \"env:DB\"\nschema = \"set\"\n");
    let environment = |name: &str| (name == "DB").then(|| "sqlite:///variable.db".to_owned());
    let mut request = TargetRequest { environment: &environment, ..nothing() };
    assert_eq!(url_of(&fixture.find(&request).expect("a target")), "sqlite:///variable.db");
    request.url_variable = Some("sqlite:///limbec.db");
    request.schema_variable = Some("variable");
    assert_eq!(url_of(&fixture.find(&request).expect("a target")), "sqlite:///limbec.db");
    request.url = Some("sqlite:///option.db");
    let target = fixture.find(&request).expect("a target");
    assert_eq!(url_of(&target), "sqlite:///option.db");
    assert_eq!(target.version_table.as_ref().and_then(|table| table.schema.as_deref()), Some("variable"));
    assert_eq!(target.transaction, Some(TransactionMode::PerRun));
    assert!(target.is_known_without_python());
}

#[test]
fn the_ini_counts_where_env_py_takes_it_from_there() {
    let target = Fixture::new("sqlite:///%(here)s/a.db", GENERIC, "").find(&nothing()).expect("a target");
    assert!(url_of(&target).ends_with("/a.db"));
    let Place::Known { origin, .. } = &target.place else { panic!("unknown") };
    assert!(origin.to_string().starts_with("sqlalchemy.url in /"), "{origin}");

    let application = GENERIC.replace(
        "target_metadata = None",
        "target_metadata = None\nfrom app import settings\nconfig.set_main_option('sqlalchemy.url', settings.URL)",
    );
    let target = Fixture::new("sqlite:///placeholder.db", &application, "").find(&nothing()).expect("a target");
    assert!(matches!(target.place, Place::Unknown { .. }));
    assert!(reason_of(&target).contains("app.settings.URL"), "{}", reason_of(&target));
    assert_eq!((target.version_table, target.transaction), (None, None));
}

#[test]
fn the_environment_counts_where_env_py_takes_it_from_there() {
    let env = GENERIC.replace(
        "target_metadata = None",
        "target_metadata = None\nimport os\nconfig.set_main_option('sqlalchemy.url', os.environ['DB'])",
    );
    let fixture = Fixture::new("sqlite:///placeholder.db", &env, "");
    let environment = |name: &str| (name == "DB").then(|| "postgresql://u:hunter2@h/d".to_owned());
    let target = fixture.find(&TargetRequest { environment: &environment, ..nothing() }).expect("a target");
    assert_eq!(url_of(&target), "postgresql://u:hunter2@h/d");
    assert!(!format!("{target:?}").contains("hunter2"));
    let Place::Known { origin, .. } = &target.place else { panic!("unknown") };
    assert_eq!(*origin, UrlOrigin::EnvPy { variables: vec!["DB".into()] });
    let target = fixture.find(&nothing()).expect("a target");
    assert_eq!(reason_of(&target), "env.py needs the environment variable DB, which is not set");
    let old = |name: &str| (name == "DB").then(|| "postgres://u:hunter2@h/d".to_owned());
    let target = fixture.find(&TargetRequest { environment: &old, ..nothing() }).expect("a target");
    assert!(reason_of(&target).contains("postgres://") && !reason_of(&target).contains("hunter2"));
}

#[test]
fn secrets_come_from_files_and_variables_and_are_never_shown() {
    let fixture = Fixture::new("sqlite:///a.db", GENERIC, "url = \"file:secret/url\"\n");
    let missing = fixture.find(&nothing()).expect_err("no file").to_string();
    assert!(missing.contains("secret/url") && missing.contains("limbec.toml"), "{missing}");
    fs::create_dir(fixture.0.path().join("secret")).expect("a folder");
    fs::write(fixture.0.path().join("secret/url"), "postgresql://u:hunter2@h/d\n\n").expect("a file");
    assert_eq!(url_of(&fixture.find(&nothing()).expect("a target")), "postgresql://u:hunter2@h/d");
    fs::write(fixture.0.path().join("secret/url"), "hunter2").expect("a file");
    let wrong = fixture.find(&nothing()).expect_err("no URL");
    assert!(!format!("{wrong} {wrong:?}").contains("hunter2"), "{wrong}");

    let fixture = Fixture::new("sqlite:///a.db", GENERIC, "url = \"env:DB\"\n");
    let error = fixture.find(&nothing()).expect_err("no variable").to_string();
    assert!(error.starts_with("the environment variable DB is not set"), "{error}");
    let request = TargetRequest { url: Some("postgres://u:hunter2@h/d"), ..nothing() };
    let target = fixture.find(&request).expect("accepted");
    assert!(target.warnings[0].contains("postgresql://") && !target.warnings[0].contains("hunter2"));
}

#[test]
fn a_record_of_adopt_stands_for_an_env_py_that_cannot_be_read() {
    let env = "from app import run\nrun()\n";
    let record = |single_run: bool| Adopted {
        env_sha256: Adopted::hash(env.as_bytes()),
        version_table: "v".into(),
        version_table_schema: None,
        version_table_pk: true,
        transaction_per_migration: true,
        single_run,
        on_version_apply: false,
    };
    let settings = |record: &Adopted| format!("url = \"sqlite:///a.db\"\n[adopted]\n{}", record.to_toml());
    let target = Fixture::new("x", env, &settings(&record(true))).find(&nothing()).expect("a target");
    assert_eq!(target.version_table, Some(VersionTableName::new("v")));
    assert_eq!(target.transaction, Some(TransactionMode::PerRevision));
    assert!(target.is_known_without_python() && target.why_python().is_none());
    let target = Fixture::new("x", env, &settings(&record(false))).find(&nothing()).expect("a target");
    assert!(!target.is_known_without_python());
    let changed = Fixture::new("x", &format!("{env}\n"), &settings(&record(true))).find(&nothing()).expect("a target");
    assert!(!changed.is_known_without_python());
    assert!(reason_of(&changed).contains("has changed since `limbec adopt`"), "{}", reason_of(&changed));
}
