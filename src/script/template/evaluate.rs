use std::collections::HashMap;

use ruff_python_ast::{Arguments, BoolOp, CmpOp, Expr, ExprAttribute, ExprCall, Number, Operator, UnaryOp};

use super::TemplateContext;
use super::names::is_taken;
use crate::script::python::Value;

/// What an expression is outside of the subset, in words; the caller adds the line.
type Outcome = Result<Value, String>;

/// The names that an expression sees.
pub(super) struct Scope<'a> {
    pub(super) context: &'a TemplateContext<'a>,
    /// Names that the template binds anywhere, with their values once they are bound.
    pub(super) locals: HashMap<String, Option<Value>>,
}

impl Scope<'_> {
    /// Evaluates one expression.
    pub(super) fn evaluate(&self, expression: &Expr) -> Outcome {
        match expression {
            Expr::NoneLiteral(_) => Ok(Value::None),
            Expr::BooleanLiteral(literal) => Ok(Value::Bool(literal.value)),
            Expr::StringLiteral(literal) => Ok(Value::Str(literal.value.to_str().to_owned())),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => int.as_i64().map(Value::Int).ok_or_else(|| "a large number".to_owned()),
                _ => Err("a number that is not an integer".to_owned()),
            },
            Expr::Tuple(tuple) => Ok(Value::Tuple(self.all(&tuple.elts)?)),
            Expr::List(list) => Ok(Value::List(self.all(&list.elts)?)),
            Expr::Name(name) => self.name(name.id.as_str()),
            Expr::If(choice) => {
                let branch = if self.truth(&choice.test)? { &choice.body } else { &choice.orelse };
                self.evaluate(branch)
            }
            Expr::BoolOp(operation) => self.boolean(operation.op, &operation.values),
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                Ok(Value::Bool(!self.truth(&operation.operand)?))
            }
            Expr::Compare(comparison) => self.compare(&comparison.left, &comparison.ops, &comparison.comparators),
            Expr::BinOp(operation) => self.binary(&operation.left, operation.op, &operation.right),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Call(call) => self.call(call),
            _ => Err("an expression of a kind that is left to Python".to_owned()),
        }
    }

    fn all(&self, expressions: &[Expr]) -> Result<Vec<Value>, String> {
        expressions.iter().map(|expression| self.evaluate(expression)).collect()
    }

    /// Python's truth of an expression.
    pub(super) fn truth(&self, expression: &Expr) -> Result<bool, String> {
        self.evaluate(expression)?.truth().ok_or_else(|| "a condition that only Python can decide".to_owned())
    }

    fn name(&self, name: &str) -> Outcome {
        if let Some(local) = self.locals.get(name) {
            return local.clone().ok_or_else(|| format!("{name} is used before it is assigned"));
        }
        match self.context.variables.get(name) {
            Some(value) => Ok(value.clone()),
            None if is_taken(name) => Err(format!("the name {name}")),
            None => Ok(Value::Undefined),
        }
    }

    /// Whether a name is the builtin (or Mako's own) of that name: neither an argument nor bound in the template.
    fn is_free(&self, expression: &Expr, name: &str) -> bool {
        matches!(expression, Expr::Name(found) if found.id.as_str() == name)
            && !self.locals.contains_key(name)
            && !self.context.variables.contains_key(name)
    }

    fn boolean(&self, operator: BoolOp, values: &[Expr]) -> Outcome {
        let mut last = Value::None;
        for value in values {
            last = self.evaluate(value)?;
            let truth = last.truth().ok_or("a condition that only Python can decide")?;
            if truth == (operator == BoolOp::Or) {
                break;
            }
        }
        Ok(last)
    }

    fn compare(&self, left: &Expr, operators: &[CmpOp], rights: &[Expr]) -> Outcome {
        let ([operator], [right]) = (operators, rights) else {
            return Err("a chained comparison".to_owned());
        };
        let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
        let unknown = || "a comparison that only Python can decide".to_owned();
        let equal = || left.equals(&right).ok_or_else(unknown);
        let contained = || match &right {
            Value::Str(text) => match &left {
                Value::Str(part) => Ok(text.contains(part.as_str())),
                _ => Err(unknown()),
            },
            Value::Tuple(items) | Value::List(items) => {
                let found: Option<Vec<bool>> = items.iter().map(|item| item.equals(&left)).collect();
                Ok(found.ok_or_else(unknown)?.contains(&true))
            }
            _ => Err(unknown()),
        };
        // Identity is only known for the singletons.
        let identical = || match (&left, &right) {
            (a, b @ (Value::None | Value::Bool(_))) | (b @ (Value::None | Value::Bool(_)), a) => Ok(a == b),
            _ => Err(unknown()),
        };
        Ok(Value::Bool(match operator {
            CmpOp::Eq => equal()?,
            CmpOp::NotEq => !equal()?,
            CmpOp::Is => identical()?,
            CmpOp::IsNot => !identical()?,
            CmpOp::In => contained()?,
            CmpOp::NotIn => !contained()?,
            _ => return Err(unknown()),
        }))
    }

    fn binary(&self, left: &Expr, operator: Operator, right: &Expr) -> Outcome {
        match (self.evaluate(left)?, operator, self.evaluate(right)?) {
            (Value::Str(a), Operator::Add, Value::Str(b)) => Ok(Value::Str(a + &b)),
            (Value::Str(format), Operator::Mod, values) => {
                let text = values.percent(&format).map_err(|error| format!("the format {format:?}: {error}"))?;
                Ok(Value::Str(text))
            }
            _ => Err("an operator that is left to Python".to_owned()),
        }
    }

    fn attribute(&self, attribute: &ExprAttribute) -> Outcome {
        let unknown = || format!("the attribute {}", attribute.attr);
        match self.evaluate(&attribute.value)? {
            Value::Date(date) => date.attribute(attribute.attr.as_str()).map(Value::Int).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }

    fn call(&self, call: &ExprCall) -> Outcome {
        let arguments = self.arguments(&call.arguments)?;
        if let Expr::Attribute(method) = call.func.as_ref() {
            return self.method(method, &arguments);
        }
        let [argument] = arguments.as_slice() else { return Err("a call that is left to Python".to_owned()) };
        let text = |text: Option<String>| text.map(Value::Str).ok_or_else(|| "a value without a text".to_owned());
        if self.is_free(&call.func, "repr") {
            return text(argument.repr());
        }
        if self.is_free(&call.func, "str") {
            return text(argument.str());
        }
        if self.is_free(&call.func, "len") {
            return match argument {
                Value::Str(text) => Ok(Value::Int(text.chars().count() as i64)),
                Value::Tuple(items) | Value::List(items) => Ok(Value::Int(items.len() as i64)),
                _ => Err("the length of something without one".to_owned()),
            };
        }
        match self.evaluate(&call.func)? {
            Value::Comma => comma(argument),
            _ => Err("a call that is left to Python".to_owned()),
        }
    }

    fn arguments(&self, arguments: &Arguments) -> Result<Vec<Value>, String> {
        if !arguments.keywords.is_empty() {
            return Err("a call with keyword arguments".to_owned());
        }
        self.all(&arguments.args)
    }

    fn method(&self, method: &ExprAttribute, arguments: &[Value]) -> Outcome {
        let name = method.attr.as_str();
        let unknown = || format!("a call of {name}()");
        if self.is_free(&method.value, "context") && name == "get" {
            return self.context_get(arguments).ok_or_else(unknown);
        }
        match (self.evaluate(&method.value)?, arguments) {
            (Value::RegexModule, arguments) => split_on_commas(name, arguments).ok_or_else(unknown),
            (Value::Config, arguments) if name == "get_main_option" => self.main_option(arguments),
            (Value::Str(text), arguments) => string_method(&text, name, arguments).ok_or_else(unknown),
            (Value::Date(date), [Value::Str(format)]) if name == "strftime" => {
                date.strftime(format).map(Value::Str).ok_or_else(|| format!("strftime({format:?})"))
            }
            (Value::Date(date), []) if name == "isoformat" => Ok(Value::Str(date.isoformat())),
            _ => Err(unknown()),
        }
    }

    /// Mako's `context.get(name, default)`; the arguments of the template only.
    fn context_get(&self, arguments: &[Value]) -> Option<Value> {
        let (name, default) = match arguments {
            [Value::Str(name)] => (name, Value::None),
            [Value::Str(name), default] => (name, default.clone()),
            _ => return None,
        };
        match self.context.variables.get(name.as_str()) {
            Some(value) => Some(value.clone()),
            None if is_taken(name) => None,
            None => Some(default),
        }
    }

    fn main_option(&self, arguments: &[Value]) -> Outcome {
        let (name, default) = match arguments {
            [Value::Str(name)] => (name, Value::None),
            [Value::Str(name), default] => (name, default.clone()),
            _ => return Err("a call of get_main_option()".to_owned()),
        };
        let option = (self.context.main_option)(name)?;
        Ok(option.map_or(default, Value::Str))
    }
}

