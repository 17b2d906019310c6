use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{
    BoolOp, CmpOp, ConversionFlag, Expr, ExprBoolOp, ExprCompare, ExprDict, ExprFString, FStringPart,
    InterpolatedStringElement, Operator, Stmt, UnaryOp,
};
use ruff_text_size::Ranged;

use super::read::NotUnderstood;
use super::state::{Dict, Join, State};
use super::text::{Condition, Text};
use super::value::{Truth, Value};

/// One way through env.py: online or offline.
pub(super) struct Reader<'a> {
    source: &'a str,
    pub(super) online: bool,
    next_dict: usize,
    /// Statements that may still be read: branches multiply.
    pub(super) budget: usize,
    /// Functions entered and not left.
    pub(super) depth: usize,
    /// Expressions and blocks entered and not left.
    pub(super) nesting: usize,
}

/// How deep expressions and blocks are followed: far beyond any real file, and within the stack that `read_env` takes.
pub(super) const NESTING: usize = 300;

/// Names that are there without an import, and do no harm: reading them is all they do with their arguments.
const BUILTINS: [&str; 44] = [
    "Exception",
    "KeyError",
    "ImportError",
    "ModuleNotFoundError",
    "NotImplementedError",
    "RuntimeError",
    "ValueError",
    "TypeError",
    "AttributeError",
    "OSError",
    "FileNotFoundError",
    "SystemExit",
    "KeyboardInterrupt",
    "BaseException",
    "all",
    "any",
    "bool",
    "bytes",
    "callable",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "map",
    "next",
    "object",
    "open",
    "print",
    "repr",
    "set",
    "str",
    "tuple",
    "type",
];
const MORE_BUILTINS: [&str; 14] = [
    "min",
    "max",
    "range",
    "reversed",
    "sorted",
    "sum",
    "super",
    "zip",
    "property",
    "staticmethod",
    "classmethod",
    "abs",
    "StopIteration",
    "UserWarning",
];

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str, online: bool) -> Self {
        Self { source, online, next_dict: 0, budget: 20_000, depth: 0, nesting: 0 }
    }

    pub(super) fn line(&self, node: &impl Ranged) -> usize {
        let offset = usize::from(node.start()).min(self.source.len());
        self.source.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The expression as written, shortened to what fits a sentence.
    pub(super) fn excerpt(&self, node: &impl Ranged) -> String {
        let text = self.source.get(node.range().to_std_range()).unwrap_or_default();
        let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match words.char_indices().nth(60) {
            Some((end, _)) => format!("{}…", &words[..end]),
            None => words,
        }
    }

    pub(super) fn opaque(&self, node: &impl Ranged) -> Value<'a> {
        Value::opaque(self.line(node), self.excerpt(node))
    }

    pub(super) fn refuse<T>(&self, node: &impl Ranged, reason: impl Into<String>) -> Result<T, NotUnderstood> {
        Err(NotUnderstood::new(self.line(node), reason))
    }

    pub(super) fn new_dict(&mut self, dict: Dict<'a>, state: &mut State<'a>) -> Value<'a> {
        self.next_dict += 1;
        state.dicts.insert(self.next_dict, dict);
        Value::Dict(self.next_dict)
    }

    /// A value goes to code that is not known: refused if that could change the outcome; dictionaries are forgotten.
    pub(super) fn hand_over(
        &self,
        value: &Value<'a>,
        to: &str,
        state: &mut State<'a>,
        line: usize,
    ) -> Result<(), NotUnderstood> {
        if let Some(name) = value.critical() {
            return Err(NotUnderstood::new(line, format!("{name} is handed to {to}, which only Python can follow")));
        }
        if let Value::Dict(number) = value
            && let Some(dict) = state.dicts.get_mut(number)
            && dict.touched.is_none()
        {
            dict.touched = Some(line);
            let inner: Vec<Value<'a>> = dict.entries.values().cloned().collect();
            for value in inner {
                self.hand_over(&value, to, state, line)?;
            }
        }
        Ok(())
    }

    pub(super) fn evaluate(&mut self, expression: &'a Expr, state: &mut State<'a>) -> Result<Value<'a>, NotUnderstood> {
        if self.nesting >= NESTING {
            return self.refuse(expression, "an expression is nested too deeply");
        }
        self.nesting += 1;
        let value = self.evaluate_inner(expression, state)?;
        self.nesting -= 1;
        Ok(match value {
            Value::Text(text) if text.is_huge() => self.opaque(expression),
            value => value,
        })
    }

    fn evaluate_inner(&mut self, expression: &'a Expr, state: &mut State<'a>) -> Result<Value<'a>, NotUnderstood> {
        Ok(match expression {
            Expr::StringLiteral(literal) => Value::Text(Text::Literal(literal.value.to_str().to_owned())),
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NoneLiteral(_) => Value::none(),
            Expr::NumberLiteral(literal) => match literal.value.as_int().and_then(ruff_python_ast::Int::as_u8) {
                Some(number) => Value::Number(number),
                None => self.opaque(expression),
            },
            Expr::BytesLiteral(_) | Expr::EllipsisLiteral(_) => self.opaque(expression),
            Expr::FString(fstring) => self.fstring(fstring, state)?,
            Expr::Name(name) => self.name(name.id.as_str(), expression, state)?,
            Expr::Attribute(attribute) => {
                let base = self.evaluate(&attribute.value, state)?;
                self.attribute(&base, attribute.attr.as_str(), expression)?
            }
            Expr::Call(call) => self.call(call, expression, state)?,
            Expr::Subscript(subscript) => self.subscript(subscript, expression, state)?,
            Expr::BoolOp(operation) => self.bool_op(operation, expression, state)?,
            Expr::UnaryOp(unary) => {
                let value = self.evaluate(&unary.operand, state)?;
                match (unary.op, value.truth()) {
                    (UnaryOp::Not, Truth::Known(known)) => Value::Bool(!known),
                    (UnaryOp::Not, Truth::Decidable(condition)) => {
                        Value::Condition(Condition::Not(Box::new(condition)))
                    }
                    _ => self.opaque(expression),
                }
            }
            Expr::BinOp(operation) => {
                let (left, right) = (self.evaluate(&operation.left, state)?, self.evaluate(&operation.right, state)?);
                match (operation.op, left, right) {
                    (Operator::Add, Value::Text(left), Value::Text(right)) => {
                        Value::Text(Text::Concat(vec![left, right]))
                    }
                    (_, left, right) => {
                        let line = self.line(expression);
                        self.hand_over(&left, "an operator", state, line)?;
                        self.hand_over(&right, "an operator", state, line)?;
                        self.opaque(expression)
                    }
                }
            }
            Expr::Compare(comparison) => self.compare(comparison, expression, state)?,
            Expr::If(conditional) => {
                let truth = self.evaluate(&conditional.test, state)?.truth();
                match truth {
                    Truth::Known(true) => self.evaluate(&conditional.body, state)?,
                    Truth::Known(false) => self.evaluate(&conditional.orelse, state)?,
                    Truth::Decidable(condition) => {
                        self.either(Some(&condition), [&conditional.body, &conditional.orelse], expression, state)?
                    }
                    Truth::Unknown => self.either(None, [&conditional.body, &conditional.orelse], expression, state)?,
                }
            }
            Expr::Dict(dict) => self.dict(dict, expression, state)?,
            Expr::List(list) => self.elements(&list.elts, expression, state)?,
            Expr::Tuple(tuple) => self.elements(&tuple.elts, expression, state)?,
            Expr::Set(set) => self.elements(&set.elts, expression, state)?,
            Expr::Named(named) => {
                let value = self.evaluate(&named.value, state)?;
                self.assign(&named.target, value.clone(), state)?;
                value
            }
            Expr::Await(awaited) => {
                let value = self.evaluate(&awaited.value, state)?;
                self.awaited(value, expression, state)?
            }
            Expr::Starred(starred) => self.evaluate(&starred.value, state)?,
            Expr::ListComp(inner) => self.comprehension(&inner.generators, &[&inner.elt], expression, state)?,
            Expr::SetComp(inner) => self.comprehension(&inner.generators, &[&inner.elt], expression, state)?,
            Expr::Generator(inner) => self.comprehension(&inner.generators, &[&inner.elt], expression, state)?,
            Expr::DictComp(inner) => {
                let parts: Vec<&'a Expr> = inner.key.as_deref().into_iter().chain([&*inner.value]).collect();
                self.comprehension(&inner.generators, &parts, expression, state)?
            }
            Expr::Lambda(_) | Expr::Slice(_) | Expr::TString(_) => self.closed(expression, state),
            Expr::Yield(_) | Expr::YieldFrom(_) | Expr::IpyEscapeCommand(_) => {
                return self.refuse(expression, "it yields where it is not expected");
            }
        })
    }

    fn name(&self, name: &str, expression: &'a Expr, state: &State<'a>) -> Result<Value<'a>, NotUnderstood> {
        if let Some(value) = state.lookup(name) {
            return Ok(value.clone());
        }
        if name.starts_with("__") && name.ends_with("__") && name != "__import__" {
            return Ok(self.opaque(expression));
        }
        if BUILTINS.contains(&name) || MORE_BUILTINS.contains(&name) {
            return Ok(Value::Path(format!("builtins.{name}")));
        }
        if ["exec", "eval", "globals", "locals", "vars", "setattr", "delattr", "compile", "__import__"].contains(&name)
        {
            return self.refuse(expression, format!("it uses {name}, which can change anything"));
        }
        if state.star_import {
            return Ok(self.opaque(expression));
        }
        self.refuse(expression, format!("the name {name} is not known here"))
    }

    fn attribute(&self, base: &Value<'a>, name: &str, expression: &'a Expr) -> Result<Value<'a>, NotUnderstood> {
        Ok(match (base, name) {
            (Value::Path(path), _) if path == "alembic.context" && name == "config" => Value::Config,
            (Value::Path(path), _) => Value::Path(format!("{path}.{name}")),
            (Value::Config, "config_ini_section") => Value::SectionName,
            (Value::Config, "attributes") => Value::given(self.line(expression), self.excerpt(expression)),
            (Value::Config, "config_file_name" | "cmd_opts" | "toml_file_name" | "config_args") => {
                self.opaque(expression)
            }
            (Value::Engine(engine), "sync_engine") => Value::Engine(engine.clone()),
            (Value::Engine(_), "url" | "dialect" | "name" | "driver") | (Value::Connection(_), "dialect") => {
                self.opaque(expression)
            }
            (Value::Unsettled(origin), _) => {
                return self.refuse(expression, format!("it uses {} (line {})", origin.text, origin.line));
            }
            (base, _) => match base.critical() {
                Some(what) => return self.refuse(expression, format!("it uses .{name} of {what}")),
                None => self.opaque(expression),
            },
        })
    }

    /// What a dictionary has under a key; `None` where only Python knows.
    pub(super) fn dict_entry(&self, number: usize, key: &str, state: &State<'a>) -> Option<Value<'a>> {
        let dict = state.dicts.get(&number)?;
        if dict.touched.is_some() {
            return None;
        }
        dict.entries.get(key).cloned().or_else(|| dict.section.then(|| Value::Text(Text::ini(key))))
    }

    /// A variable of the environment, if env.py has not changed it.
    pub(super) fn environment(
        &self,
        name: &str,
        default: Option<Text>,
        expression: &'a Expr,
        state: &State<'a>,
    ) -> Value<'a> {
        if state.environment_changed.is_some() {
            return self.opaque(expression);
        }
        Value::Text(match default {
            Some(default) => Text::environment(name, default),
            None => Text::Environment(name.to_owned()),
        })
    }

    fn fstring(&mut self, fstring: &'a ExprFString, state: &mut State<'a>) -> Result<Value<'a>, NotUnderstood> {
        let mut parts = Vec::new();
        let mut known = true;
        for part in fstring.value.iter() {
            let elements = match part {
                FStringPart::Literal(literal) => {
                    parts.push(Text::Literal(literal.as_str().to_owned()));
                    continue;
                }
                FStringPart::FString(inner) => &inner.elements,
            };
            for element in elements.iter() {
                match element {
                    InterpolatedStringElement::Literal(literal) => parts.push(Text::Literal(literal.value.to_string())),
                    InterpolatedStringElement::Interpolation(inner) => {
                        let plain = inner.format_spec.is_none()
                            && inner.debug_text.is_none()
                            && matches!(inner.conversion, ConversionFlag::None | ConversionFlag::Str);
                        match self.evaluate(&inner.expression, state)? {
                            Value::Text(text) if plain => parts.push(text),
                            _ => known = false,
                        }
                    }
                }
            }
        }
        Ok(if known { Value::Text(Text::Concat(parts)) } else { self.opaque(fstring) })
    }

    fn bool_op(
        &mut self,
        operation: &'a ExprBoolOp,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let mut values: Vec<Value<'a>> = Vec::new();
        for operand in &operation.values {
            let before = (state.events.len(), state.options.clone(), state.dicts.clone());
            let raises = state.raises.len();
            let value = self.evaluate(operand, state)?;
            let certain = values.iter().all(|value| matches!(value.truth(), Truth::Known(_)));
            let changed = before.0 != state.events.len() || before.1 != state.options;
            if !certain && (changed || before.2.iter().any(|(number, dict)| state.dicts.get(number) != Some(dict))) {
                return self.refuse(expression, "and/or decide about something that matters");
            }
            state.raise_under(raises, |raise| {
                reached(&values, operation.op).fold(raise, |raise, outer| raise.under(&outer))
            });
            values.push(value);
        }
        // `get_section(…) or {}`: a section that is there wins, and one that is not has no URL either.
        if let (BoolOp::Or, [first @ Value::Dict(_), ..]) = (operation.op, values.as_slice()) {
            return Ok(first.clone());
        }
        let mut rest = values.into_iter().rev();
        let Some(mut result) = rest.next() else { return Ok(self.opaque(expression)) };
        for value in rest {
            let is_text = |value: &Value<'_>| matches!(value, Value::Text(_));
            result = match (operation.op, value.truth()) {
                (BoolOp::Or, Truth::Known(true)) | (BoolOp::And, Truth::Known(false)) => value,
                (BoolOp::Or, Truth::Known(false)) | (BoolOp::And, Truth::Known(true)) => result,
                (_, Truth::Decidable(condition)) if is_text(&value) && is_text(&result) => {
                    let (then, otherwise) = match operation.op {
                        BoolOp::Or => (value, result),
                        BoolOp::And => (result, value),
                    };
                    Join { condition: Some(&condition), line: self.line(expression) }.values(then, otherwise)
                }
                (BoolOp::And, Truth::Decidable(first)) => match result.truth() {
                    Truth::Decidable(second) => Value::Condition(Condition::All(vec![first, second])),
                    Truth::Known(true) => Value::Condition(first),
                    _ => self.mixed(&value, &result, expression),
                },
                (BoolOp::Or, Truth::Decidable(first)) => match result.truth() {
                    Truth::Decidable(second) => {
                        let neither = [first, second].map(|part| Condition::Not(Box::new(part))).to_vec();
                        Value::Condition(Condition::Not(Box::new(Condition::All(neither))))
                    }
                    _ => self.mixed(&value, &result, expression),
                },
                (_, Truth::Unknown) => self.mixed(&value, &result, expression),
            };
        }
        Ok(result)
    }

    fn mixed(&self, a: &Value<'a>, b: &Value<'a>, expression: &'a Expr) -> Value<'a> {
        if [a, b].iter().any(|value| value.critical().is_some() || matches!(value, Value::Dict(_))) {
            return Value::unsettled(self.line(expression), self.excerpt(expression));
        }
        self.opaque(expression)
    }

    /// The value of `a if … else b`; both are evaluated, in states of their own.
    fn either(
        &mut self,
        condition: Option<&Condition>,
        branches: [&'a Expr; 2],
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let line = self.line(expression);
        let (mut first, mut second) = (state.clone(), state.clone());
        let a = self.evaluate(branches[0], &mut first)?;
        let b = self.evaluate(branches[1], &mut second)?;
        *state = State::join(condition, first, second, line)?;
        let joined = Join { condition, line };
        Ok(match joined.values(a, b) {
            // The reason is better told by the whole expression than by "depends on a condition".
            Value::Opaque(_) => self.opaque(expression),
            value => value,
        })
    }

    fn compare(
        &mut self,
        comparison: &'a ExprCompare,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let left = self.evaluate(&comparison.left, state)?;
        let mut rights = Vec::new();
        for right in &*comparison.comparators {
            rights.push(self.evaluate(right, state)?);
        }
        let ([operator], [right]) = (&*comparison.ops, rights.as_slice()) else { return Ok(self.opaque(expression)) };
        let negated = |condition: Condition, negate: bool| {
            Value::Condition(if negate { Condition::Not(Box::new(condition)) } else { condition })
        };
        Ok(match (operator, &left, right) {
            (CmpOp::Is | CmpOp::IsNot, Value::Text(text), Value::Text(Text::None)) => match text {
                Text::None => Value::Bool(*operator == CmpOp::Is),
                Text::Literal(_) => Value::Bool(*operator == CmpOp::IsNot),
                text => negated(Condition::IsNotNone(text.clone()), *operator == CmpOp::Is),
            },
            (
                CmpOp::Is | CmpOp::IsNot,
                Value::Engine(_) | Value::Connection(_) | Value::Config | Value::Dict(_),
                Value::Text(Text::None),
            ) => Value::Bool(*operator == CmpOp::IsNot),
            (CmpOp::In | CmpOp::NotIn, Value::Text(Text::Literal(name)), Value::Path(path))
                if path == "os.environ" && state.environment_changed.is_none() =>
            {
                negated(Condition::IsSet(name.clone()), *operator == CmpOp::NotIn)
            }
            (CmpOp::Eq | CmpOp::NotEq, Value::Text(a), Value::Text(b)) => {
                negated(Condition::Equals(a.clone(), b.clone()), *operator == CmpOp::NotEq)
            }
            (CmpOp::In | CmpOp::NotIn, Value::Text(Text::Literal(part)), Value::Text(text)) => {
                negated(Condition::Contains(text.clone(), part.clone()), *operator == CmpOp::NotIn)
            }
            _ => self.opaque(expression),
        })
    }

    fn dict(
        &mut self,
        literal: &'a ExprDict,
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let mut dict = Dict::default();
        for item in &literal.items {
            let value = self.evaluate(&item.value, state)?;
            match (&item.key, &value) {
                (None, Value::Dict(number)) => match state.dicts.get(number) {
                    Some(inner) => {
                        dict.section |= inner.section;
                        dict.touched = dict.touched.or(inner.touched);
                        dict.entries.extend(inner.entries.clone());
                    }
                    None => dict.touched = Some(self.line(expression)),
                },
                (None, _) => {
                    self.hand_over(&value, "a dictionary", state, self.line(expression))?;
                    dict.touched = Some(self.line(expression));
                }
                (Some(key), _) => match self.evaluate(key, state)? {
                    Value::Text(Text::Literal(key)) => {
                        dict.entries.insert(key, value);
                    }
                    _ => {
                        self.hand_over(&value, "a dictionary", state, self.line(expression))?;
                        dict.touched = Some(self.line(expression));
                    }
                },
            }
        }
        Ok(self.new_dict(dict, state))
    }

    /// A list, tuple or set: what is in it is given away.
    fn elements(
        &mut self,
        elements: &'a [Expr],
        expression: &'a Expr,
        state: &mut State<'a>,
    ) -> Result<Value<'a>, NotUnderstood> {
        let mut taken = None;
        for element in elements {
            let value = self.evaluate(element, state)?;
            let line = self.line(expression);
            match self.hand_over(&value, "a list", state, line) {
                Ok(()) => {}
                Err(reason) => taken = Some(reason),
            }
        }
        Ok(match taken {
            Some(reason) => {
                Value::unsettled(reason.line, format!("a list with something in it that {}", reason.reason))
            }
            None => self.opaque(expression),
        })
    }

    /// A lambda or slice, or the result of a comprehension: not followed, so it may not know anything that matters.
    pub(super) fn closed(&self, expression: &'a Expr, state: &State<'a>) -> Value<'a> {
        match self.critical_name(|names| names.visit_expr(expression), state) {
            Some(name) => {
                Value::unsettled(self.line(expression), format!("{name} inside {}", self.excerpt(expression)))
            }
            None => self.opaque(expression),
        }
    }

    /// The first name used in a piece of code that stands for something critical.
    pub(super) fn critical_name(&self, visit: impl FnOnce(&mut Names<'a>), state: &State<'a>) -> Option<&'a str> {
        let mut names = Names(Vec::new());
        visit(&mut names);
        names.0.into_iter().find(|name| {
            let value = state.lookup(name);
            value.is_some_and(|value| value.critical().is_some() || matches!(value, Value::Dict(_)))
        })
    }
}

/// The conditions under which an operand behind these is evaluated, as far as they can be told.
fn reached(values: &[Value<'_>], operator: BoolOp) -> impl Iterator<Item = Condition> {
    values.iter().rev().filter_map(move |value| match (value.truth(), operator) {
        (Truth::Decidable(condition), BoolOp::And) => Some(condition),
        (Truth::Decidable(condition), BoolOp::Or) => Some(Condition::Not(Box::new(condition))),
        _ => None,
    })
}

/// Collects the names that a piece of code mentions.
pub(super) struct Names<'a>(Vec<&'a str>);

impl<'a> Names<'a> {
    pub(super) fn statements(&mut self, body: &'a [Stmt]) {
        body.iter().for_each(|statement| self.visit_stmt(statement));
    }
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression {
            self.0.push(name.id.as_str());
        }
        walk_expr(self, expression);
    }
}
