use std::borrow::Cow;

use ruff_python_ast::{self as ast, FStringPart, InterpolatedStringElement};
use ruff_text_size::Ranged;

use super::reader::Reader;
use super::value::{PLACEHOLDER, Text, Value};

/// Longer strings are not put together.
const LONGEST: usize = 2_000_000;

impl<'a> Reader<'a> {
    pub(super) fn literal(&self, literal: &'a ast::ExprStringLiteral) -> Text<'a> {
        let text = literal.value.to_str();
        let at = match literal.value.as_slice() {
            [part] if self.outside.is_none() => {
                let (start, end) = (part.start().to_usize(), part.end().to_usize());
                let source = self.text.get(start..end).unwrap_or_default();
                let quotes = source.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                let quote = if quotes.starts_with("\"\"\"") || quotes.starts_with("'''") { 3 } else { 1 };
                let begins = start + (source.len() - quotes.len()) + quote;
                let is_plain = self.text.get(begins..end.saturating_sub(quote)) == Some(text);
                is_plain.then_some(begins)
            }
            _ => None,
        };
        Text { text: Cow::Borrowed(text), is_exact: true, at }
    }

    pub(super) fn f_string(&mut self, literal: &'a ast::ExprFString) -> Text<'a> {
        let mut made = Text::made(String::new(), true);
        for part in literal.value.as_slice() {
            let elements = match part {
                FStringPart::Literal(literal) => {
                    made.push(&literal.value);
                    continue;
                }
                FStringPart::FString(inner) => &inner.elements,
            };
            for element in elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => made.push(&literal.value),
                    InterpolatedStringElement::Interpolation(inner) => {
                        let value = self.eval_used(&inner.expression);
                        let is_plain =
                            inner.debug_text.is_none() && inner.conversion.is_none() && inner.format_spec.is_none();
                        made.push_value(if is_plain { &value } else { &Value::Unknown });
                    }
                }
            }
        }
        self.charge(made.text.len());
        made
    }

    pub(super) fn concatenated(&mut self, a: &Text<'a>, b: &Text<'a>) -> Value<'a> {
        if a.text.len() + b.text.len() > LONGEST {
            return Value::Unknown;
        }
        self.charge(a.text.len() + b.text.len());
        Value::Text(Text::made(format!("{}{}", a.text, b.text), a.is_exact && b.is_exact))
    }

    /// `format % values`
    pub(super) fn percent_format(&mut self, format: &Text<'a>, values: &Value<'a>) -> Text<'a> {
        let positional = match values {
            Value::Sequence(sequence) if sequence.is_tuple => self.items(values).unwrap_or_default(),
            other => vec![other.clone()],
        };
        self.charge(format.text.len());
        let mut positional = positional.into_iter();
        let mut made = Text::made(String::new(), format.is_exact);
        let mut rest = &*format.text;
        while let Some(at) = rest.find('%') {
            made.push(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                made.push("%");
                rest = after;
                continue;
            }
            let value = match rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
                Some((key, after)) => {
                    rest = after;
                    self.item(values, &Value::text(key.to_owned()))
                }
                None => positional.next().unwrap_or(Value::Unknown),
            };
            let length = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
            let conversion = rest.get(..=length).unwrap_or_default();
            made.push_value(if matches!(conversion, "s" | "d" | "i") { &value } else { &Value::Unknown });
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        made.push(rest);
        made
    }

    /// `format.format(…)`
    pub(super) fn brace_format(&mut self, format: &Text<'a>, arguments: &super::arguments::Arguments<'a>) -> Text<'a> {
        let mut made = Text::made(String::new(), format.is_exact);
        let mut rest = &*format.text;
        let mut next = 0;
        while let Some(at) = rest.find(['{', '}']) {
            made.push(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                made.push(brace);
                rest = after;
                continue;
            }
            let Some((field, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                return Text::placeholder();
            };
            rest = after;
            let value = if field.is_empty() {
                next += 1;
                arguments.at(next - 1)
            } else if let Ok(index) = field.parse::<usize>() {
                arguments.at(index)
            } else {
                arguments.keyword(field)
            };
            made.push_value(value.unwrap_or(&Value::Unknown));
        }
        made.push(rest);
        made
    }

    /// A method of a string.
    pub(super) fn text_method(
        &mut self,
        text: &Text<'a>,
        name: &str,
        arguments: &super::arguments::Arguments<'a>,
    ) -> Value<'a> {
        let changed = |change: fn(&str) -> String| Value::Text(Text::made(change(&text.text), text.is_exact));
        self.charge(text.text.len());
        let known = |at: usize| arguments.at(at).and_then(Value::known);
        match name {
            "format" => Value::Text(self.brace_format(text, arguments)),
            "strip" if arguments.is_empty() => changed(|text| text.trim().to_owned()),
            "lstrip" if arguments.is_empty() => changed(|text| text.trim_start().to_owned()),
            "rstrip" if arguments.is_empty() => changed(|text| text.trim_end().to_owned()),
            "upper" if text.is_exact => changed(str::to_uppercase),
            "lower" if text.is_exact => changed(str::to_lowercase),
            "title" | "capitalize" | "encode" | "decode" => Value::Unknown,
            "replace" => match (known(0), known(1)) {
                (Some(old), Some(new))
                    if !old.is_empty() && text.text.len().saturating_mul(new.len().max(1)) <= LONGEST =>
                {
                    Value::Text(Text::made(text.text.replace(old, new), text.is_exact))
                }
                _ => Value::Unknown,
            },
            "split" if text.is_exact => {
                let parts: Vec<Value<'a>> = match known(0) {
                    Some(separator) if !separator.is_empty() => {
                        text.text.split(separator).map(|part| Value::text(part.to_owned())).collect()
                    }
                    None if arguments.is_empty() => {
                        text.text.split_whitespace().map(|part| Value::text(part.to_owned())).collect()
                    }
                    _ => return Value::Unknown,
                };
                self.list(parts)
            }
            "join" => self.text_join(text, arguments),
            "startswith" | "endswith" => match (text.exact(), known(0)) {
                (Some(text), Some(other)) => {
                    Value::Bool(if name == "startswith" { text.starts_with(other) } else { text.ends_with(other) })
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn text_join(&mut self, separator: &Text<'a>, arguments: &super::arguments::Arguments<'a>) -> Value<'a> {
        let Some(items) = arguments.at(0).cloned().and_then(|items| self.items(&items)) else {
            return Value::Text(Text::placeholder());
        };
        let mut made = Text::made(String::new(), separator.is_exact);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                made.push(&separator.text);
            }
            made.push_value(item);
        }
        self.charge(made.text.len());
        Value::Text(made)
    }
}

impl Text<'_> {
    pub(super) fn push(&mut self, piece: &str) {
        if self.text.len() + piece.len() > LONGEST {
            self.is_exact = false;
            return;
        }
        self.text.to_mut().push_str(piece);
    }

    /// Appends `str(value)`.
    pub(super) fn push_value(&mut self, value: &Value<'_>) {
        match value {
            Value::Text(text) | Value::Sql(text) => {
                self.is_exact &= text.is_exact;
                self.push(&text.text);
            }
            Value::Number(number) => self.push(&number.to_string()),
            Value::Bool(true) => self.push("True"),
            Value::Bool(false) => self.push("False"),
            Value::None => self.push("None"),
            _ => {
                self.is_exact = false;
                self.push(PLACEHOLDER);
            }
        }
    }
}
