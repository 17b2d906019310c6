use super::declare_rule;
use crate::lint::{LintContext, Loss};

declare_rule! {
    /// A column's new type does not hold every value of the old one.
    ///
    /// ## What it flags
    /// `op.alter_column(…, type_=…)` (also in `batch_alter_table` and in SQL) in an upgrade, from a type to one that holds less: `varchar(100)`
    /// to `varchar(50)`, `text` to `varchar(50)`, `bigint` to `integer`, `numeric(12, 4)` to `numeric(12, 2)`, `timestamp` to `date`, an enum with
    /// fewer values. The old type is that of `existing_type` and of the history; where neither knows it, nothing is said. A downgrade
    /// that takes back a wider type of its own upgrade is only noted; one that narrows what its upgrade never touched is a finding of
    /// `destructive-downgrade`.
    ///
    /// ## Why
    /// Values that do not fit make the migration fail on the database that has them, or are cut and rounded, which cannot be undone. And
    /// code that runs during the deployment still writes them.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.alter_column("users", "name", existing_type=sa.String(100), type_=sa.String(50))
    /// ```
    ///
    /// ## Use instead
    /// A check on new rows first.
    /// ```python
    /// def upgrade():
    ///     op.create_check_constraint(
    ///         "ck_users_name_length", "users", "length(name) <= 50", postgresql_not_valid=True
    ///     )
    /// ```
    "type-narrowed" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    for operation in ctx.upgrade_operations() {
        for loss in Loss::of(course, operation) {
            let Loss::Values { table, column, reason } = &loss else { continue };
            if course.makes_before(operation, table) || course.adds_before(operation, table, column) {
                continue;
            }
            ctx.report(operation.range.clone(), format!("the new type of `{table}.{column}` holds less: {reason}"))
                .help("look for such values first, and keep new ones out by a check constraint that is NOT VALID");
        }
    }
    let course = ctx.downgrade_course();
    for operation in ctx.downgrade_operations() {
        for loss in Loss::of(course, operation) {
            let Loss::Values { table, column, reason } = &loss else { continue };
            if ctx.is_own(operation, &loss) && !ctx.upgrade_course().adds_column(table, column) {
                let message = format!("values of `{table}.{column}` written since the upgrade may not fit: {reason}");
                ctx.report(operation.range.clone(), message).as_note();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "type-narrowed";

    #[test]
    fn upgrade_err() {
        let text = "def upgrade():\n    \
                    op.alter_column('users', 'name', existing_type=sa.String(100), type_=sa.String(50))\n    \
                    op.alter_column('users', 'visits', existing_type=sa.BigInteger(), type_=sa.Integer())\n    \
                    op.alter_column('users', 'total', existing_type=sa.Numeric(12, 4), type_=sa.Numeric(12, 2))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: the new type of `users.name` holds less: values longer than 50 characters do not fit
          help: look for such values first, and keep new ones out by a check constraint that is NOT VALID
        21:5 error: the new type of `users.visits` holds less: large numbers do not fit
          help: look for such values first, and keep new ones out by a check constraint that is NOT VALID
        22:5 error: the new type of `users.total` holds less: more than 2 decimal places are rounded away
          help: look for such values first, and keep new ones out by a check constraint that is NOT VALID
        ");
    }

    #[test]
    fn type_of_the_history_err() {
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('users', sa.Column('name', sa.String(100)))\n")
            .revision("def upgrade():\n    op.execute('ALTER TABLE users ALTER COLUMN name TYPE varchar(50)')\n");
        assert_snapshot!(history.findings(RULE), @r"
        20260102_120000_step_2.py:20:17 error: the new type of `users.name` holds less: values longer than 50 characters do not fit
          help: look for such values first, and keep new ones out by a check constraint that is NOT VALID
        ");
    }

    #[test]
    fn taken_back_is_noted_err() {
        let text = "def upgrade():\n    \
                    op.alter_column('users', 'name', existing_type=sa.String(50), type_=sa.String(100))\n\n\
                    def downgrade():\n    \
                    op.alter_column('users', 'name', existing_type=sa.String(100), type_=sa.String(50))\n";
        assert_snapshot!(findings(RULE, text), @r"
        22:5 note: values of `users.name` written since the upgrade may not fit: values longer than 50 characters do not fit
        ");
    }

    #[test]
    fn widened_or_unknown_ok() {
        let text = "def upgrade():\n    \
                    op.alter_column('users', 'name', existing_type=sa.String(50), type_=sa.String(100))\n    \
                    op.alter_column('users', 'note', type_=sa.String(100))\n    \
                    op.alter_column('users', 'key', existing_type=types.Key(), type_=sa.String(100))\n";
        assert_eq!(findings(RULE, text), "");
    }
}
