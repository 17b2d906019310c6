use ruff_python_ast::{Expr, Stmt};

use super::declare_rule;
use crate::lint::edits::indented;
use crate::lint::{Applicability, Fix, LintContext, inverse};

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
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (upgrade, downgrade) = (ctx.upgrade().definition.clone(), &ctx.downgrade().definition);
    if downgrade.is_some() || ctx.is_irreversible() || is_made_elsewhere(ctx) {
        return;
    }
    let fix = inverted(ctx);
    let finding = ctx.report(
        upgrade.unwrap_or(0..0),
        "there is no `downgrade()`, so that neither this revision nor any before it can be undone",
    );
    finding.help("write `downgrade()`, or one that raises, with `# limbec: irreversible reason` in the header");
    finding.fix = fix;
}

/// Writes the function where every operation has a certain inverse. Safe: what fails now can only get better.
fn inverted(ctx: &LintContext<'_>) -> Option<Fix> {
    let upgrade = ctx.function("upgrade").filter(|function| function.parameters.is_empty())?;
    let indent = ctx.indent_of(upgrade.body.first()?)?;
    let returns = if upgrade.returns.is_some() { " -> None" } else { "" };
    let body = indented(&inverse::inverse(ctx)?.join("\n"), indent);
    let end = ctx.text().trim_end().len();
    Some(Fix {
        title: "write `downgrade()` with the inverse of every operation".to_owned(),
        applicability: Applicability::Safe,
        edits: vec![ctx.replace(end..ctx.text().len(), format!("\n\n\ndef downgrade(){returns}:\n{body}\n"))],
    })
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

    use crate::lint::testing::{findings, fixed};

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
    fn inverse_fix() {
        let text = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a1'\ndown_revision = None\n\n\
                    def upgrade() -> None:\n  op.create_table('users', sa.Column('state', sa.Enum('a', name='state')))\n  \
                    op.create_index('i', 'users', ['state'])\n  op.rename_table('users', 'people')\n  \
                    op.add_column('orders', sa.Column('a', sa.Text()), schema='x')\n  \
                    with op.batch_alter_table('orders') as batch:\n    batch.create_unique_constraint('u', ['a'])\n    \
                    batch.add_column(sa.Column('b', sa.Text()))\n  \
                    op.alter_column('orders', 'c', existing_type=sa.String(2), type_=sa.String(4), new_column_name='d')";
        assert_snapshot!(fixed(RULE, text), @r#"
        import sqlalchemy as sa
        from alembic import op

        revision = 'a1'
        down_revision = None

        def upgrade() -> None:
          op.create_table('users', sa.Column('state', sa.Enum('a', name='state')))
          op.create_index('i', 'users', ['state'])
          op.rename_table('users', 'people')
          op.add_column('orders', sa.Column('a', sa.Text()), schema='x')
          with op.batch_alter_table('orders') as batch:
            batch.create_unique_constraint('u', ['a'])
            batch.add_column(sa.Column('b', sa.Text()))
          op.alter_column('orders', 'c', existing_type=sa.String(2), type_=sa.String(4), new_column_name='d')


        def downgrade() -> None:
          op.alter_column("orders", "d", new_column_name="c", type_=sa.String(2), existing_type=sa.String(4))
          with op.batch_alter_table("orders") as batch_op:
              batch_op.drop_column("b")
              batch_op.drop_constraint("u", type_="unique")
          op.drop_column("orders", "a", schema="x")
          op.rename_table("people", "users")
          op.drop_table("users")
          sa.Enum(name="state").drop(op.get_bind(), checkfirst=True)
        "#);
    }

    #[test]
    fn no_certain_inverse_fix() {
        for upgrade in [
            "op.drop_column('a', 'b')",
            "op.execute('UPDATE a SET b = 1')",
            "op.create_unique_constraint(None, 'a', ['b'])",
            "op.alter_column('a', 'b', type_=sa.Text())",
            "op.alter_column('a', 'b', existing_type=sa.Integer(), type_=sa.Text())",
            "op.alter_column('a', 'b', nullable=False)",
            "op.create_table('a', sa.Column('b', sa.Text()), if_not_exists=True)",
            "t = sa.String(3); op.alter_column('a', 'b', existing_type=t, type_=sa.Text())",
        ] {
            let text = format!(
                "import sqlalchemy as sa\nfrom alembic import op\n\nrevision = 'a1'\ndown_revision = None\n\ndef upgrade():\n    {upgrade}"
            );
            assert_eq!(fixed(RULE, &text), text);
        }
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
