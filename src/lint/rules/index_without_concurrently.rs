use super::declare_rule;
use crate::lint::{Fix, LintContext};
use crate::operation::{Operation, OperationKind};

declare_rule! {
    /// An index on an existing table is built without CONCURRENTLY.
    ///
    /// ## What it flags
    /// `op.create_index` (also in `batch_alter_table`, as `index=True` of an added column, and in SQL) on a table that existed before
    /// this revision, without `postgresql_concurrently=True`.
    ///
    /// ## Why
    /// PostgreSQL locks the table against writes until the index is built: minutes on a large table, and everything that writes
    /// waits behind it.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_index("ix_users_email", "users", ["email"])
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.create_index(
    ///             "ix_users_email", "users", ["email"], postgresql_concurrently=True, if_not_exists=True
    ///         )
    /// ```
    "index-without-concurrently" {
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
        let (table, is_in_column) = match &operation.kind {
            OperationKind::CreateIndex { table, concurrently: false, .. } => (table, false),
            OperationKind::AddColumn { table, column, .. } if column.index => (table, true),
            _ => continue,
        };
        if ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let on = table.as_ref().map_or("the table".to_owned(), |table| format!("`{table}`"));
        let fix = if is_in_column { None } else { concurrently(ctx, operation) };
        let finding = ctx.report(operation.range.clone(), format!("building this index locks {on} against writes"));
        finding.help(if is_in_column {
            "add the column without `index=True`, then `op.create_index(…, postgresql_concurrently=True)` in an autocommit block"
        } else {
            "pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`"
        });
        finding.fix = fix;
    }
}

/// Safe where the block commits nothing else of the revision.
fn concurrently(ctx: &LintContext<'_>, operation: &Operation) -> Option<Fix> {
    Some(Fix {
        title: "build the index concurrently, outside of the transaction".to_owned(),
        applicability: ctx.commit_applicability(operation, ctx.upgrade()),
        edits: ctx.outside_transaction(operation, "postgresql_concurrently=True")?,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings, fixed};

    const RULE: &str = "index-without-concurrently";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.create_index('ix_users_email', 'users', ['email'])\n";
        assert_snapshot!(findings(RULE, text), @"
        20:5 error: building this index locks `users` against writes
          help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn index_of_a_column_err() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('email', sa.Text(), index=True))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: building this index locks `users` against writes
          help: add the column without `index=True`, then `op.create_index(…, postgresql_concurrently=True)` in an autocommit block
        ");
    }

    #[test]
    fn table_of_another_dialect_err() {
        let text = "def upgrade():\n    if op.get_bind().dialect.name == 'sqlite':\n        \
                    op.create_table('users', sa.Column('email', sa.Text()))\n    op.create_index('i', 'users', ['email'])\n";
        assert_snapshot!(findings(RULE, text), @r"
        22:5 error: building this index locks `users` against writes
          help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn concurrently_ok() {
        let text = "def upgrade():\n    op.create_index('i', 'users', ['email'], postgresql_concurrently=True)\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text()))\n    \
                    op.create_index('i', 'users', ['email'])\n";
        assert_eq!(findings(RULE, text), "");
        let history =
            History::new().revision(text).revision("def upgrade():\n    op.create_index('j', 'users', ['email'])\n");
        assert_ne!(history.findings(RULE), "");
    }

    #[test]
    fn several_lines_fix() {
        let text = "def upgrade():\n    op.create_index(\n        'i',\n        'users',\n        ['email'],  # unique later\n    )\n";
        assert_snapshot!(fixed(RULE, text), @"
        def upgrade():
            with op.get_context().autocommit_block():
                op.create_index(
                    'i',
                    'users',
                    ['email'],  # unique later
                    postgresql_concurrently=True,
                )


        def downgrade():
            raise NotImplementedError
        ");
    }
}
