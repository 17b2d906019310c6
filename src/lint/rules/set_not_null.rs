use std::sync::LazyLock;

use regex::Regex;

use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{AlterColumn, Operation, OperationKind};

declare_rule! {
    /// NOT NULL is set on an existing column, so that every row is read under a lock.
    ///
    /// ## What it flags
    /// `op.alter_column(…, nullable=False)` (also in `batch_alter_table` and in SQL) on a table that existed before this revision. Not
    /// where `existing_nullable=False` or the history says that the column is NOT NULL already, and not where a validated check
    /// constraint `column IS NOT NULL` proves it (PostgreSQL 12 and later then read nothing) or the table is emptied before.
    ///
    /// ## Why
    /// PostgreSQL reads the whole table under an ACCESS EXCLUSIVE lock: no query runs until it is through. And it fails where a
    /// row has NULL.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.alter_column("users", "email", nullable=False)
    /// ```
    ///
    /// ## Use instead
    /// A check constraint that is validated in a later revision; then NOT NULL, and the constraint can go.
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("email", sa.String(200)))
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.create_check_constraint(
    ///         "ck_users_email_not_null", "users", "email IS NOT NULL", postgresql_not_valid=True
    ///     )
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_email_not_null")
    ///     op.alter_column("users", "email", nullable=False)
    ///     op.drop_constraint("ck_users_email_not_null", "users", type_="check")
    /// ```
    "set-not-null" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::AlterColumn(alter) = &operation.kind else { continue };
        if alter.nullable != Some(false) || alter.existing_nullable == Some(false) {
            continue;
        }
        if ctx.may_be_new(alter.table.as_ref()) || is_not_null(ctx, alter) || is_proved(ctx, operation, alter) {
            continue;
        }
        let is_empty = |table| ctx.upgrade_course().is_emptied_before(operation, table);
        if alter.table.as_ref().is_some_and(is_empty) {
            continue;
        }
        let (table, column) =
            (phrase::table(alter.table.as_ref()), phrase::column(alter.table.as_ref(), alter.column.as_deref()));
        ctx.report(operation.range.clone(), format!("setting {column} NOT NULL locks {table} while every row is read"))
            .help("validate a check constraint `… IS NOT NULL` first: PostgreSQL takes it for the proof");
    }
}

/// As the history knows it, unless this revision changes that before.
fn is_not_null(ctx: &LintContext<'_>, alter: &AlterColumn) -> bool {
    let (Some(table), Some(column)) = (&alter.table, &alter.column) else { return false };
    let changes = ctx.upgrade().operations.iter().any(|operation| match &operation.kind {
        OperationKind::AlterColumn(other) => {
            other.table == alter.table && other.column == alter.column && other.nullable == Some(true)
        }
        _ => false,
    });
    let known = ctx.upgrade_course().table(table).and_then(|table| table.column(column));
    !changes && known.is_some_and(|known| known.nullable == Some(false))
}

static NOT_NULL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)^[\s(]*"?(?<column>[\w.]+)"?[\s)]+IS\s+NOT\s+NULL[\s)]*$"#).expect("a valid pattern")
});

fn is_proved(ctx: &LintContext<'_>, operation: &Operation, alter: &AlterColumn) -> bool {
    let (Some(table), Some(column)) = (&alter.table, &alter.column) else { return false };
    let checks = ctx.upgrade_course().validated_checks(operation, table);
    checks.into_iter().any(|condition| {
        let conjuncts = condition.split(" AND ").flat_map(|part| part.split(" and "));
        conjuncts.filter_map(|part| NOT_NULL.captures(part)).any(|found| found["column"].eq_ignore_ascii_case(column))
    })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "set-not-null";

    #[test]
    fn existing_column_err() {
        let text = "def upgrade():\n    op.alter_column('users', 'email', nullable=False)\n    \
                    op.execute('ALTER TABLE users ALTER COLUMN name SET NOT NULL')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: setting `users.email` NOT NULL locks `users` while every row is read
          help: validate a check constraint `… IS NOT NULL` first: PostgreSQL takes it for the proof
        21:17 error: setting `users.name` NOT NULL locks `users` while every row is read
          help: validate a check constraint `… IS NOT NULL` first: PostgreSQL takes it for the proof
        ");
    }

    #[test]
    fn not_null_before_ok() {
        let text = "def upgrade():\n    op.alter_column('users', 'email', existing_nullable=False, nullable=False)\n";
        assert_eq!(findings(RULE, text), "");
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text(), nullable=False))\n")
            .revision("def upgrade():\n    op.alter_column('users', 'email', nullable=False, server_default='x')\n");
        assert_eq!(history.findings(RULE), "");
    }

    #[test]
    fn proved_by_a_check_ok() {
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text()))\n")
            .revision(
                "def upgrade():\n    op.create_check_constraint('c', 'users', 'email IS NOT NULL', postgresql_not_valid=True)\n",
            )
            .revision(
                "def upgrade():\n    op.execute('ALTER TABLE users VALIDATE CONSTRAINT c')\n    \
                 op.alter_column('users', 'email', nullable=False)\n",
            );
        assert_eq!(history.findings(RULE), "");
    }

    #[test]
    fn check_not_validated_err() {
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('users', sa.Column('email', sa.Text()))\n")
            .revision(
                "def upgrade():\n    op.create_check_constraint('c', 'users', 'email IS NOT NULL', postgresql_not_valid=True)\n    \
                 op.alter_column('users', 'email', nullable=False)\n",
            );
        assert_ne!(history.findings(RULE), "");
    }
}
