use super::declare_rule;
use crate::lint::{LintContext, phrase};
use crate::operation::{OperationKind, Rewrite};

declare_rule! {
    /// A table is rewritten as a whole: VACUUM FULL, CLUSTER, SET UNLOGGED, SET TABLESPACE.
    ///
    /// ## What it flags
    /// `VACUUM FULL`, `CLUSTER`, `ALTER TABLE … SET LOGGED`, `SET UNLOGGED`, `SET ACCESS METHOD` and `SET TABLESPACE` on a table that
    /// existed before this revision.
    ///
    /// ## Why
    /// PostgreSQL copies the whole table under an ACCESS EXCLUSIVE lock: no query runs until it is through.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.execute("VACUUM FULL orders")
    /// ```
    ///
    /// ## Use instead
    /// Plain `VACUUM`, or `pg_repack`, which copies the table beside its users.
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.execute("VACUUM orders")
    /// ```
    "blocking-rewrite" {
        group: Locks,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    for operation in ctx.upgrade_operations() {
        let OperationKind::Rewrite { table, how } = &operation.kind else { continue };
        if ctx.may_be_new(table.as_ref()) {
            continue;
        }
        let (what, help) = match how {
            Rewrite::VacuumFull => ("VACUUM FULL", "use plain VACUUM, or `pg_repack`"),
            Rewrite::Cluster => ("CLUSTER", "use `pg_repack`"),
            Rewrite::Logging => ("SET LOGGED or UNLOGGED", "copy the rows into a new table in batches"),
            Rewrite::Storage => ("moving the storage", "copy the rows into a new table in batches"),
        };
        let on = table.as_ref().map_or("tables".to_owned(), |table| phrase::table(Some(table)));
        ctx.report(operation.range.clone(), format!("{what} copies {on} as a whole while nobody can use it"))
            .help(help);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "blocking-rewrite";

    #[test]
    fn existing_table_err() {
        let text = "def upgrade():\n    with op.get_context().autocommit_block():\n        op.execute('VACUUM FULL orders')\n    \
                    op.execute('CLUSTER orders USING i')\n    op.execute('ALTER TABLE orders SET UNLOGGED')\n";
        assert_snapshot!(findings(RULE, text), @r"
        21:21 error: VACUUM FULL copies `orders` as a whole while nobody can use it
          help: use plain VACUUM, or `pg_repack`
        22:17 error: CLUSTER copies `orders` as a whole while nobody can use it
          help: use `pg_repack`
        23:17 error: SET LOGGED or UNLOGGED copies `orders` as a whole while nobody can use it
          help: copy the rows into a new table in batches
        ");
    }

    #[test]
    fn plain_vacuum_ok() {
        let text =
            "def upgrade():\n    with op.get_context().autocommit_block():\n        op.execute('VACUUM orders')\n";
        assert_eq!(findings(RULE, text), "");
    }
}
