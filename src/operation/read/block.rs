use std::rc::Rc;

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Pattern, Stmt};
use ruff_text_size::Ranged;

use super::reader::{Reader, range};
use super::value::{Class, Function, Value};
use super::way::{Test, Way};

impl<'a> Reader<'a> {
    /// Follows statements until one of them leaves.
    pub(super) fn block(&mut self, statements: &'a [Stmt]) {
        self.depth += 1;
        for statement in statements {
            if self.way.is_dead() || !self.may_go_on(statement.range()) {
                break;
            }
            if self.frames.len() == 2 && self.muted == 0 {
                self.statement = range(statement);
            }
            self.is_used = true;
            self.follow(statement);
        }
        self.depth -= 1;
    }

    fn follow(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Expr(inner) => {
                self.is_used = false;
                self.eval(&inner.value);
                self.is_used = true;
            }
            Stmt::Assign(assign) => {
                let value = self.eval(&assign.value);
                for target in &assign.targets {
                    self.assign(target, value.clone());
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.eval(value);
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => self.augment(assign),
            Stmt::Return(inner) => {
                let value = inner.value.as_ref().map_or(Value::None, |value| self.eval(value));
                let way = self.way;
                if let Some(frame) = self.frames.last_mut() {
                    frame.returned.push((way, value));
                }
                self.leaves.returns += 1;
                self.way = Way::NEVER;
            }
            Stmt::Raise(raise) => self.raise(raise),
            Stmt::If(choice) => self.choose(choice),
            Stmt::For(inner) => self.for_loop(inner),
            Stmt::While(inner) => self.while_loop(inner),
            Stmt::With(inner) => self.with(&inner.items, &inner.body),
            Stmt::Try(inner) => self.attempt(inner),
            Stmt::Match(inner) => {
                let subject = self.eval(&inner.subject);
                self.cases(&subject, &inner.cases);
            }
            Stmt::Break(_) => {
                self.leaves.breaks += 1;
                self.way = Way::NEVER;
            }
            Stmt::Continue(_) => {
                self.leaves.continues += 1;
                self.way = Way::NEVER;
            }
            Stmt::FunctionDef(function) => self.define(function),
            Stmt::ClassDef(class) => {
                self.bind(class.name.as_str(), Value::Class(Class { node: class, module: self.module() }))
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(names) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.globals.extend(names.names.iter().map(ast::Identifier::as_str));
                }
            }
            Stmt::Assert(inner) => {
                self.eval(&inner.test);
            }
            Stmt::Delete(inner) => inner.targets.iter().for_each(|target| self.assign(target, Value::Unknown)),
            Stmt::Nonlocal(_) | Stmt::TypeAlias(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn define(&mut self, node: &'a ast::StmtFunctionDef) {
        let inside = self.frames.last().filter(|frame| frame.function.is_some()).map(|frame| frame.number);
        self.bind(node.name.as_str(), Value::Function(Function { node, inside, module: self.module() }));
    }

    fn raise(&mut self, raise: &'a ast::StmtRaise) {
        if let Some(exception) = &raise.exc {
            self.eval(exception);
        }
        if self.way == Way::ALWAYS && self.muted == 0 && self.raises.is_none() {
            self.raises = Some(self.place(raise));
        }
        self.way = Way::NEVER;
    }

    fn choose(&mut self, choice: &'a ast::StmtIf) {
        let test = self.test(&choice.test);
        let rest = choice.elif_else_clauses.as_slice();
        self.branch(test, |reader| reader.block(&choice.body), |reader| reader.clauses(rest));
    }

    fn clauses(&mut self, clauses: &'a [ast::ElifElseClause]) {
        let Some((clause, rest)) = clauses.split_first() else {
            return;
        };
        if !self.may_go_on(clause.range()) {
            return;
        }
        match &clause.test {
            None => self.block(&clause.body),
            Some(test) => {
                self.depth += 1;
                let test = self.test(test);
                self.branch(test, |reader| reader.block(&clause.body), |reader| reader.clauses(rest));
                self.depth -= 1;
            }
        }
    }

    fn cases(&mut self, subject: &Value<'a>, cases: &'a [ast::MatchCase]) {
        let Some((case, rest)) = cases.split_first() else {
            return;
        };
        if !self.may_go_on(case.range()) {
            return;
        }
        self.depth += 1;
        let mut test = self.matches(subject, &case.pattern);
        if let Some(guard) = &case.guard {
            test = test.and(self.test(guard));
        }
        self.branch(test, |reader| reader.block(&case.body), |reader| reader.cases(subject, rest));
        self.depth -= 1;
    }

    fn matches(&mut self, subject: &Value<'a>, pattern: &'a Pattern) -> Test {
        match pattern {
            Pattern::MatchValue(inner) => {
                let value = self.eval(&inner.value);
                self.equals(subject, &value)
            }
            Pattern::MatchOr(inner) => inner
                .patterns
                .iter()
                .take(100)
                .fold(Test::known(false), |test, pattern| test.or(self.matches(subject, pattern))),
            Pattern::MatchAs(inner) => {
                if let Some(name) = &inner.name {
                    self.bind(name.as_str(), subject.clone());
                }
                match &inner.pattern {
                    Some(pattern) if self.may_go_on(pattern.range()) => self.matches(subject, pattern),
                    Some(_) => Test::UNKNOWN,
                    None => Test::known(true),
                }
            }
            other => {
                self.forget_pattern(other);
                Test::UNKNOWN
            }
        }
    }

    fn attempt(&mut self, attempt: &'a ast::StmtTry) {
        let fails_anyway = attempt.handlers.iter().all(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            matches!(handler.body.last(), Some(Stmt::Raise(_)))
        });
        let start = self.way;
        let body = |reader: &mut Self| {
            reader.block(&attempt.body);
            reader.block(&attempt.orelse);
        };
        if fails_anyway {
            body(self);
        } else {
            // Whatever fails in there is passed over: what it does may happen or not, and what follows happens all the same.
            let leaves = self.leaves.any();
            self.perhaps(body);
            if leaves == self.leaves.any() {
                self.way = start;
            }
        }
        for handler in &attempt.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let after = self.way;
            self.way = start;
            self.perhaps(|reader| {
                reader.forget(&attempt.body);
                if let Some(name) = &handler.name {
                    reader.bind(name.as_str(), Value::Unknown);
                }
                reader.block(&handler.body);
            });
            self.way = after;
        }
        let after = self.way;
        if after.is_dead() {
            self.way = start;
        }
        self.block(&attempt.finalbody);
        if after.is_dead() {
            self.way = after;
        }
    }

    pub(super) fn with(&mut self, items: &'a [ast::WithItem], body: &'a [Stmt]) {
        let Some((item, rest)) = items.split_first() else {
            self.block(body);
            return;
        };
        if !self.may_go_on(item.range()) {
            return;
        }
        self.depth += 1;
        let manager = self.eval(&item.context_expr);
        let (autocommit, batch) = (self.autocommit, self.batch.clone());
        if let Value::Manager(call) = &manager {
            self.managed(call, item.optional_vars.as_deref(), rest, body);
            self.depth -= 1;
            return;
        }
        match &manager {
            Value::Autocommit => self.autocommit = true,
            Value::Batch(of) => self.batch = Some(of.header.clone()),
            _ => {}
        }
        let swallows = matches!(&manager, Value::Made(path) if &**path == "contextlib.suppress");
        if let Some(target) = &item.optional_vars {
            self.assign(target, manager);
        }
        if swallows {
            let (start, leaves) = (self.way, self.leaves.any());
            self.perhaps(|reader| reader.with(rest, body));
            if leaves == self.leaves.any() {
                self.way = start;
            }
        } else {
            self.with(rest, body);
        }
        (self.autocommit, self.batch) = (autocommit, batch);
        self.depth -= 1;
    }

    /// `target = value`
    pub(super) fn assign(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, &value);
            }
            Expr::Starred(starred) => self.assign(&starred.value, Value::Unknown),
            Expr::Subscript(subscript) => {
                let of = self.eval(&subscript.value);
                let key = self.eval(&subscript.slice);
                self.set_item(&of, key, value);
            }
            Expr::Attribute(attribute) => {
                let of = self.eval(&attribute.value);
                match &of {
                    Value::Instance(object) => {
                        let object = Rc::clone(object);
                        self.set_object_attribute(&object, attribute.attr.as_str(), value);
                    }
                    _ => self.set_attribute(target.range(), &of, attribute.attr.as_str()),
                }
            }
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: &Value<'a>) {
        let items = self.items(value);
        let fits = |items: &Vec<Value<'a>>| items.len() == targets.len() && !targets.iter().any(Expr::is_starred_expr);
        let items = items.filter(fits);
        if !self.may_go_on(targets.first().map_or_else(Default::default, Ranged::range)) {
            return;
        }
        self.depth += 1;
        for (at, target) in targets.iter().enumerate() {
            let item = items.as_ref().and_then(|items| items.get(at)).cloned();
            self.assign(target, item.unwrap_or(Value::Unknown));
        }
        self.depth -= 1;
    }

    fn augment(&mut self, assign: &'a ast::StmtAugAssign) {
        let old = self.eval(&assign.target);
        let new = self.eval(&assign.value);
        if let (Value::Sequence(list), ast::Operator::Add) = (&old, assign.op)
            && !list.is_tuple
        {
            self.extend(list, &new);
            return;
        }
        let value = self.operate(&old, assign.op, &new);
        match &*assign.target {
            Expr::Name(name) => self.bind(name.id.as_str(), value),
            target => self.assign(target, value),
        }
    }
}
