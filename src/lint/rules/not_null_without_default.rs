use super::declare_rule;
use crate::lint::{Course, LintContext, phrase};
use crate::operation::{Column, Operation, OperationKind, TypeKind};

declare_rule! {
    /// A NOT NULL column is added without a server default: it fails where the table has rows.
    ///
    /// ## What it flags
    /// `op.add_column` (also in `batch_alter_table` and in SQL) of a column that is NOT NULL and has no `server_default`, identity or
    /// computed value, on a table that existed before; in the downgrade as well. `default=` is Python's and does not count. Not
    /// where the table is emptied before.
    ///
    /// ## Why
    /// The rows that are there would get NULL: the statement fails on every table that is not empty.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8), nullable=False))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8), nullable=False, server_default="en"))
    /// ```
    "not-null-without-default" {
        group: Locks,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        if let Some(column) = hazard(ctx.upgrade_course(), operation) {
            let what = phrase::column(operation.kind.table(), column.name.as_deref());
            let message =
                format!("{what} is NOT NULL without a server default: it cannot be added to a table with rows");
            let finding = ctx.report(operation.range.clone(), message);
            if column.has_python_default {
                finding.help("give `server_default=`: `default=` is applied by Python, to rows that Python inserts");
            } else {
                finding.help("give `server_default=`, or add it nullable, fill it, and set NOT NULL later");
            }
        }
    }
    for operation in ctx.downgrade_operations() {
        if let Some(column) = hazard(ctx.downgrade_course(), operation) {
            let what = phrase::column(operation.kind.table(), column.name.as_deref());
            let message =
                format!("the downgrade fails where the table has rows: {what} is NOT NULL without a server default");
            ctx.report(operation.range.clone(), message)
                .help("give `server_default=`, or add it nullable, fill it, and set NOT NULL then");
        }
    }
}

fn hazard<'a>(course: Course<'a>, operation: &'a Operation) -> Option<&'a Column> {
    let OperationKind::AddColumn { table: Some(table), column, .. } = &operation.kind else { return None };
    let is_filled = column.server_default.is_some() || column.computed.is_some() || is_serial(column);
    let is_hazard = !column.is_nullable() && !is_filled && !course.creates_table(table);
    (is_hazard && !course.is_emptied_before(operation, table)).then_some(column)
}

/// What SQLAlchemy makes a SERIAL of.
fn is_serial(column: &Column) -> bool {
    let is_integer = column
        .type_
        .as_ref()
        .is_some_and(|type_| matches!(type_.kind, TypeKind::SmallInteger | TypeKind::Integer | TypeKind::BigInteger));
    column.primary_key && is_integer && column.constraints.is_empty()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "not-null-without-default";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('locale', sa.Text(), nullable=False))\n    \
                    op.execute('ALTER TABLE users ADD COLUMN region text NOT NULL')\n    \
                    with op.batch_alter_table('orders') as batch_op:\n        \
                    batch_op.add_column(sa.Column('rank', sa.Integer(), nullable=False, default=0))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: `users.locale` is NOT NULL without a server default: it cannot be added to a table with rows
          help: give `server_default=`, or add it nullable, fill it, and set NOT NULL later
        21:17 error: `users.region` is NOT NULL without a server default: it cannot be added to a table with rows
          help: give `server_default=`, or add it nullable, fill it, and set NOT NULL later
        23:9 error: `orders.rank` is NOT NULL without a server default: it cannot be added to a table with rows
          help: give `server_default=`: `default=` is applied by Python, to rows that Python inserts
        ");
    }

    #[test]
    fn downgrade_err() {
        let text = "def upgrade():\n    op.drop_column('users', 'locale')\n\n\
                    def downgrade():\n    op.add_column('users', sa.Column('locale', sa.Text(), nullable=False))\n";
        assert_snapshot!(findings(RULE, text), @r"
        22:5 error: the downgrade fails where the table has rows: `users.locale` is NOT NULL without a server default
          help: give `server_default=`, or add it nullable, fill it, and set NOT NULL then
        ");
    }

    #[test]
    fn filled_by_the_server_ok() {
        let text = "def upgrade():\n    \
                    op.add_column('users', sa.Column('a', sa.Text(), nullable=False, server_default='en'))\n    \
                    op.add_column('users', sa.Column('b', sa.Integer(), sa.Identity(), nullable=False))\n    \
                    op.add_column('users', sa.Column('c', sa.Integer(), sa.Computed('1'), nullable=False))\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_or_empty_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n    \
                    op.add_column('users', sa.Column('a', sa.Text(), nullable=False))\n    \
                    op.execute('DELETE FROM sessions')\n    \
                    op.add_column('sessions', sa.Column('a', sa.Text(), nullable=False))\n    \
                    op.execute('DELETE FROM requests')\n    op.rename_table('requests', 'callbacks')\n    \
                    op.add_column('callbacks', sa.Column('a', sa.Text(), nullable=False))\n";
        assert_eq!(findings(RULE, text), "");
    }
}
