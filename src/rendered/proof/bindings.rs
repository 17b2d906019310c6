use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Parameter, Stmt};
use ruff_text_size::Ranged;

/// Every name that a file binds anywhere: one name has one meaning, or nothing is proven.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a> {
    /// Imported objects, by their name in the file.
    pub(super) imports: HashMap<String, String>,
    /// Names of values: assigned, parameters, targets of loops.
    pub(super) values: HashSet<&'a str>,
    /// Functions and classes of the file.
    pub(super) definitions: HashSet<&'a str>,
    /// Names of what `op.get_bind()` or `op.get_context()` returns.
    pub(super) binds: HashSet<&'a str>,
    /// Names of what `op.batch_alter_table()` gives.
    pub(super) batches: HashSet<&'a str>,
}

/// Collects them; the error is a position and a reason.
pub(super) fn bindings(body: &[Stmt]) -> Result<Bindings<'_>, (usize, String)> {
    let mut collector = Collector { found: Bindings::default(), fault: None };
    collector.visit_body(body);
    if let Some(fault) = collector.fault {
        return Err(fault);
    }
    let found = collector.found;
    let clash = found.imports.keys().find(|name| {
        let name = name.as_str();
        [&found.values, &found.definitions, &found.binds, &found.batches].iter().any(|names| names.contains(name))
    });
    match clash {
        Some(name) => Err((0, format!("the name {name} has two meanings"))),
        None => Ok(found),
    }
}

struct Collector<'a> {
    found: Bindings<'a>,
    fault: Option<(usize, String)>,
}

impl<'a> Collector<'a> {
    fn import(&mut self, at: usize, name: &str, path: String) {
        let before = self.found.imports.insert(name.to_owned(), path.clone());
        if before.is_some_and(|before| before != path) {
            self.fault.get_or_insert((at, format!("the name {name} has two meanings")));
        }
    }

    fn value(&mut self, name: &'a str) {
        self.found.values.insert(name);
    }
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let at = statement.start().to_usize();
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.name.as_str();
                    let root = name.split('.').next().unwrap_or(name);
                    match &alias.asname {
                        Some(own) => self.import(at, own.as_str(), name.to_owned()),
                        None => self.import(at, root, root.to_owned()),
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let dots = ".".repeat(import.level as usize);
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                for alias in &import.names {
                    let own = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.import(at, own.as_str(), format!("{dots}{module}.{}", alias.name));
                }
            }
            Stmt::FunctionDef(function) => {
                self.found.definitions.insert(function.name.as_str());
            }
            Stmt::ClassDef(class) => {
                self.found.definitions.insert(class.name.as_str());
            }
            Stmt::Assign(assign) => {
                if let ([Expr::Name(target)], Some("get_bind" | "get_context")) =
                    (assign.targets.as_slice(), called(&assign.value))
                {
                    self.found.binds.insert(target.id.as_str());
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    if let Some(Expr::Name(target)) = item.optional_vars.as_deref() {
                        self.found.batches.insert(target.id.as_str());
                    }
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx == ExprContext::Store
        {
            self.value(name.id.as_str());
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameter(&mut self, parameter: &'a Parameter) {
        self.value(parameter.name.as_str());
        visitor::walk_parameter(self, parameter);
    }
}

/// The method that is called on a plain name: `op.get_bind()`.
fn called(expression: &Expr) -> Option<&str> {
    let call = expression.as_call_expr()?;
    let attribute = call.func.as_attribute_expr()?;
    attribute.value.as_name_expr().map(|_| attribute.attr.as_str())
}
