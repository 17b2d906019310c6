use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn no_configuration() {
    let project = Project::empty();
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 255
    ---- stdout
    FAILED: No 'script_location' key found in configuration.
    ---- stderr
    hint: [DIR] has no alembic.ini: go to the project's directory, name the file by `-c FILE`, or start a project by `limbec init DIRECTORY`
    ");
    assert_snapshot!(project.limbec(&["-c", "other.ini", "heads"]), @r"
    exit 255
    ---- stdout
    FAILED: No 'script_location' key found in configuration.
    ---- stderr
    hint: [DIR]/other.ini does not exist
    ");
    assert_snapshot!(project.limbec(&["list"]), @r"
    exit 2
    ---- stderr
    error: No 'script_location' key found in configuration.
    hint: [DIR] has no alembic.ini: go to the project's directory, name the file by `-c FILE`, or start a project by `limbec init DIRECTORY`
    ");
}

#[test]
fn a_script_directory_that_is_not_there() {
    let project = Project::empty();
    project.write("alembic.ini", "[alembic]\nscript_location = nowhere\n");
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 255
    ---- stdout
    FAILED: Path doesn't exist: nowhere.  Please use the 'init' command to create a new scripts folder.
    ---- stderr
    hint: relative paths start at the current directory; `%(here)s/…` starts at the ini file
    ");
}

#[test]
fn duplicate_ids_are_a_warning() {
    let project = Project::new();
    project.revision("a1", "first", "down_revision = None");
    project.write("scripts/versions/a2.py", "revision = 'a1'\ndown_revision = None\n");
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 0
    ---- stdout
    a1 (head)
    a1 (head)
    ---- stderr
    warning: Revision a1 is present more than once
    ");
}

#[test]
fn cycles() {
    let project = Project::new();
    project.revision("a1", "first", "down_revision = 'b1'");
    project.revision("b1", "second", "down_revision = 'a1'");
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 255
    ---- stdout
    FAILED: Cycle is detected in revisions (a1, b1)
    ");
    // Alembic dies of a traceback here: it builds the graph outside its error handling.
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 1
    ---- stderr
    error: Cycle is detected in revisions (a1, b1)
    ");
}

#[test]
fn a_missing_down_revision() {
    let project = Project::new();
    project.revision("b1", "second", "down_revision = 'a1'");
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 1
    ---- stderr
    error: Revision a1 referenced from b1 is not present
    hint: a file is missing: deleted, or not brought along from another branch of the repository
    ");
}

#[test]
fn a_syntax_error() {
    let project = Project::new();
    project.write("scripts/versions/a1.py", "revision = 'a1'\ndown_revision = (\n");
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 1
    ---- stderr
    error: [DIR]/scripts/versions/a1.py, line 3, column 1: unexpected EOF while parsing
    ");
}

#[test]
fn a_file_that_cannot_be_read() {
    let project = Project::branched();
    symlink("nowhere.py", project.path("scripts/versions/f1.py")).unwrap();
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 1
    ---- stderr
    error: cannot read [DIR]/scripts/versions/nowhere.py
    caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn a_directory_in_place_of_a_file() {
    let project = Project::branched();
    fs::create_dir(project.path("scripts/versions/f1.py")).unwrap();
    assert_snapshot!(project.limbec(&["heads", "--resolve-dependencies"]), @r"
    exit 0
    ---- stdout
    e1 (side) (head)
    ");
}

#[test]
fn bytes_that_are_no_text() {
    let project = Project::new();
    fs::write(project.path("scripts/versions/a1.py"), b"\"\"\"caf\xe9\"\"\"\nrevision = 'a1'\ndown_revision = None\n")
        .unwrap();
    assert_snapshot!(project.limbec(&["history"]), @r"
    exit 1
    ---- stderr
    error: [DIR]/scripts/versions/a1.py, line 1: the file is not UTF-8, as it has to be without a '# -*- coding: … -*-' line
    ");
}
