use super::declare_rule;
use crate::lint::LintContext;

declare_rule! {
    /// `downgrade()` always fails, and the header does not say that this is on purpose.
    ///
    /// ## What it flags
    /// A downgrade that certainly raises, in a file without `# limbec: irreversible reason` in its header.
    ///
    /// ## Why
    /// Whoever has to go back in a hurry wants to know beforehand where that ends, and why; and so does limbec, which refuses such a
    /// downgrade before its first step instead of in the middle.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = lower(email) WHERE email <> lower(email)")
    ///
    ///
    /// def downgrade():
    ///     raise NotImplementedError
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// # limbec: irreversible the old spelling is not known any more
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = lower(email) WHERE email <> lower(email)")
    ///
    ///
    /// def downgrade():
    ///     raise NotImplementedError
    /// ```
    "unmarked-irreversible" {
        group: Downgrade,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(raise) = ctx.downgrade().raises.clone().filter(|_| !ctx.is_irreversible()) else { return };
    ctx.report(raise, "`downgrade()` always fails, and nothing says that this is on purpose")
        .help("write `# limbec: irreversible reason` below the docstring");
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "unmarked-irreversible";

    #[test]
    fn unmarked_err() {
        let text =
            "def upgrade():\n    op.drop_column('users', 'a')\n\ndef downgrade():\n    raise NotImplementedError\n";
        assert_snapshot!(findings(RULE, text), @r"
        22:5 warning: `downgrade()` always fails, and nothing says that this is on purpose
          help: write `# limbec: irreversible reason` below the docstring
        ");
    }

    #[test]
    fn marked_ok() {
        assert_eq!(findings(RULE, "def upgrade():\n    op.drop_column('users', 'a')\n"), "");
    }
}
