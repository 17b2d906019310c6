use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{Operation, OperationKind, TableName};

declare_rule! {
    /// An existing table is renamed.
    ///
    /// ## What it flags
    /// `op.rename_table` (and ALTER TABLE … RENAME TO in SQL) in an upgrade, of a table that existed before this revision. Not where a
    /// table of the old name is made in the same revision, nor where it takes the name of one that is dropped: then it is rebuilt.
    ///
    /// ## Why
    /// Code that runs during the deployment looks for the old name.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.rename_table("users", "accounts")
    /// ```
    ///
    /// ## Use instead
    /// A view of the new name, until no running release knows the old one.
    /// ```python
    /// def upgrade():
    ///     op.execute("CREATE VIEW accounts AS SELECT * FROM users")
    /// ```
    "table-renamed" {
        group: Compatibility,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::RenameTable { table, new_name } = &operation.kind else { continue };
        if ctx.may_be_new(table.as_ref()) || is_rebuilt(ctx, operation, table.as_ref(), new_name.as_deref()) {
            continue;
        }
        let (old, new) =
            (phrase::table(table.as_ref()), new_name.as_ref().map_or(String::new(), |new| format!(" to `{new}`")));
        ctx.report(operation.range.clone(), format!("renaming {old}{new} breaks code that still uses the old name"))
            .help("keep the old name for running code: a view, or a new table that both releases write");
    }
}

/// Whether the old name, or the new one, is that of another table right before or afterwards.
fn is_rebuilt(ctx: &LintContext<'_>, operation: &Operation, table: Option<&TableName>, new_name: Option<&str>) -> bool {
    let Some(table) = table else { return false };
    let course = ctx.upgrade_course();
    let is_made_again = course.later(operation).iter().any(|later| match &later.kind {
        OperationKind::CreateTable(create) => create.table.as_ref() == Some(table),
        OperationKind::RenameTable { table: Some(of), new_name: Some(new) } => {
            *new == table.name && of.schema == table.schema
        }
        _ => false,
    });
    let frees = course.earlier(operation).iter().any(|earlier| {
        let freed = match &earlier.kind {
            OperationKind::DropTable { table: Some(dropped), .. } => dropped,
            OperationKind::RenameTable { table: Some(old), .. } => old,
            _ => return false,
        };
        Some(freed.name.as_str()) == new_name && freed.schema == table.schema
    });
    is_made_again || frees
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "table-renamed";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.rename_table('users', 'accounts')\n    op.execute('ALTER TABLE orders RENAME TO sales')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: renaming `users` to `accounts` breaks code that still uses the old name
          help: keep the old name for running code: a view, or a new table that both releases write
        21:17 error: renaming `orders` to `sales` breaks code that still uses the old name
          help: keep the old name for running code: a view, or a new table that both releases write
        ");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('u', sa.Column('id', sa.Integer()))\n    op.rename_table('u', 'users')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn rebuilt_ok() {
        let text = "def upgrade():\n    op.rename_table('users', 'old')\n    \
                    op.create_table('users', sa.Column('id', sa.Integer()))\n    op.drop_table('old')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
