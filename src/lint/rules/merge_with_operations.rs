use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::OperationKind;

declare_rule! {
    /// A merge revision also changes the schema or the data.
    ///
    /// ## What it flags
    /// Revisions with several down revisions whose `upgrade()` does something.
    ///
    /// ## Why
    /// A merge is a point where histories meet: it is made and taken back by tools, and nobody looks into it for a change. Whoever downgrades by
    /// one step undoes the change and splits the branches at once.
    ///
    /// ## Example
    /// ```python file=20260110_140500_step_0.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260113_140500_step_3.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "e92b5f41a086"
    /// down_revision = ("1c5e90b2f7aa", "6d04be7713c9")
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
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
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260111_140500_step_1.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260112_140500_step_2.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "6d04be7713c9"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260113_140500_step_3.py
    /// """add users"""
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "e92b5f41a086"
    /// down_revision = ("1c5e90b2f7aa", "6d04be7713c9")
    ///
    ///
    /// def upgrade():
    ///     pass
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    "merge-with-operations" {
        group: Graph,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(script) = ctx.script() else { return };
    if script.revision.down.len() < 2 {
        return;
    }
    let changes = |kind: &OperationKind| !matches!(kind, OperationKind::Read { .. } | OperationKind::Transaction(_));
    if let Some(operation) = ctx.upgrade_operations().find(|operation| changes(&operation.kind)) {
        ctx.report(operation.range.clone(), "this merge also changes the database")
            .help("leave the merge empty, and change the database in a revision behind it");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::graph;

    const RULE: &str = "merge-with-operations";

    fn found(upgrade: &str) -> String {
        let text = format!(
            "from alembic import op\nrevision = 'd'\ndown_revision = ('b', 'c')\n\ndef upgrade():\n    {upgrade}\n"
        );
        graph(&["a", "b a", "c a"]).file("d.py", &text).findings(RULE)
    }

    #[test]
    fn operation_err() {
        assert_snapshot!(found("op.drop_table('users')"), @"
        d.py:6:5 warning: this merge also changes the database
          help: leave the merge empty, and change the database in a revision behind it
        ");
    }

    #[test]
    fn empty_merge_ok() {
        assert_eq!(found("pass"), "");
    }
}
