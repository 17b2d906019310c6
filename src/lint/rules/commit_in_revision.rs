use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{Operation, OperationKind, TransactionControl};

declare_rule! {
    /// A revision commits or rolls back the migration's transaction.
    ///
    /// ## What it flags
    /// `commit()` and `rollback()` on the migration's connection, and COMMIT, ROLLBACK and BEGIN as SQL, outside of
    /// `autocommit_block()`. Not the methods of an ORM session: one that is bound to the migration's connection joins its
    /// transaction and leaves it open.
    ///
    /// ## Why
    /// What came before is written, and the version is not: when the rest fails, the database is between two revisions, and a second run fails over
    /// what the first has done. What comes after has no transaction.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///     op.get_bind().commit()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "commit-in-revision" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    // There it is an error of the file, which is not run at all.
    if ctx.file().file.sql().is_some() {
        return;
    }
    let both = ctx.upgrade_operations().chain(ctx.downgrade_operations());
    let mut found: Vec<&Operation> = both.filter(|operation| !operation.context.autocommit).collect();
    // A loop or a function that is called twice gives one call several times.
    found.sort_by_key(|operation| operation.range.start);
    found.dedup_by_key(|operation| operation.range.clone());
    for operation in found {
        let OperationKind::Transaction(control) = operation.kind else { continue };
        let word = match control {
            TransactionControl::Commit => "commits",
            TransactionControl::Rollback => "rolls back",
            TransactionControl::Begin => "begins",
        };
        if operation.sql.is_none() && is_of_session(ctx, operation) {
            continue;
        }
        let message = if control == TransactionControl::Begin {
            "a transaction is begun inside of the migration's".to_owned()
        } else {
            format!("this {word} the migration's transaction before the version is written")
        };
        let finding = ctx.report(operation.range.clone(), message);
        finding.help(
            "leave it to Alembic; what cannot run in a transaction goes into `op.get_context().autocommit_block()`",
        );
    }
}

/// Whether the call is a method of something called a session.
fn is_of_session(ctx: &LintContext<'_>, operation: &Operation) -> bool {
    let text = ctx.text().get(operation.range.clone()).unwrap_or_default();
    let receiver = text.rsplit_once('.').map_or("", |(receiver, _)| receiver);
    receiver.to_lowercase().ends_with("session") || receiver == "s"
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "commit-in-revision";

    #[test]
    fn connection_and_sql_err() {
        assert_snapshot!(findings(RULE, "def upgrade():\n    bind = op.get_bind()\n    bind.commit()\n"), @"
        21:5 error: this commits the migration's transaction before the version is written
          help: leave it to Alembic; what cannot run in a transaction goes into `op.get_context().autocommit_block()`
        ");
        assert_snapshot!(findings(RULE, "def upgrade():\n    op.execute('COMMIT')\n    op.execute('BEGIN')\n"), @"
        20:17 error: this commits the migration's transaction before the version is written
          help: leave it to Alembic; what cannot run in a transaction goes into `op.get_context().autocommit_block()`
        21:17 error: a transaction is begun inside of the migration's
          help: leave it to Alembic; what cannot run in a transaction goes into `op.get_context().autocommit_block()`
        ");
    }

    #[test]
    fn session_that_joins_ok() {
        let text = "def upgrade():\n    session = sa.orm.Session(bind=op.get_bind())\n    session.commit()\n    session.rollback()\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn autocommit_block_ok() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        op.execute('COMMIT')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
