use insta::assert_snapshot;

use super::{Folded, ORGS, Step};
use crate::operation::Dialect;

#[test]
fn what_may_run_or_not_is_in_doubt() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        (
            "b < a",
            "if something():
             op.drop_table('orgs')
             op.create_table('perhaps', sa.Column('id', sa.Integer()))
         op.execute('DROP TABLE IF EXISTS nothing')
         op.execute('CREATE TABLE IF NOT EXISTS orgs (id int)')",
            "",
        ),
        ("c < b", "op.execute(text_from_elsewhere)", ""),
        ("d < c", "op.drop_table('unheard_of')", ""),
    ]);
    assert_snapshot!(folded.after("b"), @r"
    orgs by a …
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    perhaps by b ?
      id sa.Integer()
    ");
    assert_snapshot!(folded.after("c"), @r"
    orgs by a …
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    perhaps by b ?
      id sa.Integer()
    …
    ");
    assert_eq!(folded.unknown("d"), "");
}

#[test]
fn only_what_runs_on_the_dialect_counts() {
    let steps: &[Step<'_>] = &[(
        "a",
        "if op.get_bind().dialect.name == 'postgresql':
             op.create_table('pg', sa.Column('id', sa.Integer()))
         else:
             op.create_table('others', sa.Column('id', sa.Integer()))",
        "",
    )];
    assert_snapshot!(Folded::of(steps).after("a"), @r"
    pg by a
      id sa.Integer()
    ");
    assert_snapshot!(Folded::on(Dialect::Sqlite, steps).after("a"), @r"
    others by a
      id sa.Integer()
    ");
}

#[test]
fn temporary_tables_end_with_their_revision() {
    let folded = Folded::of(&[
        ("a", "op.execute('CREATE TEMP TABLE t AS SELECT 1; DELETE FROM t')", ""),
        ("b < a", "op.execute('DELETE FROM t')", ""),
    ]);
    assert_eq!(folded.unknown("a"), "");
    assert_eq!(folded.after("a"), "");
    assert_snapshot!(folded.unknown("b"), @"0: t Table");
}

#[test]
fn what_is_not_understood_on_another_database_leaves_nothing_open() {
    let folded = Folded::of(&[(
        "a",
        "if op.get_bind().dialect.name == 'mysql':
             op.execute(text_from_elsewhere)
         op.create_table('t', sa.Column('id', sa.Integer()))",
        "",
    )]);
    assert_snapshot!(folded.after("a"), @r"
    t by a
      id sa.Integer()
    ");
}

#[test]
fn a_key_to_a_table_that_comes_later_is_no_unknown_table() {
    let later = "op.create_table('a', sa.Column('b', sa.Integer(), sa.ForeignKey('b.id', use_alter=True)))
         op.create_table('b', sa.Column('id', sa.Integer(), sa.ForeignKey('nowhere.id')))";
    assert_snapshot!(Folded::of(&[("a", later, "")]).unknown("a"), @"1: nowhere ReferencedTable");
}
