use super::declare_rule;
use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::lint::LintContext;
use crate::lint::imports::{ImportedNames, references};
use crate::lint::packages::is_within;

declare_rule! {
    /// Operations run when the file is loaded, not when the revision runs.
    ///
    /// ## What it flags
    /// Calls of `alembic.op` and `alembic.context` outside of functions: at the head of the module, in class bodies, decorators and default values.
    /// `op.f()` counts too.
    ///
    /// ## Why
    /// Alembic loads every file for `heads`, `history` or `upgrade` alike. Without a database the call fails ("proxy object has not yet been
    /// established") and no command works; with one it runs for every revision, on every command.
    ///
    /// ## Example
    /// ```python
    /// bind = op.get_bind()
    ///
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     bind = op.get_bind()
    ///     op.execute("ANALYZE")
    /// ```
    "op-at-import" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let file = &ctx.file().file;
    let imported = ImportedNames::of(file);
    for met in references(file) {
        let Expr::Call(call) = met.expr else { continue };
        let Some(name) = imported.full_name(&call.func).filter(|_| met.at_import) else { continue };
        let proxy = ["alembic.op", "alembic.context"].iter().find(|proxy| name != **proxy && is_within(&name, proxy));
        let Some(called) = proxy.and_then(|_| name.strip_prefix("alembic.")) else { continue };
        let range = call.start().to_usize()..call.end().to_usize();
        ctx.report(range, format!("`{called}()` is called when the file is loaded"))
            .help("move it into `upgrade()` or `downgrade()`");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::testing::findings;

    const RULE: &str = "op-at-import";

    #[test]
    fn outside_of_functions_err() {
        assert_snapshot!(findings(RULE, "if op.get_bind():\n    op.drop_table('a')\n"), @"
        19:4 error: `op.get_bind()` is called when the file is loaded
          help: move it into `upgrade()` or `downgrade()`
        20:5 error: `op.drop_table()` is called when the file is loaded
          help: move it into `upgrade()` or `downgrade()`
        ");
        assert_snapshot!(findings(RULE, "def f(bind=op.get_bind()):\n    pass\n"), @"
        19:12 error: `op.get_bind()` is called when the file is loaded
          help: move it into `upgrade()` or `downgrade()`
        ");
        assert_snapshot!(findings(RULE, "class A:\n    name = op.f('a')\n"), @"
        20:12 error: `op.f()` is called when the file is loaded
          help: move it into `upgrade()` or `downgrade()`
        ");
    }

    #[test]
    fn in_functions_ok() {
        let text = "drop = op.drop_table\nlater = lambda: op.get_bind()\n\n\ndef upgrade():\n    drop('a')\n    op.get_bind()\n";
        assert_eq!(findings(RULE, text), "");
        assert_eq!(findings(RULE, "import op\n\nop.run()\nif __name__ == '__main__':\n    op.f('a')\n"), "");
    }
}
