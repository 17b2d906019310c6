use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Parameter, Stmt, StmtImportFrom};
use ruff_text_size::Ranged;

/// Every name that the statements bind anywhere: one name has one meaning, or nothing is proven.
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

/// Collects them; relative imports are relative to `package`. The error is a position and a reason.
pub(super) fn bindings<'a>(body: &[&'a Stmt], package: Option<&'a str>) -> Result<Bindings<'a>, (usize, String)> {
    let mut collector = Collector { found: Bindings::default(), package, fault: None };
    body.iter().for_each(|statement| collector.visit_stmt(statement));
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
    package: Option<&'a str>,
    fault: Option<(usize, String)>,
}

impl<'a> Collector<'a> {
    fn import(&mut self, at: usize, name: &str, path: String) {
        let before = self.found.imports.insert(name.to_owned(), path.clone());
        if before.is_some_and(|before| before != path) {
            self.fault.get_or_insert((at, format!("the name {name} has two meanings")));
        }
    }

    /// The dotted name of the module that something is imported from; with its dots where they are relative to nothing known.
    fn module(&self, import: &StmtImportFrom) -> String {
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let level = import.level as usize;
        let mut package = self.package.filter(|_| level > 0);
        for _ in 1..level {
            package = package.and_then(|package| package.rsplit_once('.')).map(|(parent, _)| parent);
        }
        match package {
            Some(package) if module.is_empty() => package.to_owned(),
            Some(package) => format!("{package}.{module}"),
            None => format!("{}{module}", ".".repeat(level)),
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
                let module = self.module(import);
                for alias in &import.names {
                    let own = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.import(at, own.as_str(), format!("{module}.{}", alias.name));
                }
            }
            Stmt::FunctionDef(function) => {
                self.found.definitions.insert(function.name.as_str());
            }
            Stmt::ClassDef(class) => {
                self.found.definitions.insert(class.name.as_str());
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(target)] = assign.targets.as_slice()
                    && is_connection(&assign.value)
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

/// Whether it looks like the connection: `op.get_bind()`, `op.get_context().bind`.
fn is_connection(expression: &Expr) -> bool {
    match expression {
        Expr::Call(call) => {
            let method = call.func.as_attribute_expr().filter(|attribute| attribute.value.is_name_expr());
            method.is_some_and(|method| ["get_bind", "get_context"].contains(&method.attr.as_str()))
        }
        Expr::Attribute(attribute) => CONNECTIONS.contains(&attribute.attr.as_str()) && is_connection(&attribute.value),
        _ => false,
    }
}

/// Attributes of a connection, or of Alembic's context, that lead to the same database.
pub(super) const CONNECTIONS: [&str; 3] = ["bind", "connection", "engine"];
