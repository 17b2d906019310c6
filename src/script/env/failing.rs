//! What stops env.py although it neither says `raise` nor decides about the URL: an `assert`, an absent variable or key,
//! a text that is no number, the body of a comprehension or of a class. Where it can be told later, a condition is noted;
//! otherwise the file is not understood.

use ruff_python_ast::{Comprehension, Expr, ExprSubscript, StmtAssert, StmtClassDef};

use super::arguments::Call;
use super::expressions::Reader;
use super::read::NotUnderstood;
use super::state::{Frame, State};
use super::statements::Flow;
use super::text::{Condition, Text};
use super::value::{Truth, Value};

impl<'a> Reader<'a> {
    /// `assert condition` is `if not condition: raise`; what Python's `-O` would leave out is not considered.
    pub(super) fn assertion(
        &mut self,
        assertion: &'a StmtAssert,
        state: &mut State<'a>,
    ) -> Result<Flow<'a>, NotUnderstood> {
        match self.evaluate(&assertion.test, state)?.truth() {
            Truth::Known(true) => Ok(Flow::Next),
            Truth::Known(false) => Ok(Flow::Raise),
            Truth::Decidable(condition) => {
                self.demand(condition, self.line(assertion), state);
                Ok(Flow::Next)
            }
            Truth::Unknown => self.refuse(assertion, "whether it raises an error depends on a condition"),
        }
    }

    /// Whether it is `sys.exit(…)`, which ends env.py as an error does.
    pub(super) fn exits(&self, expression: &Expr, state: &State<'a>) -> bool {
        let Expr::Call(call) = expression else { return false };
        let is = |name: &str, wanted: &str| matches!(state.lookup(name), Some(Value::Path(path)) if path == wanted);
        match &*call.func {
            Expr::Name(name) => is(name.id.as_str(), "sys.exit"),
            Expr::Attribute(attribute) => {
                let module = attribute.value.as_name_expr();
                attribute.attr.as_str() == "exit" && module.is_some_and(|module| is(module.id.as_str(), "sys"))
            }
            _ => false,
        }
    }

    /// An error where the condition is false.
    fn demand(&self, condition: Condition, line: usize, state: &mut State<'a>) {
        let raised = (Condition::Not(Box::new(condition)), line);
        if !state.raises.contains(&raised) {
            state.raises.push(raised);
        }
    }

    /// A text of which something is wanted that `None` has not.
    pub(super) fn demand_text(&self, text: &Text, line: usize, state: &mut State<'a>) {
        if text.may_be_none() {
            self.demand(Condition::IsNotNone(text.clone()), line, state);
        }
    }

    /// `os.environ[name]`: an error where it is not set.
    pub(super) fn required_variable(&self, name: &str, expression: &'a Expr, state: &mut State<'a>) -> Value<'a> {
        let value = self.environment(name, None, expression, state);
        if let Value::Text(text) = &value {
            self.demand(Condition::IsNotNone(text.clone()), self.line(expression), state);
        }
        value
    }

    /// `int(text)` and `float(text)`.
    pub(super) fn number(
        &self,
        name: &str,
        arguments: &Call<'a>,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        match arguments.positional.as_slice() {
            [] | [Value::Number(_) | Value::Bool(_)] if arguments.keywords.is_empty() && !arguments.open => {}
            [Value::Text(text)] if arguments.keywords.is_empty() && !arguments.open => {
                self.demand(Condition::IsNumber(text.clone()), arguments.line, state);
            }
            _ => return self.refuse(expression, format!("whether {name}() raises an error is not known")),
        }
        Ok(self.opaque(expression))
    }

    /// `base[key]`
    pub(super) fn subscript(
        &mut self,
        subscript: &'a ExprSubscript,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let base = self.evaluate(&subscript.value, state)?;
        let key = self.evaluate(&subscript.slice, state)?;
        let absent = || format!("whether {} is there is not known", self.excerpt(expression));
        match (&base, &key) {
            (Value::Path(path), Value::Text(Text::Literal(name))) if path == "os.environ" => {
                Ok(self.required_variable(name, expression, state))
            }
            (Value::Path(path), _) if path == "os.environ" => self.refuse(expression, absent()),
            (Value::Dict(number), Value::Text(Text::Literal(key))) => match self.dict_entry(*number, key, state) {
                Some(value) => {
                    if let Value::Text(text @ Text::Ini(..)) = &value {
                        self.demand_text(text, self.line(expression), state);
                    }
                    Ok(value)
                }
                None if state.dicts.get(number).is_some_and(|dict| dict.touched.is_none()) => {
                    self.refuse(expression, format!("{} is not there", self.excerpt(expression)))
                }
                None => Ok(self.opaque(expression)),
            },
            (Value::Dict(_), _) => Ok(Value::unsettled(self.line(expression), self.excerpt(expression))),
            (Value::Given(_), _) => self.refuse(expression, absent()),
            _ => match base.critical() {
                Some(what) => self.refuse(expression, format!("it takes an item of {what}")),
                None => Ok(self.opaque(expression)),
            },
        }
    }

    /// A comprehension is read as the body of a loop; what it makes is not known.
    pub(super) fn comprehension(
        &mut self,
        generators: &'a [Comprehension],
        parts: &[&'a Expr],
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let result = self.closed(expression, state);
        let before = state.clone();
        for generator in generators {
            let item = match self.evaluate(&generator.iter, state)? {
                Value::Unsettled(origin) => Value::Unsettled(origin),
                _ => self.opaque(&generator.target),
            };
            self.assign(&generator.target, item, state)?;
            for condition in &generator.ifs {
                self.evaluate(condition, state)?;
            }
        }
        for part in parts {
            self.evaluate(part, state)?;
        }
        if before.events != state.events || before.options != state.options {
            return self.refuse(expression, "a comprehension does something that matters");
        }
        state.frames = before.frames;
        Ok(result)
    }

    /// A class: its body is run, with names of its own; its methods are not followed, and may not know anything that matters.
    pub(super) fn define_class(
        &mut self,
        class: &'a StmtClassDef,
        state: &mut State<'a>,
    ) -> Result<Flow<'a>, NotUnderstood> {
        for decorator in &class.decorator_list {
            self.evaluate(&decorator.expression, state)?;
        }
        for keyword in class.arguments.iter().flat_map(|arguments| &arguments.keywords) {
            self.evaluate(&keyword.value, state)?;
        }
        for base in class.arguments.iter().flat_map(|arguments| &arguments.args) {
            if matches!(self.evaluate(base, state)?, Value::Path(path) if path.starts_with("alembic.ddl")) {
                return self
                    .refuse(class, "it teaches Alembic a dialect, which may have version tables of its own kind");
            }
        }
        let value = match self.critical_name(|names| names.statements(&class.body), state) {
            Some(name) => Value::unsettled(self.line(class), format!("{name} inside the class {}", class.name)),
            None => self.opaque(class),
        };
        // Names of a function around it are seen; those of the module are, anyway.
        let around = if state.frames.len() > 1 { state.frames.last().cloned() } else { None };
        state.frames.push(Frame { globals: Default::default(), ..around.unwrap_or_default() });
        let flow = self.run(&[&class.body], state, false)?;
        state.frames.pop();
        state.bind(class.name.as_str(), value);
        Ok(flow)
    }
}
