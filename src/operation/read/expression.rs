use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Number, Operator, UnaryOp};
use ruff_text_size::Ranged;

use super::joining::joined;
use super::reader::Reader;
use super::value::{Text, Value};
use super::way::Test;

impl<'a> Reader<'a> {
    /// The value of an expression; what its calls do is noted.
    pub(super) fn eval(&mut self, expr: &'a Expr) -> Value<'a> {
        if !self.may_go_on(expr.range()) {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.evaluate(expr);
        self.depth -= 1;
        match value {
            Value::Imported(path) if is_constant(&path) => self.constant(path),
            value => self.settle(value),
        }
    }

    fn evaluate(&mut self, expr: &'a Expr) -> Value<'a> {
        match expr {
            Expr::Name(name) => self.name(name.id.as_str()),
            Expr::Attribute(inner) => {
                let of = self.eval_used(&inner.value);
                self.attribute(of, inner.attr.as_str())
            }
            Expr::Call(call) => self.call(call),
            Expr::StringLiteral(literal) => Value::Text(self.literal(literal)),
            Expr::FString(literal) => Value::Text(self.f_string(literal)),
            Expr::NoneLiteral(_) => Value::None,
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(int) => int.as_i64().map_or(Value::Unknown, Value::Number),
                _ => Value::Unknown,
            },
            Expr::Tuple(tuple) => {
                let items = self.elements(&tuple.elts);
                items.map_or(Value::Unknown, |items| self.tuple(items))
            }
            Expr::List(ast::ExprList { elts, .. }) | Expr::Set(ast::ExprSet { elts, .. }) => {
                let items = self.elements(elts);
                items.map_or(Value::Unknown, |items| self.list(items))
            }
            Expr::Dict(dict) => self.dict_display(dict),
            Expr::BinOp(operation) => self.operation(operation),
            Expr::UnaryOp(operation) => match operation.op {
                UnaryOp::Not => Value::Test(self.test(&operation.operand).not()),
                UnaryOp::USub => match self.eval_used(&operation.operand) {
                    Value::Number(number) => number.checked_neg().map_or(Value::Unknown, Value::Number),
                    _ => Value::Unknown,
                },
                _ => {
                    let operand = self.eval_used(&operation.operand);
                    if matches!(operand, Value::Sql(_)) { operand } else { Value::Unknown }
                }
            },
            Expr::BoolOp(operation) => self.bool_operation(operation),
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::If(choice) => self.conditional(choice),
            Expr::Subscript(subscript) => {
                let of = self.eval_used(&subscript.value);
                let key = self.eval_used(&subscript.slice);
                self.item(&of, &key)
            }
            Expr::Named(named) => {
                let value = self.eval_used(&named.value);
                self.assign(&named.target, value.clone());
                value
            }
            Expr::ListComp(inner) => self.comprehension(&inner.generators, &inner.elt),
            Expr::SetComp(inner) => self.comprehension(&inner.generators, &inner.elt),
            Expr::Generator(inner) => self.comprehension(&inner.generators, &inner.elt),
            Expr::DictComp(inner) => self.dict_comprehension(inner),
            Expr::Starred(starred) => self.eval_used(&starred.value),
            Expr::Await(inner) => self.eval(&inner.value),
            Expr::Slice(_) | Expr::Lambda(_) => Value::Unknown,
            Expr::Yield(inner) => {
                let value = inner.value.as_ref().map_or(Value::None, |value| self.eval_used(value));
                self.yields(value);
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    /// The value of a constant of another module, if it is a plain one.
    fn constant(&mut self, path: Rc<str>) -> Value<'a> {
        match self.resolve(&path) {
            Some(
                value @ (Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Sequence(_) | Value::Dict(_)),
            ) => value,
            _ => Value::Imported(path),
        }
    }

    /// The value of a part of an expression, which is used by that.
    pub(super) fn eval_used(&mut self, expr: &'a Expr) -> Value<'a> {
        let was_used = std::mem::replace(&mut self.is_used, true);
        let value = self.eval(expr);
        self.is_used = was_used;
        value
    }

    fn name(&mut self, name: &str) -> Value<'a> {
        match self.lookup(name) {
            Some(value) => value.clone(),
            None => super::builtin::builtin(name)
                .map_or(Value::Unknown, |name| Value::Member(Rc::new(Value::Imported(Rc::from("builtins"))), name)),
        }
    }

    /// The items of a list that is written out; `None` where something unknown is unpacked into it.
    fn elements(&mut self, elements: &'a [Expr]) -> Option<Vec<Value<'a>>> {
        let mut items = Vec::with_capacity(elements.len());
        let mut is_known = true;
        for element in elements {
            let value = self.eval_used(element);
            match element {
                Expr::Starred(_) => match self.items(&value) {
                    Some(more) => items.extend(more),
                    None => is_known = false,
                },
                _ => items.push(value),
            }
        }
        is_known.then_some(items)
    }

    fn dict_display(&mut self, dict: &'a ast::ExprDict) -> Value<'a> {
        let mut entries = Vec::with_capacity(dict.items.len());
        let mut is_known = true;
        for item in &dict.items {
            let key = item.key.as_ref().map(|key| self.eval_used(key));
            let value = self.eval_used(&item.value);
            match (key, value) {
                (Some(key), value) => entries.push((key, value)),
                (None, Value::Dict(inner)) if inner.entries.borrow().is_some() => {
                    entries.extend(inner.entries.borrow().iter().flatten().cloned());
                }
                (None, _) => is_known = false,
            }
        }
        if is_known { self.dict(entries) } else { Value::Unknown }
    }

    fn operation(&mut self, operation: &'a ast::ExprBinOp) -> Value<'a> {
        // Sums of many strings nest as deep as they are long.
        let mut rights = vec![(operation.op, &*operation.right)];
        let mut left = &*operation.left;
        while let Expr::BinOp(inner) = left {
            rights.push((inner.op, &*inner.right));
            left = &inner.left;
        }
        let mut value = self.eval_used(left);
        for (operator, right) in rights.into_iter().rev() {
            let right = self.eval_used(right);
            value = self.operate(&value, operator, &right);
        }
        value
    }

    pub(super) fn operate(&mut self, left: &Value<'a>, operator: Operator, right: &Value<'a>) -> Value<'a> {
        match (left, operator, right) {
            (Value::Number(a), Operator::Add, Value::Number(b)) => {
                a.checked_add(*b).map_or(Value::Unknown, Value::Number)
            }
            (Value::Number(a), Operator::Sub, Value::Number(b)) => {
                a.checked_sub(*b).map_or(Value::Unknown, Value::Number)
            }
            (Value::Number(a), Operator::Mult, Value::Number(b)) => {
                a.checked_mul(*b).map_or(Value::Unknown, Value::Number)
            }
            (Value::Text(a), Operator::Add, Value::Text(b)) => self.concatenated(a, b),
            (Value::Text(a), Operator::Add, _) => self.concatenated(a, &Text::placeholder()),
            (Value::Unknown, Operator::Add, Value::Text(b)) => self.concatenated(&Text::placeholder(), b),
            (Value::Text(format), Operator::Mod, values) => Value::Text(self.percent_format(format, values)),
            (Value::Sequence(a), Operator::Sub | Operator::BitAnd, _) => {
                // Sets: at most what is on the left.
                a.items.borrow().clone().map_or(Value::Unknown, |items| self.perhaps_list(items))
            }
            (Value::Sequence(a), Operator::Add, Value::Sequence(b)) if !a.is_perhaps.get() && !b.is_perhaps.get() => {
                let (a, b) = (a.items.borrow(), b.items.borrow());
                match (&*a, &*b) {
                    (Some(a), Some(b)) if a.len() + b.len() < 100_000 => {
                        self.list(a.iter().chain(b).cloned().collect())
                    }
                    _ => Value::Unknown,
                }
            }
            (Value::Dict(a), Operator::BitOr, Value::Dict(b)) => {
                let (a, b) = (a.entries.borrow(), b.entries.borrow());
                match (&*a, &*b) {
                    (Some(a), Some(b)) if a.len() + b.len() < 1_000 => {
                        let kept = a.iter().filter(|(key, _)| !b.iter().any(|(other, _)| other.is_same(key)));
                        self.dict(kept.chain(b).cloned().collect())
                    }
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn bool_operation(&mut self, operation: &'a ast::ExprBoolOp) -> Value<'a> {
        let is_and = operation.op == ast::BoolOp::And;
        let mut values = operation.values.iter();
        let Some(first) = values.next() else {
            return Value::Unknown;
        };
        let mut value = self.eval_used(first);
        let mut test = value.test();
        for next in values {
            if test.certain() == Some(!is_and) {
                // `x or default`: the first that decides is the value.
                return value;
            }
            let was_certain = test.certain().is_some();
            value = self.under(if is_and { test } else { test.not() }, |reader| reader.eval_used(next));
            let right = value.test();
            test = if is_and { test.and(right) } else { test.or(right) };
            if !was_certain {
                value = Value::Test(test);
            }
        }
        value
    }

    /// Evaluates what is looked at only where the test holds.
    fn under<T>(&mut self, test: Test, code: impl FnOnce(&mut Self) -> T) -> T {
        let way = self.way;
        self.way = way.and(test.yes);
        self.branches += 1;
        let result = code(self);
        self.branches -= 1;
        self.way = way;
        result
    }

    fn conditional(&mut self, choice: &'a ast::ExprIf) -> Value<'a> {
        let test = self.test(&choice.test);
        match test.certain() {
            Some(true) => self.eval_used(&choice.body),
            Some(false) => self.eval_used(&choice.orelse),
            None => {
                let then = self.under(test, |reader| reader.eval_used(&choice.body));
                let otherwise = self.under(test.not(), |reader| reader.eval_used(&choice.orelse));
                let decides = (!test.yes.is_conditional).then_some(test.yes.dialects);
                joined(then, otherwise, decides)
            }
        }
    }

    /// What is known of a condition.
    pub(super) fn test(&mut self, expr: &'a Expr) -> Test {
        match expr {
            Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => Test::known(false),
            Expr::Attribute(attribute) if attribute.attr.as_str() == "TYPE_CHECKING" => Test::known(false),
            _ => self.eval_used(expr).test(),
        }
    }

    fn comprehension(&mut self, generators: &'a [ast::Comprehension], element: &'a Expr) -> Value<'a> {
        let mut found = Vec::new();
        let rounds = self.generate(generators, &mut |reader| {
            let item = reader.eval_used(element);
            found.push(item);
        });
        match rounds {
            Rounds::Known => self.list(found),
            Rounds::Perhaps => self.perhaps_list(found),
            Rounds::Unknown => Value::Unknown,
        }
    }

    fn dict_comprehension(&mut self, inner: &'a ast::ExprDictComp) -> Value<'a> {
        let Some(key) = &inner.key else {
            return Value::Unknown;
        };
        let mut found = Vec::new();
        let rounds = self.generate(&inner.generators, &mut |reader| {
            let key = reader.eval_used(key);
            let value = reader.eval_used(&inner.value);
            found.push((key, value));
        });
        if rounds == Rounds::Known { self.dict(found) } else { Value::Unknown }
    }

    /// Runs `each` for every round of a comprehension.
    fn generate(&mut self, generators: &'a [ast::Comprehension], each: &mut dyn FnMut(&mut Self)) -> Rounds {
        let Some((generator, rest)) = generators.split_first() else {
            each(self);
            return Rounds::Known;
        };
        if !self.may_go_on(generator.range()) {
            return Rounds::Unknown;
        }
        let over = self.eval_used(&generator.iter);
        self.read_rows(&generator.iter, &over);
        let known = self.candidates(&over);
        let mut rounds = match (&known, Self::is_perhaps(&over)) {
            (Some(_), false) => Rounds::Known,
            (Some(_), true) => Rounds::Perhaps,
            (None, _) => Rounds::Unknown,
        };
        self.depth += 1;
        for item in known.unwrap_or_else(|| vec![super::loops::element(&over)]) {
            if self.steps_exhausted() {
                rounds = Rounds::Unknown;
                break;
            }
            self.assign(&generator.target, item);
            let mut test = if rounds == Rounds::Known { Test::known(true) } else { Test::UNKNOWN };
            for filter in &generator.ifs {
                test = test.and(self.test(filter));
            }
            match test.certain() {
                Some(true) => rounds = rounds.and(self.generate(rest, each)),
                Some(false) => {}
                None => {
                    let inner = self.under(test, |reader| reader.generate(rest, each));
                    rounds = rounds.and(Rounds::Perhaps).and(inner);
                }
            }
        }
        self.depth -= 1;
        rounds
    }
}

/// What is known of the rounds of a comprehension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rounds {
    Known,
    /// Each of them may be left out.
    Perhaps,
    Unknown,
}

impl Rounds {
    fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Whether an imported name is written as constants are.
fn is_constant(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let is_upper = name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    name == "__tablename__" || is_upper
}
