use ruff_python_ast::{Expr, ExprCall};

use super::arguments::Call;
use super::expressions::Reader;
use super::read::NotUnderstood;
use super::state::{Dict, Event, Frame, State};
use super::statements::Flow;
use super::text::{Condition, Text};
use super::value::{Function, Truth, Value, root};

/// How deep functions of env.py may call each other.
const DEPTH: usize = 24;

impl<'a> Reader<'a> {
    pub(super) fn call(
        &mut self,
        call: &'a ExprCall,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let line = self.line(expression);
        if let Expr::Attribute(attribute) = &*call.func {
            let base = self.evaluate(&attribute.value, state)?;
            if !matches!(base, Value::Path(_)) {
                let arguments = Call::of(self, &call.arguments, state, line)?;
                return self.method(&base, attribute.attr.as_str(), arguments, expression, state);
            }
        }
        let callee = self.evaluate(&call.func, state)?;
        let arguments = Call::of(self, &call.arguments, state, line)?;
        match callee {
            Value::Path(path) => self.call_path(&path, arguments, expression, state),
            Value::Function(function) => self.call_function(function, arguments, expression, state),
            Value::Opaque(_) => self.unknown_call(&self.excerpt(&*call.func), &arguments, expression, state),
            other => {
                let what = other.critical().unwrap_or_else(|| self.excerpt(&*call.func));
                self.refuse(expression, format!("it calls {what}"))
            }
        }
    }

    /// A call of something that is not known: harmless unless it gets hold of what decides.
    pub(super) fn unknown_call(
        &mut self,
        name: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        for value in arguments.values() {
            self.hand_over(value, name, state, arguments.line)?;
        }
        // What readers of .env files call the wish to replace variables that are set.
        if arguments.keyword("override").is_some_and(|value| *value != Value::Bool(false)) {
            state.environment_changed = Some(arguments.line);
        }
        Ok(self.opaque(expression))
    }

    fn call_path(
        &mut self,
        path: &str,
        arguments: Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        if let Some(method) = path.strip_prefix("alembic.context.") {
            return self.call_context(method, &arguments, expression, state);
        }
        if let Some(made) = self.call_engine_function(path, &arguments, expression, state)? {
            return Ok(made);
        }
        match root(path) {
            "os" => self.call_os(path, &arguments, expression, state),
            "builtins" => self.call_builtin(path, &arguments, expression, state),
            "urllib" => match (path, arguments.positional.as_slice(), arguments.keywords.as_slice()) {
                ("urllib.parse.quote_plus", [Value::Text(text)], []) => {
                    Ok(Value::Text(Text::QuotePlus(Box::new(text.clone()))))
                }
                _ => self.unknown_call(path, &arguments, expression, state),
            },
            "asyncio" if path == "asyncio.run" => match arguments.positional.first() {
                Some(coroutine) => self.awaited(coroutine.clone(), expression, state),
                None => Ok(self.opaque(expression)),
            },
            "importlib" | "pkgutil" => {
                state.imported.get_or_insert_with(|| path.to_owned());
                self.unknown_call(path, &arguments, expression, state)
            }
            "alembic" if ["alembic.op.", "alembic.command."].iter().any(|start| path.starts_with(start)) => {
                self.refuse(expression, format!("it calls {path}"))
            }
            // Where it is a statement, it does not come here.
            "sys" if path == "sys.exit" => self.refuse(expression, "whether it calls sys.exit is not known"),
            "typing" if path == "typing.cast" => match arguments.positional.get(1) {
                Some(value) => Ok(value.clone()),
                None => Ok(self.opaque(expression)),
            },
            "sqlalchemy" if path.starts_with("sqlalchemy.event.") => {
                self.refuse(expression, "it listens to events of SQLAlchemy, which may change connections")
            }
            "dotenv" => {
                if arguments.open || arguments.positional.len() > 3 {
                    state.environment_changed = Some(arguments.line);
                }
                // Without override it only adds what is absent, as an imported module might.
                state.imported.get_or_insert_with(|| "dotenv".to_owned());
                self.unknown_call(path, &arguments, expression, state)
            }
            _ => self.unknown_call(path, &arguments, expression, state),
        }
    }

