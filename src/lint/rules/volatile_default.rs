use std::sync::LazyLock;

use regex::Regex;

use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{Column, OperationKind, ServerDefault};

declare_rule! {
    /// A column is added whose value differs from row to row, so that the table is rewritten.
    ///
    /// ## What it flags
    /// Columns that are added to a table that existed before this revision with a volatile server default (`gen_random_uuid()`,
    /// `random()`, `clock_timestamp()`, `nextval(…)`), with `sa.Identity()`, as `serial`, or with a stored `sa.Computed(…)`. Constants and
    /// stable functions such as `now()` are no findings: PostgreSQL 11 and later keep one value for all old rows.
    ///
    /// ## Why
    /// PostgreSQL writes every row and every index anew under an ACCESS EXCLUSIVE lock: no query runs until it is through.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))
    /// ```
    ///
    /// ## Use instead
    /// Old rows are filled in batches, apart from the migration.
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("token", sa.Uuid()))
    ///     op.alter_column("users", "token", server_default=sa.text("gen_random_uuid()"))
    /// ```
    "volatile-default" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

/// Volatile functions of PostgreSQL and its own extensions that make sense as a default.
static VOLATILE: LazyLock<Regex> = LazyLock::new(|| {
    let names = "gen_random_uuid|gen_random_bytes|gen_salt|random|random_normal|clock_timestamp|timeofday|nextval|setval|\
                 uuid_generate_v1|uuid_generate_v1mc|uuid_generate_v4|uuidv4|uuidv7|pg_sleep";
    Regex::new(&format!(r#"(?i)(?:^|[^\w.]|\w\.)"?({names})"?\s*\("#)).expect("a valid pattern")
});

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::AddColumn { table, column, .. } = &operation.kind else { continue };
        let Some(reason) = reason(column) else { continue };
        if ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let (name, on) = (phrase::column(table.as_ref(), column.name.as_deref()), phrase::table(table.as_ref()));
        ctx.report(operation.range.clone(), format!("adding {name} rewrites {on} under a lock: {reason}"))
            .help("add the column without it, set the default for new rows, and fill the old rows in batches");
    }
}

fn reason(column: &Column) -> Option<String> {
    if column.computed.is_some_and(|computed| computed.persisted != Some(false)) {
        return Some("its values are computed and stored".to_owned());
    }
    match column.server_default.as_ref()? {
        ServerDefault::Identity => Some("every row gets a number".to_owned()),
        ServerDefault::Expression(expression) => {
            let name = VOLATILE.captures(&without_literals(expression))?.get(1)?.as_str().to_owned();
            Some(format!("`{name}()` gives every row another value"))
        }
        _ => None,
    }
}

/// SQL without what stands between apostrophes.
fn without_literals(sql: &str) -> String {
    sql.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "volatile-default";

    #[test]
    fn volatile_err() {
        let text = "def upgrade():\n    \
                    op.add_column('users', sa.Column('a', sa.Uuid(), server_default=sa.text('gen_random_uuid()')))\n    \
                    op.add_column('users', sa.Column('b', sa.Float(), server_default=sa.func.random()))\n    \
                    op.add_column('users', sa.Column('c', sa.Integer(), sa.Identity()))\n    \
                    op.add_column('users', sa.Column('d', sa.Integer(), sa.Computed('length(name)', persisted=True)))\n    \
                    op.execute('ALTER TABLE users ADD COLUMN e bigserial')\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: adding `users.a` rewrites `users` under a lock: `gen_random_uuid()` gives every row another value
          help: add the column without it, set the default for new rows, and fill the old rows in batches
        21:5 error: adding `users.b` rewrites `users` under a lock: `random()` gives every row another value
          help: add the column without it, set the default for new rows, and fill the old rows in batches
        22:5 error: adding `users.c` rewrites `users` under a lock: every row gets a number
          help: add the column without it, set the default for new rows, and fill the old rows in batches
        23:5 error: adding `users.d` rewrites `users` under a lock: its values are computed and stored
          help: add the column without it, set the default for new rows, and fill the old rows in batches
        24:17 error: adding `users.e` rewrites `users` under a lock: every row gets a number
          help: add the column without it, set the default for new rows, and fill the old rows in batches
        ");
    }

    #[test]
    fn stable_or_constant_ok() {
        let text = "def upgrade():\n    \
                    op.add_column('users', sa.Column('a', sa.DateTime(), server_default=sa.func.now()))\n    \
                    op.add_column('users', sa.Column('b', sa.DateTime(), server_default=sa.text('CURRENT_TIMESTAMP')))\n    \
                    op.add_column('users', sa.Column('c', sa.Text(), server_default='random()'))\n    \
                    op.add_column('users', sa.Column('d', sa.Text(), server_default=sa.text(\"'random()'\")))\n    \
                    op.add_column('users', sa.Column('e', sa.Integer(), sa.Computed('1', persisted=False)))\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn new_table_ok() {
        let text = "def upgrade():\n    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n    \
                    op.add_column('users', sa.Column('a', sa.Float(), server_default=sa.func.random()))\n";
        assert_eq!(findings(RULE, text), "");
    }
}
