use std::fs;

use insta::assert_snapshot;

use crate::fixture::Project;

fn project() -> Project {
    let project = Project::new();
    project.revision("a1", "first", "down_revision = None");
    project.revision("b1", "second", "down_revision = 'a1'");
    project
}

const LOCK: &str = "scripts/versions/limbec.lock";

#[test]
fn revisions_are_frozen_and_a_change_needs_consent() {
    let project = project();
    assert_snapshot!(project.limbec(&["freeze", "--check"]), @r"
    exit 1
    ---- stdout
    added     a1  scripts/versions/a1.py
    added     b1  scripts/versions/b1.py
    ---- stderr
    scripts/versions/limbec.lock is not current
    hint: `limbec freeze` writes it
    ");
    assert!(!project.path(LOCK).exists());
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 0
    ---- stdout
    added     a1  scripts/versions/a1.py
    added     b1  scripts/versions/b1.py
    ---- stderr
    scripts/versions/limbec.lock now has 2 revisions
    ");
    assert_snapshot!(fs::read_to_string(project.path(LOCK)).unwrap(), @r"
    # limbec.lock, format 1: revisions that must not change any more; written by `limbec freeze`
    # In a merge conflict: run `limbec rebase`, then `limbec freeze`
    heads 2 b1
    a1 a1.py ast1:10b4e4ea0d9a5dd4116ade1bda1bca497b89c4c68d9bf17edfc8b44698aa3a60
    b1 b1.py ast1:96db4144737e946a5937d9197008cc7fba418e67ee07cdf0e5683eb9dec214d8
    ");
    assert_snapshot!(project.limbec(&["freeze", "--check"]), @r"
    exit 0
    ---- stderr
    scripts/versions/limbec.lock is current: 2 revisions
    ");

    project.revision("a1", "First, in other words.", "down_revision  =  None  # the beginning");
    assert!(project.limbec(&["freeze", "--check"]).starts_with("exit 0\n"));
    project.revision("a1", "first", "down_revision = None\nlabel = 1");
    project.revision("c1", "third", "down_revision = 'b1'");
    fs::remove_file(project.path("scripts/versions/b1.py")).unwrap();
    let before = fs::read_to_string(project.path(LOCK)).unwrap();
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 1
    ---- stdout
    added     c1  scripts/versions/c1.py
    changed   a1  scripts/versions/a1.py
    gone      b1  scripts/versions/b1.py
    ---- stderr
    scripts/versions/limbec.lock stays as it is: frozen revisions have changed
    hint: a database may have run them as they were: take the changes back, or accept each by `--accept a1`
    ");
    assert_eq!(fs::read_to_string(project.path(LOCK)).unwrap(), before);
    assert_snapshot!(project.limbec(&["freeze", "--accept", "a1", "--accept", "scripts/versions/b1.py"]), @r"
    exit 0
    ---- stdout
    added     c1  scripts/versions/c1.py
    accepted  a1  scripts/versions/a1.py
    removed   b1  scripts/versions/b1.py
    ---- stderr
    scripts/versions/limbec.lock now has 2 revisions
    ");
    assert!(project.limbec(&["freeze", "--check"]).starts_with("exit 0\n"));
}

#[test]
fn json() {
    let project = project();
    let outcome = project.limbec(&["freeze", "--format", "json"]);
    assert_snapshot!(outcome, @r#"
    exit 0
    ---- stdout
    {
      "path": "[DIR]/scripts/versions/limbec.lock",
      "revisions": 2,
      "heads": [
        "b1"
      ],
      "added": [
        {
          "revision": "a1",
          "path": "[DIR]/scripts/versions/a1.py"
        },
        {
          "revision": "b1",
          "path": "[DIR]/scripts/versions/b1.py"
        }
      ],
      "moved": [],
      "accepted": [],
      "removed": [],
      "changed": [],
      "vanished": [],
      "is_current": false,
      "is_written": true
    }
    "#);
}

#[test]
fn what_only_python_can_tell_is_frozen_by_its_path() {
    let project = project();
    project.write("scripts/versions/c.py", "revision = compute()\ndown_revision = 'b1'\n");
    project.write("scripts/versions/d.py", "def (\n");
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 0
    ---- stdout
    added     a1  scripts/versions/a1.py
    added     b1  scripts/versions/b1.py
    added     ?  scripts/versions/c.py
    added     ?  scripts/versions/d.py
    ---- stderr
    warning: scripts/versions/c.py: revision (line 1) is computed by a call; it is frozen by its path
    warning: [DIR]/scripts/versions/d.py, line 1, column 5: Expected an identifier; it is frozen by its path, and every change of its text will count
    scripts/versions/limbec.lock now has 4 revisions
    ");
    project.write("scripts/versions/d.py", "def ( \n");
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 1
    ---- stdout
    changed   ?  scripts/versions/d.py
    ---- stderr
    warning: scripts/versions/c.py: revision (line 1) is computed by a call; it is frozen by its path
    warning: [DIR]/scripts/versions/d.py, line 1, column 5: Expected an identifier; it is frozen by its path, and every change of its text will count
    scripts/versions/limbec.lock stays as it is: frozen revisions have changed
    hint: a database may have run them as they were: take the changes back, or accept each by `--accept scripts/versions/d.py`
    ");
}

#[test]
fn bad_input() {
    let project = project();
    assert_snapshot!(project.limbec(&["freeze", "--accept", "x"]), @r"
    exit 2
    ---- stderr
    error: 'x' is neither a frozen revision nor the file of one
    ");
    project.write(LOCK, "nonsense\n");
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 2
    ---- stderr
    error: [DIR]/scripts/versions/limbec.lock, line 1: this is no lock file of format 1
    hint: take it from git again, or remove it and run `limbec freeze`
    ");
    assert_snapshot!(Project::new().limbec(&["freeze"]), @r"
    exit 0
    ---- stderr
    There are no revisions yet.
    ");
}

#[test]
fn a_conflict_of_git_is_resolved_by_freezing_again() {
    let project = project();
    project.limbec(&["freeze"]);
    let lock = fs::read_to_string(project.path(LOCK)).unwrap();
    let heads = "heads 2 b1\n";
    let conflict = format!("<<<<<<< HEAD\n{heads}=======\nheads 2 x\n>>>>>>> main\n");
    project.write(LOCK, &lock.replace(heads, &conflict));
    assert_snapshot!(project.limbec(&["freeze", "--check"]), @r"
    exit 1
    ---- stderr
    warning: scripts/versions/limbec.lock, line 3: a merge conflict of git
    hint: `limbec rebase` puts this branch's revisions on top, then `limbec freeze` writes the file anew
    scripts/versions/limbec.lock is not current
    hint: `limbec freeze` writes it
    ");
    assert_snapshot!(project.limbec(&["freeze"]), @r"
    exit 0
    ---- stderr
    scripts/versions/limbec.lock now has 2 revisions
    ");
    assert_eq!(fs::read_to_string(project.path(LOCK)).unwrap(), lock);
}