    fn call_context(
        &mut self,
        method: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match method {
            "is_offline_mode" => Ok(Value::Bool(!self.online)),
            "begin_transaction" => Ok(Value::Transaction),
            "run_migrations" => {
                for value in arguments.values() {
                    self.hand_over(value, "context.run_migrations", state, arguments.line)?;
                }
                state.runs_bare |= state.transactions == 0;
                state.events.push(Event::Run(arguments.line));
                Ok(Value::none())
            }
            "configure" => {
                let configuration = self.configuration(arguments, expression, state)?;
                state.events.push(Event::Configure(Box::new(configuration), arguments.line));
                Ok(Value::none())
            }
            "get_x_argument" => Ok(Value::given(self.line(expression), self.excerpt(expression))),
            "get_tag_argument"
            | "get_revision_argument"
            | "get_head_revision"
            | "get_head_revisions"
            | "get_starting_revision_argument" => Ok(self.opaque(expression)),
            other => self.refuse(expression, format!("it calls context.{other}")),
        }
    }

    fn call_os(
        &mut self,
        path: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match path {
            "os.getenv" | "os.environ.get" => {
                let default = match arguments.argument(1, "default") {
                    None => Some(Text::None),
                    Some(Value::Text(text)) => Some(text.clone()),
                    Some(_) => None,
                };
                match (arguments.argument(0, "key"), default) {
                    (Some(Value::Text(Text::Literal(name))), Some(default)) => {
                        Ok(self.environment(name, Some(default), expression, state))
                    }
                    _ => self.unknown_call(path, arguments, expression, state),
                }
            }
            "os.environ.copy" | "os.environ.items" | "os.environ.keys" | "os.environ.values" => {
                Ok(self.opaque(expression))
            }
            _ if path.starts_with("os.environ.") || path == "os.putenv" || path == "os.unsetenv" => {
                state.environment_changed = Some(arguments.line);
                self.unknown_call(path, arguments, expression, state)
            }
            _ if path.starts_with("os.path.") => self.unknown_call(path, arguments, expression, state),
            "os.getcwd" | "os.listdir" | "os.walk" | "os.getpid" | "os.makedirs" | "os.scandir" | "os.uname" => {
                self.unknown_call(path, arguments, expression, state)
            }
            _ => self.refuse(expression, format!("it calls {path}")),
        }
    }

    fn call_builtin(
        &mut self,
        path: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let plain = arguments.keywords.is_empty() && !arguments.open;
        Ok(match (path, arguments.positional.as_slice()) {
            ("builtins.str", [Value::Text(text)]) if plain && *text != Text::None => Value::Text(text.clone()),
            ("builtins.bool", [value]) if plain => match value.truth() {
                Truth::Known(known) => Value::Bool(known),
                Truth::Decidable(condition) => Value::Condition(condition),
                Truth::Unknown => self.opaque(expression),
            },
            ("builtins.dict", [] | [Value::Dict(_)]) if !arguments.open => {
                let mut dict = match arguments.positional.first() {
                    Some(Value::Dict(number)) => state.dicts.get(number).cloned().unwrap_or_default(),
                    _ => Dict::default(),
                };
                dict.entries.extend(arguments.keywords.iter().cloned());
                self.new_dict(dict, state)
            }
            ("builtins.print" | "builtins.isinstance" | "builtins.len" | "builtins.repr" | "builtins.type", _)
            | ("builtins.callable" | "builtins.id" | "builtins.hasattr", _) => self.opaque(expression),
            ("builtins.int" | "builtins.float", _) => {
                self.number(path.trim_start_matches("builtins."), arguments, expression, state)?
            }
            ("builtins.open", _) | ("builtins.next", [_]) => {
                return self
                    .refuse(expression, format!("whether {} raises an error is not known", self.excerpt(expression)));
            }
            _ => self.unknown_call(path.trim_start_matches("builtins."), arguments, expression, state)?,
        })
    }

    /// Enters a function of env.py; an `async def` is entered when it is awaited.
    pub(super) fn call_function(
        &mut self,
        function: Function<'a>,
        arguments: Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let name = &function.node.name;
        if !function.plain {
            return self
                .refuse(expression, format!("{name} is decorated, nested or a generator, which is not followed"));
        }
        if arguments.open {
            return self.refuse(expression, format!("{name} is called with arguments that are not known"));
        }
        if function.node.is_async {
            return Ok(Value::Coroutine(function, arguments.positional, arguments.keywords));
        }
        self.enter(function, &arguments.positional, &arguments.keywords, expression, state)
    }

