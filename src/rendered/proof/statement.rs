use ruff_python_ast::helpers::any_over_expr;
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

use super::expression::is_self;

use super::{Proven, Walk};

impl<'a> Walk<'_, 'a> {
    pub(super) fn body(&self, body: impl IntoIterator<Item = &'a Stmt>) -> Proven {
        body.into_iter().try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn statement(&self, statement: &'a Stmt) -> Proven {
        match statement {
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => Ok(()),
            // What is used of them is judged where it is used.
            Stmt::Import(_) => Ok(()),
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                match import.names.iter().any(|alias| alias.name.as_str() == "*") {
                    true => Err(self.doubt(statement, format!("it imports everything from {module}"))),
                    false => Ok(()),
                }
            }
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(inner) => inner.value.as_deref().map_or(Ok(()), |value| self.expression(value)),
            Stmt::Expr(inner) => self.on_its_own(&inner.value),
            Stmt::Assign(assign) => {
                if let [Expr::Name(target)] = assign.targets.as_slice()
                    && self.bindings.binds.contains(target.id.as_str())
                    && self.is_bind(&assign.value)
                {
                    return Ok(());
                }
                assign.targets.iter().try_for_each(|target| self.target(target))?;
                self.may_compare(&assign.value);
                self.expression(&assign.value)
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target)?;
                self.expression(&assign.value)
            }
            Stmt::AnnAssign(assign) => {
                self.target(&assign.target)?;
                self.annotation(&assign.annotation)?;
                assign.value.as_deref().map_or(Ok(()), |value| self.expression(value))
            }
            Stmt::For(inner) if !inner.is_async => {
                self.target(&inner.target)?;
                self.expression(&inner.iter)?;
                self.body(&inner.body)?;
                self.body(&inner.orelse)
            }
            Stmt::While(inner) => {
                self.expression(&inner.test)?;
                self.body(&inner.body)?;
                self.body(&inner.orelse)
            }
            Stmt::If(inner) => {
                // What is there for type checkers alone never runs.
                if self.path(&inner.test).is_some_and(|path| path == "typing.TYPE_CHECKING") {
                    return inner.elif_else_clauses.iter().try_for_each(|clause| self.body(&clause.body));
                }
                self.expression(&inner.test)?;
                self.body(&inner.body)?;
                inner.elif_else_clauses.iter().try_for_each(|clause| {
                    clause.test.as_ref().map_or(Ok(()), |test| self.expression(test))?;
                    self.body(&clause.body)
                })
            }
            Stmt::With(with) if !with.is_async => {
                for item in &with.items {
                    let callee = item.context_expr.as_call_expr().and_then(|call| self.path(&call.func));
                    if callee.as_deref() != Some("alembic.op.batch_alter_table") {
                        return Err(self.doubt(item, "it enters a context other than op.batch_alter_table()"));
                    }
                    self.expression(&item.context_expr)?;
                }
                self.body(&with.body)
            }
            Stmt::Raise(raise) => raise.exc.as_deref().map_or(Ok(()), |value| self.expression(value)),
            Stmt::Assert(assert) => self.expression(&assert.test),
            Stmt::Try(_) => Err(self.doubt(statement, "it depends on whether something fails (`try`)")),
            Stmt::Global(_) | Stmt::Nonlocal(_) => Err(self.doubt(statement, "it changes names of the module")),
            _ => Err(self.doubt(statement, "it has a statement that limbec does not follow")),
        }
    }

    pub(super) fn function(&self, function: &'a StmtFunctionDef) -> Proven {
        if function.is_async || !function.decorator_list.is_empty() {
            return Err(self.doubt(function, format!("{}() is decorated or asynchronous", function.name)));
        }
        self.function_itself(function)
    }

    /// A function, whatever it is decorated with.
    pub(super) fn function_itself(&self, function: &'a StmtFunctionDef) -> Proven {
        for parameter in function.parameters.iter() {
            parameter.default().map_or(Ok(()), |default| self.expression(default))?;
            parameter.annotation().map_or(Ok(()), |annotation| self.annotation(annotation))?;
        }
        function.returns.as_deref().map_or(Ok(()), |annotation| self.annotation(annotation))?;
        self.body(&function.body)
    }

    /// An annotation says nothing, unless it calls something.
    fn annotation(&self, annotation: &'a Expr) -> Proven {
        match any_over_expr(annotation, &|inner: &Expr| inner.is_call_expr() || inner.is_named_expr()) {
            true => self.expression(annotation),
            false => Ok(()),
        }
    }

    fn target(&self, target: &'a Expr) -> Proven {
        match target {
            Expr::Name(name) if self.bindings.binds.contains(name.id.as_str()) => {
                Err(self.doubt(target, format!("{} is the connection here and something else there", name.id)))
            }
            Expr::Name(_) => Ok(()),
            Expr::Tuple(tuple) => tuple.elts.iter().try_for_each(|element| self.target(element)),
            Expr::List(list) => list.elts.iter().try_for_each(|element| self.target(element)),
            Expr::Starred(starred) => self.target(&starred.value),
            // Within the methods of a class: it is no other object, because only what is pure is handed on.
            Expr::Attribute(attribute) if is_self(&attribute.value) && !attribute.attr.starts_with("__") => Ok(()),
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value)?;
                self.expression(&subscript.slice)
            }
            _ => Err(self.doubt(target, "it changes an object")),
        }
    }
}
