use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn lines_entries_and_effective_heads() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 0
    ---- stdout
    d1 (effective head)
    e1 (side) (head)
    ");
    assert_snapshot!(project.limbec(&["heads", "--resolve-dependencies"]), @r"
    exit 0
    ---- stdout
    e1 (side) (head)
    ");
    assert_snapshot!(project.limbec(&["heads", "-v"]), @r"
    exit 0
    ---- stdout
    Rev: d1 (head)
    Parent: <base>
    Path: [DIR]/scripts/versions/d1.py

        alone

    Rev: e1 (head)
    Parent: c1
    Also depends on: d1
    Branch names: side
    Path: [DIR]/scripts/versions/e1.py

        needs d1
    ");
}

#[test]
fn json() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["heads", "--resolve-dependencies", "--format", "json"]), @r#"
    exit 0
    ---- stdout
    {
      "revisions": [
        {
          "revision": "e1",
          "down_revisions": [
            "c1"
          ],
          "depends_on": [
            "d1"
          ],
          "branch_labels": [
            "side"
          ],
          "is_head": true,
          "is_effective_head": true,
          "is_branch_point": false,
          "is_merge_point": false,
          "message": "needs d1",
          "docstring": "needs d1",
          "path": "[DIR]/scripts/versions/e1.py"
        }
      ]
    }
    "#);
}

#[test]
fn nothing_in_an_empty_project_or_quietly() {
    assert_snapshot!(Project::new().limbec(&["heads"]), @"exit 0");
    assert_snapshot!(Project::branched().limbec(&["-q", "heads"]), @"exit 0");
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let project = Project::branched();
    let mut command = project.command(&["heads"]);
    command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let outcome = project.outcome(&mut command);
    assert!(outcome.starts_with("exit 120\n---- stderr\nerror: standard output could not be written\n"), "{outcome}");
}
