use std::collections::HashMap;

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use super::bound::{BoundNames, imported_as};
use super::imports::Imports;
use super::tree::Tree;
use super::value::{Binding, Kind, Value};

/// The names of a module after its text was followed from top to bottom.
#[derive(Debug)]
pub(in crate::script) struct Module<'a> {
    pub(super) source: &'a str,
    names: HashMap<&'a str, Binding>,
    /// Where a `from … import *` may have set names that are not in `names`.
    pub(super) star: Option<usize>,
    pub(super) imports: &'a Imports,
    /// Dotted name of the package that relative imports start from; a revision file is in none.
    package: Option<&'a str>,
    /// Where the module certainly raises an exception.
    pub(in crate::script) raises: Option<usize>,
}

/// Whether execution goes on behind a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Raised(usize),
}

/// Packages whose `import *` certainly brings none of the names that Alembic reads.
const STAR_WITHOUT_REVISIONS: [&str; 4] = ["alembic", "sqlalchemy", "typing", "datetime"];

/// Compound statements of a sane file nest a few levels.
const MAX_DEPTH: usize = 50;

/// Follows a module's text; `package` is for its relative imports.
pub(in crate::script) fn evaluate<'a>(
    tree: &'a Tree,
    source: &'a str,
    imports: &'a Imports,
    package: Option<&'a str>,
) -> Module<'a> {
    let mut module = Module { source, names: HashMap::new(), star: None, imports, package, raises: None };
    if let Some(Stmt::Expr(first)) = tree.body().first()
        && let Expr::StringLiteral(_) = &*first.value
    {
        module.assign_name("__doc__", module.value(&first.value), &first.value);
    }
    if let Flow::Raised(at) = module.block(tree.body(), 0) {
        module.raises = Some(at);
    }
    module.apply_hazards(tree);
    module
}

impl<'a> Module<'a> {
    /// What a name is bound to, imports not looked up.
    pub(in crate::script) fn get(&self, name: &str) -> Option<&Binding> {
        self.names.get(name)
    }

    /// Where an `import *` or exec() may have set names that are not known.
    pub(in crate::script) fn star(&self) -> Option<usize> {
        self.star
    }

    /// A value with imports looked up.
    pub(in crate::script) fn resolved(&self, value: &Value) -> Value {
        match value {
            Value::Imported { module, name } => self.imports.member(module, name),
            other => other.clone(),
        }
    }

