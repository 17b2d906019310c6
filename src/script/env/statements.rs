use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{
    Expr, Stmt, StmtAugAssign, StmtFunctionDef, StmtIf, StmtImport, StmtImportFrom, StmtTry, StmtWith,
};

use super::expressions::{NESTING, Reader};
use super::listeners;
use super::read::NotUnderstood;
use super::state::State;
use super::text::{Condition, Text};
use super::value::{Function, Truth, Value, is_library};

/// Where two ways through env.py part.
struct Fork {
    /// What decides between them, if it can be told later.
    condition: Option<Condition>,
    line: usize,
    /// Nothing of the function follows: a way that just ends returns `None`.
    tail: bool,
}

/// How a block ends.
#[derive(Debug)]
pub(super) enum Flow<'a> {
    Next,
    Return(Value<'a>),
    Raise,
}

impl<'a> Reader<'a> {
    /// Runs blocks one after the other. `tail`: nothing of the function follows them, so that branches may return.
    pub(super) fn run(
        &mut self,
        blocks: &[&'a [Stmt]],
        state: &mut State<'a>,
        tail: bool,
    ) -> Result<Flow<'a>, NotUnderstood> {
        let Some((block, after)) = blocks.split_first() else { return Ok(Flow::Next) };
        if let (true, Some(statement)) = (self.nesting >= NESTING, block.first()) {
            return self.refuse(statement, "it branches too deeply to be followed");
        }
        self.nesting += 1;
        let flow = self.run_block(block, after, state, tail);
        self.nesting -= 1;
        flow
    }

