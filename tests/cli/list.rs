use insta::assert_snapshot;

use crate::fixture::Project;

fn project() -> Project {
    let project = Project::new();
    let file = |name: &str, id: &str, down: &str| {
        let text = format!("\"\"\"from the docstring\"\"\"\nrevision = '{id}'\ndown_revision = {down}\n");
        project.write(&format!("scripts/versions/{name}.py"), &text);
    };
    file("20260131_140500_create_accounts", "a1", "None");
    file("20260201_080000_add__currency_", "b1", "'a1'");
    file("c1_old", "c1", "'b1'");
    file("20260230_080000_no_such_day", "d1", "'c1'");
    project
}

#[test]
fn names_are_read_and_others_are_marked() {
    assert_snapshot!(project().limbec(&["list"]), @r"
    exit 0
    ---- stdout
       Date        Time      Revision  Description
       2026-01-31  14:05:00  a1        create accounts
       2026-02-01  08:00:00  b1        add currency
    !  -           -         c1        from the docstring
    !  -           -         d1        from the docstring
    ---- stderr
    hint: 2 of 4 names are not YYYYMMDD_HHMMSS_description.py (marked !)
    ");
}

#[test]
fn json() {
    let outcome = project().limbec(&["list", "--format", "json"]);
    let result: serde_json::Value =
        serde_json::from_str(outcome.strip_prefix("exit 0\n---- stdout\n").unwrap()).unwrap();
    let revisions = result["revisions"].as_array().unwrap();
    assert_eq!(revisions.len(), 4);
    assert_eq!(revisions[0]["revision"], "a1");
    assert_eq!(revisions[0]["timestamp"], "2026-01-31T14:05:00");
    assert_eq!(revisions[0]["description"], "create accounts");
    assert_eq!(revisions[0]["is_standard_name"], true);
    assert_eq!(revisions[3]["timestamp"], serde_json::Value::Null);
    assert_eq!(revisions[3]["is_standard_name"], false);
}

#[test]
fn nothing_to_list() {
    assert_snapshot!(Project::new().limbec(&["list"]), @r"
    exit 0
    ---- stderr
    There are no revisions yet.
    ");
}
