use std::path::PathBuf;

use super::super::{FrozenRevision, Known, Lock, Meaning, NoBase};
use super::*;
use crate::revision::text_graph;

/// What becomes of a graph when these are published (by the lock file): the new parents, or the error.
fn rebased(graph: &str, published: &str, revision: Option<&str>, onto: Option<&str>) -> String {
    let map = text_graph::map(graph);
    let frozen = |id: &str| FrozenRevision {
        id: Some(id.into()),
        path: PathBuf::from("/v/x.py"),
        meaning: Meaning::parse(&format!("text1:{}", "0".repeat(64))).unwrap(),
        line: 7,
    };
    let lock = Lock { revisions: published.split_whitespace().map(frozen).collect(), conflict: None };
    let lock = Some(lock).filter(|lock| !lock.revisions.is_empty());
    let published = Published::new(Err(NoBase::NotARepository), lock, &[] as &[Known<'_>]);
    let index = |id: &str| map.position(id).unwrap();
    let request = RebaseRequest { revision: revision.map(index), onto: onto.map(index) };
    match plan_rebase(&map, &published, request) {
        Err(error) => format!("error: {error}"),
        Ok(rebase) => {
            let mut out: Vec<String> = rebase
                .moves
                .iter()
                .map(|change| format!("{} < {}", map.id(change.revision), list(&change.down)))
                .collect();
            out.push(format!("affected: {}", text_graph::ids(&rebase.map, &rebase.affected)));
            for (name, indexes) in [("unneeded", &rebase.unneeded_merges), ("own", &rebase.own_branches)] {
                if !indexes.is_empty() {
                    out.push(format!("{name}: {}", text_graph::ids(&map, indexes)));
                }
            }
            out.join("; ")
        }
    }
}

#[test]
fn the_lowest_of_a_chain_goes_onto_the_published_head() {
    let graph = "a\n u1 < a\n u2 < u1\n b < a\n c < b\n";
    assert_eq!(rebased(graph, "a b c", None, None), "u1 < c; affected: u1 u2");
    assert_eq!(rebased(graph, "a b c", Some("u2"), None), "u1 < c; affected: u1 u2");
    assert_eq!(rebased("a\n u1 < a\n u2 < u1", "a", None, None), "affected: ");
    assert_eq!(rebased("a\n b < a", "a b", None, None), "affected: ");
}

#[test]
fn merges_keep_what_they_join() {
    let merge = "a\n u1 < a\n b < a\n m < u1 b\n u2 < m\n";
    assert_eq!(rebased(merge, "a b", None, None), "u1 < b; affected: u1 m u2; unneeded: m");
    assert_eq!(rebased(merge, "a b", Some("u1"), Some("b")), "u1 < b; affected: u1 m u2; unneeded: m");
    let of_published = "a\n b < a\n c < a\n d < b\n m < b c\n";
    assert_eq!(rebased(of_published, "a b c d", Some("m"), Some("d")), "m < d and c; affected: m");
    let of_heads = "a\n b < a\n c < a\n m < b c\n";
    assert_eq!(rebased(of_heads, "a b c", None, None), "affected: ");
}

#[test]
fn what_is_published_keeps_its_place() {
    let graph = "a\n u1 < a\n b < a\n";
    assert_eq!(
        rebased(graph, "a b", Some("b"), Some("u1")),
        "error: b is published (line 7 of limbec.lock), so it keeps its place"
    );
    assert_eq!(
        rebased(graph, "a b u1", None, None),
        "error: u1 and b are heads and published (limbec.lock): none of them can move"
    );
    let nothing = "error: nothing says which revisions are published: there is neither a base branch nor a lock file";
    assert_eq!(rebased(graph, "", None, None), nothing);
    assert_eq!(rebased(graph, "", Some("b"), None), nothing);
    assert_eq!(rebased(graph, "", Some("b"), Some("u1")), "b < u1; affected: b");
}

#[test]
fn two_chains_of_the_branch_have_no_order() {
    let graph = "a\n u1 < a\n v1 < a\n v2 < v1\n b < a\n";
    let error = "error: u1 and v2 are heads and not all of them published: which one is to come first?";
    assert_eq!(rebased(graph, "a b", None, None), error);
    assert_eq!(rebased(graph, "a b", Some("v2"), Some("u1")), "v1 < u1; affected: v1 v2");
    assert_eq!(rebased("a\n u1 < a\n v1 < a", "a", None, Some("u1")), "v1 < u1; affected: v1");
    assert_eq!(rebased(graph, "a b", Some("v1"), Some("b")), "v1 < b; affected: v1 v2");
    assert_eq!(rebased(graph, "a b", Some("v1"), Some("v2")), "error: v2 builds on v1, so v1 cannot go onto it");
    assert_eq!(rebased(graph, "a b", Some("v1"), Some("a")), "error: a is no head: u1 builds on it");
    assert_eq!(rebased(graph, "a b", None, Some("a")), "error: a is no head: b builds on it");
    assert_eq!(rebased("a ~ v\n u < a\n v\n w < v", "a u v", Some("w"), Some("u")), "w < u; affected: w");
    let cycle = "a\n u < a\n v < a ~ w\n w < u";
    assert!(rebased(cycle, "a", Some("u"), Some("v")).starts_with("error: "));
}

#[test]
fn branches_stay_apart() {
    let graph = "a # x\n b < a\n c # y\n d < c\n u < a\n v < c\n";
    assert_eq!(rebased(graph, "a b c d", None, None), "u < b; v < d; affected: u v");
    assert_eq!(rebased(graph, "a b c d", Some("v"), None), "v < d; affected: v");
    let own = "a\n b < a\n u < a # side\n v\n";
    assert_eq!(rebased(own, "a b", None, None), "affected: ; own: u v");
    assert_eq!(rebased(own, "a b", Some("v"), Some("b")), "v < b; affected: v");
    let forked = "a\n b < a\n c < a\n u < a\n";
    assert_eq!(rebased(forked, "a b c", None, None), "error: u could go onto any of b and c");
    assert_eq!(rebased(forked, "a b c", Some("u"), Some("c")), "u < c; affected: u");
}
