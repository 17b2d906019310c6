use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::OperationKind;

declare_rule! {
    /// An existing table is emptied by TRUNCATE.
    ///
    /// ## What it flags
    /// TRUNCATE in an upgrade, of a table that existed before this revision.
    ///
    /// ## Why
    /// All rows are gone, under a lock that lets nobody read; with CASCADE also those of every table that refers to it.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("TRUNCATE sessions")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("DELETE FROM sessions WHERE expires_at < now()")
    /// ```
    "truncate" {
        group: Compatibility,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::Truncate { tables, cascade } = &operation.kind else { continue };
        let names: Vec<String> = tables
            .iter()
            .filter(|table| !ctx.upgrade_course().makes_before(operation, table))
            .map(|table| format!("`{table}`"))
            .collect();
        if names.is_empty() && !tables.is_empty() {
            continue;
        }
        let what = if names.is_empty() { "a table".to_owned() } else { crate::lint::phrase::list(&names) };
        let more = if *cascade { " and of every table that refers to it" } else { "" };
        ctx.report(operation.range.clone(), format!("TRUNCATE loses all rows of {what}{more}"))
            .help("delete the rows that have to go by a condition");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "truncate";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.execute('TRUNCATE users, sessions CASCADE')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:17 error: TRUNCATE loses all rows of `users` and `sessions` and of every table that refers to it
          help: delete the rows that have to go by a condition
        ");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer()))\n    op.execute('TRUNCATE users')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
