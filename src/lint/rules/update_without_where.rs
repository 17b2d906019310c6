use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::OperationKind;

declare_rule! {
    /// All rows of an existing table are updated in one statement.
    ///
    /// ## What it flags
    /// UPDATE without WHERE in an upgrade, in SQL or as `sa.update(…)`, of a table that existed before this revision.
    ///
    /// ## Why
    /// Every row is written anew and stays locked until the migration's transaction ends, along with the locks that its other
    /// statements took. On a large table that is minutes, and the table doubles in size.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("UPDATE users SET locale = 'en'")
    /// ```
    ///
    /// ## Use instead
    /// A server default for new columns, and batches apart from the migration for the rest.
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8), server_default="en"))
    /// ```
    "update-without-where" {
        group: Compatibility,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    for operation in ctx.upgrade_operations() {
        let OperationKind::Update { table: Some(table), is_filtered: false, .. } = &operation.kind else { continue };
        if course.makes_before(operation, table) {
            continue;
        }
        ctx.report(
            operation.range.clone(),
            format!("UPDATE without WHERE writes and locks every row of `{table}` at once"),
        )
        .help("give the column a server default, or update in batches, apart from the migration");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "update-without-where";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.execute('UPDATE users SET name = upper(name)')\n    \
                    op.execute(sa.update(sa.table('orders')).values(size=1))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:17 warning: UPDATE without WHERE writes and locks every row of `users` at once
          help: give the column a server default, or update in batches, apart from the migration
        21:5 warning: UPDATE without WHERE writes and locks every row of `orders` at once
          help: give the column a server default, or update in batches, apart from the migration
        ");
    }

    #[test]
    fn filtered_or_new_ok() {
        let text = "def upgrade():\n    op.execute('UPDATE users SET name = 1 WHERE name IS NULL')\n    \
                    op.create_table('orders', sa.Column('id', sa.Integer()))\n    op.execute('UPDATE orders SET id = 1')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
