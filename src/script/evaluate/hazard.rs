use std::collections::HashSet;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::bound::imported_as;
use super::module::Module;
use super::tree::Tree;
use super::value::{Binding, Value};

/// The names that Alembic reads from a revision file.
pub(in crate::script) const ALEMBIC_NAMES: [&str; 5] =
    ["revision", "down_revision", "branch_labels", "depends_on", "__doc__"];

/// Texts without which nothing can write a module's names except its own plain statements.
static SUSPECTS: LazyLock<[Finder<'static>; 8]> =
    LazyLock::new(|| ["global", "exec(", "vars(", "locals(", "setattr(", "delattr(", "modules", ":="].map(Finder::new));

const DYNAMIC_FUNCTIONS: [&str; 6] = ["exec", "globals", "locals", "vars", "setattr", "delattr"];

impl<'a> Module<'a> {
    /// Makes names unknown that may be written in other ways than by statements of the module's own level.
    pub(super) fn apply_hazards(&mut self, tree: &'a Tree) {
        let suspicious = SUSPECTS.iter().any(|suspect| suspect.find(self.source.as_bytes()).is_some());
        let mutable = self.names().any(|(_, binding)| binding.value.is_mutable());
        if !suspicious && !mutable {
            return;
        }
        if tree.may_be_deep {
            self.forget_all(0, "may be changed in code that nests too deeply");
            return;
        }
        if suspicious {
            let mut writes = HiddenWrites::default();
            tree.body().iter().for_each(|statement| writes.visit_stmt(statement));
            self.apply_hidden_writes(&writes);
        }
        if mutable {
            self.apply_mentions(tree);
        }
    }

    fn apply_hidden_writes(&mut self, writes: &HiddenWrites<'a>) {
        for (name, at, reason) in &writes.names {
            self.set(name, Binding::unknown(*at, *reason));
        }
        let runs_functions = writes.calls.intersection(&writes.functions).next().is_some();
        let dynamic = writes.dynamic.or(writes.dynamic_in_function.filter(|_| runs_functions));
        if let Some(at) = dynamic {
            self.forget_all(at, "may be set by exec(), globals() or the like");
        }
    }

    /// A list or set that is handed to anybody may have been changed; equal ones may be the same object.
    fn apply_mentions(&mut self, tree: &'a Tree) {
        let mut mentions = Mentions { module: self, in_function: false, values: Vec::new() };
        tree.body().iter().for_each(|statement| mentions.visit_stmt(statement));
        let values = mentions.values;
        let changed: Vec<_> = self
            .names()
            .filter(|(_, binding)| values.contains(&binding.value))
            .map(|(name, binding)| (name, binding.at))
            .collect();
        for (name, at) in changed {
            self.set(name, Binding::unknown(at, "may be changed in place"));
        }
    }
}

/// Ways to write a module's names from inside functions and expressions.
#[derive(Debug, Default)]
struct HiddenWrites<'a> {
    names: Vec<(&'a str, usize, &'static str)>,
    /// exec() and its like at the module's own level, and inside of functions.
    dynamic: Option<usize>,
    dynamic_in_function: Option<usize>,
    /// What the module's own level calls by name, and which functions it defines.
    calls: HashSet<&'a str>,
    functions: HashSet<&'a str>,
    /// What the module `sys` is called here.
    sys: HashSet<&'a str>,
    depth: usize,
}

impl HiddenWrites<'_> {
    fn found_dynamic(&mut self, at: usize) {
        let place = if self.depth == 0 { &mut self.dynamic } else { &mut self.dynamic_in_function };
        place.get_or_insert(at);
    }
}

impl<'a> Visitor<'a> for HiddenWrites<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Global(global) => {
                let at = stmt.start().to_usize();
                let names = global.names.iter().map(|name| (name.as_str(), at, "is declared global in a function"));
                self.names.extend(names);
            }
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    if let (0, Expr::Name(name)) = (self.depth, &decorator.expression) {
                        self.calls.insert(name.id.as_str());
                    }
                    self.visit_decorator(decorator);
                }
                if self.depth == 0 {
                    self.functions.insert(function.name.as_str());
                }
                self.visit_parameters(&function.parameters);
                self.depth += 1;
                self.visit_body(&function.body);
                self.depth -= 1;
            }
            Stmt::Import(import) => {
                let sys = import.names.iter().filter(|alias| alias.name.as_str() == "sys");
                self.sys.extend(sys.map(imported_as));
            }
            Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module.as_str() == "sys") => {
                if import.names.iter().any(|alias| alias.name.as_str() == "modules") {
                    self.found_dynamic(stmt.start().to_usize());
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        let at = expr.start().to_usize();
        match expr {
            Expr::Call(call) => {
                if let Expr::Name(name) = &*call.func {
                    let name = name.id.as_str();
                    if DYNAMIC_FUNCTIONS.contains(&name) {
                        self.found_dynamic(at);
                    } else if self.depth == 0 {
                        self.calls.insert(name);
                    }
                }
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "modules" => {
                if matches!(&*attribute.value, Expr::Name(name) if self.sys.contains(name.id.as_str())) {
                    self.found_dynamic(at);
                }
            }
            Expr::Named(named) => {
                if let Expr::Name(name) = &*named.target {
                    self.names.push((name.id.as_str(), at, "is set inside of an expression"));
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// Lists and sets that are used in any other way than by a plain assignment of the module's own level.
struct Mentions<'m, 'a> {
    module: &'m Module<'a>,
    in_function: bool,
    values: Vec<Value>,
}

impl<'a> Visitor<'a> for Mentions<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) => {
                let outer = std::mem::replace(&mut self.in_function, true);
                walk_stmt(self, stmt);
                self.in_function = outer;
            }
            Stmt::Assign(assign) if !self.in_function && !self.is_unknown(&assign.value) => {
                assign.targets.iter().for_each(|target| self.visit_expr(target));
            }
            Stmt::AnnAssign(assign)
                if !self.in_function && assign.value.as_ref().is_some_and(|value| !self.is_unknown(value)) =>
            {
                self.visit_expr(&assign.target);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if matches!(expr, Expr::Name(_) | Expr::Attribute(_)) {
            let value = self.module.value(expr);
            if value.is_mutable() && !self.values.contains(&value) && !is_stored(expr) {
                self.values.push(value);
            }
        }
        walk_expr(self, expr);
    }
}

impl<'a> Mentions<'_, 'a> {
    fn is_unknown(&self, expr: &'a Expr) -> bool {
        matches!(self.module.value(expr), Value::Unknown(_))
    }
}

fn is_stored(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if !name.ctx.is_load())
}