    fn run_block(
        &mut self,
        block: &'a [Stmt],
        after: &[&'a [Stmt]],
        state: &mut State<'a>,
        tail: bool,
    ) -> Result<Flow<'a>, NotUnderstood> {
        for (position, statement) in block.iter().enumerate() {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                return self.refuse(statement, "it branches too often to be followed");
            }
            let flow = match statement {
                Stmt::If(branch) => {
                    let rest: Vec<&'a [Stmt]> =
                        std::iter::once(&block[position + 1..]).chain(after.iter().copied()).collect();
                    return self.branch(branch, 0, &rest, state, tail);
                }
                _ => self.statement(statement, state)?,
            };
            if !matches!(flow, Flow::Next) {
                return Ok(flow);
            }
        }
        self.run(after, state, tail)
    }

    /// An `if` from its n-th clause on, with all that follows it.
    fn branch(
        &mut self,
        branch: &'a StmtIf,
        clause: usize,
        rest: &[&'a [Stmt]],
        state: &mut State<'a>,
        tail: bool,
    ) -> Result<Flow<'a>, NotUnderstood> {
        let (test, body): (Option<&'a Expr>, &'a [Stmt]) = match clause.checked_sub(1) {
            None => (Some(&branch.test), &branch.body),
            Some(index) => match branch.elif_else_clauses.get(index) {
                Some(clause) => (clause.test.as_ref(), &clause.body),
                None => return self.run(rest, state, tail),
            },
        };
        let chosen: Vec<&'a [Stmt]> = std::iter::once(body).chain(rest.iter().copied()).collect();
        let Some(test) = test else { return self.run(&chosen, state, tail) };
        let condition = match self.evaluate(test, state)?.truth() {
            Truth::Known(true) => return self.run(&chosen, state, tail),
            Truth::Known(false) => return self.branch(branch, clause + 1, rest, state, tail),
            Truth::Decidable(condition) => Some(condition),
            Truth::Unknown => None,
        };
        let line = self.line(test);
        let (mut first, mut second) = (state.clone(), state.clone());
        if !returns(branch) {
            // Join right behind the `if`: following the rest twice would double the work with every branch.
            let a = self.run(&[body], &mut first, false)?;
            let b = self.branch(branch, clause + 1, &[], &mut second, false)?;
            let fork = Fork { condition, line, tail: false };
            let flow = self.join_flows(&fork, [(first, a), (second, b)], state)?;
            return match flow {
                Flow::Next => self.run(rest, state, tail),
                ended => Ok(ended),
            };
        }
        let a = self.run(&chosen, &mut first, tail)?;
        let b = self.branch(branch, clause + 1, rest, &mut second, tail)?;
        self.join_flows(&Fork { condition, line, tail }, [(first, a), (second, b)], state)
    }

    fn join_flows(
        &self,
        fork: &Fork,
        [(mut first, a), (mut second, b)]: [(State<'a>, Flow<'a>); 2],
        state: &mut State<'a>,
    ) -> Result<Flow<'a>, NotUnderstood> {
        let Fork { condition, line, tail } = fork;
        let (condition, line) = (condition.as_ref(), *line);
        let unknown = || NotUnderstood::new(line, "whether it raises an error depends on a condition");
        Ok(match (a, b) {
            (Flow::Raise, Flow::Raise) => Flow::Raise,
            (Flow::Raise, kept) => {
                second.raises.push((condition.cloned().ok_or_else(unknown)?, line));
                *state = second;
                kept
            }
            (kept, Flow::Raise) => {
                let opposite = Condition::Not(Box::new(condition.cloned().ok_or_else(unknown)?));
                first.raises.push((opposite, line));
                *state = first;
                kept
            }
            (Flow::Next, Flow::Next) => {
                *state = State::join(condition, first, second, line)?;
                Flow::Next
            }
            (a, b) => {
                let value = |flow: Flow<'a>| match flow {
                    Flow::Return(value) => Some(value),
                    _ => tail.then(Value::none),
                };
                let (Some(a), Some(b)) = (value(a), value(b)) else {
                    return Err(NotUnderstood::new(line, "whether the function goes on depends on a condition"));
                };
                *state = State::join(condition, first, second, line)?;
                Flow::Return(super::state::Join { condition, line }.values(a, b))
            }
        })
    }

    fn statement(&mut self, statement: &'a Stmt, state: &mut State<'a>) -> Result<Flow<'a>, NotUnderstood> {
        match statement {
            Stmt::Expr(inner) => {
                if self.exits(&inner.value, state) {
                    return Ok(Flow::Raise);
                }
                match self.evaluate(&inner.value, state)? {
                    Value::Coroutine(function, ..) => {
                        return self.refuse(statement, format!("{}() is not awaited", function.node.name));
                    }
                    Value::Unsettled(origin) => {
                        return self.refuse(statement, format!("it uses {} (line {})", origin.text, origin.line));
                    }
                    _ => {}
                }
            }
            Stmt::Assign(assign) => {
                let value = self.evaluate_tuple_or(&assign.value, &assign.targets, state)?;
                for target in &assign.targets {
                    if let Some(value) = value.clone() {
                        self.assign(target, value, state)?;
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.evaluate(value, state)?;
                    self.assign(&assign.target, value, state)?;
                }
            }
            Stmt::AugAssign(assign) => self.augmented(assign, statement, state)?,
            Stmt::FunctionDef(function) => self.define(function, state)?,
            Stmt::ClassDef(class) => return self.define_class(class, state),
            Stmt::Import(import) => self.import(import, state),
            Stmt::ImportFrom(import) => self.import_from(import, state),
            Stmt::Return(inner) => {
                return Ok(Flow::Return(match &inner.value {
                    Some(value) => self.evaluate(value, state)?,
                    None => Value::none(),
                }));
            }
            Stmt::Raise(raise) => {
                if let Some(exception) = &raise.exc {
                    self.evaluate(exception, state)?;
                }
                return Ok(Flow::Raise);
            }
            Stmt::With(with) => return self.with(with, state),
            Stmt::Try(attempt) => return self.attempt(attempt, state),
            Stmt::For(inner) => {
                let over = self.evaluate(&inner.iter, state)?;
                self.hand_over(&over, "a loop", state, self.line(statement))?;
                self.repeated(&inner.body, Some(&inner.target), statement, state)?;
                return self.run(&[&inner.orelse], state, false);
            }
            Stmt::While(inner) => {
                self.evaluate(&inner.test, state)?;
                self.repeated(&inner.body, None, statement, state)?;
                return self.run(&[&inner.orelse], state, false);
            }
            Stmt::Global(global) => {
                if let Some(frame) = state.frames.last_mut() {
                    frame.globals.extend(global.names.iter().map(ToString::to_string));
                }
            }
            Stmt::Assert(assertion) => return self.assertion(assertion, state),
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if !target.is_attribute_expr() {
                        self.evaluate(target, state)?;
                    }
                    match target {
                        Expr::Name(name) => {
                            state.bind(name.id.as_str(), Value::unsettled(self.line(target), "a deleted name"))
                        }
                        _ => self.assign(target, self.opaque(target), state)?,
                    }
                }
            }
            Stmt::Match(inner) => {
                if let Some(name) = self.critical_name(|names| walk_stmt(names, statement), state) {
                    return self.refuse(inner, format!("a match statement decides about {name}"));
                }
                return self.refuse(inner, "a match statement is not followed");
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::TypeAlias(_) => {}
            Stmt::If(_) => return self.run(&[std::slice::from_ref(statement)], state, false),
            Stmt::Nonlocal(_) | Stmt::IpyEscapeCommand(_) => {
                return self.refuse(statement, "a statement that is not followed");
            }
        }
        Ok(Flow::Next)
    }

    /// `a += b`
    fn augmented(
        &mut self,
        assign: &'a StmtAugAssign,
        statement: &'a Stmt,
        state: &mut State<'a>,
    ) -> Result<(), NotUnderstood> {
        let before = self.evaluate(&assign.target, state)?;
        let added = self.evaluate(&assign.value, state)?;
        let value = match (before, added, assign.op) {
            (Value::Text(a), Value::Text(b), ruff_python_ast::Operator::Add) => {
                let sum = Text::Concat(vec![a, b]);
                if sum.is_huge() { self.opaque(statement) } else { Value::Text(sum) }
            }
            (before, added, _) => {
                let line = self.line(statement);
                self.hand_over(&before, "an operator", state, line)?;
                self.hand_over(&added, "an operator", state, line)?;
                self.opaque(statement)
            }
        };
        self.assign(&assign.target, value, state)
    }

    fn import(&mut self, import: &'a StmtImport, state: &mut State<'a>) {
        for alias in &import.names {
            self.imported(alias.name.as_str(), state);
            let (bound, path) = match &alias.asname {
                Some(name) => (name.as_str(), alias.name.as_str()),
                None => (super::value::root(&alias.name), super::value::root(&alias.name)),
            };
            state.bind(bound, path_value(path));
        }
    }

    /// `a, b = x, y` is two assignments; `None` then, since they have been made.
    fn evaluate_tuple_or(
        &mut self,
        value: &'a Expr,
        targets: &'a [Expr],
        state: &mut State<'a>,
    ) -> Result<Option<Value<'a>>, NotUnderstood> {
        if let (Expr::Tuple(values), [Expr::Tuple(names)]) = (value, targets)
            && values.elts.len() == names.elts.len()
            && !values.elts.iter().chain(&names.elts).any(Expr::is_starred_expr)
        {
            let mut found = Vec::new();
            for value in &values.elts {
                found.push(self.evaluate(value, state)?);
            }
            for (name, value) in names.elts.iter().zip(found) {
                self.assign(name, value, state)?;
            }
            return Ok(None);
        }
        self.evaluate(value, state).map(Some)
    }

    pub(super) fn assign(
        &mut self,
        target: &'a Expr,
        value: Value<'a>,
        state: &mut State<'a>,
    ) -> Result<(), NotUnderstood> {
        match target {
            Expr::Name(name) => state.bind(name.id.as_str(), value),
            Expr::Attribute(attribute) => {
                let base = self.evaluate(&attribute.value, state)?;
                let library = matches!(&base, Value::Path(path) if ["os", "alembic", "sqlalchemy", "sqlmodel", "builtins"].contains(&super::value::root(path)));
                if library || base.critical().is_some() {
                    return self.refuse(target, format!("it assigns to {}", self.excerpt(target)));
                }
                self.hand_over(&value, &self.excerpt(target), state, self.line(target))?;
            }
            Expr::Subscript(subscript) => {
                let base = self.evaluate(&subscript.value, state)?;
                let key = self.evaluate(&subscript.slice, state)?;
                let line = self.line(target);
                match (&base, key) {
                    (Value::Path(path), _) if path == "os.environ" => state.environment_changed = Some(line),
                    (Value::Dict(number), Value::Text(Text::Literal(key))) => {
                        if let Some(dict) = state.dicts.get_mut(number) {
                            dict.entries.insert(key, value);
                        }
                    }
                    (Value::Dict(number), _) => {
                        self.hand_over(&value, "a dictionary", state, line)?;
                        if let Some(dict) = state.dicts.get_mut(number) {
                            dict.touched = Some(line);
                        }
                    }
                    _ => match base.critical() {
                        Some(what) => return self.refuse(target, format!("it sets an item of {what}")),
                        None => self.hand_over(&value, &self.excerpt(target), state, line)?,
                    },
                }
            }
            Expr::Tuple(_) | Expr::List(_) | Expr::Starred(_) => {
                self.hand_over(&value, "several names", state, self.line(target))?;
                let names: &'a [Expr] = match target {
                    Expr::Tuple(tuple) => &tuple.elts,
                    Expr::List(list) => &list.elts,
                    Expr::Starred(starred) => std::slice::from_ref(&starred.value),
                    _ => &[],
                };
                for name in names {
                    self.assign(name, self.opaque(name), state)?;
                }
            }
            _ => return self.refuse(target, "an assignment that is not followed"),
        }
        Ok(())
    }

    fn define(&mut self, function: &'a StmtFunctionDef, state: &mut State<'a>) -> Result<(), NotUnderstood> {
        if let Some(listens) = listeners::harmless(function)
            && matches!(self.evaluate(&listens.func, state)?, Value::Path(path) if path == "sqlalchemy.event.listens_for")
        {
            let line = self.line(function);
            state.bind(function.name.as_str(), Value::opaque(line, function.name.as_str()));
            state.listens = true;
            return Ok(());
        }
        for decorator in &function.decorator_list {
            self.evaluate(&decorator.expression, state)?;
        }
        for parameter in function.parameters.iter_non_variadic_params() {
            if let Some(default) = parameter.default() {
                self.evaluate(default, state)?;
            }
        }
        let plain = function.decorator_list.is_empty() && state.frames.len() == 1 && !yields(function);
        state.bind(function.name.as_str(), Value::Function(Function { node: function, plain }));
        Ok(())
    }

    fn imported(&self, module: &str, state: &mut State<'a>) {
        if !is_library(module) && module != "dotenv" && state.imported.is_none() {
            state.imported = Some(module.to_owned());
        }
    }

    fn import_from(&mut self, import: &'a StmtImportFrom, state: &mut State<'a>) {
        let dots = ".".repeat(import.level as usize);
        let module = format!("{dots}{}", import.module.as_ref().map(ToString::to_string).unwrap_or_default());
        self.imported(&module, state);
        for alias in &import.names {
            if alias.name.as_str() == "*" {
                // Any name may be another thing now.
                state.star_import = true;
                let line = self.line(import);
                for frame in &mut state.frames {
                    for (name, value) in &mut frame.names {
                        if !matches!(value, Value::Opaque(_)) {
                            *value =
                                Value::unsettled(line, format!("{name}, which `from {module} import *` may replace"));
                        }
                    }
                }
                continue;
            }
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            state.bind(bound.as_str(), path_value(&format!("{module}.{}", alias.name)));
        }
    }

    fn with(&mut self, with: &'a StmtWith, state: &mut State<'a>) -> Result<Flow<'a>, NotUnderstood> {
        let before = state.clone();
        let mut foreign = None;
        let transactions = state.transactions;
        for item in &with.items {
            let value = self.evaluate(&item.context_expr, state)?;
            state.transactions += usize::from(matches!(value, Value::Transaction));
            if !matches!(value, Value::Connection(_) | Value::Transaction) {
                foreign.get_or_insert_with(|| self.line(&item.context_expr));
            }
            let entered = match value {
                Value::Connection(engine) => Value::Connection(engine),
                Value::Engine(_) => return self.refuse(with, "an engine is entered"),
                Value::Transaction => self.opaque(&item.context_expr),
                other => {
                    self.hand_over(&other, "a with statement", state, self.line(with))?;
                    self.opaque(&item.context_expr)
                }
            };
            if let Some(target) = &item.optional_vars {
                self.assign(target, entered, state)?;
            }
        }
        let flow = self.run(&[&with.body], state, false)?;
        state.transactions = transactions;
        // A foreign manager may swallow an error, as contextlib.suppress does, and the body may then be half done.
        if let (Some(line), true) = (foreign, before.options != state.options || before.events == state.events) {
            *state = State::join(None, std::mem::take(state), before, line)?;
        }
        Ok(flow)
    }

    fn attempt(&mut self, attempt: &'a StmtTry, state: &mut State<'a>) -> Result<Flow<'a>, NotUnderstood> {
        let line = self.line(attempt);
        let before = state.clone();
        let mut flow = self.run(&[&attempt.body], state, false)?;
        if matches!(flow, Flow::Raise) && !attempt.handlers.is_empty() {
            return self.refuse(attempt, "it raises an error inside try");
        }
        if matches!(flow, Flow::Next) {
            flow = self.run(&[&attempt.orelse], state, false)?;
        }
        for handler in &attempt.handlers {
            let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
            let mut rescued = before.clone();
            if let Some(name) = &handler.name {
                rescued.bind(name.as_str(), self.opaque(handler));
            }
            match self.run(&[&handler.body], &mut rescued, false)? {
                Flow::Raise => {}
                Flow::Next if matches!(flow, Flow::Next) => {
                    *state = State::join(None, std::mem::take(state), rescued, line)?;
                }
                _ => return self.refuse(handler, "an error inside try changes how it goes on"),
            }
        }
        match self.run(&[&attempt.finalbody], state, false)? {
            Flow::Next => Ok(flow),
            ended => Ok(ended),
        }
    }

    /// The body of a loop: whatever it does that matters cannot be counted.
    fn repeated(
        &mut self,
        body: &'a [Stmt],
        target: Option<&'a Expr>,
        statement: &'a Stmt,
        state: &mut State<'a>,
    ) -> Result<(), NotUnderstood> {
        let line = self.line(statement);
        let mut inside = state.clone();
        if let Some(target) = target {
            self.assign(target, self.opaque(target), &mut inside)?;
        }
        let flow = self.run(&[body], &mut inside, false)?;
        if let Some(event) = inside.events.get(state.events.len()) {
            return Err(NotUnderstood::new(event.line(), format!("{} is called in a loop", event.name())));
        }
        if !matches!(flow, Flow::Next) {
            return Err(NotUnderstood::new(line, "a loop returns or raises an error"));
        }
        if inside.options != state.options {
            return Err(NotUnderstood::new(line, "a loop sets options of the configuration"));
        }
        *state = State::join(None, inside, std::mem::take(state), line)?;
        Ok(())
    }
}

fn path_value<'a>(path: &str) -> Value<'a> {
    if path == "alembic.context.config" { Value::Config } else { Value::Path(path.to_owned()) }
}

/// Whether a `return` stands in any clause of it (those of inner functions do not count).
fn returns(branch: &StmtIf) -> bool {
    struct Returns(bool);
    impl<'a> Visitor<'a> for Returns {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(_) => self.0 = true,
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                other => walk_stmt(self, other),
            }
        }
    }
    let mut found = Returns(false);
    let clauses = branch.elif_else_clauses.iter().flat_map(|clause| &clause.body);
    branch.body.iter().chain(clauses).for_each(|statement| found.visit_stmt(statement));
    found.0
}

fn yields(function: &StmtFunctionDef) -> bool {
    struct Yields(bool);
    impl<'a> Visitor<'a> for Yields {
        fn visit_expr(&mut self, expression: &'a Expr) {
            self.0 |= matches!(expression, Expr::Yield(_) | Expr::YieldFrom(_));
            ruff_python_ast::visitor::walk_expr(self, expression);
        }
    }
    let mut found = Yields(false);
    function.body.iter().for_each(|statement| found.visit_stmt(statement));
    found.0
}
