use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::OperationKind;

declare_rule! {
    /// An existing column is renamed.
    ///
    /// ## What it flags
    /// `op.alter_column(…, new_column_name=…)` (also in `batch_alter_table`, and RENAME COLUMN in SQL) in an upgrade, of a column that
    /// existed before this revision.
    ///
    /// ## Why
    /// Code that runs during the deployment selects and writes the old name.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.alter_column("users", "mail", new_column_name="email")
    /// ```
    ///
    /// ## Use instead
    /// A new column that both releases write, filled from the old one; the old one goes with a later release. Or leave the name in the
    /// database, and rename the attribute in the code: `email = sa.Column("mail", …)`.
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("email", sa.String(200)))
    /// ```
    "column-renamed" {
        group: Compatibility,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    for operation in ctx.upgrade_operations() {
        let OperationKind::AlterColumn(alter) = &operation.kind else { continue };
        let Some(new) = alter.new_name.as_ref().filter(|new| Some(*new) != alter.column.as_ref()) else { continue };
        let is_new = match (&alter.table, &alter.column) {
            (Some(table), Some(column)) => course.adds_before(operation, table, column),
            _ => false,
        };
        if is_new || ctx.may_be_new(alter.table.as_ref()) {
            continue;
        }
        let old = phrase::column(alter.table.as_ref(), alter.column.as_deref());
        ctx.report(
            operation.range.clone(),
            format!("renaming {old} to `{new}` breaks code that still uses the old name"),
        )
        .help("rename the attribute in the code alone, or add a new column and drop the old one with a later release");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "column-renamed";

    #[test]
    fn existing_column_err() {
        let text = "def upgrade():\n    op.alter_column('users', 'mail', new_column_name='email')\n    \
                    op.execute('ALTER TABLE orders RENAME weight TO mass')\n    \
                    with op.batch_alter_table('users') as batch_op:\n        \
                    batch_op.alter_column('fax', new_column_name='telex')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: renaming `users.mail` to `email` breaks code that still uses the old name
          help: rename the attribute in the code alone, or add a new column and drop the old one with a later release
        21:17 error: renaming `orders.weight` to `mass` breaks code that still uses the old name
          help: rename the attribute in the code alone, or add a new column and drop the old one with a later release
        23:9 error: renaming `users.fax` to `telex` breaks code that still uses the old name
          help: rename the attribute in the code alone, or add a new column and drop the old one with a later release
        ");
    }

    #[test]
    fn new_column_ok() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('tmp', sa.Text()))\n    \
                    op.alter_column('users', 'tmp', new_column_name='phone')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn same_name_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.alter_column('users', 'a', new_column_name='a')\n"), "");
    }
}
