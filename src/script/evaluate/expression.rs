use ruff_python_ast::{
    self as ast, Expr, ExprContext, FStringPart, InterpolatedStringElement, Number, Operator, UnaryOp,
};
use ruff_text_size::TextRange;

use super::module::Module;
use super::value::{Kind, Value};

/// Literals of revision files nest two or three deep.
const MAX_DEPTH: usize = 50;

impl<'a> Module<'a> {
    /// The value of an expression. Assignment expressions inside are not carried out: their names become unknown elsewhere.
    pub(super) fn value(&self, expr: &'a Expr) -> Value {
        self.value_at(expr, 0)
    }

    fn value_at(&self, expr: &'a Expr, depth: usize) -> Value {
        if depth > MAX_DEPTH {
            return Value::unknown("is nested too deeply");
        }
        match expr {
            Expr::StringLiteral(literal) => self.text(literal.value.to_str(), literal.range),
            Expr::FString(literal) => self.f_string(literal, depth),
            Expr::NoneLiteral(_) => Value::None,
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NumberLiteral(literal) => number(&literal.value),
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                match self.value_at(&operation.operand, depth + 1).truth() {
                    Some(truth) => Value::Bool(!truth),
                    None => Value::unknown("depends on a condition"),
                }
            }
            Expr::Tuple(tuple) if tuple.ctx == ExprContext::Load => self.sequence(Kind::Tuple, &tuple.elts, depth),
            Expr::List(list) if list.ctx == ExprContext::Load => self.sequence(Kind::List, &list.elts, depth),
            Expr::Set(set) => self.sequence(Kind::Set, &set.elts, depth),
            Expr::Name(name) => self.name(name.id.as_str()),
            Expr::Attribute(attribute) => self.attribute(attribute, depth),
            Expr::BinOp(operation) if operation.op == Operator::Add => self.sum(operation, depth),
            Expr::If(choice) => match self.decide(&choice.test) {
                Some(true) => self.value_at(&choice.body, depth + 1),
                Some(false) => self.value_at(&choice.orelse, depth + 1),
                None => Value::unknown("is chosen by a condition"),
            },
            Expr::Named(named) => self.value_at(&named.value, depth + 1),
            Expr::Call(_) => Value::unknown("is computed by a call"),
            Expr::Subscript(_) => Value::unknown("is an element of something"),
            Expr::BytesLiteral(_) => Value::unknown("is made of bytes"),
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                Value::unknown("is computed by a comprehension")
            }
            _ => Value::unknown("is computed by an expression"),
        }
    }

    /// The value of a name, imports looked up.
    fn name(&self, name: &str) -> Value {
        match (self.get(name), &self.star) {
            (Some(binding), _) => self.resolved(&binding.value),
            (None, Some(_)) => Value::unknown(format!("is '{name}', which may come from 'import *'")),
            (None, None) => Value::unknown(format!("is '{name}', which this file does not set")),
        }
    }

    fn attribute(&self, attribute: &'a ast::ExprAttribute, depth: usize) -> Value {
        match self.value_at(&attribute.value, depth + 1) {
            Value::Module(module) => self.imports.member(&module, attribute.attr.as_str()),
            unknown @ Value::Unknown(_) => unknown,
            _ => Value::unknown("is an attribute"),
        }
    }

    /// A string, unless it has characters that Rust's strings cannot hold.
    fn text(&self, text: &str, range: TextRange) -> Value {
        let lone_surrogate = text.contains('\u{fffd}') && self.source[range].contains("\\");
        if lone_surrogate {
            return Value::unknown("may hold half a surrogate pair");
        }
        Value::Text(text.to_owned())
    }

    fn f_string(&self, literal: &'a ast::ExprFString, depth: usize) -> Value {
        let mut text = String::new();
        for part in literal.value.as_slice() {
            let elements = match part {
                FStringPart::Literal(literal) => {
                    text.push_str(&literal.value);
                    continue;
                }
                FStringPart::FString(inner) => &inner.elements,
            };
            for element in elements {
                match element {
                    InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                    InterpolatedStringElement::Interpolation(inner) => {
                        let plain =
                            inner.debug_text.is_none() && inner.conversion.is_none() && inner.format_spec.is_none();
                        match self.value_at(&inner.expression, depth + 1) {
                            Value::Text(value) if plain => text.push_str(&value),
                            unknown @ Value::Unknown(_) => return unknown,
                            _ => return Value::unknown("is a formatted string"),
                        }
                    }
                }
            }
        }
        self.text(&text, literal.range)
    }

    fn sequence(&self, kind: Kind, elements: &'a [Expr], depth: usize) -> Value {
        let mut items = Vec::with_capacity(elements.len());
        for element in elements {
            if let Expr::Starred(starred) = element {
                match self.value_at(&starred.value, depth + 1) {
                    Value::Sequence(Kind::Tuple | Kind::List, inner) => items.extend(inner),
                    unknown @ Value::Unknown(_) => return unknown,
                    _ => return Value::unknown("unpacks something"),
                }
                continue;
            }
            match self.value_at(element, depth + 1) {
                unknown @ Value::Unknown(_) => return unknown,
                value => items.push(value),
            }
        }
        Value::Sequence(kind, items)
    }

    fn sum(&self, operation: &'a ast::ExprBinOp, depth: usize) -> Value {
        match (self.value_at(&operation.left, depth + 1), self.value_at(&operation.right, depth + 1)) {
            (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
            (Value::Sequence(kind @ (Kind::Tuple | Kind::List), mut left), Value::Sequence(other, right))
                if kind == other =>
            {
                left.extend(right);
                Value::Sequence(kind, left)
            }
            (unknown @ Value::Unknown(_), _) | (_, unknown @ Value::Unknown(_)) => unknown,
            _ => Value::unknown("is computed by an expression"),
        }
    }

    /// The outcome of a condition that is the same at every import.
    pub(super) fn decide(&self, test: &'a Expr) -> Option<bool> {
        match test {
            Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => {
                let binding = self.get("TYPE_CHECKING").map(|binding| &binding.value)?;
                let is_typing = matches!(binding, Value::Imported { module, name }
                    if module == "typing" && name == "TYPE_CHECKING");
                if is_typing { Some(false) } else { binding.truth() }
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "TYPE_CHECKING" => {
                let module = self.value(&attribute.value);
                (module == Value::Module("typing".to_owned())).then_some(false)
            }
            Expr::Compare(comparison) => is_main_guard(comparison).then_some(false),
            _ => self.value(test).truth(),
        }
    }
}

/// `__name__ == "__main__"`: a revision file is always imported.
fn is_main_guard(comparison: &ast::ExprCompare) -> bool {
    let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |expr: &Expr| matches!(expr, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    match (&*comparison.ops, &*comparison.comparators) {
        ([ast::CmpOp::Eq], [right]) => {
            let left = &*comparison.left;
            (is_name(left) && is_main(right)) || (is_main(left) && is_name(right))
        }
        _ => false,
    }
}

fn number(number: &Number) -> Value {
    match number {
        Number::Int(int) => int.as_i64().map_or_else(|| Value::unknown("is a number"), Value::Number),
        Number::Float(_) | Number::Complex { .. } => Value::unknown("is a number"),
    }
}
