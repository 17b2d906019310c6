use insta::assert_snapshot;

use super::{Folded, ORGS, USERS};

#[test]
fn a_symmetric_downgrade_differs_in_nothing() {
    let folded = Folded::of(&[
        ("a", ORGS, "op.drop_table('orgs')"),
        ("b < a", USERS, "op.drop_index(op.f('ix_users_org_id'), table_name='users')\nop.drop_table('users')"),
        (
            "c < b",
            "op.create_unique_constraint('uq', 'orgs', ['name'])
         op.alter_column('orgs', 'name', nullable=False)
         op.drop_constraint('users_email_key', 'users')
         op.drop_column('users', 'org_id')",
            "op.add_column('users', sa.Column('org_id', sa.Integer(), sa.ForeignKey('orgs.id', ondelete='CASCADE')))
         op.create_index('ix_users_org_id', 'users', ['org_id'])
         op.create_unique_constraint('uq_users_email', 'users', ['email'])
         op.alter_column('orgs', 'name', nullable=True)
         op.drop_constraint('uq', 'orgs')",
        ),
    ]);
    for revision in ["a", "b", "c"] {
        assert_eq!(folded.difference(revision), "", "{revision}");
    }
}

#[test]
fn what_a_downgrade_forgets_is_told() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.drop_column('users', 'org_id')
         op.alter_column('users', 'email', type_=sa.Text(), nullable=True, server_default='x')
         op.drop_constraint('users_email_key', 'users')
         op.create_index('ix', 'orgs', ['name'])
         op.create_table('more', sa.Column('id', sa.Integer()))",
            "op.add_column('users', sa.Column('org_id', sa.BigInteger()))",
        ),
        ("d < c", "op.drop_table('more')\nop.drop_column('orgs', 'name')", "op.create_table('other')"),
    ]);
    assert_snapshot!(folded.difference("c"), @r"
    orgs: IndexExtra(TableIndex
    users: TypeDiffers
    users: NullableDiffers
    users: DefaultDiffers
    users: TypeDiffers
    users: IndexMissing(TableIndex
    users: ConstraintMissing(TableConstraint
    users: ConstraintMissing(TableConstraint
    more: TableExtra
    ");
    assert_snapshot!(folded.difference("d"), @r#"
    more: TableMissing
    orgs: ColumnMissing("name")
    orgs: IndexMissing(TableIndex
    other: TableExtra
    "#);
}

#[test]
fn what_a_revision_touches_is_known() {
    let folded = Folded::of(&[
        ("a", ORGS, ""),
        ("b < a", USERS, ""),
        (
            "c < b",
            "op.drop_constraint('users_email_key', 'users')
         op.create_index('ix', 'orgs', ['name'])
         op.execute(\"ALTER TYPE status ADD VALUE 'x'\")
         op.rename_table('orgs', 'firms')",
            "",
        ),
    ]);
    let touched = folded.history.touched(folded.revision("c")).unwrap();
    let columns = touched.columns.iter().map(|(table, column)| format!("{table}.{}", column.as_deref().unwrap_or("*")));
    assert_snapshot!(columns.chain(touched.enums.iter().cloned()).collect::<Vec<_>>().join(" "), @"firms.* orgs.* orgs.name users.email status");
}

#[test]
fn what_is_only_written_differently_is_no_difference() {
    let upgrade = "op.drop_table('t')";
    let create = "op.create_table('t', sa.Column('id', sa.Integer()), sa.Column('b', sa.Boolean(), server_default=sa.text('(false)')), \
                  sa.Column('at', UtcDateTime()), sa.PrimaryKeyConstraint('id', 'b'))";
    let again = "op.create_table('t', sa.Column('id', sa.Integer(), server_default=sa.text(\"nextval('t_id_seq')\")), \
                 sa.Column('b', sa.Boolean(), server_default='0'), sa.Column('at', sa.TIMESTAMP(timezone=True)), sa.PrimaryKeyConstraint('b', 'id'))";
    let folded = Folded::of(&[("a", create, ""), ("b < a", upgrade, again)]);
    assert_eq!(folded.difference("b"), "");
}
