use super::declare_rule;
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use crate::lint::imports::is_main_or_typing;
use crate::lint::packages::is_within;
use crate::lint::{LintContext, Severity};

declare_rule! {
    /// A revision imports the application.
    ///
    /// ## What it flags
    /// Imports of the project's own modules: those that lie in the project or in a folder of `prepend_sys_path`. What lies in the script
    /// directory or in a package `migrations` belongs to the revisions; `allowed-imports` names modules that do not change. Relative
    /// imports fail in every revision file: Alembic loads it on its own.
    ///
    /// ## Why
    /// The application moves on, the revision must not: a renamed class breaks an old revision, and a changed model makes it do something else. Every
    /// command of Alembic loads the module, with all that it imports.
    ///
    /// ## Example
    /// ```python
    /// from . import constants
    ///
    /// def upgrade():
    ///     op.execute(constants.ANALYZE)
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// ANALYZE = "ANALYZE"
    ///
    /// def upgrade():
    ///     op.execute(ANALYZE)
    /// ```
    "app-import-in-revision" {
        group: Hygiene,
        level: Warning,
        dialects: [],
        since: "0.1.0",
        check: Revision(check),
    }
}

fn check(ctx: &mut LintContext<'_>) {
    let mut imports = Imports::default();
    imports.visit_body(ctx.file().file.body().unwrap_or_default());
    for statement in imports.found {
        let range = statement.start().to_usize()..statement.end().to_usize();
        if matches!(statement, Stmt::ImportFrom(import) if import.level > 0) {
            let finding = ctx.report(range, "a relative import fails in a revision file");
            finding.help("import by the full name, or write down what is needed");
            finding.severity = Severity::Error;
            continue;
        }
        let own = modules(statement).into_iter().find(|module| {
            let is_allowed = ctx.settings().allowed_imports.iter().any(|allowed| is_within(module, allowed));
            !is_allowed && ctx.project().own_packages().contains(module)
        });
        if let Some(module) = own {
            ctx.report(range, format!("`{module}` is imported from the application"))
                .help("write down what is needed in the revision, or allow the module by `allowed-imports`");
        }
    }
}

/// What a statement imports; of `from app import models` it is not known whether that is a module, so both are.
fn modules(statement: &Stmt) -> Vec<String> {
    match statement {
        Stmt::Import(import) => import.names.iter().map(|alias| alias.name.to_string()).collect(),
        Stmt::ImportFrom(import) => {
            let module = import.module.as_ref().map_or("", |module| module.as_str());
            import.names.iter().map(|alias| format!("{module}.{}", alias.name)).collect()
        }
        _ => Vec::new(),
    }
}

#[derive(Default)]
struct Imports<'a> {
    found: Vec<&'a Stmt>,
}

impl<'a> Visitor<'a> for Imports<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) => self.found.push(statement),
            Stmt::If(branch) if is_main_or_typing(&branch.test) => {}
            _ => walk_stmt(self, statement),
        }
    }

    // Nothing is imported in an expression.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use crate::lint::LintSettings;
    use crate::lint::testing::{History, findings};

    const RULE: &str = "app-import-in-revision";

    /// With a package `app` beside the revisions.
    fn found(text: &str, allowed: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("app")).unwrap();
        std::fs::write(folder.path().join("app/__init__.py"), "").unwrap();
        let allowed_imports = allowed.iter().map(|module| (*module).to_owned()).collect();
        let history = History::with(LintSettings { allowed_imports, ..LintSettings::default() });
        history.import_root(folder.path()).revision(text).findings(RULE)
    }

    #[test]
    fn own_modules_err() {
        assert_snapshot!(found("from app.models import User\n", &[]), @"
        19:1 warning: `app.models.User` is imported from the application
          help: write down what is needed in the revision, or allow the module by `allowed-imports`
        ");
        assert_snapshot!(found("def upgrade():\n    import os, app\n", &[]), @"
        20:5 warning: `app` is imported from the application
          help: write down what is needed in the revision, or allow the module by `allowed-imports`
        ");
        assert_snapshot!(found("from app import models, types\n", &["app.models"]), @"
        19:1 warning: `app.types` is imported from the application
          help: write down what is needed in the revision, or allow the module by `allowed-imports`
        ");
    }

    #[test]
    fn relative_err() {
        assert_snapshot!(findings(RULE, "from .helpers import f\n"), @"
        19:1 error: a relative import fails in a revision file
          help: import by the full name, or write down what is needed
        ");
    }

    #[test]
    fn libraries_and_allowed_ok() {
        assert_eq!(found("import os, geoalchemy2\nfrom sqlalchemy import orm\n", &[]), "");
        assert_eq!(found("from app.models import User\nimport app.models.base\n", &["app.models"]), "");
        assert_eq!(found("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import app\n", &[]), "");
    }
}
