use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{ColumnType, Constraint, ConstraintKind, OperationKind, TypeKind};

declare_rule! {
    /// A check constraint on an existing table reads every row while nobody else can use the table.
    ///
    /// ## What it flags
    /// `op.create_check_constraint` (also in `batch_alter_table` and in SQL) without `postgresql_not_valid=True`, and check constraints
    /// of a column that is added (`sa.CheckConstraint`, `sa.Enum(…, native_enum=False, create_constraint=True)`), on a table that
    /// existed before this revision.
    ///
    /// ## Why
    /// PostgreSQL reads the whole table under an ACCESS EXCLUSIVE lock: no query runs until it is through.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_check_constraint("ck_orders_total", "orders", "total >= 0")
    /// ```
    ///
    /// ## Use instead
    /// Validate it in a later revision: that lets readers and writers through.
    /// ```python
    /// def upgrade():
    ///     op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total")
    /// ```
    "check-validated-at-once" {
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
        let (table, is_checked) = match &operation.kind {
            OperationKind::CreateConstraint { table, constraint } => (table, is_validated_check(constraint)),
            OperationKind::AddColumn { table, column, .. } => {
                (table, column.constraints.iter().any(is_validated_check) || creates_check(column.type_.as_ref()))
            }
            OperationKind::AlterColumn(alter) => (&alter.table, creates_check(alter.type_.as_ref())),
            _ => continue,
        };
        if !is_checked || ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let on = phrase::table(table.as_ref());
        let fix = match &operation.kind {
            OperationKind::CreateConstraint { constraint, .. } => {
                ctx.validated_later(operation, table.as_ref(), constraint)
            }
            _ => None,
        };
        let message = format!("this check constraint locks {on} while every row is checked");
        let finding = ctx.report(operation.range.clone(), message);
        finding.help("create it with `postgresql_not_valid=True` and validate it in a later revision");
        finding.fix = fix;
    }
}

fn is_validated_check(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Check { .. }) && !constraint.not_valid
}

/// An enum that is a varchar with a check constraint.
fn creates_check(type_: Option<&ColumnType>) -> bool {
    type_.is_some_and(|type_| matches!(&type_.kind, TypeKind::Enum(one) if !one.is_native && one.creates_constraint))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "check-validated-at-once";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.create_check_constraint('ck', 'orders', 'total >= 0')\n    \
                    op.add_column('orders', sa.Column('size', sa.Enum('s', 'm', name='size', native_enum=False, \
                    create_constraint=True)))\n    \
                    op.execute('ALTER TABLE orders ADD CONSTRAINT c CHECK (weight > 0)')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: this check constraint locks `orders` while every row is checked
          help: create it with `postgresql_not_valid=True` and validate it in a later revision
        21:5 error: this check constraint locks `orders` while every row is checked
          help: create it with `postgresql_not_valid=True` and validate it in a later revision
        22:17 error: this check constraint locks `orders` while every row is checked
          help: create it with `postgresql_not_valid=True` and validate it in a later revision
        ");
    }

    #[test]
    fn split_fix() {
        let text = "def upgrade():\n    op.create_check_constraint(\n        'ck',\n        'orders',\n        ('total >= 0 ' 'AND total < 9'),\n    )\n\n\n\
                    def downgrade():\n    pass\n";
        assert_snapshot!(fixed(RULE, text), @r#"
        def upgrade():
            op.create_check_constraint(
                'ck',
                'orders',
                ('total >= 0 ' 'AND total < 9'),
                postgresql_not_valid=True,
            )
            with op.get_context().autocommit_block():
                op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck")


        def downgrade():
            pass
        "#);
    }

    #[test]
    fn a_loop_fix() {
        let text = "def upgrade():\n    for table in ('a', 'b'):\n        op.create_check_constraint('ck', table, 'c > 0')\n\n\n\
                    def downgrade():\n    pass";
        assert_eq!(fixed(RULE, text), text);
    }

    #[test]
    fn not_valid_ok() {
        let text = "def upgrade():\n    op.create_check_constraint('c', 'orders', 'total >= 0', postgresql_not_valid=True)\n    \
                    op.execute('ALTER TABLE orders ADD CONSTRAINT d CHECK (weight > 0) NOT VALID')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn enum_without_constraint_ok() {
        let text = "def upgrade():\n    op.add_column('orders', sa.Column('size', sa.Enum('s', name='z', native_enum=False)))\n";
        assert_eq!(findings(RULE, text), "");
    }
}
