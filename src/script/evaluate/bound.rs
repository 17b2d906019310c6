use ruff_python_ast::visitor::{Visitor, walk_except_handler, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Pattern, Stmt};
use ruff_text_size::Ranged;

/// Names that statements may write, each with the position where they do.
#[derive(Debug, Default)]
pub(crate) struct BoundNames<'a> {
    pub(super) names: Vec<(&'a str, usize)>,
    /// A `from … import *` among the statements: any name may be written.
    pub(super) star: Option<usize>,
}

impl<'a> BoundNames<'a> {
    /// Collects the names that the statements may write when they run, outside of function and class bodies.
    pub(crate) fn of(statements: impl IntoIterator<Item = &'a Stmt>) -> Self {
        let mut bound = Self::default();
        for statement in statements {
            bound.visit_stmt(statement);
        }
        bound
    }

    /// Collects the names that a pattern writes when it matches.
    pub(crate) fn of_pattern(pattern: &'a Pattern) -> Self {
        let mut bound = Self::default();
        bound.visit_pattern(pattern);
        bound
    }

    /// The names alone.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.names.iter().map(|(name, _)| *name)
    }

    /// Collects the names that an assignment to `target` writes, or changes through an attribute or an element.
    pub(super) fn of_target(target: &'a Expr) -> Self {
        let mut bound = Self::default();
        let mut expr = target;
        loop {
            match expr {
                Expr::Attribute(inner) => expr = &inner.value,
                Expr::Subscript(inner) => expr = &inner.value,
                Expr::Starred(inner) => expr = &inner.value,
                Expr::Name(name) => {
                    bound.names.push((name.id.as_str(), target.start().to_usize()));
                    return bound;
                }
                _ => break,
            }
        }
        bound.visit_expr(target);
        bound
    }
}

/// The name that an import statement binds.
pub(crate) fn imported_as(alias: &ruff_python_ast::Alias) -> &str {
    match &alias.asname {
        Some(name) => name.as_str(),
        None => alias.name.as_str().split('.').next().unwrap_or_default(),
    }
}

impl<'a> Visitor<'a> for BoundNames<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let at = stmt.start().to_usize();
        match stmt {
            Stmt::FunctionDef(function) => self.names.push((function.name.as_str(), at)),
            Stmt::ClassDef(class) => self.names.push((class.name.as_str(), at)),
            Stmt::Import(import) => {
                self.names.extend(import.names.iter().map(|alias| (imported_as(alias), at)));
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    if alias.name.as_str() == "*" {
                        self.star = Some(at);
                    } else {
                        self.names.push((imported_as(alias), at));
                    }
                }
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => self.names.push((name.id.as_str(), expr.start().to_usize())),
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.names.push((name.as_str(), handler.start().to_usize()));
        }
        walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(inner) => inner.name.as_ref(),
            Pattern::MatchStar(inner) => inner.name.as_ref(),
            Pattern::MatchMapping(inner) => inner.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.names.push((name.as_str(), pattern.start().to_usize()));
        }
        walk_pattern(self, pattern);
    }
}
