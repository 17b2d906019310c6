use std::sync::LazyLock;

use regex::Regex;

use super::declare_rule;
use crate::lint::{Applicability, Course, Fix, LintContext};
use crate::operation::{Operation, OperationKind, TransactionControl};

declare_rule! {
    /// CONCURRENTLY inside of the migration's transaction, where PostgreSQL refuses it.
    ///
    /// ## What it flags
    /// Indexes that are built, dropped or rebuilt CONCURRENTLY, and partitions that are detached so, outside of
    /// `with op.get_context().autocommit_block():`, in both directions. Not where the revision commits before or asks for AUTOCOMMIT.
    ///
    /// ## Why
    /// The statement fails: "CREATE INDEX CONCURRENTLY cannot run inside a transaction block". With `--sql` it fails as well.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_index(
    ///         "ix_users_email", "users", ["email"], postgresql_concurrently=True, if_not_exists=True
    ///     )
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
    "concurrently-in-transaction" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

/// What else PostgreSQL has with CONCURRENTLY that refuses a transaction; REFRESH MATERIALIZED VIEW does not.
static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)^\s*(?:REINDEX\b.*\bCONCURRENTLY\b|ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b.*\bCONCURRENTLY\b)")
        .expect("a valid pattern")
});

fn check(ctx: &mut LintContext<'_>) {
    let upgrade = ctx.upgrade_operations().map(|operation| (ctx.upgrade_course(), operation));
    let downgrade = ctx.downgrade_operations().map(|operation| (ctx.downgrade_course(), operation));
    let operations: Vec<_> = upgrade.chain(downgrade).collect();
    for (course, operation) in operations {
        let Some(what) = statement(operation) else { continue };
        if operation.context.autocommit || is_outside(ctx, course, operation) {
            continue;
        }
        let fix = outside(ctx, operation);
        let message = format!("{what} CONCURRENTLY fails inside of the migration's transaction");
        let finding = ctx.report(operation.range.clone(), message);
        finding.help("put it into `with op.get_context().autocommit_block():`");
        finding.fix = fix;
    }
}

fn statement(operation: &Operation) -> Option<&'static str> {
    match &operation.kind {
        OperationKind::CreateIndex { concurrently: true, .. } => Some("building an index"),
        OperationKind::DropIndex { concurrently: true, .. } => Some("dropping an index"),
        _ => {
            let sql = operation.sql.as_ref().filter(|sql| OTHERS.is_match(sql))?;
            let is_reindex = sql.trim_start().to_ascii_uppercase().starts_with("REINDEX");
            Some(if is_reindex { "rebuilding an index" } else { "detaching a partition" })
        }
    }
}

/// Safe: what fails now can only get better.
fn outside(ctx: &LintContext<'_>, operation: &Operation) -> Option<Fix> {
    Some(Fix {
        title: "put it into an autocommit block".to_owned(),
        applicability: Applicability::Safe,
        edits: ctx.in_autocommit_block(operation)?,
    })
}

/// Whether something before it ended the transaction in another way.
fn is_outside(ctx: &LintContext<'_>, course: Course<'_>, operation: &Operation) -> bool {
    let has_ended = course.earlier(operation).iter().any(|earlier| {
        matches!(earlier.kind, OperationKind::Transaction(TransactionControl::Commit | TransactionControl::Rollback))
    });
    let asks_for_autocommit = || {
        let text = course.body.body.clone().and_then(|body| ctx.text().get(body)).unwrap_or_default();
        text.contains("AUTOCOMMIT") || text.contains("set_isolation_level")
    };
    has_ended || asks_for_autocommit()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "concurrently-in-transaction";

    #[test]
    fn both_directions_err() {
        let text = "def upgrade():\n    op.create_index('i', 'users', ['email'], postgresql_concurrently=True)\n\n\
                    def downgrade():\n    op.execute('DROP INDEX CONCURRENTLY i')\n";
        assert_snapshot!(findings(RULE, text), @r"
        19:5 error: building an index CONCURRENTLY fails inside of the migration's transaction
          help: put it into `with op.get_context().autocommit_block():`
        22:17 error: dropping an index CONCURRENTLY fails inside of the migration's transaction
          help: put it into `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn reindex_err() {
        assert_snapshot!(findings(RULE, "def upgrade():\n    op.execute('REINDEX INDEX CONCURRENTLY i')\n"), @r"
        20:17 error: rebuilding an index CONCURRENTLY fails inside of the migration's transaction
          help: put it into `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn both_directions_fix() {
        let text = "def upgrade():\n\top.create_index(\n\t\t'i', 'users', ['email'], postgresql_concurrently=True\n\t)\n\n\n\
                    def downgrade():\n    # The index is large.\n    op.execute('''\n  DROP INDEX CONCURRENTLY i\n''')  # at last\n";
        assert_snapshot!(fixed(RULE, text), @"
        def upgrade():
        	with op.get_context().autocommit_block():
        		op.create_index(
        			'i', 'users', ['email'], postgresql_concurrently=True
        		)


        def downgrade():
            # The index is large.
            with op.get_context().autocommit_block():
                op.execute('''
          DROP INDEX CONCURRENTLY i
        ''')  # at last
        ");
    }

    #[test]
    fn several_statements_fix() {
        let text = "def upgrade():\n    op.execute('ANALYZE users; DROP INDEX CONCURRENTLY i')\n    \
                    op.get_bind().execute(sa.text('DROP INDEX CONCURRENTLY i'))\n\n\ndef downgrade():\n    pass";
        assert_eq!(fixed(RULE, text), text);
    }

    #[test]
    fn autocommit_block_ok() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        \
                    op.create_index('i', 'users', ['email'], postgresql_concurrently=True)\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn committed_before_ok() {
        let text = "def upgrade():\n    op.execute('COMMIT')\n    op.execute('CREATE INDEX CONCURRENTLY i ON users (email)')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
