use super::declare_rule;
use crate::lint::{LintContext, TypeChange, phrase};
use crate::operation::OperationKind;

declare_rule! {
    /// The type of an existing column changes so that the table is rewritten.
    ///
    /// ## What it flags
    /// `op.alter_column(…, type_=…)` (also in `batch_alter_table` and in SQL) on a table that existed before this revision, where
    /// PostgreSQL stores the new type in another way: `integer` to `bigint`, `varchar` to `integer`, another scale of `numeric`,
    /// `timestamp` to `timestamptz`. The old type is that of `existing_type` and of the history; where neither knows it, and for types
    /// of the application, nothing is said. `varchar(50)` to `varchar(100)`, `varchar` to `text` or a greater precision of `numeric`
    /// rewrite nothing. Types that hold less are a finding of `type-narrowed` instead.
    ///
    /// ## Why
    /// PostgreSQL writes every row and every index anew under an ACCESS EXCLUSIVE lock: no query runs until it is through.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.alter_column("orders", "id", existing_type=sa.Integer(), type_=sa.BigInteger())
    /// ```
    ///
    /// ## Use instead
    /// A new column that is filled in batches, and takes the place of the old one when the code knows it.
    /// ```python
    /// def upgrade():
    ///     op.add_column("orders", sa.Column("id_bigint", sa.BigInteger()))
    /// ```
    "type-rewrite" {
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
        let (Some(new), false) = (&alter.type_, ctx.may_be_new(alter.table.as_ref())) else { continue };
        let Some((change, old)) = TypeChange::of(ctx.upgrade_course(), operation, alter) else { continue };
        if !matches!(change, TypeChange::Rewritten | TypeChange::RewrittenUnlessUtc) {
            continue;
        }
        let table = phrase::table(alter.table.as_ref());
        let message = format!("changing `{}` to `{}` rewrites {table} under a lock", old.text, new.text);
        let finding = ctx.report(operation.range.clone(), message);
        finding.help("add a new column, fill it in batches, and switch over");
        if change == TypeChange::RewrittenUnlessUtc {
            finding.note("PostgreSQL 12 and later rewrite nothing where the session's `timezone` is UTC.");
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{History, findings};

    const RULE: &str = "type-rewrite";

    #[test]
    fn other_storage_err() {
        let text = "def upgrade():\n    \
                    op.alter_column('orders', 'id', existing_type=sa.Integer(), type_=sa.BigInteger())\n    \
                    op.alter_column('orders', 'n', existing_type=sa.Numeric(12, 2), type_=sa.Numeric(14, 4))\n    \
                    op.alter_column('orders', 'at', existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True))\n";
        assert_snapshot!(findings(RULE, text), @r"
        20:5 error: changing `sa.Integer()` to `sa.BigInteger()` rewrites `orders` under a lock
          help: add a new column, fill it in batches, and switch over
        21:5 error: changing `sa.Numeric(12, 2)` to `sa.Numeric(14, 4)` rewrites `orders` under a lock
          help: add a new column, fill it in batches, and switch over
        22:5 error: changing `sa.DateTime()` to `sa.DateTime(timezone=True)` rewrites `orders` under a lock
          help: add a new column, fill it in batches, and switch over
        ");
    }

    #[test]
    fn old_type_of_the_history_err() {
        let history = History::new()
            .revision("def upgrade():\n    op.create_table('orders', sa.Column('note', sa.Text()))\n")
            .revision(
                "def upgrade():\n    op.execute('ALTER TABLE orders ALTER COLUMN note TYPE jsonb USING note::jsonb')\n",
            );
        assert_snapshot!(history.findings(RULE), @r"
        20260102_120000_step_2.py:20:17 error: changing `sa.Text()` to `jsonb` rewrites `orders` under a lock
          help: add a new column, fill it in batches, and switch over
        ");
    }

    #[test]
    fn widened_ok() {
        let text = "def upgrade():\n    \
                    op.alter_column('orders', 'a', existing_type=sa.String(50), type_=sa.String(100))\n    \
                    op.alter_column('orders', 'b', existing_type=sa.String(50), type_=sa.Text())\n    \
                    op.alter_column('orders', 'c', existing_type=sa.Numeric(10, 2), type_=sa.Numeric(12, 2))\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn variant_ok() {
        let text = "def upgrade():\n    \
                    op.alter_column('orders', 'a', existing_type=sa.Uuid(), \
                    type_=sa.String(36).with_variant(postgresql.UUID(), 'postgresql'))\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn unknown_type_ok() {
        let text = "def upgrade():\n    op.alter_column('orders', 'a', type_=sa.BigInteger())\n    \
                    op.alter_column('orders', 'b', existing_type=types.GUID(), type_=sa.Uuid())\n";
        assert_eq!(findings(RULE, text), "");
    }

    #[test]
    fn changed_before_in_the_same_revision_ok() {
        let text = "def upgrade():\n    op.alter_column('orders', 'a', type_=sa.BigInteger())\n    \
                    op.alter_column('orders', 'a', new_column_name='b')\n    \
                    op.alter_column('orders', 'b', type_=sa.BigInteger())\n";
        assert_eq!(findings(RULE, text), "");
    }
}
