use super::*;
use crate::revision::RevisionMap;
use crate::revision::text_graph::{ids, map, rows};

const TWO_BRANCHES: &str = "a1
    a2 < a1
    a3 < a2 # left
    b1 < a1 # right
    b2 < b1
    m < a3 b2";

/// `revision: rows after`, a step each; or the error.
fn steps(plan: Result<Plan, crate::revision::RevisionError>) -> String {
    let step = |step: &Step| {
        let heads: Vec<&str> = step.to_heads.iter().map(|head| head.as_str()).collect();
        format!("{}:{}", step.revision, heads.join("+"))
    };
    match plan {
        Ok(plan) => plan.steps.iter().map(step).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

fn walked(map: &RevisionMap, start: &str, end: &str) -> String {
    let range = HistoryRange { start: RangeEnd::Symbol(start.to_owned()), end: RangeEnd::Symbol(end.to_owned()) };
    match history(map, &range) {
        Ok(found) => ids(map, &found),
        Err(error) => error.to_string(),
    }
}

#[test]
fn upgrade_splits_and_merges_the_rows() {
    let map = map(TWO_BRANCHES);
    let all = "a1:a1 b1:b1 b2:b2 a2:a2+b2 a3:a3+b2 m:m";
    assert_eq!(steps(upgrade(&map, &[], "head")), all);
    assert_eq!(steps(upgrade(&map, &rows("b2"), "left@a3")), "a2:a2+b2 a3:a3+b2");
    assert_eq!(steps(upgrade(&map, &rows("m"), "heads")), "");
    let merge = upgrade(&map, &rows("a3 b2"), "+1");
    assert_eq!(steps(merge), "Ambiguous upgrade from multiple current revisions");
    let merge = upgrade(&map, &rows("a3 b2"), "m").unwrap();
    let [HeadChange::Delete(gone), HeadChange::Update { from, to }] = merge.steps[0].changes.as_slice() else {
        panic!("{:?}", merge.steps[0].changes)
    };
    assert_eq!((gone.as_str(), from.as_str(), to.as_str()), ("a3", "b2", "m"));
}

#[test]
fn relative_upgrades() {
    let map = map(TWO_BRANCHES);
    assert_eq!(steps(upgrade(&map, &rows("a2"), "+1")), "a3:a3");
    assert_eq!(steps(upgrade(&map, &rows("a1"), "+1")), "Ambiguous walk");
    assert_eq!(steps(upgrade(&map, &rows("m"), "+1")), "Relative revision +1 didn't produce 1 migrations");
    assert_eq!(steps(upgrade(&map, &rows("m"), "-1")), "Relative revision -1 didn't produce 1 migrations");
    assert_eq!(steps(upgrade(&map, &rows("a3"), "right@+1")), "b1:a3+b1");
}

#[test]
fn downgrade_unmerges() {
    let map = map(TWO_BRANCHES);
    assert_eq!(steps(downgrade(&map, &rows("m"), "b2")), "m:a3+b2");
    assert_eq!(steps(downgrade(&map, &rows("m"), "-1")), "Ambiguous walk");
    assert_eq!(steps(downgrade(&map, &rows("m"), "a1")), "m:a3+b2 a3:a2+b2 a2:b2 b2:b1 b1:a1");
    assert_eq!(
        steps(downgrade(&map, &rows("a1"), "a3")),
        "Destination a3 is not a valid downgrade target from current head(s)"
    );
    let ambiguous = downgrade(&map, &rows("a3 b2"), "-1").unwrap();
    assert_eq!(ambiguous.warnings, [PlanWarning::AmbiguousRelativeDowngrade]);
    assert_eq!(steps(Ok(ambiguous)), "a3:a2+b2");
}

#[test]
fn a_dependency_comes_back_when_the_dependent_goes() {
    let map = map("b1\n c1 ~ b1");
    assert_eq!(steps(upgrade(&map, &[], "heads")), "b1:b1 c1:c1");
    assert_eq!(steps(downgrade(&map, &rows("c1"), "c1@base")), "c1:b1");
}

#[test]
fn stamps() {
    let map = map(TWO_BRANCHES);
    let stamp = |from: &str, to: &str| {
        let targets: Vec<String> = to.split_whitespace().map(str::to_owned).collect();
        steps(stamp(&map, &rows(from), &targets))
    };
    assert_eq!(stamp("", "head"), "m:m");
    assert_eq!(stamp("a3 b2", "m"), "m:m");
    assert_eq!(stamp("m", "a1"), "a1:a1");
    assert_eq!(stamp("a3 b2", "base"), "a3:b2 b2:");
    assert_eq!(stamp("", "a3 b2"), "a3:a3 b2:a3+b2");
    assert_eq!(stamp("a1", "a1"), "");
    assert_eq!(stamp("a1", "nope"), "Can't locate revision identified by 'nope'");
}

#[test]
fn history_ranges() {
    let map = map(TWO_BRANCHES);
    assert_eq!(walked(&map, "", ""), "m a3 a2 b2 b1 a1");
    assert_eq!(walked(&map, "a2", "m"), "m a3 a2");
    assert_eq!(walked(&map, "a1", "+1"), "Ambiguous walk");
    assert_eq!(walked(&map, "a2", "+1"), "a3 a2");
    assert_eq!(
        walked(&map, "b1", "a3"),
        "Requested range b1:a3 does not refer to ancestor/descendant revisions along the same branch"
    );
    let rows = HistoryRange { start: RangeEnd::Rows(rows("b1")), end: RangeEnd::Symbol("a3".to_owned()) };
    assert!(history(&map, &rows).unwrap_err().to_string().contains("range ('b1',):a3 does"));
}
