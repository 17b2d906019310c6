use super::text_graph::{build, ids, map, rows};
use super::*;

const DIAMOND: &str = "a1
    b1 < a1
    b2 < a1
    c1 < b1 b2";

fn error(text: &str) -> String {
    build(text).unwrap_err().to_string()
}

#[test]
fn heads_and_points_of_a_diamond() {
    let map = map(DIAMOND);
    assert_eq!(ids(&map, map.heads()), "c1");
    let a1 = map.position("a1").unwrap();
    assert!(map.is_branch_point(a1) && !map.is_merge_point(a1));
    assert_eq!(ids(&map, map.children(a1)), "b1 b2");
    assert!(map.is_merge_point(map.position("c1").unwrap()));
    assert_eq!(ids(&map, &map.resolve("c1").unwrap()), "c1");
}

#[test]
fn a_dependency_makes_a_head_effective_only() {
    let map = map("a1\n b1 ~ a1");
    assert_eq!(ids(&map, map.heads()), "a1 b1");
    assert_eq!(ids(&map, map.effective_heads()), "b1");
    assert_eq!(ids(&map, &map.resolve("heads").unwrap()), "b1");
    assert_eq!(ids(&map, &map.current(&rows("b1")).unwrap()), "a1 b1");
    assert!(map.is_up_to_date(&rows("b1")).unwrap());
    assert!(!map.rows_are_heads(&rows("b1")));
}

#[test]
fn dependencies_of_ancestors_are_dropped() {
    let map = map("x\n y\n a ~ x\n b < a ~ x y\n c < b ~ y");
    let down = |id: &str| ids(&map, map.normalized_down(map.position(id).unwrap()));
    assert_eq!((down("a").as_str(), down("b").as_str(), down("c").as_str()), ("x", "a y", "b"));
}

#[test]
fn a_label_marks_the_whole_of_a_lone_chain() {
    let map = map("a\n b < a # lib\n c < b\n d < c # top");
    let labels = |id: &str| map.labels(map.position(id).unwrap()).join(" ");
    assert_eq!((labels("a").as_str(), labels("d").as_str()), ("lib top", "lib top"));
}

#[test]
fn a_second_child_or_a_dependent_stops_a_label() {
    let forked = map("a\n b < a # lib\n c < b\n d < c\n e < c");
    assert_eq!(forked.labels(forked.position("a").unwrap()).len(), 0);
    let depended = map("a\n b < a # lib\n c < b\n d < c\n e ~ c");
    assert_eq!(depended.labels(depended.position("a").unwrap()).len(), 0);
    assert_eq!(depended.labels(depended.position("d").unwrap()).len(), 1);
}

#[test]
fn errors_of_building_have_alembics_sentences() {
    assert_eq!(error("a < a"), "Self-loop is detected in revisions (a)");
    assert_eq!(error("a ~ a"), "Dependency self-loop is detected in revisions (a)");
    assert_eq!(error("a-1+"), "Character(s) '+, -' not allowed in revision identifier 'a-1+'");
    assert_eq!(error("a # x\n b # x"), "Branch name 'x' in revision b already used by revision a");
    assert_eq!(error("a < b\n b < a"), "Cycle is detected in revisions (a, b)");
    assert_eq!(error("a\n d < a\n b < c\n c < b"), "Cycle is detected in revisions (b, c)");
    assert_eq!(error("a ~ b\n b ~ a"), "Dependency cycle is detected in revisions (a, b)");
    assert!(!build("a < b").unwrap_err().is_command_error());
    assert!(!build("a ~ b").unwrap_err().is_command_error());
    assert!(build("a < b\n b < a").unwrap_err().is_command_error());
}

#[test]
fn a_label_is_no_down_revision() {
    assert_eq!(
        error("a\n b < a # lib\n c < lib"),
        "down revision 'lib' of revision c is a branch label, not a revision"
    );
    assert_eq!(error("a # x\n b < x ~ a"), "Dependency resolution failed; broken map");
    assert_eq!(error("a < x # x"), "Cycle is detected in revisions (a)");
}

#[test]
fn the_loser_of_an_id_is_a_child_as_long_as_it_has_a_label() {
    let map = map("p\n a < p # lib\n a");
    assert_eq!(ids(&map, map.heads()), "a a");
    assert_eq!(ids(&map, map.children(map.position("p").unwrap())), "a");
    assert_eq!(map.labels(map.position("a").unwrap()).len(), 0);
}

