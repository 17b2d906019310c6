use super::declare_rule;
use crate::lint::{LintContext, Loss};

declare_rule! {
    /// An existing column is dropped, with its values.
    ///
    /// ## What it flags
    /// `op.drop_column` (also in `batch_alter_table` and in SQL) in an upgrade, of a column that existed before this revision. Not
    /// where a column that was added beside it takes its name.
    ///
    /// ## Why
    /// The values are gone, and code that runs during the deployment still selects the column: an ORM names every column it knows.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.drop_column("users", "phone")
    /// ```
    ///
    /// ## Use instead
    /// A release that no longer knows the column comes first; then the drop, with the reason beside it.
    /// ```python
    /// def upgrade():
    ///     op.alter_column("users", "phone", nullable=True)
    /// ```
    "column-dropped" {
        group: Compatibility,
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
            let Loss::Column { table, column } = &loss else { continue };
            if course.makes_before(operation, table) || course.adds_before(operation, table, column) {
                continue;
            }
            ctx.report(
                operation.range.clone(),
                format!("dropping `{table}.{column}` loses its values and breaks code that still uses it"),
            )
            .help("drop it when no running release knows it, and say so: `# limbec: ignore[column-dropped] reason`");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "column-dropped";

    #[test]
    fn existing_column_err() {
        let text = "def upgrade():\n    op.drop_column('users', 'phone')\n    \
                    with op.batch_alter_table('users') as batch_op:\n        batch_op.drop_column('fax')\n    \
                    op.execute('ALTER TABLE users DROP COLUMN telex')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: dropping `users.phone` loses its values and breaks code that still uses it
          help: drop it when no running release knows it, and say so: `# limbec: ignore[column-dropped] reason`
        22:9 error: dropping `users.fax` loses its values and breaks code that still uses it
          help: drop it when no running release knows it, and say so: `# limbec: ignore[column-dropped] reason`
        23:17 error: dropping `users.telex` loses its values and breaks code that still uses it
          help: drop it when no running release knows it, and say so: `# limbec: ignore[column-dropped] reason`
        ");
    }

    #[test]
    fn made_anew_err() {
        let text = "def upgrade():\n    op.drop_column('users', 'phone')\n    op.add_column('users', sa.Column('phone', sa.Text()))\n";
        assert_ne!(findings(RULE, text), "");
    }

    #[test]
    fn replaced_by_an_older_column_err() {
        let text = "def upgrade():\n    op.drop_column('users', 'phone')\n    \
                    op.alter_column('users', 'fax', new_column_name='phone')\n";
        assert_ne!(findings(RULE, text), "");
    }

    #[test]
    fn new_column_ok() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('tmp', sa.Text()))\n    op.drop_column('users', 'tmp')\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn replaced_column_ok() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('tmp', sa.Text()))\n    \
                    op.execute('UPDATE users SET tmp = phone')\n    op.drop_column('users', 'phone')\n    \
                    op.alter_column('users', 'tmp', new_column_name='phone')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
