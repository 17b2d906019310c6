use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{Column, ColumnType, Operation, OperationKind, TableName};

declare_rule! {
    /// A column is dropped and one of the same type added: probably a rename.
    ///
    /// ## What it flags
    /// Revisions that drop exactly one column of a table and add exactly one of the same type to it, without a statement that copies the values.
    ///
    /// ## Why
    /// Autogenerate cannot see a rename: it drops the column with its values and adds an empty one.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("mail", sa.Text()))
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("email", sa.Text()))
    ///     op.drop_column("users", "mail")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("mail", sa.Text()))
    ///
    /// def downgrade():
    ///     op.drop_table("users")
    /// ```
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("email", sa.Text()))
    ///     op.execute("UPDATE users SET email = mail WHERE email IS NULL")
    /// ```
    "drop-add-looks-like-rename" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let operations: Vec<&Operation> = ctx.upgrade_operations().collect();
    for dropped in &operations {
        let OperationKind::DropColumn { table: Some(table), column: Some(column), .. } = &dropped.kind else {
            continue;
        };
        let (drops, adds) = (drops(&operations, table), adds(&operations, table));
        let ([_], [(added, new)]) = (drops.as_slice(), adds.as_slice()) else { continue };
        let Some(new_name) = new.name.as_ref().filter(|name| *name != column) else { continue };
        let is_same =
            matches!((type_of(ctx, table, column), &new.type_), (Some(old), Some(new)) if old.kind == new.kind);
        if !is_same || ctx.creates_table(table) || is_copied(ctx, &operations, table) {
            continue;
        }
        let place = ctx.location(added.range.clone());
        ctx.report(
            dropped.range.clone(),
            format!("`{table}.{column}` is dropped and `{new_name}` of the same type added: is this a rename?"),
        )
        .help(format!(
            "to keep the values: `op.alter_column(\"{table}\", \"{column}\", new_column_name=\"{new_name}\")`"
        ))
        .annotate(place, "added here");
    }
}

fn drops<'o>(operations: &[&'o Operation], table: &TableName) -> Vec<&'o Operation> {
    let is_drop =
        |kind: &OperationKind| matches!(kind, OperationKind::DropColumn { table: Some(of), .. } if of == table);
    operations.iter().copied().filter(|operation| is_drop(&operation.kind)).collect()
}

fn adds<'o>(operations: &[&'o Operation], table: &TableName) -> Vec<(&'o Operation, &'o Column)> {
    let adds = operations.iter().filter_map(|operation| match &operation.kind {
        OperationKind::AddColumn { table: Some(of), column, .. } if of == table => Some((*operation, &**column)),
        _ => None,
    });
    adds.collect()
}

/// The type of a column before the revision: from the history, or from a downgrade that adds it again.
fn type_of(ctx: &LintContext<'_>, table: &TableName, column: &str) -> Option<ColumnType> {
    let known = ctx.schema_before().and_then(|schema| schema.table(table)?.column(column)?.type_.clone());
    let again = || {
        ctx.downgrade_operations().find_map(|operation| match &operation.kind {
            OperationKind::AddColumn { table: Some(of), column: new, .. }
                if of == table && new.name.as_deref() == Some(column) =>
            {
                new.type_.clone()
            }
            _ => None,
        })
    };
    known.or_else(again)
}

/// Whether rows of the table are written, or something happens that might do so.
fn is_copied(ctx: &LintContext<'_>, operations: &[&Operation], table: &TableName) -> bool {
    !ctx.upgrade().not_analysed.is_empty()
        || operations.iter().any(|operation| match &operation.kind {
            OperationKind::Update { table: of, .. } | OperationKind::Insert { table: of } => {
                of.as_ref().is_none_or(|of| of == table)
            }
            OperationKind::Read { .. } => true,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "drop-add-looks-like-rename";

    fn found(new: &str, between: &str) -> String {
        let text = format!(
            "def upgrade():\n    op.add_column('users', sa.Column('email', {new}))\n    {between}\n    op.drop_column('users', 'mail')\n\n\n\
             def downgrade():\n    op.add_column('users', sa.Column('mail', sa.String(50)))\n    op.drop_column('users', 'email')\n"
        );
        findings(RULE, &text)
    }

    #[test]
    fn same_type_err() {
        assert_snapshot!(found("sa.String(length=50)", "pass"), @r#"
        21:5 warning: `users.mail` is dropped and `email` of the same type added: is this a rename?
          help: to keep the values: `op.alter_column("users", "mail", new_column_name="email")`
        "#);
    }

    #[test]
    fn other_type_or_copied_ok() {
        assert_eq!(found("sa.Text()", "pass"), "");
        assert_eq!(found("sa.String(50)", "op.execute('UPDATE users SET email = mail')"), "");
        assert_eq!(found("sa.String(50)", "op.drop_column('users', 'other')"), "");
    }
}
