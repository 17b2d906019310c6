use insta::assert_snapshot;

use super::{Folded, ORGS, Step, USERS};
use crate::operation::{Dialect, TableName};

#[test]
fn a_table_has_what_its_columns_bring() {
    let folded = Folded::of(&[("a", ORGS, ""), ("b < a", USERS, "")]);
    assert_snapshot!(folded.before("b"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    ");
    assert_snapshot!(folded.after("b"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      Unique (users_email_key) email
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
}

#[test]
fn columns_are_added_changed_renamed_and_dropped() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.add_column('users', sa.Column('age', sa.SmallInteger(), server_default='0'))
         op.alter_column('users', 'email', new_column_name='mail', type_=sa.String(100), nullable=True)
         op.alter_column('orgs', 'id', new_column_name='org_id')
         with op.batch_alter_table('users') as batch_op:
             batch_op.alter_column('age', server_default=None, nullable=False)",
            "",
        ),
        ("d < c", "op.drop_column('users', 'org_id')", ""),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    orgs by a
      org_id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) org_id
    users by b
      id sa.Integer() not null
      mail sa.String(100)
      org_id sa.Integer()
      age sa.SmallInteger() not null
      PrimaryKey (users_pkey) id
      Unique (users_email_key) mail
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
    assert_snapshot!(folded.after("d"), @r"
    orgs by a
      org_id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) org_id
    users by b
      id sa.Integer() not null
      mail sa.String(100)
      age sa.SmallInteger() not null
      PrimaryKey (users_pkey) id
      Unique (users_email_key) mail
    ");
    let orgs = folded.history.after(folded.revision("c"));
    assert_eq!(orgs.referencing_column(&TableName::new("orgs"), "org_id").count(), 1);
}

#[test]
fn a_renamed_table_takes_its_parts_and_references_along() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        ("c < b", "op.rename_table('orgs', 'companies')\nop.rename_table('users', 'people')", ""),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    companies by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    people by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      Unique (users_email_key) email
      ForeignKey (users_org_id_fkey) org_id
      Index (ix_users_org_id) org_id
    ");
    let after = folded.history.after(folded.revision("c"));
    assert_eq!(after.referencing(&TableName::new("companies")).count(), 1);
    assert_eq!(after.referencing(&TableName::new("orgs")).count(), 0);
}

#[test]
fn constraints_without_a_name_are_found_by_the_name_that_postgresql_or_a_convention_gives() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        ("c < b", "op.drop_constraint('users_email_key', 'users')\nop.drop_index('ix_users_org_id', 'users')", ""),
        ("d < c", "op.drop_constraint('fk_users_org_id_orgs', 'users', type_='foreignkey')", ""),
        (
            "e < d",
            "op.drop_constraint('users_pkey', 'users', type_='primary')\nop.drop_constraint('nothing', 'users')",
            "",
        ),
    ]);
    assert_snapshot!(folded.after("c"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
      PrimaryKey (users_pkey) id
      ForeignKey (users_org_id_fkey) org_id
    ");
    assert_snapshot!(folded.after("e"), @r"
    orgs by a
      id sa.Integer() not null
      name sa.Text()
      PrimaryKey (orgs_pkey) id
    users by b
      id sa.Integer() not null
      email sa.String(50) not null
      org_id sa.Integer()
    ");
    assert_snapshot!(folded.unknown("e"), @r#"1: users Constraint("nothing")"#);
}

#[test]
fn enums_are_made_with_a_table_and_outlive_it() {
    let status = "sa.Enum('new', 'old', name='status')";
    let create = format!("op.create_table('t', sa.Column('s', {status}))");
    let add = format!(
        "op.add_column('t', sa.Column('k', sa.Enum('x', name='kind')))\nop.add_column('t', sa.Column('z', {status}))"
    );
    let steps: &[Step<'_>] = &[
        ("a", &create, "op.drop_table('t')"),
        ("b < a", &add, "op.drop_column('t', 'k')\nop.drop_column('t', 'z')"),
        ("c < b", "op.execute(\"ALTER TYPE status ADD VALUE 'older'\")", ""),
        ("d < c", "op.execute('ALTER TYPE status RENAME TO state')", "op.execute('ALTER TYPE state RENAME TO status')"),
        ("e < d", "op.execute('DROP TYPE state CASCADE')", ""),
    ];
    let folded = Folded::of(steps);
    assert_snapshot!(folded.after("c"), @r"
    t by a
      s sa.Enum('new', 'old', name='status')
      k sa.Enum('x', name='kind')
      z sa.Enum('new', 'old', name='status')
    enum status: new old older
    ");
    assert_snapshot!(folded.difference("a"), @r#"EnumExtra("status")"#);
    assert_snapshot!(folded.difference("b"), @"");
    assert_snapshot!(folded.difference("c"), @"EnumValuesDiffer");
    assert_snapshot!(folded.difference("d"), @"");
    assert_snapshot!(folded.after("e"), @r"
    t by a
      k sa.Enum('x', name='kind')
    ");
    let folded = Folded::on(Dialect::Sqlite, steps);
    assert_snapshot!(folded.after("c"), @r"
    t by a
      s sa.Enum('new', 'old', name='status')
      k sa.Enum('x', name='kind')
      z sa.Enum('new', 'old', name='status')
    ");
}
