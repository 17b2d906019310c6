use super::declare_rule;
use std::collections::BTreeSet;

use crate::lint::LintContext;
use crate::lint::header::assigned_at;
use crate::operation::TableName;
use crate::schema::UnknownObject;

declare_rule! {
    /// A revision uses a table that another branch creates.
    ///
    /// ## What it flags
    /// Operations on a table, and foreign keys to a table, which no ancestor of the revision creates, but a revision of another branch does,
    /// without `depends_on`.
    ///
    /// ## Why
    /// Alembic runs branches in any order: on a database that is upgraded step by step it works, on an empty one the table is not there yet.
    ///
    /// ## Example
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    /// branch_labels = "core"
    ///
    ///
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = None
    /// branch_labels = "billing"
    ///
    ///
    /// def upgrade():
    ///     op.create_table("invoices", sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id", name="invoices_user_id_fkey")))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("invoices")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    /// branch_labels = "core"
    ///
    ///
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = None
    /// branch_labels = "billing"
    /// depends_on = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.create_table("invoices", sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id", name="invoices_user_id_fkey")))
    ///
    ///
    /// def downgrade():
    ///     op.drop_table("invoices")
    /// ```
    "missing-depends-on" {
        group: Graph,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(revision), project) = (ctx.revision(), ctx.project()) else { return };
    let mut told: BTreeSet<&TableName> = BTreeSet::new();
    for unknown in project.schemas.unknown(revision) {
        let (Some(table), UnknownObject::Table | UnknownObject::ReferencedTable) = (&unknown.table, &unknown.object)
        else {
            continue;
        };
        let Some(operation) = ctx.upgrade().operations.get(unknown.operation) else { continue };
        let Some(creator) = project.schemas.created_elsewhere(table, revision) else { continue };
        if !told.insert(table) {
            continue;
        }
        let creator_file = project.file_of(creator);
        let id = &project.graph.map.revision(creator).id;
        let place = project.location(creator_file, assigned_at(&project.file(creator_file).file, "revision"));
        ctx.report(operation.range.clone(), format!("the table `{table}` is created on another branch, by `{id}`"))
            .help(format!("set `depends_on = \"{id}\"`"))
            .annotate(place, "creates the table");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    const RULE: &str = "missing-depends-on";

    fn history(header: &str) -> String {
        let users = "from alembic import op\nimport sqlalchemy as sa\nrevision = 'a'\ndown_revision = None\nbranch_labels = 'core'\n\n\
                     def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer()))\n";
        let billing = format!(
            "from alembic import op\nimport sqlalchemy as sa\nrevision = 'b'\n{header}\nbranch_labels = 'billing'\n\n\
             def upgrade():\n    op.add_column('users', sa.Column('tax', sa.Integer()))\n    op.drop_column('users', 'tax')\n"
        );
        History::new().file("a.py", users).file("b.py", &billing).findings(RULE)
    }

    #[test]
    fn table_of_another_branch_err() {
        assert_snapshot!(history("down_revision = None"), @r#"
        b.py:8:5 error: the table `users` is created on another branch, by `a`
          help: set `depends_on = "a"`
        "#);
    }

    #[test]
    fn told_or_below_ok() {
        assert_eq!(history("down_revision = None\ndepends_on = 'a'"), "");
        assert_eq!(history("down_revision = 'a'"), "");
    }
}
