use super::declare_rule;
use crate::lint::{LintContext, Severity, phrase};
use crate::operation::{ConstraintKind, Name, Operation, OperationKind};

declare_rule! {
    /// A constraint is dropped without its name, or created without one.
    ///
    /// ## What it flags
    /// `op.drop_constraint(None, …)` in both directions, as autogenerate writes it; and, as a warning, `op.create_foreign_key(None, …)`,
    /// `create_unique_constraint(None, …)` and the like on a table that existed before, unless the downgrade drops it by a name.
    ///
    /// ## Why
    /// Alembic cannot drop a constraint that has no name: the downgrade stops there. What the database called it depends on the
    /// database, and on the naming convention that the models had on the day of the upgrade.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key(None, "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True)
    ///
    ///
    /// def downgrade():
    ///     op.drop_constraint(None, "orders", type_="foreignkey")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_foreign_key(
    ///         "fk_orders_user", "orders", "users", ["user_id"], ["id"], postgresql_not_valid=True
    ///     )
    ///
    ///
    /// def downgrade():
    ///     op.drop_constraint("fk_orders_user", "orders", type_="foreignkey")
    /// ```
    "unnamed-constraint" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let operations: Vec<_> = ctx.upgrade_operations().chain(ctx.downgrade_operations()).collect();
    for operation in operations {
        if let OperationKind::DropConstraint { table, name: Name::Unnamed, .. } = &operation.kind {
            let on = phrase::table(table.as_ref());
            ctx.report(operation.range.clone(), format!("a constraint of {on} cannot be dropped without its name"))
                .help("give the name that the database has for it");
        }
    }
    for operation in ctx.upgrade_operations() {
        let Some(word) = unnamed(ctx, operation) else { continue };
        let on = phrase::table(operation.kind.table());
        ctx.report(operation.range.clone(), format!("this {word} of {on} gets a name that no later revision can know"))
            .help("give it a name")
            .at_most(Severity::Warning);
    }
}

/// What kind of constraint is created without a name, on a table that stays when the downgrade is through.
fn unnamed(ctx: &LintContext<'_>, operation: &Operation) -> Option<&'static str> {
    let OperationKind::CreateConstraint { table, constraint } = &operation.kind else { return None };
    if constraint.name != Name::Unnamed || ctx.may_be_new(table.as_ref()) || is_dropped_by_name(ctx, operation) {
        return None;
    }
    Some(match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => "primary key",
        ConstraintKind::Unique { .. } => "unique constraint",
        ConstraintKind::ForeignKey { .. } => "foreign key",
        ConstraintKind::Check { .. } => "check constraint",
        ConstraintKind::Exclude => "exclusion constraint",
    })
}

fn is_dropped_by_name(ctx: &LintContext<'_>, operation: &Operation) -> bool {
    let table = operation.kind.table();
    ctx.downgrade().operations.iter().any(|undone| match &undone.kind {
        OperationKind::DropConstraint { table: of, name: Name::Known(_) | Name::Unknown, .. } => of.as_ref() == table,
        OperationKind::DropTable { table: of, .. } => of.as_ref() == table,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "unnamed-constraint";

    #[test]
    fn both_directions_err() {
        let text = "def upgrade():\n    op.create_unique_constraint(None, 'users', ['email'])\n\n\
                    def downgrade():\n    op.drop_constraint(None, 'users', type_='unique')\n";
        assert_snapshot!(findings(RULE, text), @r"
        19:5 warning: this unique constraint of `users` gets a name that no later revision can know
          help: give it a name
        22:5 error: a constraint of `users` cannot be dropped without its name
          help: give the name that the database has for it
        ");
    }

    #[test]
    fn batch_err() {
        let text = "def upgrade():\n    with op.batch_alter_table('users') as batch_op:\n        \
                    batch_op.drop_constraint(None, type_='unique')\n";
        assert_snapshot!(findings(RULE, text), @r"
        21:9 error: a constraint of `users` cannot be dropped without its name
          help: give the name that the database has for it
        ");
    }

    #[test]
    fn dropped_by_the_name_of_the_database_ok() {
        let text = "def upgrade():\n    op.create_unique_constraint(None, 'users', ['email'])\n\n\
                    def downgrade():\n    op.drop_constraint('users_email_key', 'users', type_='unique')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text()), sa.UniqueConstraint('email'))\n    \
                    op.create_unique_constraint(None, 'users', ['email'])\n";
        assert_eq!(findings(RULE, text), "");
    }
}
