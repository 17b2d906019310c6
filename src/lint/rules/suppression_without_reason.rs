use super::declare_rule;
use crate::lint::{FileIndex, ProjectContext, Suppression};

declare_rule! {
    /// A comment that accepts findings gives no reason, where the project demands one.
    ///
    /// ## What it flags
    /// `# limbec: ignore[…]` and `# limbec: allow[…]` with nothing behind the bracket. Only with `require-reason = true` in the
    /// settings; such a comment accepts nothing then.
    ///
    /// ## Why
    /// Whoever reads the revision later has to know why the hazard was none: the table was small, the column unused.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ANALYZE")  # limbec: ignore[index-without-concurrently]
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_index("ix_plans_name", "plans", ["name"])  # limbec: ignore[index-without-concurrently] 40 rows
    /// ```
    "suppression-without-reason" {
        group: Hygiene,
        level: Off,
        dialects: [],
        since: "0.1.0",
        check: Suppressions(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>, _: &[FileIndex], suppressions: &[Suppression<'_>]) {
    // A comment that names several rules lacks one reason.
    let lacking = suppressions.iter().filter(|suppression| suppression.lacks_reason);
    let mut last = None;
    for suppression in lacking {
        let place = (suppression.file, suppression.directive.range.start);
        if last.replace(place) != Some(place) {
            ctx.report(
                suppression.file,
                suppression.directive.range.clone(),
                "this comment gives no reason, and so accepts nothing",
            )
            .help(format!("write it behind the bracket: `ignore[{}] why it is harmless here`", suppression.rule));
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};
    use crate::lint::{Level, LintSettings};

    const RULE: &str = "suppression-without-reason";
    const TEXT: &str =
        "def upgrade():\n    op.create_index('i', 't', ['a'])  # limbec: ignore[index-without-concurrently]\n";

    fn demanding() -> History {
        let rules = [(RULE.to_owned(), Level::Warning)].into();
        History::with(LintSettings { require_reason: true, rules, ..LintSettings::default() })
    }

    #[test]
    fn reason_demanded_err() {
        assert_snapshot!(demanding().revision(TEXT).findings(RULE), @"
        20:39 warning: this comment gives no reason, and so accepts nothing
          help: write it behind the bracket: `ignore[index-without-concurrently] why it is harmless here`
        ");
        assert_ne!(demanding().revision(TEXT).findings("index-without-concurrently"), "");
    }

    #[test]
    fn reason_given_or_not_demanded_ok() {
        assert_eq!(findings(RULE, TEXT), "");
        let text = TEXT.replace("]\n", "] 40 rows\n");
        assert_eq!(demanding().revision(&text).findings(RULE), "");
        assert_eq!(demanding().revision(&text).findings("index-without-concurrently"), "");
    }
}
