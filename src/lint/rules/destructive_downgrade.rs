use super::declare_rule;
use crate::lint::{LintContext, Loss};

declare_rule! {
    /// `downgrade()` destroys data that its own upgrade did not create.
    ///
    /// ## What it flags
    /// A downgrade that drops a table, a column or a schema that its upgrade did not create; that empties a table or a column, deletes
    /// rows of a table into which its upgrade put none, or narrows a type that its upgrade did not widen. A downgrade that drops what its
    /// own upgrade created is normal.
    ///
    /// ## Why
    /// What was there before the upgrade is gone after the way back, and no upgrade brings it again. A downgrade is run when something
    /// went wrong already.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "locale")
    ///     op.execute("DELETE FROM sessions")
    /// ```
    ///
    /// ## Use instead
    /// Only the inverse of the upgrade; or consent, with a reason: `# limbec: allow[destructive-downgrade] sessions are made again`.
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     op.drop_column("users", "locale")
    /// ```
    "destructive-downgrade" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.downgrade_course();
    for operation in ctx.downgrade_operations() {
        let mut losses = Loss::of(course, operation);
        losses.extend(Loss::of_update(operation));
        losses.retain(|loss| !ctx.is_own(operation, loss));
        for loss in losses {
            let message = match &loss {
                Loss::Values { table, column, reason } => {
                    format!("the downgrade narrows `{table}.{column}`, which its upgrade did not widen: {reason}")
                }
                Loss::AllRows(_) => format!("the downgrade deletes {loss}, which its upgrade did not create"),
                Loss::SomeRows(_) => format!("the downgrade deletes {loss}, into which its upgrade put none"),
                Loss::AllValues { .. } => format!("the downgrade overwrites {loss}, which its upgrade did not fill"),
                _ => format!("the downgrade drops {loss}, which its upgrade did not create"),
            };
            ctx.report(operation.range.clone(), message)
                .help("undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "destructive-downgrade";

    fn downgrade(upgrade: &str, downgrade: &str) -> String {
        findings(RULE, &format!("def upgrade():\n    {upgrade}\n\ndef downgrade():\n    {downgrade}\n"))
    }

    #[test]
    fn foreign_things_err() {
        let text = "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n\n\
                    def downgrade():\n    op.drop_column('users', 'a')\n    op.drop_column('users', 'b')\n    \
                    op.drop_table('orders')\n    op.execute('TRUNCATE audit')\n    op.execute('DROP SCHEMA app CASCADE')\n    \
                    op.execute('DELETE FROM sessions WHERE id > 5')\n    op.execute('UPDATE users SET phone = NULL')\n    \
                    op.alter_column('users', 'name', existing_type=sa.String(200), type_=sa.String(20))\n";
        assert_snapshot!(findings(RULE, text), @r"
        23:5 error: the downgrade drops the column `users.b`, which its upgrade did not create
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        24:5 error: the downgrade drops the table `orders`, which its upgrade did not create
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        25:17 error: the downgrade deletes all rows of `audit`, which its upgrade did not create
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        26:17 error: the downgrade drops the schema `app`, which its upgrade did not create
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        27:17 error: the downgrade deletes rows of `sessions`, into which its upgrade put none
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        28:17 error: the downgrade overwrites `users.phone` in every row, which its upgrade did not fill
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        29:5 error: the downgrade narrows `users.name`, which its upgrade did not widen: values longer than 20 characters do not fit
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        ");
    }

    #[test]
    fn table_of_an_earlier_revision_err() {
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('orders', sa.Column('id', sa.Integer()))\n")
            .revision(
                "def upgrade():\n    op.execute('CREATE TABLE IF NOT EXISTS orders (id integer)')\n\n\
                 def downgrade():\n    op.drop_table('orders')\n",
            );
        assert_snapshot!(history.findings(RULE), @r"
        20260102_120000_step_2.py:22:5 error: the downgrade drops the table `orders`, which its upgrade did not create
          help: undo only what the upgrade did; or consent: `# limbec: allow[destructive-downgrade] reason`
        ");
    }

    #[test]
    fn guarded_drop_of_what_is_not_there_ok() {
        let upgrade = "op.add_column('users', sa.Column('a', sa.Text()))";
        assert_eq!(downgrade(upgrade, "op.execute('DROP TABLE IF EXISTS leftover')"), "");
    }

    #[test]
    fn own_things_ok() {
        let create = "op.create_table('orders', sa.Column('id', sa.Integer()))";
        assert_eq!(downgrade(create, "op.drop_table('orders')"), "");
        assert_eq!(downgrade(create, "op.drop_column('orders', 'id')"), "");
        assert_eq!(downgrade(create, "op.execute('DELETE FROM orders')\n    op.drop_table('orders')"), "");
        assert_eq!(downgrade("op.execute('CREATE SCHEMA app')", "op.execute('DROP SCHEMA app CASCADE')"), "");
        assert_eq!(downgrade("op.rename_table('a', 'b')", "op.rename_table('b', 'a')"), "");
        let rename = format!("{create}\n    op.rename_table('orders', 'sales')");
        assert_eq!(downgrade(&rename, "op.drop_table('sales')"), "");
        let insert = "op.execute(\"INSERT INTO states VALUES ('new')\")";
        assert_eq!(downgrade(insert, "op.execute(\"DELETE FROM states WHERE code = 'new'\")"), "");
    }

    #[test]
    fn taken_back_type_ok() {
        let widen = "op.alter_column('users', 'name', existing_type=sa.String(50), type_=sa.String(100))";
        let back = "op.alter_column('users', 'name', existing_type=sa.String(100), type_=sa.String(50))";
        assert_eq!(downgrade(widen, back), "");
        let too_far = "op.alter_column('users', 'name', existing_type=sa.String(100), type_=sa.String(20))";
        assert_ne!(downgrade(widen, too_far), "");
    }

    #[test]
    fn upgrade_not_understood_ok() {
        assert_eq!(downgrade("op.execute(build())", "op.drop_table('orders')"), "");
    }

    #[test]
    fn rebuilt_table_ok() {
        let rebuild = "op.create_table('tmp', sa.Column('id', sa.Integer()))\n    op.execute('INSERT INTO tmp SELECT id FROM users')\n    \
                       op.drop_table('users')\n    op.rename_table('tmp', 'users')";
        assert_eq!(downgrade("op.add_column('users', sa.Column('a', sa.Text()))", rebuild), "");
    }
}
