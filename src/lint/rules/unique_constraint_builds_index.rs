use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{ConstraintKind, OperationKind};

declare_rule! {
    /// A unique constraint on an existing table builds its index under a lock.
    ///
    /// ## What it flags
    /// `op.create_unique_constraint` (also in `batch_alter_table` and in SQL, unless `USING INDEX`) and `unique=True` of a column that is
    /// added, on a table that existed before this revision.
    ///
    /// ## Why
    /// The index behind the constraint is built under an ACCESS EXCLUSIVE lock: no query runs on the table until it is there.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_unique_constraint("uq_users_email", "users", ["email"])
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.create_index(
    ///             "uq_users_email", "users", ["email"],
    ///             unique=True, postgresql_concurrently=True, if_not_exists=True,
    ///         )
    ///     op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
    /// ```
    "unique-constraint-builds-index" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let (table, builds) = match &operation.kind {
            OperationKind::CreateConstraint { table, constraint } => {
                let is_unique = matches!(constraint.kind, ConstraintKind::Unique { .. });
                (table, is_unique && constraint.uses_index.is_none())
            }
            // With `index=True` it is a unique index instead, which has a rule of its own.
            OperationKind::AddColumn { table, column, .. } => {
                let has_constraint =
                    column.constraints.iter().any(|own| matches!(own.kind, ConstraintKind::Unique { .. }));
                (table, (column.unique && !column.index) || has_constraint)
            }
            _ => continue,
        };
        if !builds || ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let on = phrase::table(table.as_ref());
        ctx.report(operation.range.clone(), format!("this unique constraint locks {on} while its index is built"))
            .help("build a unique index with `postgresql_concurrently=True`, then add the constraint by `UNIQUE USING INDEX`");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "unique-constraint-builds-index";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    op.create_unique_constraint(None, 'users', ['email'])\n    \
                    op.add_column('users', sa.Column('number', sa.Integer(), unique=True))\n    \
                    op.execute('ALTER TABLE users ADD CONSTRAINT u UNIQUE (name)')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: this unique constraint locks `users` while its index is built
          help: build a unique index with `postgresql_concurrently=True`, then add the constraint by `UNIQUE USING INDEX`
        21:5 error: this unique constraint locks `users` while its index is built
          help: build a unique index with `postgresql_concurrently=True`, then add the constraint by `UNIQUE USING INDEX`
        22:17 error: this unique constraint locks `users` while its index is built
          help: build a unique index with `postgresql_concurrently=True`, then add the constraint by `UNIQUE USING INDEX`
        ");
    }

    #[test]
    fn using_index_ok() {
        let text = "def upgrade():\n    op.execute('ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX i')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text()))\n    \
                    op.create_unique_constraint('u', 'users', ['email'])\n";
        assert_eq!(findings(RULE, text), "");
    }
}