/// Alembic's `format_as_comma`.
pub(super) fn comma(value: &Value) -> Outcome {
    let text = match value {
        Value::None => Some(String::new()),
        Value::Str(text) => Some(text.clone()),
        Value::Tuple(items) | Value::List(items) => joined(", ", items),
        _ => None,
    };
    text.map(Value::Str).ok_or_else(|| "comma() of something else than texts".to_owned())
}

fn joined(separator: &str, items: &[Value]) -> Option<String> {
    let texts = items.iter().map(|item| match item {
        Value::Str(text) => Some(text.as_str()),
        _ => None,
    });
    Some(texts.collect::<Option<Vec<_>>>()?.join(separator))
}

fn string_method(text: &str, name: &str, arguments: &[Value]) -> Option<Value> {
    Some(Value::Str(match (name, arguments) {
        ("join", [Value::Tuple(items) | Value::List(items)]) => joined(text, items)?,
        ("lower", []) => text.to_lowercase(),
        ("upper", []) => text.to_uppercase(),
        ("strip", []) if text.is_ascii() => text.trim().to_owned(),
        ("replace", [Value::Str(from), Value::Str(to)]) if !from.is_empty() => text.replace(from.as_str(), to),
        ("startswith", [Value::Str(prefix)]) => return Some(Value::Bool(text.starts_with(prefix.as_str()))),
        ("endswith", [Value::Str(suffix)]) => return Some(Value::Bool(text.ends_with(suffix.as_str()))),
        _ => return None,
    }))
}

/// `re.split(r",\s*", text)`, with which Alembic's multidb template reads the `databases` option.
fn split_on_commas(name: &str, arguments: &[Value]) -> Option<Value> {
    match (name, arguments) {
        ("split", [Value::Str(pattern), Value::Str(text)]) if pattern == r",\s*" && text.is_ascii() => {
            let blank = |c: char| {
                c.is_ascii_whitespace() || ('\u{b}'..='\u{c}').contains(&c) || ('\u{1c}'..='\u{1f}').contains(&c)
            };
            let mut parts = text.split(',');
            let first = parts.next().map(str::to_owned);
            let others = parts.map(|part| part.trim_start_matches(blank).to_owned());
            Some(Value::List(first.into_iter().chain(others).map(Value::Str).collect()))
        }
        _ => None,
    }
}
