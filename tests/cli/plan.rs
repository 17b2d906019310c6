use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn a_table_for_reviewers() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["plan", "upgrade", "e1", "--from", "b1"]), @r"
    exit 0
    ---- stdout
    Step  Direction  Revision  Message   Heads before     Heads after
       1  upgrade    d1        alone     b1            →  b1, d1
       2  upgrade    b2        right     b1, d1        →  b1, b2, d1
       3  upgrade    c1        join      b1, b2, d1    →  c1, d1
       4  upgrade    e1        needs d1  c1, d1        →  e1
    ");
    assert_snapshot!(project.limbec(&["plan", "downgrade", "base", "--from=b1"]), @r"
    exit 0
    ---- stdout
    Step  Direction  Revision  Message  Heads before     Heads after
       1  downgrade  b1        left     b1            →  a1
       2  downgrade  a1        first    a1            →  <base>
    ");
}

#[test]
fn json() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["plan", "stamp", "c1", "d1", "--from", "", "--format", "json"]), @r#"
    exit 0
    ---- stdout
    {
      "steps": [
        {
          "revision": "c1",
          "direction": "stamp",
          "from_heads": [],
          "to_heads": [
            "c1"
          ]
        },
        {
          "revision": "d1",
          "direction": "stamp",
          "from_heads": [
            "c1"
          ],
          "to_heads": [
            "c1",
            "d1"
          ]
        }
      ]
    }
    "#);
    assert_snapshot!(project.limbec(&["plan", "upgrade", "base", "--from", "base", "--format", "json"]), @r#"
    exit 0
    ---- stdout
    {
      "steps": []
    }
    "#);
}

#[test]
fn rows_may_be_given_by_any_symbol() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["plan", "upgrade", "heads", "--from", "heads"]), @r"
    exit 0
    ---- stdout
    Nothing to do.
    ");
    assert_eq!(
        project.limbec(&["plan", "downgrade", "-1", "--from", "side@head"]),
        project.limbec(&["plan", "--from=e1", "downgrade", "-1"])
    );
}

#[test]
fn what_the_command_would_refuse() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["plan", "upgrade", "head", "--from", "base"]), @r"
    exit 1
    ---- stderr
    error: Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads
    hint: `limbec heads` lists them, `limbec merge heads` joins them
    ");
    assert_snapshot!(project.limbec(&["plan", "upgrade", "c1", "--from", "zz"]), @r"
    exit 1
    ---- stderr
    error: Can't locate revision identified by 'zz'
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
    assert_snapshot!(project.limbec(&["plan", "upgrade", "a1:c1", "--from", "base"]), @r"
    exit 1
    ---- stderr
    error: Range revision not allowed
    hint: where the database is goes into --from
    ");
    assert_snapshot!(project.limbec(&["plan", "upgrade", "a1", "c1", "--from", "base"]), @r"
    exit 2
    ---- stderr
    error: upgrade and downgrade have one target
    ");
}
