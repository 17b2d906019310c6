use ruff_python_ast::{self as ast, CmpOp};

use super::reader::Reader;
use super::value::Value;
use super::way::Test;

impl<'a> Reader<'a> {
    pub(super) fn comparison(&mut self, comparison: &'a ast::ExprCompare) -> Value<'a> {
        let mut left = self.eval_used(&comparison.left);
        let mut test = Test::known(true);
        let mut is_sql = false;
        for (operator, right) in comparison.ops.iter().zip(&comparison.comparators) {
            let right = self.eval_used(right);
            is_sql |= [&left, &right].into_iter().any(|side| matches!(side, Value::Sql(_) | Value::Column(_)));
            test = test.and(self.compare(&left, *operator, &right));
            left = right;
        }
        if is_sql { Value::Unknown } else { Value::Test(test) }
    }

    fn compare(&mut self, left: &Value<'a>, operator: CmpOp, right: &Value<'a>) -> Test {
        match operator {
            CmpOp::Eq => self.equals(left, right),
            CmpOp::NotEq => self.equals(left, right).not(),
            CmpOp::In => self.contained(left, right),
            CmpOp::NotIn => self.contained(left, right).not(),
            CmpOp::Is => identical(left, right),
            CmpOp::IsNot => identical(left, right).not(),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => match (left, right) {
                (Value::Number(a), Value::Number(b)) => Test::known(match operator {
                    CmpOp::Lt => a < b,
                    CmpOp::LtE => a <= b,
                    CmpOp::Gt => a > b,
                    _ => a >= b,
                }),
                _ => Test::UNKNOWN,
            },
        }
    }

    pub(super) fn equals(&mut self, left: &Value<'a>, right: &Value<'a>) -> Test {
        match (left, right) {
            (Value::DialectName, Value::Text(text)) | (Value::Text(text), Value::DialectName) => {
                text.exact().map_or(Test::UNKNOWN, |name| Test::dialect_named([name]))
            }
            (Value::Text(a), Value::Text(b)) => match (a.exact(), b.exact()) {
                (Some(a), Some(b)) => Test::known(a == b),
                _ => Test::UNKNOWN,
            },
            (Value::Number(a), Value::Number(b)) => Test::known(a == b),
            (Value::Bool(a), Value::Bool(b)) => Test::known(a == b),
            (Value::Test(test), Value::Bool(flag)) | (Value::Bool(flag), Value::Test(test)) => {
                if *flag {
                    *test
                } else {
                    test.not()
                }
            }
            (Value::None, Value::None) => Test::known(true),
            (Value::Text(_) | Value::Number(_) | Value::Bool(_), Value::None)
            | (Value::None, Value::Text(_) | Value::Number(_) | Value::Bool(_)) => Test::known(false),
            _ => Test::UNKNOWN,
        }
    }

    fn contained(&mut self, item: &Value<'a>, collection: &Value<'a>) -> Test {
        match (item, collection) {
            (Value::DialectName, _) => {
                let Some(names) = self.items(collection) else {
                    return Test::UNKNOWN;
                };
                let texts: Option<Vec<&str>> = names.iter().map(Value::known).collect();
                texts.map_or(Test::UNKNOWN, Test::dialect_named)
            }
            // `"postgresql" in dialect.name`: as good as equality.
            (Value::Text(text), Value::DialectName) => text.exact().map_or(Test::UNKNOWN, named_like),
            (Value::Text(part), Value::Text(whole)) => match (part.exact(), whole.exact()) {
                (Some(part), Some(whole)) => Test::known(whole.contains(part)),
                _ => Test::UNKNOWN,
            },
            (Value::Text(_) | Value::Number(_), _) => {
                let Some(items) = self.items(collection) else {
                    return Test::UNKNOWN;
                };
                items.iter().fold(Test::known(false), |test, other| test.or(self.equals(item, other)))
            }
            _ => Test::UNKNOWN,
        }
    }
}

/// The dialect's name begins with, or contains, this text.
pub(super) fn named_like(text: &str) -> Test {
    const NAMES: [&str; 5] = ["postgresql", "sqlite", "mysql", "mssql", "oracle"];
    let mut names = NAMES.iter().copied().filter(|name| name.contains(text) && text.len() >= 3).peekable();
    if names.peek().is_none() { Test::UNKNOWN } else { Test::dialect_named(names) }
}

fn identical<'a>(left: &Value<'a>, right: &Value<'a>) -> Test {
    let is_something = |value: &Value<'_>| {
        !matches!(
            value,
            Value::Unknown | Value::None | Value::Choice(_) | Value::Member(..) | Value::Made(_) | Value::Imported(_)
        ) && !matches!(value, Value::Row(_) | Value::Test(_))
    };
    match (left, right) {
        (Value::None, Value::None) => Test::known(true),
        (Value::None, other) | (other, Value::None) if is_something(other) => Test::known(false),
        (Value::Bool(a), Value::Bool(b)) => Test::known(a == b),
        (Value::Test(test), Value::Bool(flag)) => {
            if *flag {
                *test
            } else {
                test.not()
            }
        }
        _ => Test::UNKNOWN,
    }
}
