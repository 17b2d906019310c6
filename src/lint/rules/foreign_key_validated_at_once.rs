use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{Constraint, ConstraintKind, OperationKind};

declare_rule! {
    /// A foreign key on an existing table checks every row while it holds its locks.
    ///
    /// ## What it flags
    /// `op.create_foreign_key` (also in `batch_alter_table` and in SQL) without `postgresql_not_valid=True`, and `sa.ForeignKey` in a
    /// column that is added, on a table that existed before this revision.
    ///
    /// ## Why
    /// PostgreSQL locks both tables against writes until it has looked up every row of the one in the other.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key("fk_orders_user", "orders", "users", ["user_id"], ["id"])
    /// ```
    ///
    /// ## Use instead
    /// Validate it in a later revision: that takes no lock that writers mind.
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key(
    ///         "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
    ///     )
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_user")
    /// ```
    "foreign-key-validated-at-once" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let (table, constraint, is_in_column) = match &operation.kind {
            OperationKind::CreateConstraint { table, constraint } => (table, Some(constraint), false),
            OperationKind::AddColumn { table, column, .. } => {
                (table, column.constraints.iter().find(|constraint| is_validated_key(constraint)), true)
            }
            _ => continue,
        };
        let Some(constraint) = constraint.filter(|constraint| is_validated_key(constraint)) else { continue };
        if ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let ConstraintKind::ForeignKey { referent, .. } = &constraint.kind else { continue };
        let (from, to) = (phrase::table(table.as_ref()), referent.as_ref().map(|referent| format!("`{referent}`")));
        let locked = match to {
            Some(to) if to != from => format!("{from} and {to}"),
            _ => from.clone(),
        };
        let message = format!("this foreign key locks {locked} against writes while every row of {from} is checked");
        let fix = if is_in_column { None } else { ctx.validated_later(operation, table.as_ref(), constraint) };
        let finding = ctx.report(operation.range.clone(), message);
        finding.fix = fix;
        finding.help(if is_in_column {
            "add the column alone, then the foreign key with `postgresql_not_valid=True`, and validate it in a later revision"
        } else {
            "pass `postgresql_not_valid=True` and validate the constraint in a later revision"
        });
    }
}

fn is_validated_key(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::ForeignKey { .. }) && !constraint.not_valid
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "foreign-key-validated-at-once";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'])\n    \
                    op.add_column('orders', sa.Column('state', sa.Text(), sa.ForeignKey('states.code')))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: this foreign key locks `orders` and `users` against writes while every row of `orders` is checked
          help: pass `postgresql_not_valid=True` and validate the constraint in a later revision
        21:5 error: this foreign key locks `orders` and `states` against writes while every row of `orders` is checked
          help: add the column alone, then the foreign key with `postgresql_not_valid=True`, and validate it in a later revision
        ");
    }

    #[test]
    fn split_fix() {
        let text = "def upgrade():\n    op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], source_schema='Shop')  # slow\n    \
                    op.execute('ANALYZE')\n\n\ndef downgrade():\n    pass\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        def upgrade():
            op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], source_schema='Shop', postgresql_not_valid=True)  # slow
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE "Shop".orders VALIDATE CONSTRAINT fk')
            op.execute('ANALYZE')


        def downgrade():
            pass
        "#);
    }

    #[test]
    fn batch_fix() {
        let text = "def upgrade():\n    with op.batch_alter_table('user') as batch_op:\n        \
                    batch_op.create_foreign_key('fk', 'users', ['user_id'], ['id'])\n        \
                    batch_op.drop_column('a')\n\n\ndef downgrade():\n    pass\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        def upgrade():
            with op.batch_alter_table('user') as batch_op:
                batch_op.create_foreign_key('fk', 'users', ['user_id'], ['id'], postgresql_not_valid=True)
                batch_op.drop_column('a')
            with op.get_context().autocommit_block():
                op.execute('ALTER TABLE "user" VALIDATE CONSTRAINT fk')


        def downgrade():
            pass
        "#);
    }

    #[test]
    fn not_valid_ok() {
        let text = "def upgrade():\n    op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'], \
                    postgresql_not_valid=True)\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('orders', sa.Column('user_id', sa.Integer()))\n    \
                    op.create_foreign_key('fk', 'orders', 'users', ['user_id'], ['id'])\n";
        assert_eq!(findings(RULE, text), "");
    }
}
