use std::time::Instant;

use insta::assert_snapshot;

use super::{Folded, ORGS, USERS, operations};
use crate::operation::{Dialect, Operations, TableName};
use crate::revision::{RevisionIndex, text_graph};
use crate::schema::SchemaHistory;

#[test]
fn branches_know_nothing_of_each_other_until_they_merge() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        (
            "b < a",
            "op.create_table('left', sa.Column('id', sa.Integer()))\nop.add_column('orgs', sa.Column('l', sa.Text()))",
            "",
        ),
        (
            "c < a",
            "op.create_table('right', sa.Column('id', sa.Integer()))\nop.add_column('orgs', sa.Column('r', sa.Text()))",
            "",
        ),
        ("d < c", "op.drop_column('orgs', 'name')\nop.create_index('ix', 'left', ['id'])", ""),
        ("m < b d", "", ""),
    ]);
    assert_snapshot!(folded.before("d"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      r sa.Text()
      PrimaryKey (orgs_pkey) id
    right by c
      id sa.Integer()
    ");
    assert_snapshot!(folded.before("m"), @r"
    left by b
      id sa.Integer()
    orgs by a
      id sa.Integer() not null
      l sa.Text()
      r sa.Text()
      PrimaryKey (orgs_pkey) id
    right by c
      id sa.Integer()
    ");
    assert_snapshot!(folded.unknown("d"), @"1: left Table");
    let left = TableName::new("left");
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("d")), Some(folded.revision("b")));
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("b")), None);
    assert_eq!(folded.history.created_elsewhere(&left, folded.revision("a")), None);
}

#[test]
fn what_one_branch_drops_renames_or_changes_is_so_after_the_merge() {
    let folded = Folded::of(&[
        (
            "a",
            &format!(
                "{ORGS}\nop.create_table('gone', sa.Column('id', sa.Integer()))\nop.create_table('old', sa.Column('id', sa.Integer()))"
            ),
            "",
        ),
        (
            "b < a",
            "op.drop_table('gone')\nop.rename_table('old', 'new')\nop.alter_column('orgs', 'name', type_=sa.String(5))",
            "",
        ),
        (
            "c < a",
            "op.add_column('orgs', sa.Column('x', sa.Text()))\nop.add_column('gone', sa.Column('x', sa.Text()))",
            "",
        ),
        ("m < c b", "", ""),
        ("n < m", "op.drop_table('new')", ""),
        ("o < c", "", ""),
        ("p < n o", "", ""),
    ]);
    assert_snapshot!(folded.after("m"), @r"
    new by a
      id sa.Integer()
    orgs by a
      id sa.Integer() not null
      name sa.String(5)
      x sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
    assert_snapshot!(folded.after("p"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.String(5)
      x sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
}

#[test]
fn a_dependency_brings_its_schema() {
    let folded = Folded::of(&[("a", ORGS, ""), ("b", "", ""), ("c < b ~ a", USERS, "")]);
    assert_snapshot!(folded.unknown("c"), @"");
    assert_snapshot!(folded.before("c"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
}

#[test]
fn ten_thousand_revisions_fold_quickly() {
    let revisions = 10_000;
    let graph: String =
        (0..revisions).map(|at| if at == 0 { "r0\n".to_owned() } else { format!("r{at} < r{}\n", at - 1) }).collect();
    let map = text_graph::map(&graph);
    let operations: Vec<Operations> = (0..revisions)
        .map(|at| {
            let upgrade = if at % 20 == 0 {
                format!("op.create_table('t{at}', sa.Column('id', sa.Integer(), primary_key=True))")
            } else {
                format!("op.add_column('t{}', sa.Column('c{at}', sa.String(20)))", at - at % 20)
            };
            operations(&upgrade, "")
        })
        .collect();
    let start = Instant::now();
    let history = SchemaHistory::fold(&map, &operations.iter().collect::<Vec<_>>(), Dialect::Postgresql);
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    let last = history.after(RevisionIndex(revisions - 1));
    assert_eq!(last.tables().map(|table| table.columns.len()).sum::<usize>(), revisions as usize);
}
