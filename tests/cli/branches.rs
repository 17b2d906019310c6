use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn branch_points_and_their_children() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["branches"]), @r"
    exit 0
    ---- stdout
    a1 (branchpoint)
       -> b1
       -> b2 (side)
    ");
    assert_snapshot!(project.limbec(&["branches", "-v"]), @r"
    exit 0
    ---- stdout
    Rev: a1 (branchpoint)
    Parent: <base>
    Branches into: b1, b2
    Path: [DIR]/scripts/versions/a1.py

        first
        
        With more
          to say.

       -> b1, left
       -> b2 (side), right
    ");
}

#[test]
fn json_has_the_children_with_each_branch_point() {
    let outcome = Project::branched().limbec(&["branches", "--format=json"]);
    let document = outcome.strip_prefix("exit 0\n---- stdout\n").unwrap();
    let result: serde_json::Value = serde_json::from_str(document).unwrap();
    let point = &result["branch_points"][0];
    assert_eq!(point["revision"], "a1");
    assert_eq!(point["children"][0]["revision"], "b1");
    assert_eq!(point["children"][1]["branch_labels"][0], "side");
    assert_eq!(result["branch_points"].as_array().unwrap().len(), 1);
}