    pub(super) fn awaited(
        &mut self,
        value: Value<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match value {
            Value::Coroutine(function, positional, keywords) => {
                self.enter(function, &positional, &keywords, expression, state)
            }
            Value::Function(function) => {
                self.refuse(expression, format!("the function {} is run by something else", function.node.name))
            }
            other => Ok(other),
        }
    }

    fn enter(
        &mut self,
        function: Function<'a>,
        positional: &[Value<'a>],
        keywords: &[(String, Value<'a>)],
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        if self.depth >= DEPTH {
            return self.refuse(expression, "its functions call each other too deeply");
        }
        let parameters = &function.node.parameters;
        if parameters.vararg.is_some() || parameters.kwarg.is_some() {
            return self.refuse(expression, format!("{} takes any arguments", function.node.name));
        }
        let mut frame = Frame::default();
        for (position, parameter) in parameters.iter_non_variadic_params().enumerate() {
            let name = parameter.parameter.name.as_str();
            let given = positional
                .get(position)
                .or_else(|| keywords.iter().find(|(key, _)| key == name).map(|(_, value)| value))
                .cloned();
            let value = match (given, &parameter.default) {
                (Some(value), _) => value,
                // Python evaluated the default when it came to the `def`: only a literal is the same now.
                (None, Some(default)) if default.is_literal_expr() => self.evaluate(default, state)?,
                (None, Some(default)) => Value::unsettled(self.line(&**default), format!("the default of {name}")),
                (None, None) => {
                    return self.refuse(expression, format!("{} is called without {name}", function.node.name));
                }
            };
            frame.names.insert(name.to_owned(), value);
        }
        state.frames.push(frame);
        self.depth += 1;
        let flow = self.run(&[&function.node.body], state, true)?;
        self.depth -= 1;
        state.frames.pop();
        match flow {
            Flow::Return(value) => Ok(value),
            Flow::Next => Ok(Value::none()),
            Flow::Raise => self.refuse(expression, format!("{} raises an error", function.node.name)),
        }
    }

    /// A condition on a text that is told apart by its contents is not followed: it is opaque.
    pub(super) fn text_method(
        &mut self,
        text: &Text,
        name: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
    ) -> Value<'a> {
        let literal = |position: usize| match arguments.positional.get(position) {
            Some(Value::Text(Text::Literal(text))) => Some(text.clone()),
            _ => None,
        };
        let count = match arguments.positional.get(2) {
            None => Some(usize::MAX),
            Some(Value::Number(count)) => Some(*count as usize),
            Some(_) => None,
        };
        if !arguments.keywords.is_empty() || arguments.open {
            return self.opaque(expression);
        }
        match (name, arguments.positional.len(), literal(0), literal(1)) {
            ("replace", 2 | 3, Some(from), Some(to)) if !from.is_empty() => match count {
                Some(count) => Value::Text(Text::Replace(Box::new(text.clone()), [from, to], count)),
                None => self.opaque(expression),
            },
            ("startswith", 1, Some(start), None) => Value::Condition(Condition::StartsWith(text.clone(), start)),
            ("strip", 0, ..) => Value::Text(Text::Strip(Box::new(text.clone()))),
            _ => self.opaque(expression),
        }
    }

    /// The text that a value is, or why it is not known.
    pub(super) fn known_text(&self, value: &Value<'a>, what: &str, line: usize) -> Result<Text, NotUnderstood> {
        let from = match value {
            Value::Text(text) => return Ok(text.clone()),
            Value::Opaque(origin) | Value::Unsettled(origin) | Value::Given(origin) => {
                return Err(NotUnderstood::new(
                    origin.line.max(1),
                    format!("{what} comes from {}, which only running it can tell", origin.text),
                ));
            }
            Value::Path(path) => path.clone(),
            _ => "something that is not followed".to_owned(),
        };
        Err(NotUnderstood::new(line, format!("{what} comes from {from}, which only running it can tell")))
    }

    pub(super) fn known_flag(&self, value: &Value<'a>, what: &str, line: usize) -> Result<Option<bool>, NotUnderstood> {
        match value {
            Value::Bool(flag) => Ok(Some(*flag)),
            Value::Text(Text::None) => Ok(None),
            _ => Err(NotUnderstood::new(line, format!("{what} is not written as True or False"))),
        }
    }
}
