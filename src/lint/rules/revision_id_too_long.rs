use super::declare_rule;
use crate::lint::LintContext;
use crate::lint::header::assigned_at;

declare_rule! {
    /// A revision identifier does not fit into the version table.
    ///
    /// ## What it flags
    /// Identifiers of more characters than `alembic_version.version_num` holds: 32, unless `version-num-width` says that env.py or the table
    /// has been widened.
    ///
    /// ## Why
    /// SQLite takes any length, so it passes locally. PostgreSQL and MySQL refuse the row when the migration has done all its work, and the
    /// deployment fails.
    ///
    /// ## Example
    /// ```python file=20260131_140500_add_users.py
    /// """add users
    ///
    /// Revision ID: add_preferences_and_addresses_to_users
    /// Revises:
    /// Create Date: 2026-01-31 14:05:00
    /// """
    /// from alembic import op
    ///
    /// revision = "add_preferences_and_addresses_to_users"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260131_140500_add_users.py
    /// """add users
    ///
    /// Revision ID: 8f3a61c027d4
    /// Revises:
    /// Create Date: 2026-01-31 14:05:00
    /// """
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "revision-id-too-long" {
        group: Naming,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(script), width) = (ctx.script(), ctx.settings().version_num_width) else { return };
    let (id, length) = (&script.revision.id, script.revision.id.as_str().chars().count());
    if length <= width {
        return;
    }
    let range = assigned_at(&ctx.file().file, "revision");
    ctx.report(range, format!("the identifier `{id}` has {length} characters, and the version table holds {width}"))
        .help("shorten it; if the table is wider, say so by `version-num-width` in the settings");
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    fn found(length: usize) -> String {
        let text = format!("revision = '{}'\ndown_revision = None\n", "x".repeat(length));
        findings("revision-id-too-long", &text)
    }

    #[test]
    fn wider_than_the_column_err() {
        assert_snapshot!(found(33), @"
        1:12 error: the identifier `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 33 characters, and the version table holds 32
          help: shorten it; if the table is wider, say so by `version-num-width` in the settings
        ");
    }

    #[test]
    fn as_wide_as_the_column_ok() {
        assert_eq!(found(32), "");
    }
}
