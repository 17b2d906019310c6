//! Under which names a revision file knows what fixes write.

use std::collections::HashSet;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt};

use super::LintContext;

impl<'a> LintContext<'a> {
    /// The name of Alembic's `op`, as the module imports it.
    pub(super) fn op_name(&self) -> Option<&'a str> {
        self.module()?.iter().find_map(|statement| match statement {
            Stmt::ImportFrom(import) if import.module.as_deref() == Some("alembic") => import
                .names
                .iter()
                .find(|alias| alias.name.as_str() == "op")
                .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()),
            _ => None,
        })
    }

    /// Whether the module knows SQLAlchemy as `sa`.
    pub(super) fn has_sa(&self) -> bool {
        let statements = self.module().unwrap_or_default();
        statements.iter().any(|statement| match statement {
            Stmt::Import(import) => import.names.iter().any(|alias| {
                alias.name.as_str() == "sqlalchemy" && alias.asname.as_ref().is_some_and(|name| name.as_str() == "sa")
            }),
            _ => false,
        })
    }

    /// Whether an expression means the same in every function of the module: it uses names of the module only.
    pub(super) fn is_of_module(&self, expr: &Expr) -> bool {
        let known = self.module_names();
        let mut used = UsedNames::default();
        used.visit_expr(expr);
        used.0.iter().all(|name| known.contains(name))
    }

    fn module_names(&self) -> HashSet<&'a str> {
        let mut names = HashSet::new();
        for statement in self.module().unwrap_or_default() {
            match statement {
                Stmt::Import(import) => names.extend(import.names.iter().map(|alias| match &alias.asname {
                    Some(name) => name.as_str(),
                    None => alias.name.as_str().split('.').next().unwrap_or_default(),
                })),
                Stmt::ImportFrom(import) => {
                    names
                        .extend(import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()));
                }
                Stmt::Assign(assign) => names.extend(assign.targets.iter().filter_map(name)),
                Stmt::AnnAssign(assign) => names.extend(name(&assign.target)),
                Stmt::FunctionDef(function) => drop(names.insert(function.name.as_str())),
                Stmt::ClassDef(class) => drop(names.insert(class.name.as_str())),
                _ => {}
            }
        }
        names
    }

    fn module(&self) -> Option<&'a [Stmt]> {
        self.file().file.body()
    }
}

fn name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

#[derive(Default)]
struct UsedNames<'a>(Vec<&'a str>);

impl<'a> Visitor<'a> for UsedNames<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0.extend(name(expr));
        walk_expr(self, expr);
    }
}
