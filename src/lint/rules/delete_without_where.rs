use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::OperationKind;

declare_rule! {
    /// All rows of an existing table are deleted.
    ///
    /// ## What it flags
    /// DELETE without WHERE in an upgrade, in SQL or as `sa.delete(…)`, of a table that existed before this revision. Not where the
    /// table is dropped afterwards, which has a rule of its own.
    ///
    /// ## Why
    /// All rows are gone, and every one of them stays locked until the migration's transaction ends.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("DELETE FROM sessions")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("DELETE FROM sessions WHERE expires_at < now()")
    /// ```
    "delete-without-where" {
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
        let OperationKind::Delete { table: Some(table), is_filtered: false } = &operation.kind else { continue };
        let is_dropped = course.later(operation).iter().any(
            |later| matches!(&later.kind, OperationKind::DropTable { table: Some(dropped), .. } if dropped == table),
        );
        if is_dropped || course.makes_before(operation, table) {
            continue;
        }
        ctx.report(operation.range.clone(), format!("DELETE without WHERE loses all rows of `{table}`"))
            .help("delete the rows that have to go by a condition");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "delete-without-where";

    #[test]
    fn existing_table_err() {
        let text =
            "def upgrade():\n    op.execute('DELETE FROM users')\n    op.execute(sa.delete(sa.table('orders')))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:17 error: DELETE without WHERE loses all rows of `users`
          help: delete the rows that have to go by a condition
        21:5 error: DELETE without WHERE loses all rows of `orders`
          help: delete the rows that have to go by a condition
        ");
    }

    #[test]
    fn filtered_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.execute('DELETE FROM users WHERE id < 0')\n"), "");
    }

    #[test]
    fn dropped_afterwards_ok() {
        assert_eq!(
            findings(RULE, "def upgrade():\n    op.execute('DELETE FROM users')\n    op.drop_table('users')\n"),
            ""
        );
    }
}
