//! What the names of a revision file stand for: only what its imports tell.

use std::collections::HashMap;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};

use crate::script::RevisionFile;

/// Imported names and where they come from, wherever in the file they are imported.
#[derive(Debug, Default)]
pub(super) struct ImportedNames<'a> {
    names: HashMap<&'a str, String>,
}

impl<'a> ImportedNames<'a> {
    pub(super) fn of(file: &'a RevisionFile) -> Self {
        let mut imported = Self::default();
        imported.visit_body(file.body().unwrap_or_default());
        imported
    }

    /// The full name of an expression such as `sa.orm.Session`: `sqlalchemy.orm.Session`. `None` for anything that no import leads to.
    pub(super) fn full_name(&self, expr: &Expr) -> Option<String> {
        let mut attributes = Vec::new();
        let mut inner = expr;
        while let Expr::Attribute(attribute) = inner {
            attributes.push(attribute.attr.as_str());
            inner = &attribute.value;
        }
        let Expr::Name(name) = inner else { return None };
        let mut full = self.names.get(name.id.as_str())?.clone();
        for attribute in attributes.iter().rev() {
            full.push('.');
            full.push_str(attribute);
        }
        Some(full)
    }
}

impl<'a> Visitor<'a> for ImportedNames<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let (name, origin) = match &alias.asname {
                        Some(name) => (name.as_str(), module),
                        None => {
                            let first = module.split('.').next().unwrap_or(module);
                            (first, first)
                        }
                    };
                    self.names.insert(name, origin.to_owned());
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                let module = ".".repeat(import.level as usize) + module;
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.names.insert(name.as_str(), format!("{module}.{}", alias.name));
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    // Nothing is imported in an expression.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// A call or an attribute that a rule looks at, and when it is evaluated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Met<'a> {
    pub(super) expr: &'a Expr,
    /// When the file is loaded, not when a function of it is called.
    pub(super) at_import: bool,
}

/// All calls, names and attributes of a file, in the order of the text; of `a.b.c` only the whole.
pub(super) fn references(file: &RevisionFile) -> Vec<Met<'_>> {
    let mut visitor = References { found: Vec::new(), depth: 0 };
    visitor.visit_body(file.body().unwrap_or_default());
    visitor.found
}

struct References<'a> {
    found: Vec<Met<'a>>,
    /// Functions around.
    depth: usize,
}

impl<'a> Visitor<'a> for References<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // Decorators and defaults are evaluated when the function is defined.
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&function.parameters);
                self.depth += 1;
                self.visit_body(&function.body);
                self.depth -= 1;
            }
            Stmt::If(branch) if is_main_or_typing(&branch.test) => {}
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expr: &'a Expr) {
        let at_import = self.depth == 0;
        match expr {
            Expr::Call(_) => {
                self.found.push(Met { expr, at_import });
                walk_expr(self, expr);
            }
            Expr::Name(_) => self.found.push(Met { expr, at_import }),
            Expr::Attribute(attribute) => {
                self.found.push(Met { expr, at_import });
                // The parts of a dotted name are no references of their own.
                let mut inner = &*attribute.value;
                while let Expr::Attribute(attribute) = inner {
                    inner = &attribute.value;
                }
                if !inner.is_name_expr() {
                    self.visit_expr(inner);
                }
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_parameters(parameters);
                }
                self.depth += 1;
                self.visit_expr(&lambda.body);
                self.depth -= 1;
            }
            _ => walk_expr(self, expr),
        }
    }
}

/// `if __name__ == "__main__":`, `if TYPE_CHECKING:`: not for Alembic.
pub(super) fn is_main_or_typing(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        Expr::Compare(compare) => matches!(&*compare.left, Expr::Name(name) if name.id.as_str() == "__name__"),
        _ => false,
    }
}
