use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn everything_newest_first() {
    assert_snapshot!(Project::branched().limbec(&["history"]), @r"
    exit 0
    ---- stdout
    c1 (d1) -> e1 (side) (head), needs d1
    b1, b2 -> c1 (side) (mergepoint), join
    a1 -> b1, left
    a1 -> b2 (side), right
    <base> -> d1 (effective head), alone
    <base> -> a1 (branchpoint), first
    ");
}

#[test]
fn ranges() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["history", "-r", "b1:c1"]), @r"
    exit 0
    ---- stdout
    b1, b2 -> c1 (side) (mergepoint), join
    a1 -> b1, left
    ");
    assert_snapshot!(project.limbec(&["history", "-r:b1", "-v"]), @r"
    exit 0
    ---- stdout
    Rev: b1
    Parent: a1
    Path: [DIR]/scripts/versions/b1.py

        left

    Rev: a1 (branchpoint)
    Parent: <base>
    Branches into: b1, b2
    Path: [DIR]/scripts/versions/a1.py

        first
        
        With more
          to say.
    ");
}

#[test]
fn ranges_that_are_none() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["history", "-r", "x"]), @r"
    exit 255
    ---- stdout
    FAILED: History range requires [start]:[end], [start]:, or :[end]
    ");
    assert_snapshot!(project.limbec(&["history", "-r", "b2:b1"]), @r"
    exit 255
    ---- stdout
    FAILED: Requested range b2:b1 does not refer to ancestor/descendant revisions along the same branch
    ");
    assert_snapshot!(project.limbec(&["history", "-r-2:"]), @r"
    exit 255
    ---- stdout
    FAILED: Ambiguous walk
    ");
    assert_snapshot!(project.limbec(&["history", "-r", "a:b:c"]), @r"
    exit 1
    ---- stderr
    error: a range has one colon, and 'a:b:c' has several
    ");
}

#[test]
fn one_docstring_may_have_several_lines_and_any_character() {
    let project = Project::new();
    project.revision("a1", "two\nlines, é\u{2028}and a separator", "down_revision = None");
    assert_snapshot!(project.limbec(&["history"]), @"
    exit 0
    ---- stdout
    <base> -> a1 (head), two
    lines, é\u{2028}and a separator
    ");
    let mut ascii = project.command(&["history"]);
    assert_snapshot!(project.outcome(ascii.env("PYTHONIOENCODING", "ascii")), @r"
    exit 0
    ---- stdout
    <base> -> a1 (head), two
    lines, ??and a separator
    ");
    assert_snapshot!(project.limbec(&["show", "a1"]), @r"
    exit 0
    ---- stdout
    Rev: a1 (head)
    Parent: <base>
    Path: [DIR]/scripts/versions/a1.py

        two
        lines, é
        and a separator
    ");
}
