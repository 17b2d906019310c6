//! What reads revisions reads their SQL files.

use crate::fixture::Project;

const UP: &str = "-- create users: upgrade\nCREATE TABLE users (id bigint PRIMARY KEY);\n";

/// A project with one SQL revision, and the path of its files without their endings.
fn project(up: &str) -> (Project, String) {
    let project = Project::empty();
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n");
    project.write("migrations/env.py", "");
    std::fs::create_dir_all(project.path("migrations/versions")).unwrap();
    let outcome = project.limbec(&["new", "--sql", "create users"]);
    let entries = std::fs::read_dir(project.path("migrations/versions")).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.find(|name| name.ends_with(".py")).unwrap_or_else(|| panic!("{outcome}"));
    let stem = format!("migrations/versions/{}", name.trim_end_matches(".py"));
    project.write(&format!("{stem}.up.sql"), up);
    project.write(&format!("{stem}.down.sql"), "DROP TABLE users;\n");
    (project, stem)
}

#[test]
fn a_new_one_has_no_finding() {
    let (project, _) = project(UP);
    let outcome = project.limbec(&["validate"]);
    assert!(outcome.contains("No findings"), "{outcome}");
}

#[test]
fn findings_are_in_the_file_and_comments_there_accept_them() {
    let up = format!("{UP}\nUPDATE orders\n   SET paid = true;\n");
    let (project, stem) = project(&up);
    let outcome = project.limbec(&["validate", "--format", "concise", &format!("{stem}.up.sql")]);
    assert!(outcome.contains(&format!("{stem}.up.sql:4:1: warning[update-without-where]")), "{outcome}");
    project
        .write(&format!("{stem}.up.sql"), &up.replace("UPDATE", "-- limbec: ignore[update-without-where] few\nUPDATE"));
    let outcome = project.limbec(&["validate", "--format", "concise"]);
    assert!(!outcome.contains("update-without-where]"), "{outcome}");
}

#[test]
fn what_is_published_or_frozen_must_not_change() {
    let (project, stem) = project(UP);
    let file = format!("{stem}.up.sql");
    project.git(&["init", "-q"]);
    project.commit();
    project.limbec(&["freeze"]);
    let validate = || project.limbec(&["validate", "--changed", "--base", "main", "--format", "concise"]);
    let quiet = validate();
    assert!(!quiet.contains("published-revision-changed"), "{quiet}");
    project.write(&file, "/* other looks */\nCREATE TABLE users(id bigint PRIMARY KEY);\n");
    let looks = validate();
    assert!(!looks.contains("published-revision-changed") && looks.contains("1 revision"), "{looks}");
    assert!(project.limbec(&["freeze", "--check"]).contains("exit 0"));
    project.write(&file, &UP.replace("bigint", "int"));
    let changed = validate();
    assert!(changed.contains(&format!("{file}:1:1: error[published-revision-changed]")), "{changed}");
    assert!(changed.contains("the upgrade has changed since"), "{changed}");
    let freeze = project.limbec(&["freeze"]);
    assert!(freeze.contains("exit 1"), "{freeze}");
}

#[test]
fn show_names_the_files_and_edit_opens_them() {
    let (project, stem) = project(UP);
    let shown = project.limbec(&["show", "head"]);
    let after = shown.split("---- stderr").nth(1).unwrap_or_default();
    let ends: Vec<&str> = after.lines().filter(|line| line.starts_with("SQL: ")).collect();
    assert_eq!(ends.len(), 2, "{shown}");
    assert!(ends[0].ends_with(&format!("{stem}.up.sql")) && ends[1].ends_with(&format!("{stem}.down.sql")), "{shown}");
    let json = project.limbec(&["show", "head", "--format", "json"]);
    assert!(json.contains("\"sql\"") && json.contains(&format!("{stem}.down.sql\"")), "{json}");
    project.write("editor", "#!/bin/sh\nprintf '%s\\n' \"$@\" > edited\n");
    let editor = project.path("editor");
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let edit = || {
        let outcome = project.outcome(project.command(&["edit", "head"]).env("EDITOR", &editor));
        assert!(outcome.contains("exit 0"), "{outcome}");
        let edited = std::fs::read_to_string(project.path("edited")).unwrap();
        let root = format!("{}/", std::fs::canonicalize(project.path("")).unwrap().display());
        edited.lines().map(|line| line.replace(&root, "")).collect::<Vec<_>>()
    };
    assert_eq!(edit(), [format!("{stem}.up.sql"), format!("{stem}.down.sql")]);
    std::fs::remove_file(project.path(&format!("{stem}.down.sql"))).unwrap();
    assert_eq!(edit(), [format!("{stem}.up.sql")]);
}

#[test]
fn a_file_without_its_revision_is_reported() {
    let (project, stem) = project(UP);
    project.write("migrations/versions/20260101_120000_lost.up.sql", "SELECT 1;\n");
    std::fs::remove_file(project.path(&format!("{stem}.down.sql"))).unwrap();
    let outcome = project.limbec(&["validate", "--format", "concise"]);
    assert!(outcome.contains("20260101_120000_lost.up.sql:1:1: error[orphaned-sql-file]"), "{outcome}");
    // What is the same in all such revisions is no place to look at.
    assert!(outcome.contains(&format!("{stem}.up.sql:1:1: warning[unmarked-irreversible]")), "{outcome}");
}

#[test]
fn doctor_says_who_runs_them() {
    let (project, _) = project(UP);
    let outcome = project.limbec(&["doctor"]);
    assert!(
        outcome.contains("SQL revisions") && outcome.contains("1, run by Python: env.py is not understood"),
        "{outcome}"
    );
}
