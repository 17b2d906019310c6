//! Which statements of a module take part in what one of its functions does.

use std::collections::HashSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use super::allowed;
use super::unit::Unit;

/// A position and a reason.
type Fault = (usize, String);

/// What of a class's methods is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Methods {
    /// All but those that only take part where a value is sent or read.
    OfTheSchema,
    /// All but those that only take part where a value is read.
    OfValues,
}

impl<'a> Unit<'a> {
    /// The statements of a revision that run with one of its functions, and the functions among them. What is not only the meaning of names runs
    /// whenever the file is loaded, and is among them.
    pub(super) fn of_revision(&self, wanted: &'a str) -> Result<(Vec<&'a Stmt>, HashSet<&'a str>), Fault> {
        let always = self.body.iter().filter(|statement| meanings(statement).is_none() && !is_for_checkers(statement));
        let mut names: HashSet<&str> = HashSet::from([wanted]);
        for statement in always {
            mentioned(statement, Methods::OfTheSchema, &mut names);
        }
        let names = self.closure(names, Methods::OfTheSchema);
        let mut functions = HashSet::new();
        let mut reached = Vec::new();
        for statement in self.body.iter().filter(|statement| !is_for_checkers(statement)) {
            if meanings(statement).is_some_and(|bound| !bound.iter().any(|name| names.contains(name))) {
                continue;
            }
            if let Stmt::FunctionDef(function) = statement
                && !functions.insert(function.name.as_str())
            {
                return Err((statement.start().to_usize(), format!("it defines {}() twice", function.name)));
            }
            reached.push(statement);
        }
        Ok((reached, functions))
    }

    /// The statement that gives a name its meaning; `None`: no statement does.
    pub(super) fn meaning(&self, name: &str) -> Result<Option<&'a Stmt>, Fault> {
        let (mut found, mut changed) = (None, None);
        for statement in self.body.iter().filter(|statement| !is_for_checkers(statement)) {
            let at = statement.start().to_usize();
            let changes = Changes::of(statement);
            if changes.names.contains(name) {
                return Err((at, format!("it sets {name} under a condition, or from within a function")));
            }
            if changes.objects.contains(name) {
                changed.get_or_insert((at, format!("it changes {name}")));
            }
            if meanings(statement).is_some_and(|bound| bound.contains(&name)) {
                if found.is_some() {
                    return Err((at, format!("it gives {name} a meaning more than once")));
                }
                found = Some(statement);
            }
        }
        match changed.filter(|_| found.is_some()) {
            Some(fault) => Err(fault),
            None => Ok(found),
        }
    }

    /// The statements that take part in the meaning of a name.
    pub(super) fn part(&self, name: &'a str, methods: Methods) -> Result<Vec<&'a Stmt>, Fault> {
        let names = self.closure(HashSet::from([name]), methods);
        let mut part = Vec::new();
        for name in &names {
            if let Some(statement) = self.meaning(name)?
                && !part.iter().any(|other: &&Stmt| other.start() == statement.start())
            {
                part.push(statement);
            }
        }
        part.sort_by_key(|statement| statement.start());
        Ok(part)
    }

    /// Names with those that their meanings mention.
    fn closure(&self, mut names: HashSet<&'a str>, methods: Methods) -> HashSet<&'a str> {
        let mut is_walked = vec![false; self.body.len()];
        loop {
            let before = names.len();
            for (statement, is_walked) in self.body.iter().zip(&mut is_walked) {
                let is_reached = !*is_walked
                    && !is_for_checkers(statement)
                    && meanings(statement).is_some_and(|bound| bound.iter().any(|name| names.contains(name)));
                if is_reached {
                    *is_walked = true;
                    mentioned(statement, methods, &mut names);
                }
            }
            if names.len() == before {
                return names;
            }
        }
    }
}

/// `if TYPE_CHECKING:` without an `else` never runs.
fn is_for_checkers(statement: &Stmt) -> bool {
    let Stmt::If(inner) = statement else { return false };
    let name = match &*inner.test {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    name == "TYPE_CHECKING" && inner.elif_else_clauses.is_empty()
}

/// The names that a statement gives a meaning, where it does nothing else; `None`: it does more, or `*` is imported.
pub(super) fn meanings(statement: &Stmt) -> Option<Vec<&str>> {
    match statement {
        Stmt::FunctionDef(function) => Some(vec![function.name.as_str()]),
        Stmt::ClassDef(class) => Some(vec![class.name.as_str()]),
        Stmt::Assign(assign) => {
            assign.targets.iter().map(|target| target.as_name_expr().map(|name| name.id.as_str())).collect()
        }
        Stmt::AnnAssign(assign) => assign.target.as_name_expr().map(|name| vec![name.id.as_str()]),
        Stmt::Import(import) => {
            let own = |alias: &'_ ruff_python_ast::Alias| alias.asname.is_some();
            let name = |alias| -> &str {
                let alias: &ruff_python_ast::Alias = alias;
                let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                if own(alias) { name } else { name.split('.').next().unwrap_or(name) }
            };
            Some(import.names.iter().map(name).collect())
        }
        Stmt::ImportFrom(import) => {
            let names = import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            let names: Vec<&str> = names.collect();
            (!names.contains(&"*")).then_some(names)
        }
        // One library or another.
        Stmt::Try(attempt) if attempt.orelse.is_empty() && attempt.finalbody.is_empty() => {
            let handled = attempt.handlers.iter().filter_map(|handler| handler.as_except_handler());
            let mut names = Vec::new();
            for statement in attempt.body.iter().chain(handled.flat_map(|handler| &handler.body)) {
                let is_import = matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_));
                names.extend(is_import.then(|| meanings(statement)).flatten()?);
            }
            Some(names)
        }
        _ => None,
    }
}

