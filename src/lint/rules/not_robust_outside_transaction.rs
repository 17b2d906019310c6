use super::declare_rule;
use crate::lint::{Applicability, Fix, LintContext};
use crate::operation::{Operation, OperationKind};

declare_rule! {
    /// A statement outside of the transaction fails when the migration is run again.
    ///
    /// ## What it flags
    /// In `with op.get_context().autocommit_block():`, in both directions: CREATE and DROP of tables, columns, indexes, schemas and enum
    /// values without IF [NOT] EXISTS (`if_not_exists=True`, `if_exists=True`), unless a condition is around it.
    ///
    /// ## Why
    /// What ran there stays, even if a later statement fails. The revision is then not applied; run again, it stops at what is there
    /// already.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    /// ```
    ///
    /// ## Use instead
    /// A concurrent build that failed leaves an invalid index, which has to go before the second try.
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.create_index(
    ///             "ix_users_email", "users", ["email"], postgresql_concurrently=True, if_not_exists=True
    ///         )
    /// ```
    "not-robust-outside-transaction" {
        group: Compatibility,
        level: Warning,
        dialects: [Postgresql],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let operations: Vec<_> = ctx.upgrade_operations().chain(ctx.downgrade_operations()).collect();
    for operation in operations {
        let Some((is_creation, is_robust)) = robustness(operation) else { continue };
        if is_robust || !operation.context.autocommit || operation.context.is_conditional {
            continue;
        }
        let (what, flag, clause) = if is_creation {
            ("what it makes is there already", "if_not_exists=True", "IF NOT EXISTS")
        } else {
            ("what it drops is gone already", "if_exists=True", "IF EXISTS")
        };
        let fix = if operation.sql.is_some() { None } else { robust(ctx, operation, flag) };
        let help = if operation.sql.is_some() { format!("write `{clause}`") } else { format!("pass `{flag}`") };
        let message = format!("outside of the transaction a second run fails: {what}");
        let finding = ctx.report(operation.range.clone(), message);
        finding.help(help);
        finding.fix = fix;
    }
}

/// Whether it creates (or drops), and whether it may run twice; `None` where PostgreSQL has no such clause.
fn robustness(operation: &Operation) -> Option<(bool, bool)> {
    use OperationKind as K;
    Some(match &operation.kind {
        K::CreateTable(create) => (true, create.if_not_exists),
        K::AddColumn { if_not_exists, .. }
        | K::CreateIndex { if_not_exists, .. }
        | K::AddEnumValue { if_not_exists, .. }
        | K::CreateSchema { if_not_exists, .. } => (true, *if_not_exists),
        K::DropTable { if_exists, .. }
        | K::DropColumn { if_exists, .. }
        | K::DropIndex { if_exists, .. }
        | K::DropSchema { if_exists, .. } => (false, *if_exists),
        _ => return None,
    })
}

/// Adds the keyword that makes it robust.
///
/// Older versions of Alembic do not know it and stop at it: safe is what has been there for long. A concurrent build that failed
/// leaves an invalid index, which a second run with IF NOT EXISTS would take for good: someone has to drop it before.
fn robust(ctx: &LintContext<'_>, operation: &Operation, flag: &str) -> Option<Fix> {
    use OperationKind as K;
    let (since, applicability) = match &operation.kind {
        K::DropIndex { .. } => ("1.12", Applicability::Safe),
        K::CreateIndex { .. } => ("1.12", Applicability::Unsafe),
        K::CreateTable(_) | K::DropTable { .. } => ("1.13.3", Applicability::Safe),
        K::AddColumn { .. } | K::DropColumn { .. } => ("1.16", Applicability::Unsafe),
        _ => return None,
    };
    let edits = vec![ctx.add_keyword(ctx.call_at(&operation.range)?, flag, "")];
    Some(Fix { title: format!("add `{flag}`, which Alembic knows from {since} on"), applicability, edits })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "not-robust-outside-transaction";

    #[test]
    fn autocommit_err() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.create_index('i', 'users', ['email'], postgresql_concurrently=True)\n        \
                    op.execute('CREATE TABLE scratch (id integer)')\n\n\
                    def downgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.drop_index('i', table_name='users', postgresql_concurrently=True)\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:9 warning: outside of the transaction a second run fails: what it makes is there already
          help: pass `if_not_exists=True`
        21:21 warning: outside of the transaction a second run fails: what it makes is there already
          help: write `IF NOT EXISTS`
        25:9 warning: outside of the transaction a second run fails: what it drops is gone already
          help: pass `if_exists=True`
        ");
    }

    #[test]
    fn keywords_fix() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.create_index('i', 'users', ['email'], postgresql_concurrently=True, if_not_exists=False)\n\n\n\
                    def downgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.drop_index('i', table_name='users', postgresql_concurrently=True)\n";
        assert_snapshot!(fixed(RULE, text), @"
        def upgrade():
            with op.get_context().autocommit_block():
                op.create_index('i', 'users', ['email'], postgresql_concurrently=True, if_not_exists=True)


        def downgrade():
            with op.get_context().autocommit_block():
                op.drop_index('i', table_name='users', postgresql_concurrently=True, if_exists=True)
        ");
    }

    #[test]
    fn robust_ok() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.execute('ALTER TABLE users ADD COLUMN IF NOT EXISTS a text')\n        \
                    op.execute('ALTER TABLE users VALIDATE CONSTRAINT c')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn in_the_transaction_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.create_index('i', 'users', ['email'])\n"), "");
    }
}
