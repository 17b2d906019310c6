use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::OperationKind;

declare_rule! {
    /// A value is added to an enum without a place in its order. Off unless configured.
    ///
    /// ## What it flags
    /// ALTER TYPE … ADD VALUE without BEFORE or AFTER, of a type that this revision did not create. Off by default: where nobody compares
    /// or sorts by the type, the end is as good a place as any.
    ///
    /// ## Why
    /// The value goes to the end, and so it sorts and compares: databases that got their values in another order differ.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TYPE priority ADD VALUE IF NOT EXISTS 'medium'")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TYPE priority ADD VALUE IF NOT EXISTS 'medium' BEFORE 'high'")
    /// ```
    "unordered-enum-value" {
        group: Compatibility,
        level: Off,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::AddEnumValue { name, value, is_positioned: false, .. } = &operation.kind else { continue };
        if ctx.creates_enum(name) {
            continue;
        }
        ctx.report(operation.range.clone(), format!("`{value}` sorts behind every other value of `{name}`"))
            .help("say where it belongs: `BEFORE` or `AFTER` another value");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;
    use crate::lint::{Level, LintSettings};

    const RULE: &str = "unordered-enum-value";

    fn findings(text: &str) -> String {
        let rules = [(RULE.to_owned(), Level::Warning)].into();
        History::with(LintSettings { rules, ..LintSettings::default() }).revision(text).findings(RULE)
    }

    #[test]
    fn at_the_end_err() {
        assert_snapshot!(findings("def upgrade():\n    op.execute(\"ALTER TYPE priority ADD VALUE 'medium'\")\n"), @r"
        20:17 warning: `medium` sorts behind every other value of `priority`
          help: say where it belongs: `BEFORE` or `AFTER` another value
        ");
    }

    #[test]
    fn positioned_ok() {
        assert_eq!(findings("def upgrade():\n    op.execute(\"ALTER TYPE priority ADD VALUE 'm' AFTER 'l'\")\n"), "");
    }
}
