use super::declare_rule;
use super::foreign_table_drop::foreign_drops;
use crate::lint::{LintContext, Loss};

declare_rule! {
    /// An existing table is dropped, with all that is in it.
    ///
    /// ## What it flags
    /// `op.drop_table` (and DROP TABLE in SQL) in an upgrade, of a table that an earlier revision created. Not where its rows live on:
    /// where another table that was filled from it takes its name. Tables that no revision created are a finding of
    /// `foreign-table-drop` instead, and none where the drop is guarded (IF EXISTS).
    ///
    /// ## Why
    /// The rows are gone, and code that runs during the deployment still reads the table.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table("audit", sa.Column("id", sa.Integer(), primary_key=True))
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.drop_table("audit")
    /// ```
    ///
    /// ## Use instead
    /// A release that no longer uses the table comes first; then the drop, with the reason beside it.
    /// ```python
    /// def upgrade():
    ///     op.create_table("audit", sa.Column("id", sa.Integer(), primary_key=True))
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.execute("COMMENT ON TABLE audit IS 'unused, goes with the next release'")
    /// ```
    "table-dropped" {
        group: Compatibility,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (course, foreign) = (ctx.upgrade_course(), foreign_drops(ctx));
    for operation in ctx.upgrade_operations() {
        for loss in Loss::of(course, operation) {
            let Loss::Table(table) = &loss else { continue };
            if course.makes_before(operation, table)
                || foreign.iter().any(|(drop, _)| std::ptr::eq(*drop, operation))
                || ctx.is_nowhere(operation, table, course)
            {
                continue;
            }
            ctx.report(
                operation.range.clone(),
                format!("dropping `{table}` loses its rows and breaks code that still uses it"),
            )
            .help("drop it when no running release uses it, and say so: `# limbec: ignore[table-dropped] reason`");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "table-dropped";
    const CREATE: &str = "def upgrade():\n    op.create_table('audit', sa.Column('id', sa.Integer()))\n";

    #[test]
    fn existing_table_err() {
        let history = History::new().revision(CREATE).revision("def upgrade():\n    op.drop_table('audit')\n");
        assert_snapshot!(history.findings(RULE), @r"
        20260102_120000_step_2.py:20:5 error: dropping `audit` loses its rows and breaks code that still uses it
          help: drop it when no running release uses it, and say so: `# limbec: ignore[table-dropped] reason`
        ");
    }

    #[test]
    fn replaced_err() {
        let text =
            "def upgrade():\n    op.drop_table('audit')\n    op.create_table('audit', sa.Column('n', sa.Integer()))\n";
        let history = History::new().revision(CREATE).revision(text);
        assert_ne!(history.findings(RULE), "");
    }

    #[test]
    fn rebuilt_ok() {
        let text = "def upgrade():\n    op.create_table('new', sa.Column('id', sa.BigInteger()))\n    \
                    op.execute('INSERT INTO new SELECT id FROM audit')\n    op.drop_table('audit')\n    \
                    op.rename_table('new', 'audit')\n";
        assert_eq!(History::new().revision(CREATE).revision(text).findings(RULE), "");
    }

    #[test]
    fn created_here_or_elsewhere_ok() {
        assert_eq!(findings(RULE, &format!("{CREATE}    op.drop_table('audit')\n")), "");
        let foreign =
            History::new().revision(CREATE).revision("def upgrade():\n    op.drop_table('spatial_ref_sys')\n");
        assert_eq!(foreign.findings(RULE), "");
    }
}
