use super::declare_rule;
use std::collections::BTreeMap;

use crate::lint::header::assigned_at;
use crate::lint::{FileIndex, ProjectContext, Standing};

declare_rule! {
    /// Two files declare the same revision.
    ///
    /// ## What it flags
    /// Revision files with the same `revision`, which is mostly a copy whose identifier nobody changed.
    ///
    /// ## Why
    /// Alembic warns in one line and goes on with one of the two: the other never runs, and what comes after it looks like a second head.
    ///
    /// ## Example
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
    /// ```python file=20260131_140600_add_orders.py
    /// """add users
    ///
    /// Revision ID: 8f3a61c027d4
    /// Revises:
    /// Create Date: 2026-01-31 14:06:00
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
    /// ```python file=20260131_140600_add_orders.py
    /// """add users
    ///
    /// Revision ID: 1c5e90b2f7aa
    /// Revises: 8f3a61c027d4
    /// Create Date: 2026-01-31 14:06:00
    /// """
    /// from alembic import op
    ///
    /// revision = "1c5e90b2f7aa"
    /// down_revision = "8f3a61c027d4"
    ///
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "duplicate-revision-id" {
        group: Naming,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    let mut by_id: BTreeMap<&str, Vec<FileIndex>> = BTreeMap::new();
    for index in project.indexes() {
        if let Some(script) = project.file(index).script() {
            by_id.entry(script.revision.id.as_str()).or_default().push(index);
        }
    }
    for (id, mut files) in by_id.into_iter().filter(|(_, files)| files.len() > 1) {
        // The finding is at the one that can still be changed.
        files.sort_by_key(|index| project.file(*index).standing == Standing::New);
        let Some((last, others)) = files.split_last() else { continue };
        let name = |index: FileIndex| project.shown_path(&project.file(index).file.path);
        let names: Vec<String> = others.iter().map(|other| format!("`{}`", name(*other))).collect();
        let places =
            others.iter().map(|other| ctx.location(*other, assigned_at(&project.file(*other).file, "revision")));
        let places: Vec<_> = places.collect();
        let range = assigned_at(&project.file(*last).file, "revision");
        let finding = ctx.report(*last, range, format!("the revision `{id}` is also declared by {}", names.join(", ")));
        finding.help("give one of them another identifier, unless it is a copy that can go").global();
        for place in places {
            finding.annotate(place, "the same identifier");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;

    #[test]
    fn copy_err() {
        let text = "revision = '8f3a61c027d4'\ndown_revision = None\n";
        let history = History::new().file("a.py", text).file("b.py", text).file("c.py", text);
        assert_snapshot!(history.findings("duplicate-revision-id"), @"
        c.py:1:12 error: the revision `8f3a61c027d4` is also declared by `a.py`, `b.py`
          help: give one of them another identifier, unless it is a copy that can go
        ");
    }

    #[test]
    fn two_revisions_ok() {
        let text = "def upgrade():\n    pass\n";
        assert_eq!(History::new().revision(text).revision(text).findings("duplicate-revision-id"), "");
    }
}
