use ruff_python_ast::{self as ast, Expr, Pattern, Stmt};

use super::reader::Reader;
use super::value::Value;
use super::way::{Test, Way};
use crate::script::BoundNames;

impl<'a> Reader<'a> {
    pub(super) fn for_loop(&mut self, inner: &'a ast::StmtFor) {
        let over = self.eval(&inner.iter);
        self.read_rows(&inner.iter, &over);
        match self.candidates(&over) {
            Some(items) if Self::is_perhaps(&over) => {
                let start = self.way;
                for item in items {
                    if self.steps_exhausted() {
                        break;
                    }
                    self.repeated(&inner.body, |reader| reader.assign(&inner.target, item));
                }
                if !self.way.is_dead() && self.way.is_conditional == start.is_conditional {
                    self.way = start;
                }
            }
            Some(items) => self.unrolled(&inner.target, &items, &inner.body),
            None => {
                let item = element(&over);
                self.repeated(&inner.body, |reader| reader.assign(&inner.target, item));
            }
        }
        self.block(&inner.orelse);
    }

    pub(super) fn while_loop(&mut self, inner: &'a ast::StmtWhile) {
        let test = self.test(&inner.test);
        if test.certain() == Some(false) {
            self.block(&inner.orelse);
            return;
        }
        self.repeated(&inner.body, |_| ());
        if test.certain() == Some(true) && !has_break(&inner.body) {
            // Only a `return` or an error gets out of there.
            self.way = Way::NEVER;
            return;
        }
        self.block(&inner.orelse);
    }

    fn unrolled(&mut self, target: &'a Expr, items: &[Value<'a>], body: &'a [Stmt]) {
        let start = self.way;
        let mut has_returned = false;
        for item in items {
            let leaves = self.leaves;
            self.assign(target, item.clone());
            self.block(body);
            let broke = self.leaves.breaks > leaves.breaks;
            let continued = self.leaves.continues > leaves.continues;
            has_returned |= self.leaves.returns > leaves.returns;
            if self.way.is_dead() && !continued {
                if broke {
                    break;
                }
                return;
            }
            self.way = start;
            if broke || has_returned {
                self.way = start.perhaps();
            }
            if self.steps_exhausted() {
                break;
            }
        }
        self.way = if has_returned { start.perhaps() } else { start };
    }

    /// Follows the body of a loop once for all its rounds.
    fn repeated(&mut self, body: &'a [Stmt], prepare: impl FnOnce(&mut Self)) {
        let (start, leaves) = (self.way, self.leaves);
        self.forget(body);
        self.branch(
            Test::UNKNOWN,
            |reader| {
                prepare(reader);
                reader.block(body);
                reader.forget(body);
            },
            |_| (),
        );
        self.way = if self.leaves.returns > leaves.returns { start.perhaps() } else { start };
    }

    /// Takes what these statements may assign for unknown.
    pub(super) fn forget(&mut self, statements: &'a [Stmt]) {
        let bound = BoundNames::of(statements);
        for name in bound.names() {
            if let Some(value) = self.names().get_mut(name)
                && !matches!(value, Value::Function(_) | Value::Class(_) | Value::Op)
            {
                *value = Value::Unknown;
            }
        }
    }

    pub(super) fn forget_pattern(&mut self, pattern: &'a Pattern) {
        for name in BoundNames::of_pattern(pattern).names() {
            self.bind(name, Value::Unknown);
        }
    }
}

/// What a loop over something unknown gives.
pub(super) fn element<'a>(over: &Value<'a>) -> Value<'a> {
    match over {
        Value::Query(table) | Value::Row(table) => Value::Row(table.clone()),
        _ => Value::Unknown,
    }
}

fn has_break(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::Break(_) => true,
        Stmt::If(inner) => {
            has_break(&inner.body) || inner.elif_else_clauses.iter().any(|clause| has_break(&clause.body))
        }
        Stmt::With(inner) => has_break(&inner.body),
        Stmt::Try(inner) => {
            let in_handler = |handler: &ast::ExceptHandler| {
                let ast::ExceptHandler::ExceptHandler(handler) = handler;
                has_break(&handler.body)
            };
            [&inner.body, &inner.orelse, &inner.finalbody].into_iter().any(|block| has_break(block))
                || inner.handlers.iter().any(in_handler)
        }
        Stmt::Match(inner) => inner.cases.iter().any(|case| has_break(&case.body)),
        _ => false,
    })
}