/// The names that a statement has in it, but for those in annotations.
fn mentioned<'a>(statement: &'a Stmt, methods: Methods, names: &mut HashSet<&'a str>) {
    Mentions { names, methods }.visit_stmt(statement);
}

struct Mentions<'n, 'a> {
    names: &'n mut HashSet<&'a str>,
    methods: Methods,
}

impl<'a> Visitor<'a> for Mentions<'_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::FunctionDef(function) = statement {
            let name = function.name.as_str();
            let is_for_values = allowed::BINDING_METHODS.contains(&name) && self.methods == Methods::OfTheSchema;
            if is_for_values || allowed::READING_METHODS.contains(&name) {
                return;
            }
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression {
            self.names.insert(name.id.as_str());
        }
        visitor::walk_expr(self, expression);
    }
}

/// What a statement changes.
struct Changes<'a> {
    /// Names that it sets beside its [`meanings`].
    names: HashSet<&'a str>,
    /// Names of objects that it changes.
    objects: HashSet<&'a str>,
    /// Names that are set here are those of a function or class, or the meanings themselves.
    is_inside: bool,
}

impl<'a> Changes<'a> {
    fn of(statement: &'a Stmt) -> Self {
        let is_inside = meanings(statement).is_some();
        let mut changes = Self { names: HashSet::new(), objects: HashSet::new(), is_inside };
        changes.visit_stmt(statement);
        changes
    }

    fn object(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => {
                self.objects.insert(name.id.as_str());
            }
            Expr::Attribute(attribute) => self.object(&attribute.value),
            Expr::Subscript(subscript) => self.object(&subscript.value),
            _ => {}
        }
    }
}

impl<'a> Visitor<'a> for Changes<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(global) => self.names.extend(global.names.iter().map(|name| name.as_str())),
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::Import(_) | Stmt::ImportFrom(_) if !self.is_inside => {
                self.names.extend(meanings(statement).unwrap_or_default());
                self.is_inside = true;
                visitor::walk_stmt(self, statement);
                self.is_inside = false;
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if !self.is_inside && name.ctx != ExprContext::Load => {
                self.names.insert(name.id.as_str());
            }
            Expr::Attribute(attribute) if attribute.ctx != ExprContext::Load => self.object(&attribute.value),
            Expr::Subscript(subscript) if subscript.ctx != ExprContext::Load => self.object(&subscript.value),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
