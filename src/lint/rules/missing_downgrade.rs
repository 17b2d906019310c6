use ruff_python_ast::{Expr, Stmt};

use super::declare_rule;
use crate::lint::LintContext;

declare_rule! {
    /// There is no `downgrade()`.
    ///
    /// ## What it flags
    /// Revision files without a function `downgrade`, unless the header says `# limbec: irreversible reason`.
    ///
    /// ## Why
    /// `alembic downgrade` across this revision stops with an AttributeError: not even the revisions before it can be undone.
    ///
    /// ## Example
    /// ```python
    /// """step 1
    ///
    /// Revision ID: 8f3a61c027d4
    /// Revises:
    /// Create Date: 2026-01-01 12:00:00
    ///
    /// """
    /// import sqlalchemy as sa
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    ///
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "locale")
    /// ```
    "missing-downgrade" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (upgrade, downgrade) = (ctx.upgrade().definition.clone(), &ctx.downgrade().definition);
    if downgrade.is_some() || ctx.is_irreversible() || is_made_elsewhere(ctx) {
        return;
    }
    ctx.report(
        upgrade.unwrap_or(0..0),
        "there is no `downgrade()`, so that neither this revision nor any before it can be undone",
    )
    .help("write `downgrade()`, or one that raises, with `# limbec: irreversible reason` in the header");
}

/// Whether the name is imported or assigned.
fn is_made_elsewhere(ctx: &LintContext<'_>) -> bool {
    let statements = ctx.file().file.body().unwrap_or_default();
    statements.iter().any(|statement| match statement {
        Stmt::ImportFrom(import) => {
            let names = import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            names.into_iter().any(|name| name == "downgrade" || name == "*")
        }
        Stmt::Assign(assign) => {
            assign.targets.iter().any(|target| matches!(target, Expr::Name(name) if name.id.as_str() == "downgrade"))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "missing-downgrade";

    #[test]
    fn missing_err() {
        let text = "revision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    op.execute('ANALYZE')\n";
        assert_snapshot!(findings(RULE, text), @r"
        4:1 error: there is no `downgrade()`, so that neither this revision nor any before it can be undone
          help: write `downgrade()`, or one that raises, with `# limbec: irreversible reason` in the header
        ");
    }

    #[test]
    fn marked_ok() {
        let text = "# limbec: irreversible rows were garbage\nrevision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    pass\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn made_elsewhere_ok() {
        let text = "from steps import downgrade\nrevision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    pass\n";
        assert_eq!(findings(RULE, text), "");
    }
}
