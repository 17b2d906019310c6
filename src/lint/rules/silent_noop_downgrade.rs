use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use super::declare_rule;
use crate::lint::edits::{bytes, indented};
use crate::lint::{Applicability, Edit, Fix, LintContext, Severity, inverse};
use crate::operation::OperationKind;

declare_rule! {
    /// `downgrade()` does nothing although `upgrade()` changes something.
    ///
    /// ## What it flags
    /// A downgrade of nothing but `pass`, `...`, `return` or a docstring, where the upgrade changes the schema; where it only changes
    /// rows, that is a warning. Merge revisions and other empty upgrades are no findings.
    ///
    /// ## Why
    /// The downgrade claims success: the version table says that the revision is undone, the database still has what it made. The next
    /// upgrade fails on what is there already.
    ///
    /// ## Example
    /// ```python
    /// def upgrade():
    ///     op.add_column("users", sa.Column("locale", sa.String(8)))
    ///
    ///
    /// def downgrade():
    ///     pass
    /// ```
    ///
    /// ## Use instead
    /// The inverse; or, where there is none, a downgrade that fails on purpose.
    /// ```python
    /// # limbec: irreversible the old values are not known any more
    /// def upgrade():
    ///     op.execute("UPDATE users SET email = lower(email) WHERE email <> lower(email)")
    ///
    ///
    /// def downgrade():
    ///     raise NotImplementedError("the old values are not known any more")
    /// ```
    "silent-noop-downgrade" {
        group: Downgrade,
        level: Error,
        dialects: [],
        since: "0.1.0",
        fix: Sometimes,
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let (Some(definition), true) = (ctx.downgrade().definition.clone(), ctx.downgrade().is_empty) else { return };
    let changes = ctx.upgrade_operations().filter_map(|operation| Some((operation, change(&operation.kind)?)));
    let Some((operation, change)) =
        changes.max_by_key(|(operation, change)| (*change, std::cmp::Reverse(operation.range.start)))
    else {
        return;
    };
    if ctx.is_irreversible() {
        return;
    }
    let made = ctx.location(operation.range.clone());
    let fix = inverted(ctx);
    let finding = match change {
        Changes::Schema => ctx
            .report(definition, "`downgrade()` does nothing and claims to have undone a change of the schema")
            .help("undo the change, or raise, with `# limbec: irreversible reason` in the header"),
        Changes::Rows => ctx
            .report(definition, "`downgrade()` does nothing and claims to have undone a change of rows")
            .help("undo the change; or raise, with `# limbec: irreversible reason` in the header; or say why nothing has to be done: `# limbec: ignore[silent-noop-downgrade] reason`")
            .at_most(Severity::Warning),
    };
    finding.annotate(made, "changed here");
    finding.fix = fix;
}

/// Writes the inverse of every operation where it is certain. Unsafe: someone may have meant it to do nothing.
fn inverted(ctx: &LintContext<'_>) -> Option<Fix> {
    let statements = inverse::inverse(ctx)?;
    let edit = match ctx.function("downgrade")?.body.as_slice() {
        [only] if is_docstring(only) => ctx.append_to_downgrade(&statements)?,
        [first, noop] if is_docstring(first) => written_over(ctx, noop, &statements)?,
        [noop] => written_over(ctx, noop, &statements)?,
        _ => return None,
    };
    Some(Fix { title: "undo every operation".to_owned(), applicability: Applicability::Unsafe, edits: vec![edit] })
}

fn is_docstring(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(inner) if inner.value.is_string_literal_expr())
}

fn written_over(ctx: &LintContext<'_>, noop: &Stmt, statements: &[String]) -> Option<Edit> {
    let indent = ctx.indent_of(noop)?;
    let text = indented(&statements.join("\n"), indent);
    Some(ctx.replace(bytes(noop.range()), text.get(indent.len()..)?))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Changes {
    Rows,
    Schema,
}

fn change(kind: &OperationKind) -> Option<Changes> {
    use OperationKind as K;
    match kind {
        K::Insert { .. } | K::Update { .. } | K::Delete { .. } | K::Truncate { .. } => Some(Changes::Rows),
        // Nothing that a downgrade would have to undo.
        K::Read { .. } | K::Transaction(_) | K::Other { .. } | K::Rewrite { .. } | K::ValidateConstraint { .. } => None,
        _ => Some(Changes::Schema),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::{findings, fixed};

    const RULE: &str = "silent-noop-downgrade";

    #[test]
    fn pass_err() {
        let text =
            "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n\ndef downgrade():\n    pass\n";
        assert_snapshot!(findings(RULE, text), @r"
        21:1 error: `downgrade()` does nothing and claims to have undone a change of the schema
          help: undo the change, or raise, with `# limbec: irreversible reason` in the header
        ");
    }

    #[test]
    fn inverse_fix() {
        for body in ["pass", "\"\"\"Nothing.\"\"\"", "\"\"\"Nothing.\"\"\"\n    return  # yet"] {
            let text = format!(
                "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n\n\ndef downgrade():\n    {body}\n"
            );
            let fixed = fixed(RULE, &text);
            assert!(fixed.contains("    op.drop_column(\"users\", \"a\")"), "{fixed}");
            assert!(!fixed.contains("pass") && !fixed.contains("return"), "{fixed}");
        }
        let text = "def upgrade():\n    op.add_column('users', sa.Column('a', sa.Text()))\n\n\ndef downgrade(): pass";
        assert_eq!(fixed(RULE, text), text);
    }

    #[test]
    fn rows_err() {
        let text = "def upgrade():\n    op.execute('UPDATE users SET a = 1 WHERE a = 2')\n\ndef downgrade():\n    \"\"\"Nothing.\"\"\"\n";
        assert_snapshot!(findings(RULE, text), @r"
        21:1 warning: `downgrade()` does nothing and claims to have undone a change of rows
          help: undo the change; or raise, with `# limbec: irreversible reason` in the header; or say why nothing has to be done: `# limbec: ignore[silent-noop-downgrade] reason`
        ");
    }

    #[test]
    fn nothing_to_undo_ok() {
        let text = "def upgrade():\n    op.execute('ANALYZE users')\n\ndef downgrade():\n    pass\n";
        assert_eq!(findings(RULE, text), "");
        assert_eq!(findings(RULE, "def upgrade():\n    pass\n\ndef downgrade():\n    pass\n"), "");
    }

    #[test]
    fn another_dialect_ok() {
        let text = "def upgrade():\n    if op.get_bind().dialect.name == 'mysql':\n        \
                    op.execute('ALTER TABLE users ADD COLUMN a text')\n\ndef downgrade():\n    pass\n";
        assert_eq!(findings(RULE, text), "");
    }
}
