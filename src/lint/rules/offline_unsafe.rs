use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{Operation, OperationKind};

declare_rule! {
    /// A revision reads from the database, which `--sql` has none of.
    ///
    /// ## What it flags
    /// In projects that set `offline`: queries whose rows the revision uses, reflection and inspectors outside of a check of
    /// `context.is_offline_mode()` or `as_sql`.
    ///
    /// ## Why
    /// `upgrade --sql` writes a script without a connection: it fails here, or writes a script that leaves out what the rows would have told.
    ///
    /// ## Example
    /// ```text
    /// ids = op.get_bind().execute(sa.text("SELECT id FROM users")).fetchall()
    /// ```
    ///
    /// ## Use instead
    /// ```text
    /// op.execute("UPDATE users SET name = 'user ' || id")
    /// ```
    "offline-unsafe" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    if !ctx.settings().offline {
        return;
    }
    let both = ctx.upgrade_operations().chain(ctx.downgrade_operations());
    let mut found: Vec<&Operation> = both.filter(|operation| !operation.context.is_online_only).collect();
    // A loop or a function that is called twice gives one call several times.
    found.sort_by_key(|operation| operation.range.start);
    found.dedup_by_key(|operation| operation.range.clone());
    for operation in found {
        let OperationKind::Read { what } = &operation.kind else { continue };
        ctx.report(operation.range.clone(), format!("this reads from the database ({what}), and fails with `--sql`"))
            .help("do it in SQL, or behind `if not context.is_offline_mode():`");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::LintSettings;
    use crate::lint::testing::History;

    fn found(text: &str, offline: bool) -> String {
        let history = History::with(LintSettings { offline, ..LintSettings::default() });
        history.revision(text).findings("offline-unsafe")
    }

    const READ: &str = "def upgrade():\n    op.get_bind().execute(sa.text('SELECT id FROM users')).fetchall()\n";

    #[test]
    fn rows_are_read_err() {
        assert_snapshot!(found(READ, true), @"
        20:36 error: this reads from the database (SELECT), and fails with `--sql`
          help: do it in SQL, or behind `if not context.is_offline_mode():`
        ");
    }

    #[test]
    fn not_asked_for_or_online_ok() {
        assert_eq!(found(READ, false), "");
        let guarded = "from alembic import context\n\ndef upgrade():\n    if not context.is_offline_mode():\n        \
                       op.get_bind().execute(sa.text('SELECT id FROM users')).fetchall()\n";
        assert_eq!(found(guarded, true), "");
    }
}
