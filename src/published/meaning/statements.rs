use ruff_python_ast::{
    Alias, Decorator, ElifElseClause, ExceptHandler, Expr, Identifier, Stmt, StmtClassDef, StmtFunctionDef, StmtIf,
    StmtTry, WithItem,
};

use super::encoder::{Documents, Encoder};

impl Encoder {
    pub(super) fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::For(it) => self.node(if it.is_async { "AsyncFor" } else { "For" }, |e| {
                e.expression(&it.target);
                e.expression(&it.iter);
                e.body(&it.body, Documents::No);
                e.body(&it.orelse, Documents::No);
            }),
            Stmt::While(it) => self.node("While", |e| {
                e.expression(&it.test);
                e.body(&it.body, Documents::No);
                e.body(&it.orelse, Documents::No);
            }),
            Stmt::If(it) => self.conditional(it),
            Stmt::With(it) => self.node(if it.is_async { "AsyncWith" } else { "With" }, |e| {
                e.list(&it.items, Self::with_item);
                e.body(&it.body, Documents::No);
            }),
            Stmt::Match(it) => self.node("Match", |e| {
                e.expression(&it.subject);
                e.list(&it.cases, |e, case| {
                    e.node("match_case", |e| {
                        e.pattern(&case.pattern);
                        e.maybe(case.guard.as_deref());
                        e.body(&case.body, Documents::No);
                    });
                });
            }),
            Stmt::Try(it) => self.attempt(it),
            _ => self.simple_statement(statement),
        }
    }

    fn simple_statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Return(it) => self.node("Return", |e| e.maybe(it.value.as_deref())),
            Stmt::Delete(it) => self.node("Delete", |e| match it.targets.as_slice() {
                // Formatters take the parentheses away.
                [Expr::Tuple(tuple)] => e.expressions(&tuple.elts),
                targets => e.expressions(targets),
            }),
            Stmt::Assign(it) => self.node("Assign", |e| {
                e.expressions(&it.targets);
                e.expression(&it.value);
            }),
            Stmt::AugAssign(it) => self.node("AugAssign", |e| {
                e.expression(&it.target);
                e.text(it.op.as_str());
                e.expression(&it.value);
            }),
            Stmt::AnnAssign(it) => self.node("AnnAssign", |e| {
                e.expression(&it.target);
                e.expression(&it.annotation);
                e.maybe(it.value.as_deref());
                e.flag(it.simple);
            }),
            Stmt::TypeAlias(it) => self.node("TypeAlias", |e| {
                e.expression(&it.name);
                e.type_params(it.type_params.as_deref());
                e.expression(&it.value);
            }),
            Stmt::Raise(it) => self.node("Raise", |e| {
                e.maybe(it.exc.as_deref());
                e.maybe(it.cause.as_deref());
            }),
            Stmt::Assert(it) => self.node("Assert", |e| {
                e.expression(&it.test);
                e.maybe(it.msg.as_deref());
            }),
            Stmt::Import(it) => self.node("Import", |e| {
                e.list(&it.names, Self::alias);
                e.laziness(it.is_lazy);
            }),
            Stmt::ImportFrom(it) => self.node("ImportFrom", |e| {
                e.option(it.module.as_ref(), Self::identifier);
                e.list(&it.names, Self::alias);
                e.text(&it.level.to_string());
                e.laziness(it.is_lazy);
            }),
            Stmt::Global(it) => self.node("Global", |e| e.list(&it.names, Self::identifier)),
            Stmt::Nonlocal(it) => self.node("Nonlocal", |e| e.list(&it.names, Self::identifier)),
            Stmt::Expr(it) => self.node("Expr", |e| e.expression(&it.value)),
            Stmt::Break(_) => self.node("Break", |_| {}),
            Stmt::Continue(_) => self.node("Continue", |_| {}),
            Stmt::IpyEscapeCommand(it) => self.node("IpyEscapeCommand", |e| e.text(&it.value)),
            _ => self.node("Pass", |_| {}),
        }
    }

    fn function(&mut self, it: &StmtFunctionDef) {
        self.node(if it.is_async { "AsyncFunctionDef" } else { "FunctionDef" }, |e| {
            e.identifier(&it.name);
            e.parameters(&it.parameters);
            e.body(&it.body, Documents::Yes);
            e.decorators(&it.decorator_list);
            e.maybe(it.returns.as_deref());
            e.type_params(it.type_params.as_deref());
        });
    }

    fn class(&mut self, it: &StmtClassDef) {
        self.node("ClassDef", |e| {
            e.identifier(&it.name);
            e.expressions(it.arguments.iter().flat_map(|arguments| &arguments.args));
            e.list(it.arguments.iter().flat_map(|arguments| &arguments.keywords), Self::keyword);
            e.body(&it.body, Documents::Yes);
            e.decorators(&it.decorator_list);
            e.type_params(it.type_params.as_deref());
        });
    }

    /// `elif` is an `if` in the `else` of the one before.
    fn conditional(&mut self, it: &StmtIf) {
        self.open("If");
        self.expression(&it.test);
        self.body(&it.body, Documents::No);
        let (otherwise, elifs) = match it.elif_else_clauses.split_last() {
            Some((last @ ElifElseClause { test: None, .. }, before)) => (&last.body[..], before),
            _ => (&[][..], &it.elif_else_clauses[..]),
        };
        for clause in elifs {
            self.open_list();
            self.open("If");
            self.maybe(clause.test.as_ref());
            self.body(&clause.body, Documents::No);
        }
        self.body(otherwise, Documents::No);
        for _ in elifs {
            self.close();
            self.close_list();
        }
        self.close();
    }

    fn attempt(&mut self, it: &StmtTry) {
        self.node(if it.is_star { "TryStar" } else { "Try" }, |e| {
            e.body(&it.body, Documents::No);
            e.list(&it.handlers, |e, ExceptHandler::ExceptHandler(handler)| {
                e.node("ExceptHandler", |e| {
                    e.maybe(handler.type_.as_deref());
                    e.option(handler.name.as_ref(), Self::identifier);
                    e.body(&handler.body, Documents::No);
                });
            });
            e.body(&it.orelse, Documents::No);
            e.body(&it.finalbody, Documents::No);
        });
    }

    fn with_item(&mut self, item: &WithItem) {
        self.node("withitem", |e| {
            e.expression(&item.context_expr);
            e.maybe(item.optional_vars.as_deref());
        });
    }

    fn decorators(&mut self, decorators: &[Decorator]) {
        self.expressions(decorators.iter().map(|decorator| &decorator.expression));
    }

    fn alias(&mut self, alias: &Alias) {
        self.node("alias", |e| {
            e.identifier(&alias.name);
            e.option(alias.asname.as_ref(), Self::identifier);
        });
    }

    /// Python 3.15's `lazy import`; nothing is written for the others, so that their hashes are those of every version.
    fn laziness(&mut self, is_lazy: bool) {
        if is_lazy {
            self.text("lazy");
        }
    }

    pub(super) fn identifier(&mut self, identifier: &Identifier) {
        self.text(identifier.as_str());
    }
}
