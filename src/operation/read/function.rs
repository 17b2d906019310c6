use ruff_python_ast::visitor::{Visitor, walk_expr};
use std::cell::RefCell;
use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::arguments::Arguments;
use super::joining::joined;
use super::modules::MAX_MODULES;
use super::reader::Reader;
use super::value::{Class, Function, ManagerCall, Value};
use super::way::{Test, Way};

/// Calls inside of calls, and how often a function may be among them: what it does in itself is known the first time.
const MAX_CALLS: usize = 16;
const MAX_RECURSION: usize = 1;

impl<'a> Reader<'a> {
    /// Follows `upgrade()` or `downgrade()` itself. Its parameters, if it has any, are not known.
    pub(super) fn enter(&mut self, function: Function<'a>) {
        // What the module's own code did is not part of it.
        (self.way, self.steps) = (Way::ALWAYS, 0);
        let mut frame = self.new_frame(Some(function));
        for parameter in &function.node.parameters {
            frame.names.insert(parameter.name().as_str(), Value::Unknown);
        }
        self.frames.push(frame);
        self.block(&function.node.body);
        self.frames.truncate(1);
    }

    /// Calls a function of the file.
    pub(super) fn call_function(
        &mut self,
        call: &'a ast::ExprCall,
        function: Function<'a>,
        arguments: &Arguments<'a>,
    ) -> Value<'a> {
        self.follow_call(call, function, arguments, None)
    }

    /// Calls a method; `arguments` begin with what it is bound to.
    pub(super) fn call_method_of(
        &mut self,
        owner: Class<'a>,
        call: &'a ast::ExprCall,
        function: Function<'a>,
        arguments: &Arguments<'a>,
    ) -> Value<'a> {
        self.follow_call(call, function, arguments, Some(owner))
    }

    fn follow_call(
        &mut self,
        call: &'a ast::ExprCall,
        function: Function<'a>,
        arguments: &Arguments<'a>,
        owner: Option<Class<'a>>,
    ) -> Value<'a> {
        if !self.may_go_on(call.range()) {
            return Value::Unknown;
        }
        let node = function.node;
        let what = format!("{}()", node.name);
        if let Some(reason) = self.not_followed(function) {
            if arguments.has_handle() || works_on_database(node) {
                self.not_understood(call, what, reason);
            }
            return Value::Unknown;
        }
        let depth =
            self.frames.iter().filter(|frame| frame.function.is_some_and(|f| std::ptr::eq(f.node, node))).count();
        if self.frames.len() > MAX_CALLS || depth >= MAX_RECURSION {
            let reason =
                if depth >= MAX_RECURSION { "calls itself" } else { "is called too deep inside of other calls" };
            if arguments.has_handle() || works_on_database(node) {
                self.not_understood(call, what, reason);
            }
            return Value::Unknown;
        }
        // Parsers and the like call each other in many ways: what does nothing with unknown arguments is followed once.
        let is_blind = function.inside.is_none()
            && owner.is_none()
            && arguments.values().all(|value| matches!(value, Value::Unknown));
        let key = node.start().to_usize() * (MAX_MODULES + 1) + function.module;
        if is_blind && self.inert.contains(&key) {
            return Value::Unknown;
        }
        let found = (self.operations.len(), self.not_analysed.len());
        let mut frame = self.bound_frame(function, arguments);
        frame.owner = owner;
        if is_manager(node) {
            let frame = RefCell::new(Some(frame));
            return Value::Manager(Rc::new(ManagerCall { function, frame, call: call.range() }));
        }
        let (start, leaves, branches) = (self.way, self.leaves, self.branches);
        let outside = self.outside.clone();
        if function.module != 0 && self.outside.is_none() {
            self.outside = Some(self.place(call));
        }
        let text = self.enter_text(function.module);
        self.frames.push(frame);
        self.depth += 2;
        self.block(&node.body);
        self.depth -= 2;
        let frame = self.frames.pop().unwrap_or_default();
        (self.text, self.outside) = (text, outside);
        self.leaves = leaves;
        self.branches = branches;
        if let Some(yielded) = frame.yielded {
            self.way = start;
            return if let Value::Row(table) = yielded { Value::Row(table) } else { Value::Unknown };
        }
        let value = self.leave(start, frame.returned);
        let has_done_nothing = found == (self.operations.len(), self.not_analysed.len()) && self.way == start;
        if is_blind && has_done_nothing && matches!(value, Value::Unknown) && self.muted == 0 && !start.is_dead() {
            self.inert.insert(key);
        }
        value
    }

    /// The circumstances behind a call, and its value.
    fn leave(&mut self, start: Way, mut returned: Vec<(Way, Value<'a>)>) -> Value<'a> {
        if !self.way.is_dead() {
            returned.push((self.way, Value::None));
        }
        let ways = returned.iter().fold(Way::NEVER, |ways, (way, _)| ways.or(*way));
        self.way = if ways.is_dead() { ways } else { Way { dialects: ways.dialects, ..start } };
        let Some((mut last_way, mut value)) = returned.pop() else {
            return Value::Unknown;
        };
        while let Some((way, earlier)) = returned.pop() {
            // Both tell one thing from the other by the dialect alone, or not at all.
            let apart = way.dialects.intersection(last_way.dialects).is_empty();
            let decides = (apart && !way.is_conditional).then_some(way.dialects);
            value = match (&earlier, &value) {
                (Value::Bool(true), Value::Bool(false)) if decides.is_some() => {
                    let dialects = way.dialects;
                    let side = |dialects| Way { dialects, ..Way::ALWAYS };
                    Value::Test(Test { yes: side(dialects), no: side(dialects.complement()) })
                }
                _ => joined(earlier, value, decides),
            };
            last_way = last_way.or(way);
        }
        self.settle(value)
    }

    /// Why a function of the file is not followed.
    fn not_followed(&self, function: Function<'a>) -> Option<&'static str> {
        const HARMLESS: [&str; 9] = [
            "cache",
            "lru_cache",
            "staticmethod",
            "wraps",
            "classmethod",
            "abstractmethod",
            "override",
            "contextmanager",
            "property",
        ];
        if function.node.is_async {
            return Some("is asynchronous");
        }
        let is_harmless = |decorator: &ast::Decorator| {
            let expr = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            match expr {
                Expr::Name(name) => HARMLESS.contains(&name.id.as_str()),
                Expr::Attribute(attribute) => HARMLESS.contains(&attribute.attr.as_str()),
                _ => false,
            }
        };
        if !function.node.decorator_list.iter().all(is_harmless) {
            return Some("is decorated");
        }
        None
    }

    fn bound_frame(&mut self, function: Function<'a>, arguments: &Arguments<'a>) -> super::reader::Frame<'a> {
        let mut frame = self.new_frame(Some(function));
        let parameters = &*function.node.parameters;
        let positional: Vec<&'a ast::ParameterWithDefault> =
            parameters.posonlyargs.iter().chain(&parameters.args).collect();
        let keywords: Vec<&'a ast::ParameterWithDefault> = parameters.kwonlyargs.iter().collect();
        for (at, parameter) in positional.iter().copied().chain(keywords.iter().copied()).enumerate() {
            let name = parameter.parameter.name.as_str();
            let given = if at < positional.len() { arguments.get(at, name) } else { arguments.keyword(name) };
            let value = match (given, &parameter.default) {
                (Some(value), _) => value.clone(),
                (None, _) if arguments.has_unknown_keywords => Value::Unknown,
                (None, Some(default)) => self.in_module(function.module, |reader| reader.eval_used(default)),
                (None, None) => Value::Unknown,
            };
            frame.names.insert(name, value);
        }
        if let Some(rest) = &parameters.vararg {
            let value = if arguments.has_unknown_positional {
                Value::Unknown
            } else {
                self.tuple(arguments.rest(positional.len()).cloned().collect())
            };
            frame.names.insert(rest.name.as_str(), value);
        }
        if let Some(rest) = &parameters.kwarg {
            let is_named = |key: &str| positional.iter().chain(&keywords).any(|p| p.parameter.name.as_str() == key);
            let others = arguments.keywords.iter().filter(|(key, _)| !is_named(key));
            let entries = others.map(|(key, value)| (Value::text(key.clone()), value.clone())).collect();
            let value = if arguments.has_unknown_keywords { Value::Unknown } else { self.dict(entries) };
            frame.names.insert(rest.name.as_str(), value);
        }
        frame
    }
}

/// Whether a function has `@contextmanager`.
fn is_manager(node: &ast::StmtFunctionDef) -> bool {
    node.decorator_list.iter().any(|decorator| match &decorator.expression {
        Expr::Name(name) => name.id.as_str() == "contextmanager",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "contextmanager",
        _ => false,
    })
}

/// Whether a function's text names something that leads to the database.
fn works_on_database(node: &ast::StmtFunctionDef) -> bool {
    struct Names(bool);
    impl<'a> Visitor<'a> for Names {
        fn visit_expr(&mut self, expr: &'a Expr) {
            match expr {
                Expr::Name(name) if matches!(name.id.as_str(), "op" | "batch_op" | "context") => self.0 = true,
                Expr::Attribute(attribute)
                    if matches!(attribute.attr.as_str(), "execute" | "op" | "commit" | "query") =>
                {
                    self.0 = true;
                }
                _ if self.0 => {}
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut names = Names(false);
    node.body.iter().for_each(|statement| names.visit_stmt(statement));
    names.0
}
