use super::declare_rule;
use crate::lint::LintContext;
use crate::operation::{ColumnType, Operation, OperationKind, ServerDefault, TypeKind};

declare_rule! {
    /// A new value of an enum is used in the transaction that adds it.
    ///
    /// ## What it flags
    /// ALTER TYPE … ADD VALUE, and in the same revision, with no end of a transaction in between, a statement that mentions the value:
    /// rows with it, a default, a condition. Not where the type is new in this revision.
    ///
    /// ## Why
    /// The statement fails: "unsafe use of new value". PostgreSQL knows the value only when the transaction that added it is over.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.execute("ALTER TYPE status ADD VALUE IF NOT EXISTS 'paused' AFTER 'active'")
    ///     op.execute("UPDATE users SET status = 'paused' WHERE NOT enabled")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     with op.get_context().autocommit_block():
    ///         op.execute("ALTER TYPE status ADD VALUE IF NOT EXISTS 'paused' AFTER 'active'")
    ///     op.execute("UPDATE users SET status = 'paused' WHERE NOT enabled")
    /// ```
    "enum-value-used-too-early" {
        group: Compatibility,
        level: Error,
        dialects: [Postgresql],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let course = ctx.upgrade_course();
    for operation in ctx.upgrade_operations() {
        let OperationKind::AddEnumValue { name, value, .. } = &operation.kind else { continue };
        if ctx.creates_enum(name) {
            continue;
        }
        let uses = course.later(operation).iter().find(|later| uses(ctx, later, name, value));
        let Some(uses) = uses.filter(|uses| !course.commits_between(operation, uses)) else { continue };
        let added = ctx.location(operation.range.clone());
        ctx.report(
            uses.range.clone(),
            format!("`{value}` is used in the transaction that adds it to `{name}`, where PostgreSQL refuses it"),
        )
        .help("add the value inside of `with op.get_context().autocommit_block():`")
        .annotate(added, "added here");
    }
}

fn uses(ctx: &LintContext<'_>, operation: &Operation, name: &str, value: &str) -> bool {
    let is_of_type = |type_: Option<&ColumnType>| {
        type_.is_some_and(|type_| matches!(&type_.kind, TypeKind::Enum(own) if own.name.known() == Some(name)))
    };
    match &operation.kind {
        OperationKind::AddColumn { column, .. } if is_of_type(column.type_.as_ref()) => {
            column.server_default.as_ref().is_some_and(|default| is_value(default, value))
        }
        OperationKind::Insert { .. }
        | OperationKind::Update { .. }
        | OperationKind::Delete { .. }
        | OperationKind::CreateIndex { .. }
        | OperationKind::CreateConstraint { .. } => {
            let text = operation.sql.as_deref().or_else(|| ctx.text().get(operation.range.clone()));
            text.is_some_and(|text| text.contains(&format!("'{value}'")) || text.contains(&format!("\"{value}\"")))
        }
        _ => false,
    }
}

fn is_value(default: &ServerDefault, value: &str) -> bool {
    match default {
        ServerDefault::Constant(text) => text == value,
        ServerDefault::Expression(text) => text.contains(&format!("'{value}'")),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "enum-value-used-too-early";
    const ADD: &str = "op.execute(\"ALTER TYPE status ADD VALUE 'paused'\")";
    const USE: &str = "op.execute(\"UPDATE users SET status = 'paused' WHERE NOT enabled\")";

    #[test]
    fn one_transaction_err() {
        assert_snapshot!(findings(RULE, &format!("def upgrade():\n    {ADD}\n    {USE}\n")), @r"
        21:17 error: `paused` is used in the transaction that adds it to `status`, where PostgreSQL refuses it
          help: add the value inside of `with op.get_context().autocommit_block():`
        ");
    }

    #[test]
    fn default_err() {
        let text = format!(
            "def upgrade():\n    {ADD}\n    op.add_column('users', sa.Column('s', sa.Enum('new', 'paused', name='status'), \
             server_default='paused'))\n"
        );
        assert_ne!(findings(RULE, &text), "");
    }

    #[test]
    fn autocommit_block_ok() {
        let text = format!("def upgrade():\n    with op.get_context().autocommit_block():\n        {ADD}\n    {USE}\n");
        assert_eq!(findings(RULE, &text), "");
    }

    #[test]
    fn another_value_ok() {
        let text =
            format!("def upgrade():\n    {ADD}\n    op.execute(\"UPDATE users SET status = 'new' WHERE id = 1\")\n");
        assert_eq!(findings(RULE, &text), "");
    }
}
