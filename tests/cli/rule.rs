use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::Project;

#[test]
fn a_rule_is_explained() {
    let outcome = Project::empty().limbec(&["rule", "index-without-concurrently"]);
    assert_snapshot!(outcome.lines().take(9).collect::<Vec<_>>().join("\n"), @"
    exit 0
    ---- stdout
    index-without-concurrently
    locks; error; postgresql; since 0.1.0; `limbec validate --fix` repairs what it can

    An index on an existing table is built without CONCURRENTLY.

    What it flags
    `op.create_index` (also in `batch_alter_table`, as `index=True` of an added column, and in SQL) on a table that existed before
    ");
    assert!(outcome.contains("Use instead\n    def upgrade():\n"), "{outcome}");
}

#[test]
fn all_rules_are_listed() {
    let outcome = Project::empty().limbec(&["rule", "--all"]);
    assert!(outcome.starts_with("exit 0\n---- stdout\nRule "), "{outcome}");
    let json = Project::empty().limbec(&["rule", "--all", "--format", "json"]);
    let document: Value = serde_json::from_str(json.split("---- stdout\n").nth(1).unwrap()).unwrap();
    let rules = document["rules"].as_array().unwrap();
    assert_eq!(rules.len(), outcome.lines().count() - 3);
    let one = Project::empty().limbec(&["rule", "unused-suppression", "--format", "json"]);
    let one: Value = serde_json::from_str(one.split("---- stdout\n").nth(1).unwrap()).unwrap();
    assert!(rules.contains(&one));
}

#[test]
fn names_are_asked_back() {
    assert_snapshot!(Project::empty().limbec(&["rule", "truncat"]), @"
    exit 2
    ---- stderr
    error: there is no rule 'truncat'
    hint: did you mean `truncate`?
    hint: `limbec rule --all` lists the rules
    ");
    assert!(Project::empty().limbec(&["rule"]).starts_with("exit 2"));
}

#[test]
fn files_of_examples_are_named() {
    let outcome = Project::empty().limbec(&["rule", "timestamp-out-of-order"]);
    assert!(outcome.contains("Example\n  20260102_140500_add_users.py\n    "), "{outcome}");
    assert!(outcome.contains("  20260102_140600_add_orders.py\n    "), "{outcome}");
}
