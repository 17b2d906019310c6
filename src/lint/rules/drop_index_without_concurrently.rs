use super::declare_rule;
use crate::lint::{Fix, LintContext, phrase};
use crate::operation::{Name, Operation, OperationKind, TableName};

declare_rule! {
    /// An index of an existing table is dropped without CONCURRENTLY.
    ///
    /// ## What it flags
    /// `op.drop_index` (also in `batch_alter_table` and in SQL) of an index that existed before this revision, without
    /// `postgresql_concurrently=True`. Not where the table or the index is new in this revision, or where the table is dropped as well.
    ///
    /// ## Why
    /// DROP INDEX takes an ACCESS EXCLUSIVE lock on the table: it waits for every running query, and everything else waits behind it.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.drop_index("ix_users_email", table_name="users")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.drop_index("ix_users_email", table_name="users", postgresql_concurrently=True, if_exists=True)
    /// ```
    "drop-index-without-concurrently" {
        group: Locks,
        level: Warning,
        dialects: [Postgresql],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::DropIndex { table, name, concurrently: false, .. } = &operation.kind else { continue };
        let table = table.clone().or_else(|| table_of(ctx, name));
        if ctx.may_be_new(table.as_ref()) || creates(ctx, name) || drops_table(ctx, table.as_ref()) {
            continue;
        }
        let what = name.known().map_or("this index".to_owned(), |name| format!("`{name}`"));
        let on = phrase::table(table.as_ref());
        let fix = concurrently(ctx, operation);
        let finding = ctx.report(
            operation.range.clone(),
            format!("dropping {what} waits for all queries on {on} and blocks new ones"),
        );
        finding.help("pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`");
        finding.fix = fix;
    }
}

/// Safe where the block commits nothing else of the revision.
fn concurrently(ctx: &LintContext<'_>, operation: &Operation) -> Option<Fix> {
    Some(Fix {
        title: "drop the index concurrently, outside of the transaction".to_owned(),
        applicability: ctx.commit_applicability(operation, ctx.upgrade()),
        edits: ctx.outside_transaction(operation, "postgresql_concurrently=True")?,
    })
}

/// The table that the history knows an index of that name on.
fn table_of(ctx: &LintContext<'_>, name: &Name) -> Option<TableName> {
    let name = name.known()?;
    let has_index = |index: &crate::schema::TableIndex| index.name.known() == Some(name);
    ctx.schema_before()?.tables().find(|table| table.indexes.iter().any(has_index)).map(|table| table.name.clone())
}

/// Whether the upgrade itself builds the index first. An index that is dropped and built again was there before.
fn creates(ctx: &LintContext<'_>, name: &Name) -> bool {
    let mentions = ctx.upgrade().operations.iter().find(|operation| match &operation.kind {
        OperationKind::CreateIndex { index, .. } => index.name == *name,
        OperationKind::DropIndex { name: dropped, .. } => dropped == name,
        _ => false,
    });
    name.known().is_some() && mentions.is_some_and(|first| matches!(first.kind, OperationKind::CreateIndex { .. }))
}

fn drops_table(ctx: &LintContext<'_>, table: Option<&TableName>) -> bool {
    ctx.upgrade().operations.iter().any(
        |other| matches!(&other.kind, OperationKind::DropTable { table: dropped, .. } if dropped.as_ref() == table),
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "drop-index-without-concurrently";

    #[test]
    fn existing_index_err() {
        let text = "def upgrade():\n    op.drop_index('ix_users_email', table_name='users')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 warning: dropping `ix_users_email` waits for all queries on `users` and blocks new ones
          help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
        ");
        let sql = "def upgrade():\n    op.execute('DROP INDEX ix_users_email')\n";
        assert_snapshot!(findings(RULE, sql), @r"
        20:17 warning: dropping `ix_users_email` waits for all queries on the table and blocks new ones
          help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn in_a_block_of_its_own_fix() {
        let text =
            "def upgrade():\n    if True:\n        op.drop_index('i', 'users')\n\n\ndef downgrade():\n    pass\n";
        assert_snapshot!(fixed(RULE, text), @"
        def upgrade():
            if True:
                with op.get_context().autocommit_block():
                    op.drop_index('i', 'users', postgresql_concurrently=True)


        def downgrade():
            pass
        ");
    }

    #[test]
    fn not_on_a_line_of_its_own_fix() {
        for body in [" op.drop_index('i')", "\n    op.drop_index('i'); op.drop_index('j')"] {
            let text = format!("def upgrade():{body}\n\n\ndef downgrade():\n    pass");
            assert_eq!(fixed(RULE, &text), text);
        }
    }

    #[test]
    fn concurrently_ok() {
        let text = "def upgrade():\n    op.drop_index('i', table_name='users', postgresql_concurrently=True)\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn dropped_with_its_table_ok() {
        let text = "def upgrade():\n    op.drop_index('i', table_name='users')\n    op.drop_table('users')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn index_of_this_revision_ok() {
        let text = "def upgrade():\n    op.create_index('i', 'users', ['email'])\n    op.drop_index('i', table_name='users')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
