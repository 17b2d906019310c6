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
