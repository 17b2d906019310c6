use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn revisions_by_id_prefix_label_and_symbol() {
    let project = Project::branched();
    let expected = project.limbec(&["show", "b2"]);
    assert_snapshot!(expected, @r"
    exit 0
    ---- stdout
    Rev: b2
    Parent: a1
    Branch names: side
    Path: [DIR]/scripts/versions/b2.py

        right
    ");
    assert_eq!(project.limbec(&["show", "side"]), expected);
    assert_eq!(project.limbec(&["show", "sid"]), expected);
    assert_snapshot!(project.limbec(&["show", "base"]), @"exit 0");
}

#[test]
fn what_is_not_there() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["show", "nope"]), @r"
    exit 255
    ---- stdout
    FAILED: Can't locate revision identified by 'nope'
    ---- stderr
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
    assert_snapshot!(project.limbec(&["--raiseerr", "show", "nope"]), @r"
    exit 1
    ---- stderr
    error: Can't locate revision identified by 'nope'
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
    assert_snapshot!(project.limbec(&["-q", "show", "nope"]), @r"
    exit 255
    ---- stderr
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
    assert_snapshot!(project.limbec(&["show", "head"]), @r"
    exit 255
    ---- stdout
    FAILED: Multiple head revisions are present for given argument 'head'; please specify a specific target revision, '<branchname>@head' to narrow to a specific head, or 'heads' for all heads
    ---- stderr
    hint: `limbec heads` lists them, `limbec merge heads` joins them
    ");
    assert_snapshot!(project.limbec(&["show", ""]), @r"
    exit 1
    ---- stderr
    error: an empty revision identifier stands for nothing
    ");
}
