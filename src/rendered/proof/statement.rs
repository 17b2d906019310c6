use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use super::{Proof, Proven, allowed};

impl<'a> Proof<'a> {
    pub(super) fn body(&self, body: &'a [Stmt]) -> Proven {
        body.iter().try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn statement(&self, statement: &'a Stmt) -> Proven {
        match statement {
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => Ok(()),
            Stmt::Import(import) => {
                import.names.iter().try_for_each(|alias| self.module(statement, alias.name.as_str(), 0))
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                if import.names.iter().any(|alias| alias.name.as_str() == "*") {
                    return Err(self.doubt(statement, format!("it imports everything from {module}")));
                }
                self.module(statement, module, import.level)
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
                self.expression(&assign.value)
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target)?;
                self.expression(&assign.value)
            }
            Stmt::AnnAssign(assign) => {
                self.target(&assign.target)?;
                self.expression(&assign.annotation)?;
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

    fn module(&self, statement: &'a Stmt, module: &str, level: u32) -> Proven {
        let root = module.split('.').next().unwrap_or(module);
        if level > 0 || !allowed::IMPORTS.contains(&root) {
            let dots = ".".repeat(level as usize);
            return Err(self.doubt(statement, format!("it imports {dots}{module}, which may do anything")));
        }
        Ok(())
    }

    fn function(&self, function: &'a StmtFunctionDef) -> Proven {
        if function.is_async || !function.decorator_list.is_empty() {
            return Err(self.doubt(function, format!("{}() is decorated or asynchronous", function.name)));
        }
        for parameter in function.parameters.iter() {
            parameter.default().map_or(Ok(()), |default| self.expression(default))?;
            parameter.annotation().map_or(Ok(()), |annotation| self.expression(annotation))?;
        }
        function.returns.as_deref().map_or(Ok(()), |annotation| self.expression(annotation))?;
        self.body(&function.body)
    }

    /// Classes that only hold values: enumerations.
    fn class(&self, class: &'a StmtClassDef) -> Proven {
        if !class.decorator_list.is_empty() || !class.keywords().is_empty() {
            return Err(self.doubt(class, format!("the class {} is decorated or has keywords", class.name)));
        }
        for base in class.bases() {
            let is_known = match self.path(base) {
                Some(path) => path.starts_with("enum."),
                None => matches!(base, Expr::Name(name) if ["str", "int", "object"].contains(&name.id.as_str())),
            };
            if !is_known {
                return Err(self.doubt(base, format!("the class {} has a base that may do anything", class.name)));
            }
        }
        let holds_values = |statement: &Stmt| {
            matches!(statement, Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Pass(_) | Stmt::Expr(_))
        };
        match class.body.iter().find(|statement| !holds_values(statement)) {
            Some(other) => Err(self.doubt(other, format!("the class {} has more than values", class.name))),
            None => self.body(&class.body),
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
            Expr::Subscript(subscript) => {
                self.expression(&subscript.value)?;
                self.expression(&subscript.slice)
            }
            _ => Err(self.doubt(target, "it changes an object")),
        }
    }
}