    /// All names.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'a str, &Binding)> {
        self.names.iter().map(|(name, binding)| (*name, binding))
    }

    pub(super) fn set(&mut self, name: &'a str, binding: Binding) {
        self.names.insert(name, binding);
    }

    /// Makes names unknown, for one reason.
    pub(super) fn forget(&mut self, bound: &BoundNames<'a>, reason: &'static str) {
        for (name, at) in &bound.names {
            self.set(name, Binding::unknown(*at, reason));
        }
        if let Some(at) = bound.star {
            self.forget_all(at, "may be replaced by 'import *'");
            self.star = Some(at);
        }
    }

    pub(super) fn forget_all(&mut self, at: usize, reason: &'static str) {
        for binding in self.names.values_mut() {
            *binding = Binding::unknown(at, reason);
        }
        self.star = Some(at);
    }

    fn block(&mut self, body: &'a [Stmt], depth: usize) -> Flow {
        for statement in body {
            let flow = self.statement(statement, depth);
            if flow != Flow::Next {
                return flow;
            }
        }
        Flow::Next
    }

    fn statement(&mut self, statement: &'a Stmt, depth: usize) -> Flow {
        let at = statement.start().to_usize();
        match statement {
            Stmt::Assign(assign) => {
                let value = self.value(&assign.value);
                for target in &assign.targets {
                    self.assign(target, value.clone(), &assign.value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, self.value(value), value);
                }
            }
            Stmt::AugAssign(assign) => self.forget(&BoundNames::of_target(&assign.target), "is changed in place"),
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.forget(&BoundNames::of_target(target), "is deleted");
                }
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::FunctionDef(function) => self.set(function.name.as_str(), Binding::unknown(at, "is a function")),
            Stmt::ClassDef(class) => self.set(class.name.as_str(), Binding::unknown(at, "is a class")),
            Stmt::TypeAlias(_) => self.forget(&BoundNames::of([statement]), "is a type"),
            Stmt::If(choice) if depth < MAX_DEPTH => return self.choice(choice, depth),
            Stmt::Try(attempt) if depth < MAX_DEPTH => return self.attempt(attempt, depth),
            Stmt::Raise(_) => return Flow::Raised(at),
            Stmt::For(_) | Stmt::While(_) => self.forget(&BoundNames::of([statement]), "is set in a loop"),
            Stmt::With(_) => self.forget(&BoundNames::of([statement]), "is set in a 'with' block"),
            Stmt::Match(_) => self.forget(&BoundNames::of([statement]), "is set in a 'match' block"),
            Stmt::If(_) | Stmt::Try(_) => self.forget_all(at, "is set in blocks that nest too deeply"),
            Stmt::Expr(_)
            | Stmt::Assert(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Return(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
        Flow::Next
    }

    fn assign_name(&mut self, name: &'a str, value: Value, from: &Expr) {
        let span = from.range();
        let binding = Binding { value, at: span.start().to_usize(), span: Some(span.to_std_range()) };
        self.set(name, binding);
    }

    fn assign(&mut self, target: &'a Expr, value: Value, from: &'a Expr) {
        match target {
            Expr::Name(name) => self.assign_name(name.id.as_str(), value, from),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, value, from);
            }
            _ => self.forget(&BoundNames::of_target(target), "is changed in place"),
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: Value, from: &'a Expr) {
        let has_star = targets.iter().any(Expr::is_starred_expr);
        let items = match value {
            Value::Sequence(Kind::Tuple | Kind::List, items) if items.len() == targets.len() && !has_star => items,
            value => {
                let reason = match value {
                    Value::Unknown(unknown) => unknown.reason,
                    _ => "is unpacked from something".into(),
                };
                for target in targets {
                    for (name, at) in BoundNames::of_target(target).names {
                        self.set(name, Binding::unknown(at, reason.clone()));
                    }
                }
                return;
            }
        };
        let written = match from {
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. })
                if elts.len() == targets.len() && !elts.iter().any(Expr::is_starred_expr) =>
            {
                Some(elts)
            }
            _ => None,
        };
        for (index, (target, item)) in targets.iter().zip(items).enumerate() {
            self.assign(target, item, written.map_or(from, |elements| &elements[index]));
        }
    }

    fn import(&mut self, import: &'a ast::StmtImport) {
        let at = import.start().to_usize();
        for alias in &import.names {
            let bound = imported_as(alias);
            let module = if alias.asname.is_some() { alias.name.as_str() } else { bound };
            self.set(bound, Binding { value: Value::Module(module.to_owned()), at, span: None });
        }
    }

    fn import_from(&mut self, import: &'a ast::StmtImportFrom) {
        let at = import.start().to_usize();
        let module = self.absolute_module(import);
        for alias in &import.names {
            let name = alias.name.as_str();
            let value = match &module {
                Some(module) if name == "*" => {
                    self.import_star(module, at);
                    continue;
                }
                None if name == "*" => {
                    self.forget_all(at, "may be replaced by 'import *'");
                    continue;
                }
                Some(module) => Value::Imported { module: module.clone(), name: name.to_owned() },
                None => Value::unknown("is imported relative to a package, and this file is in none"),
            };
            self.set(imported_as(alias), Binding { value, at, span: None });
        }
    }

    fn import_star(&mut self, module: &str, at: usize) {
        let top = module.split('.').next().unwrap_or_default();
        if !STAR_WITHOUT_REVISIONS.contains(&top) {
            self.forget_all(at, "may be replaced by 'import *'");
            return;
        }
        for (name, binding) in &mut self.names {
            if !super::hazard::ALEMBIC_NAMES.contains(name) {
                *binding = Binding::unknown(at, "may be replaced by 'import *'");
            }
        }
    }

    /// The dotted name that an import is from; `None` where a relative one leads out of the package.
    fn absolute_module(&self, import: &ast::StmtImportFrom) -> Option<String> {
        let name = import.module.as_ref().map(ast::Identifier::as_str);
        if import.level == 0 {
            return name.map(str::to_owned);
        }
        let mut package = self.package?;
        for _ in 1..import.level {
            package = package.rsplit_once('.')?.0;
        }
        Some(match name {
            Some(name) => format!("{package}.{name}"),
            None => package.to_owned(),
        })
    }

    fn choice(&mut self, choice: &'a ast::StmtIf, depth: usize) -> Flow {
        let first = (Some(&*choice.test), choice.body.as_slice());
        let rest = choice.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), clause.body.as_slice()));
        let mut open: Vec<&'a [Stmt]> = Vec::new();
        let mut closed = false;
        for (test, body) in std::iter::once(first).chain(rest) {
            match test.map_or(Some(true), |test| self.decide(test)) {
                Some(false) => continue,
                Some(true) => {
                    open.push(body);
                    closed = true;
                    break;
                }
                None => open.push(body),
            }
        }
        if !closed {
            open.push(&[]);
        }
        if let [only] = open.as_slice() {
            return self.block(only, depth + 1);
        }
        let start = self.names.clone();
        let mut paths = Vec::with_capacity(open.len());
        for body in open {
            self.names.clone_from(&start);
            let flow = self.block(body, depth + 1);
            paths.push((std::mem::take(&mut self.names), flow));
        }
        self.join(paths, "is chosen by a condition")
    }

    fn attempt(&mut self, attempt: &'a ast::StmtTry, depth: usize) -> Flow {
        let start = self.names.clone();
        let mut flow = self.block(&attempt.body, depth + 1);
        if flow == Flow::Next {
            flow = self.block(&attempt.orelse, depth + 1);
        }
        let mut paths = vec![(std::mem::take(&mut self.names), flow)];
        for handler in &attempt.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            self.names.clone_from(&start);
            self.forget(&BoundNames::of(attempt.body.iter()), "is set in a 'try' block");
            let flow = self.block(&handler.body, depth + 1);
            if let Some(name) = &handler.name {
                self.set(name.as_str(), Binding::unknown(handler.start().to_usize(), "is deleted"));
            }
            paths.push((std::mem::take(&mut self.names), flow));
        }
        let flow = self.join(paths, "is set in a 'try' block");
        match self.block(&attempt.finalbody, depth + 1) {
            Flow::Next => flow,
            raised @ Flow::Raised(_) => raised,
        }
    }

    /// Goes on with what all paths agree on. Paths that raise do not get here.
    fn join(&mut self, mut paths: Vec<(HashMap<&'a str, Binding>, Flow)>, reason: &'static str) -> Flow {
        let raised = paths.first().map_or(Flow::Next, |(_, flow)| *flow);
        paths.retain(|(_, flow)| *flow == Flow::Next);
        let Some((mut joined, _)) = paths.pop() else {
            return raised;
        };
        for (names, _) in paths {
            for (name, binding) in &mut joined {
                if names.get(name).is_none_or(|other| other.value != binding.value) {
                    *binding = Binding::unknown(binding.at, reason);
                }
            }
            for (name, binding) in names {
                joined.entry(name).or_insert_with(|| Binding::unknown(binding.at, reason));
            }
        }
        self.names = joined;
        Flow::Next
    }
}
