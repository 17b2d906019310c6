use super::declare_rule;
use crate::lint::{Course, LintContext, phrase};
use crate::operation::{Operation, OperationKind};

declare_rule! {
    /// A constraint is created NOT VALID and validated in the same transaction.
    ///
    /// ## What it flags
    /// VALIDATE CONSTRAINT behind the creation of that constraint in one revision, with no end of a transaction between the two
    /// (an autocommit block ends one).
    ///
    /// ## Why
    /// The lock of the first statement is held until the transaction ends, and so through the scan of the second: nothing is gained
    /// over a constraint that is validated at once.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key(
    ///         "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
    ///     )
    ///     op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_user")
    /// ```
    ///
    /// ## Use instead
    /// Two revisions, or an autocommit block.
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key(
    ///         "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
    ///     )
    ///     with op.get_context().autocommit_block():
    ///         op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_user")
    /// ```
    "validate-in-same-transaction" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::ValidateConstraint { table, name } = &operation.kind else { continue };
        let Some(known) = name.known() else { continue };
        let course = ctx.upgrade_course();
        let Some(creation) = creation(course, operation, known) else { continue };
        if course.commits_between(creation, operation) || ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let on = phrase::table(table.as_ref());
        let created = ctx.location(creation.range.clone());
        ctx.report(
            operation.range.clone(),
            format!("`{known}` is validated while the lock of its creation is still held on {on}"),
        )
        .help("validate it in a later revision, or inside of `with op.get_context().autocommit_block():`")
        .annotate(created, "created here");
    }
}

fn creation<'a>(course: Course<'a>, operation: &Operation, known: &str) -> Option<&'a Operation> {
    course.earlier(operation).iter().rev().find(|earlier| {
        matches!(&earlier.kind, OperationKind::CreateConstraint { constraint, .. }
            if constraint.not_valid && constraint.name.known() == Some(known))
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "validate-in-same-transaction";
    const CREATE: &str = "op.create_check_constraint('c', 'orders', 'total >= 0', postgresql_not_valid=True)";
    const VALIDATE: &str = "op.execute('ALTER TABLE orders VALIDATE CONSTRAINT c')";

    #[test]
    fn same_revision_err() {
        let text = format!("def upgrade():\n    {CREATE}\n    {VALIDATE}\n");
        assert_snapshot!(findings(RULE, &text), @r"
        21:17 error: `c` is validated while the lock of its creation is still held on `orders`
          help: validate it in a later revision, or inside of `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn autocommit_block_ok() {
        let text = format!(
            "def upgrade():\n    {CREATE}\n    with op.get_context().autocommit_block():\n        {VALIDATE}\n"
        );
        assert_eq!(findings(RULE, &text), "");
    }

    #[test]
    fn later_revision_ok() {
        let history = History::new()
            .revision(&format!("def upgrade():\n    {CREATE}\n"))
            .revision(&format!("def upgrade():\n    {VALIDATE}\n"));
        assert_eq!(history.findings(RULE), "");
    }
}
