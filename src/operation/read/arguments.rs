use std::borrow::Cow;

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::reader::Reader;
use super::value::Value;

/// The arguments of a call.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments<'a> {
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keywords: Vec<(Cow<'a, str>, Value<'a>)>,
    /// `*something` that is not known; the positional ones before it are.
    pub(super) has_unknown_positional: bool,
    /// `**something` that is not known.
    pub(super) has_unknown_keywords: bool,
    /// Where each positional one is written.
    pub(super) ranges: Vec<TextRange>,
    /// Lent where one is there, but not known.
    unknown: Value<'a>,
}

impl<'a> Arguments<'a> {
    /// By its place or by its name.
    pub(super) fn get(&self, at: usize, name: &str) -> Option<&Value<'a>> {
        self.at(at).or_else(|| self.keyword(name))
    }

    pub(super) fn at(&self, at: usize) -> Option<&Value<'a>> {
        self.positional.get(at).or_else(|| self.has_unknown_positional.then_some(&self.unknown))
    }

    pub(super) fn keyword(&self, name: &str) -> Option<&Value<'a>> {
        self.keywords.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A keyword that is true; `None` where that is not known.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.keyword(name).map_or(Some(false), Value::flag)
    }

    /// A keyword that certainly is true.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.flag(name) == Some(true)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.positional.is_empty()
            && self.keywords.is_empty()
            && !self.has_unknown_positional
            && !self.has_unknown_keywords
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.positional.iter().chain(self.keywords.iter().map(|(_, value)| value))
    }

    /// Whether one of them gives access to the database.
    pub(super) fn has_handle(&self) -> bool {
        self.values().any(Value::is_handle)
    }

    /// Those from the `count`-th on.
    pub(super) fn rest(&self, count: usize) -> impl Iterator<Item = &Value<'a>> {
        self.positional.iter().skip(count)
    }
}

impl<'a> Reader<'a> {
    /// Evaluates the arguments of a call in their order.
    pub(super) fn arguments(&mut self, call: &'a ast::ExprCall) -> Arguments<'a> {
        let mut arguments = Arguments::default();
        for argument in &call.arguments.args {
            let value = self.eval_used(argument);
            if !argument.is_starred_expr() {
                if !arguments.has_unknown_positional {
                    arguments.positional.push(value);
                    arguments.ranges.push(argument.range());
                }
                continue;
            }
            match self.items(&value) {
                Some(items) if !arguments.has_unknown_positional => {
                    arguments.ranges.extend(items.iter().map(|_| argument.range()));
                    arguments.positional.extend(items);
                }
                _ => arguments.has_unknown_positional = true,
            }
        }
        for keyword in &call.arguments.keywords {
            let value = self.eval_used(&keyword.value);
            match (&keyword.arg, value) {
                (Some(name), value) => arguments.keywords.push((Cow::Borrowed(name.as_str()), value)),
                (None, Value::Dict(dict)) if dict.entries.borrow().is_some() => {
                    for (key, value) in dict.entries.borrow().iter().flatten() {
                        match key.known() {
                            Some(key) => arguments.keywords.push((Cow::Owned(key.to_owned()), value.clone())),
                            None => arguments.has_unknown_keywords = true,
                        }
                    }
                }
                (None, _) => arguments.has_unknown_keywords = true,
            }
        }
        arguments
    }
}
