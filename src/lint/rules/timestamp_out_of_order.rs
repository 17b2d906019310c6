use super::declare_rule;
use crate::lint::LintContext;
use crate::lint::header::{assigned_at, renamed_by_docstring};

declare_rule! {
    /// A revision's file name is older than that of its down revision.
    ///
    /// ## What it flags
    /// Revisions whose file name tells an earlier time than the file name of a revision that they come after.
    ///
    /// ## Why
    /// The listing no longer shows the order in which revisions run. It happens when a revision is put behind a newer one without a new
    /// timestamp; `limbec rebase` gives it one.
    ///
    /// ## Example
    /// ```python file=20260102_140500_add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260101_140500_add_orders.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python file=20260102_140500_add_users.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    /// ```python file=20260102_140600_add_orders.py
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "timestamp-out-of-order" {
        group: Naming,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(revision), project) = (ctx.revision(), ctx.project()) else { return };
    let time = |file| project.names.time(&project.file(file).file.path);
    let Some(own) = time(ctx.file_index()) else { return };
    for down in &project.graph.map.revision(revision).down {
        let Some(file) = project.graph.map.position(down.as_str()).map(|down| project.file_of(down)) else { continue };
        let Some(before) = time(file).filter(|before| own < *before) else { continue };
        let message =
            format!("the file name tells an earlier time ({own}) than that of its down revision `{down}` ({before})");
        let place = project.location(file, assigned_at(&project.file(file).file, "revision"));
        let fix = renamed_by_docstring(ctx, |made| made >= before);
        let finding = ctx.report_file(message);
        finding
            .help("name it by the time at which it was put there, as `limbec rebase` does")
            .annotate(place, "the down revision");
        finding.fix = fix;
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, fixed_name};

    fn found(first: &str, second: &str) -> String {
        let text = "def upgrade():\n    pass\n";
        History::new().named(first, text).named(second, text).findings("timestamp-out-of-order")
    }

    #[test]
    fn older_than_its_parent_err() {
        assert_snapshot!(found("20260131_140500_a.py", "20260131_140459_b.py"), @"
        20260131_140459_b.py:1:1 warning: the file name tells an earlier time (2026-01-31 14:04:59) than that of its down revision `1e74c3804fa8` (2026-01-31 14:05:00)
          help: name it by the time at which it was put there, as `limbec rebase` does
        ");
    }

    #[test]
    fn docstring_fix() {
        let text =
            |date| format!("\"\"\"a\n\nCreate Date: {date}\n\"\"\"\nrevision = 'b'\ndown_revision = '1e74c3804fa8'\n");
        for (date, name) in [("2026-02-01 08:00", "20260201_080000_b.py"), ("2026-01-31 08:00", "20260131_140459_b.py")]
        {
            let history = History::new().named("20260131_140500_a.py", "").named("20260131_140459_b.py", &text(date));
            assert_eq!(fixed_name("timestamp-out-of-order", history), name);
        }
    }

    #[test]
    fn newer_or_unknown_ok() {
        assert_eq!(found("20260131_140500_a.py", "20260131_140500_b.py"), "");
        assert_eq!(found("20260131_140500_a.py", "b.py"), "");
    }
}