#[test]
fn a_duplicate_id_is_a_warning_and_the_last_one_wins() {
    let map = map("a\n b\n a < b");
    assert_eq!(map.warnings().len(), 1);
    assert_eq!(map.warnings()[0].to_string(), "Revision a is present more than once");
    assert_eq!(map.position("a"), Some(RevisionIndex(2)));
    assert_eq!(map.iter().map(|index| index.0).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn symbols() {
    let map = map("aaaa1 # left\n bbbb1 < aaaa1\n aaab1\n bbbb2 < aaab1 # right");
    let resolve = |symbol: &str| match map.resolve(symbol) {
        Ok(found) => ids(&map, &found),
        Err(error) => error.to_string(),
    };
    assert_eq!(resolve("heads"), "bbbb1 bbbb2");
    assert_eq!(resolve("left@head"), "bbbb1");
    assert_eq!(resolve("lef@bbbb"), "bbbb1");
    assert_eq!(resolve("aaaa1@heads"), "bbbb1");
    assert_eq!(resolve("aaaa"), "aaaa1");
    assert_eq!(resolve("aaa"), "Can't locate revision identified by 'aaa'");
    assert_eq!(resolve("left@bbbb2"), "Can't locate revision identified by 'bbbb2'");
    assert_eq!(resolve("no@head"), "Can't locate revision identified by 'no'");
    assert_eq!(resolve("no@base"), "");
    assert_eq!(resolve("-1"), "aaaa1 aaab1");
    assert_eq!(resolve("right@-1"), "aaab1");
    assert!(resolve("head").starts_with("Multiple head revisions are present for given argument 'head'; please"));
    assert_eq!(map.resolve("-2").unwrap_err(), RevisionError::NotARevision("-2".to_owned()));
    assert_eq!(map.resolve("").unwrap_err(), RevisionError::EmptyIdentifier);
}

/// Graphs of every shape, the same on every run.
fn random_graph(seed: u64, size: u32) -> String {
    let mut state = seed * 0x9E37_79B9 + 1;
    let mut below = move |limit: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as u32 % limit
    };
    let mut text = String::new();
    for number in 0..size {
        text += &format!("r{number}");
        if number > 0 && below(10) > 0 {
            text += &format!(" < r{}", below(number.min(1 + size / 4)) + number - number.min(1 + size / 4));
            if below(4) == 0 {
                let other = format!(" r{}", below(number));
                if !text.ends_with(&other) {
                    text += &other;
                }
            }
        }
        if number > 0 && below(4) == 0 {
            text += &format!(" ~ r{} r{}", below(number), below(number));
        }
        text += "\n";
    }
    text
}

#[test]
fn the_sort_without_sets_agrees_with_alembics_sort() {
    for seed in 1..300 {
        let map = map(&random_graph(seed, 4 + (seed % 40) as u32));
        let heads = map.effective_heads().to_vec();
        let all = map.closure(&heads, Edge::NormalizedDown);
        let lower = RevisionIndex((seed % map.len() as u64) as u32);
        let mut pending = all.clone();
        pending.subtract(&map.closure(&[lower], Edge::NormalizedDown));
        let mut gaps = all.clone();
        gaps.intersect(&map.closure(&[lower], Edge::Next));
        for wanted in [all, pending, gaps] {
            let fast = map.sorted(&wanted, &heads);
            assert_eq!(
                fast,
                map.sort_with_cycle(wanted, &heads),
                "seed {seed}\n{}",
                random_graph(seed, 4 + (seed % 40) as u32)
            );
        }
    }
}

#[test]
fn ancestry_agrees_with_walking() {
    for seed in 1..100 {
        let map = map(&random_graph(seed, 25));
        let mut ancestry = Ancestry::new(&map);
        for from in map.iter() {
            let ancestors = map.closure(&[from], Edge::NormalizedDown);
            for to in map.iter() {
                assert_eq!(ancestry.has_ancestor(from, to), ancestors.contains(to), "seed {seed}: {from:?} {to:?}");
            }
        }
    }
}

#[test]
fn a_long_history_neither_overflows_nor_drags() {
    let revisions: Vec<Revision> = (0..50_000_u32)
        .map(|number| Revision {
            id: RevisionId::new(format!("r{number}")),
            down: number.checked_sub(1).map(|down| RevisionId::new(format!("r{down}"))).into_iter().collect(),
            depends_on: Vec::new(),
            branch_labels: if number == 0 { vec!["main".to_owned()] } else { Vec::new() },
        })
        .collect();
    let map = RevisionMap::build(revisions).unwrap();
    let all = map.closure(map.heads(), Edge::NormalizedDown);
    assert_eq!(map.sorted(&all, map.heads()).unwrap().len(), 50_000);
    assert_eq!(ids(&map, &map.resolve("main@-49999").unwrap()), "r0");
    assert_eq!(map.labels(map.heads()[0]), ["main"]);
}

#[test]
fn a_cycle_that_alembic_overlooks_is_walked_as_alembic_does() {
    let map = map("low\n x < low y\n y < x\n top < y");
    let all = map.closure(map.heads(), Edge::NormalizedDown);
    assert_eq!(ids(&map, &map.sorted(&all, map.heads()).unwrap()), "top y x low");
}
