use super::declare_rule;
use chrono::TimeDelta;

use crate::lint::LintContext;
use crate::lint::header::renamed_by_docstring;

declare_rule! {
    /// The timestamp of a file name lies in the future.
    ///
    /// ## What it flags
    /// File names whose date and time are more than a day later than now (UTC): a day, because the stamp may be of any time zone.
    ///
    /// ## Why
    /// Everything that is made until then sorts in front of it, although it comes later. Mostly it is a slip of the year or a clock that is
    /// wrong.
    ///
    /// ## Example
    /// ```python file=21260131_140500_add_users.py
    /// """add users"""
    /// from alembic import op
    ///
    /// revision = "8f3a61c027d4"
    /// down_revision = None
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    ///
    /// def downgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260101_140500_add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "future-timestamp" {
        group: Naming,
        level: Error,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let Some(time) = ctx.project().names.time(&ctx.file().file.path) else { return };
    if time - ctx.project().input.now <= TimeDelta::days(1) {
        return;
    }
    let message = format!("the file name says that the revision was made on {}, which is in the future", time.date());
    let fix = renamed_by_docstring(ctx, |made| made - ctx.project().input.now <= TimeDelta::days(1));
    let finding = ctx.report_file(message);
    finding.help("name it by the time (UTC) at which it was made");
    finding.fix = fix;
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, fixed_name};

    fn found(name: &str) -> String {
        History::new().named(name, "def upgrade():\n    pass\n").findings("future-timestamp")
    }

    #[test]
    fn later_than_now_err() {
        // Now is 2026-06-01.
        assert_snapshot!(found("20260602_000001_a.py"), @"
        1:1 error: the file name says that the revision was made on 2026-06-02, which is in the future
          help: name it by the time (UTC) at which it was made
        ");
    }

    #[test]
    fn docstring_fix() {
        let text = "\"\"\"a\n\nCreate Date: 2026-01-31 14:05:00\n\"\"\"\nrevision = 'a'\ndown_revision = None\n";
        let named = |name: &str| fixed_name("future-timestamp", History::new().named(name, text));
        assert_eq!(named("20270131_140500_b.py"), "20260131_140500_b.py");
        let text = text.replace("2026", "2027");
        let history = History::new().named("20270131_140500_b.py", &text);
        assert_eq!(fixed_name("future-timestamp", history), "20270131_140500_b.py");
    }

    #[test]
    fn other_time_zones_ok() {
        assert_eq!(found("20260601_140000_a.py"), "");
        assert_eq!(found("ae1027a6acf_a.py"), "");
    }
}
