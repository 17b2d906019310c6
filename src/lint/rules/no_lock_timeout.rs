use std::path::Path;

use super::declare_rule;
use crate::lint::{Course, LintContext, phrase};
use crate::operation::{Operation, OperationKind, TableName};

declare_rule! {
    /// A lock on an existing table is waited for without a limit. Off unless configured.
    ///
    /// ## What it flags
    /// A revision whose upgrade locks a table that existed before, where neither the revision nor `env.py` mentions `lock_timeout`. One
    /// finding a revision, at the first such operation. Off by default: a time-out may as well be set for the role or the
    /// database, which no file shows.
    ///
    /// ## Why
    /// While the migration waits behind a long query for its lock, every later query waits behind the migration. With a time-out it
    /// gives up, and can be tried again.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("SET LOCAL lock_timeout = '5s'")
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    /// ```
    "no-lock-timeout" {
        group: Locks,
        level: Off,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    let first = ctx.upgrade_operations().find_map(|operation| Some((operation, locked(course, operation)?)));
    let Some((operation, table)) = first else { return };
    let is_set = ctx.text().contains("lock_timeout");
    if is_set || mentions_timeout(&ctx.project().input.locations.script_location) {
        return;
    }
    let on = phrase::table(Some(table));
    ctx.report(operation.range.clone(), format!("the lock on {on} is waited for without a limit, and everybody behind it waits"))
        .help("set `lock_timeout` in `env.py` (`connect_args={\"options\": \"-c lock_timeout=5s\"}`), or in the revision by `op.execute`");
}

/// The existing table that an operation keeps writers out of.
fn locked<'a>(course: Course<'a>, operation: &'a Operation) -> Option<&'a TableName> {
    let table = match &operation.kind {
        OperationKind::CreateIndex { concurrently: true, .. } | OperationKind::DropIndex { concurrently: true, .. } => {
            None
        }
        OperationKind::DropTable { table, .. }
        | OperationKind::RenameTable { table, .. }
        | OperationKind::AddColumn { table, .. }
        | OperationKind::DropColumn { table, .. }
        | OperationKind::CreateIndex { table, .. }
        | OperationKind::DropIndex { table, .. }
        | OperationKind::CreateConstraint { table, .. }
        | OperationKind::DropConstraint { table, .. }
        | OperationKind::Rewrite { table, .. } => table.as_ref(),
        OperationKind::AlterColumn(alter) => alter.table.as_ref(),
        OperationKind::Truncate { tables, .. } => tables.first(),
        _ => None,
    };
    table.filter(|table| !course.creates_table(table))
}

fn mentions_timeout(script_location: &Path) -> bool {
    std::fs::read_to_string(script_location.join("env.py")).is_ok_and(|text| text.contains("lock_timeout"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::History;
    use crate::lint::{Level, LintSettings};

    const RULE: &str = "no-lock-timeout";

    fn findings(text: &str) -> String {
        let rules = [(RULE.to_owned(), Level::Warning)].into();
        History::with(LintSettings { rules, ..LintSettings::default() }).revision(text).findings(RULE)
    }

    #[test]
    fn existing_table_err() {
        let text =
            "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n    op.drop_column('users', 'b')\n";
        assert_snapshot!(findings(text), @r#"
        20:5 warning: the lock on `users` is waited for without a limit, and everybody behind it waits
          help: set `lock_timeout` in `env.py` (`connect_args={"options": "-c lock_timeout=5s"}`), or in the revision by `op.execute`
        "#);
    }

    #[test]
    fn set_in_the_revision_ok() {
        let text = "def upgrade():\n    op.execute(\"SET lock_timeout = '3s'\")\n    op.drop_table('users')\n";
        assert_eq!(findings(text), "");
    }

    #[test]
    fn new_table_ok() {
        assert_eq!(findings("def upgrade():\n    op.create_table('users', sa.Column('a', sa.Text()))\n"), "");
    }
}
