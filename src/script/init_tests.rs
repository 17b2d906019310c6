use super::*;
use crate::script::announce::Transcript;

fn request(folder: &Path, template: &str) -> InitRequest {
    InitRequest {
        directory: PathBuf::from("./migrations/x"),
        template: template.to_owned(),
        package: false,
        ini: PathBuf::from("conf/alembic.ini"),
        toml: PathBuf::from("pyproject.toml"),
        current_dir: folder.to_owned(),
    }
}

fn run(request: &InitRequest) -> (Result<(), InitError>, String) {
    let mut transcript = Transcript::default();
    let outcome = init(request, &Templates::default(), &mut transcript);
    (outcome, transcript.0.replace(&request.current_dir.display().to_string(), "$"))
}

#[test]
fn generic_writes_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf")).unwrap();
    let (outcome, text) = run(&InitRequest { package: true, ..request(folder.path(), "generic") });
    outcome.unwrap();
    assert_eq!(
        text,
        "Creating directory $/migrations/x ...  done\n\
         Creating directory $/migrations/x/versions ...  done\n\
         Generating $/migrations/x/README ...  done\n\
         Generating $/conf/alembic.ini ...  done\n\
         Generating $/migrations/x/env.py ...  done\n\
         Generating $/migrations/x/script.py.mako ...  done\n\
         Adding $/migrations/x/__init__.py ...  done\n\
         Adding $/migrations/x/versions/__init__.py ...  done\n\
         Please edit configuration/connection/logging settings in $/conf/alembic.ini before proceeding.\n"
    );
    let ini = fs::read_to_string(folder.path().join("conf/alembic.ini")).unwrap();
    assert!(ini.contains("\nscript_location = %(here)s/../migrations/x\n") && ini.contains("%%(rev)s"));
}

#[test]
fn an_existing_pyproject_is_appended_to_or_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("pyproject.toml"), "[project]\nname = \"x\"\n").unwrap();
    let plain = InitRequest { ini: PathBuf::from("alembic.ini"), ..request(path, "pyproject") };
    let (outcome, text) = run(&plain);
    outcome.unwrap();
    assert!(text.contains("Appending to existing $/pyproject.toml ...  done\n"));
    assert!(text.ends_with(
        "Please edit configuration settings in $/pyproject.toml and configuration/connection/logging settings in \
         $/alembic.ini before proceeding.\n"
    ));
    let toml = fs::read_to_string(path.join("pyproject.toml")).unwrap();
    assert!(toml.starts_with("[project]\nname = \"x\"\n\n\n[tool.alembic]\n"));
    assert!(toml.contains("\nscript_location = \"%(here)s/migrations/x\"\n"));
    let (outcome, text) = run(&InitRequest { directory: path.join("y"), ..plain.clone() });
    outcome.unwrap();
    assert!(text.contains("File $/alembic.ini already exists, skipping\n"));
    assert!(text.contains("File $/pyproject.toml already exists and already has a [tool.alembic] section, skipping\n"));
    assert_eq!(fs::read_to_string(path.join("pyproject.toml")).unwrap(), toml);
}

#[test]
fn refusals() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let failure = |request: InitRequest| run(&request).0.unwrap_err();
    assert_eq!(failure(request(path, "nope")).to_string(), "No such template nope");
    let absent = path.join("nope").display().to_string();
    assert_eq!(failure(request(path, &absent)).to_string(), format!("No such template {absent}"));
    fs::write(path.join("file"), "").unwrap();
    let here = InitRequest { directory: PathBuf::from("."), ..request(path, "generic") };
    assert_eq!(failure(here).to_string(), "Directory . already exists and is not empty");
    let custom = path.join("custom");
    fs::create_dir(&custom).unwrap();
    fs::write(custom.join("alembic.ini.mako"), "a\n<%def name=\"x()\"></%def>").unwrap();
    let error = failure(request(path, custom.to_str().unwrap()));
    assert!(matches!(error, InitError::NeedsPython { source: NeedsPython { line: 2, .. }, .. }));
    assert!(!path.join("migrations").exists(), "nothing is written before everything is rendered");
}

#[test]
fn a_custom_template_is_copied_with_its_modes() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let custom = folder.path().join("custom");
    fs::create_dir_all(custom.join("sub")).unwrap();
    fs::write(custom.join("alembic.ini.mako"), "[alembic]\nscript_location = ${script_location}\n").unwrap();
    fs::write(custom.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(custom.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let ini = folder.path().join("alembic.ini");
    run(&InitRequest { ini: ini.clone(), ..request(folder.path(), custom.to_str().unwrap()) }).0.unwrap();
    assert_eq!(fs::read_to_string(ini).unwrap(), "[alembic]\nscript_location = %(here)s/migrations/x\n");
    let copied = folder.path().join("migrations/x/run.sh");
    assert_eq!(fs::metadata(copied).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(!folder.path().join("migrations/x/sub").exists());
}

#[test]
fn list_of_the_bundled_templates() {
    let list = Templates::default().list().unwrap();
    assert_eq!(list.len(), 5);
    assert_eq!(list[0], ("generic".to_owned(), "Generic single-database configuration.".to_owned()));
}
