use ruff_python_ast::Stmt;

use super::Doubt;
use crate::script::ModuleSource;

/// A module whose code is walked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    /// Its text, in which positions count.
    pub(super) text: &'a str,
    /// Its statements.
    pub(super) body: &'a [Stmt],
    /// What relative imports are relative to; `None`: that is not known.
    pub(super) package: Option<&'a str>,
}

impl<'a> Unit<'a> {
    pub(super) fn of_module(source: &'a ModuleSource) -> Self {
        Self { text: source.text(), body: source.body(), package: source.package() }
    }

    /// A doubt at a position of the text.
    pub(super) fn doubt_at(&self, at: usize, reason: impl Into<String>) -> Doubt {
        let before = self.text.get(..at).unwrap_or_default();
        Doubt { line: before.matches('\n').count() + 1, reason: reason.into() }
    }

    /// Whether a function of the module is registered to make the SQL of a class.
    pub(super) fn is_compiled_otherwise(&self, class: &str) -> bool {
        let functions = self.body.iter().filter_map(Stmt::as_function_def_stmt);
        let mut decorators = functions.flat_map(|function| &function.decorator_list);
        decorators.any(|decorator| {
            let call = decorator.expression.as_call_expr();
            let first = call.and_then(|call| call.arguments.args.first());
            first.and_then(|first| first.as_name_expr()).is_some_and(|name| name.id.as_str() == class)
        })
    }
}
