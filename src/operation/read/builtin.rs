use std::rc::Rc;

use ruff_python_ast as ast;

use super::arguments::Arguments;
use super::collection::{assignments, is_enum};
use super::compare::named_like;
use super::reader::Reader;
use super::value::{Class, Table, Text, Value};
use super::way::Test;
use crate::operation::Column;

/// Python's own functions that are understood, or that cannot do harm.
const BUILTINS: &[&str] = &[
    "all",
    "any",
    "bool",
    "callable",
    "dict",
    "enumerate",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
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
    "max",
    "min",
    "next",
    "open",
    "print",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];

/// The name of a function of Python's own.
pub(super) fn builtin(name: &str) -> Option<&'static str> {
    BUILTINS.binary_search(&name).ok().and_then(|at| BUILTINS.get(at)).copied()
}

/// A column by its name alone.
fn column_named<'a>(name: &str) -> Value<'a> {
    Value::Column(Rc::new(Column { name: Some(name.to_owned()), ..Column::default() }))
}

/// A column of a model is named as its attribute, unless it says otherwise.
fn named_column<'a>(value: Value<'a>, name: &str) -> Value<'a> {
    match value {
        Value::Column(column) if column.name.is_none() => {
            Value::Column(Rc::new(Column { name: Some(name.to_owned()), ..(*column).clone() }))
        }
        other => other,
    }
}

impl<'a> Reader<'a> {
    /// `Model.__table__`, with its columns.
    fn model_table(&mut self, class: Class<'a>) -> Value<'a> {
        let Value::Table(table) = self.model(class) else {
            return Value::Unknown;
        };
        let mut columns = table.columns.clone();
        for (name, expr) in assignments(class.node) {
            if let Value::Column(column) = named_column(self.silently(class.module, expr), name) {
                columns.push((*column).clone());
            }
        }
        Value::Table(Rc::new(Table { name: table.name.clone(), columns }))
    }

    /// `of.name`, not called.
    pub(super) fn attribute(&mut self, of: Value<'a>, name: &'a str) -> Value<'a> {
        match (&of, name) {
            (Value::Imported(path), _) => match (&**path, name) {
                ("alembic", "op") => Value::Op,
                ("alembic", "context") => Value::Environment,
                (path, _) if path.len() < 500 => Value::Imported(Rc::from(format!("{path}.{name}"))),
                _ => Value::Unknown,
            },
            (Value::Sqlalchemy("func"), _) => Value::Member(Rc::new(of), name),
            (Value::Sqlalchemy("Inspector" | "MetaData"), _) => Value::Member(Rc::new(of), name),
            (Value::Sqlalchemy(_), _) => Value::Sqlalchemy(name),
            (Value::Bind, "dialect") | (Value::MigrationContext, "dialect") => Value::Dialect,
            (Value::Bind, "engine" | "bind" | "connection") => Value::Bind,
            (Value::Bind | Value::Dialect, "name") | (Value::MigrationContext, "__dialect__") => Value::DialectName,
            (Value::MigrationContext, "bind" | "connection") => Value::Bind,
            (Value::MigrationContext, "impl") => Value::MigrationContext,
            (Value::MigrationContext, "as_sql") => Value::Test(Test::OFFLINE),
            (Value::Session, "bind") => Value::Bind,
            (Value::Metadata, "tables") => Value::Tables,
            (Value::Tables, _) => Value::Member(Rc::new(of), name),
            (Value::Class(class), "__table__") => self.model_table(*class),
            (Value::Class(_) | Value::Made(_), "metadata") => Value::Metadata,
            (Value::Class(class), _) if !is_enum(class.node) => {
                let assigned = assignments(class.node).find(|(other, _)| *other == name);
                match assigned {
                    Some((_, expr)) => named_column(self.silently(class.module, expr), name),
                    None => Value::Unknown,
                }
            }
            (Value::Member(class, member), "value") => match &**class {
                Value::Class(class) => {
                    let assigned = assignments(class.node).find(|(other, _)| other == member);
                    assigned.map_or(Value::Unknown, |(_, expr)| self.silently(class.module, expr))
                }
                _ => Value::Unknown,
            },
            (Value::Member(class, member), "name") if matches!(**class, Value::Class(_)) => Value::text(*member),
            (Value::Instance(object), _) => {
                let object = Rc::clone(object);
                self.object_attribute(&object, name).unwrap_or_else(|| Value::Member(Rc::new(of), name))
            }
            (Value::Unknown | Value::Row(_) | Value::Test(_), _) => Value::Unknown,
            (Value::Member(table, "c" | "columns"), _) if matches!(**table, Value::Table(_)) => column_named(name),
            (Value::Member(inner, _), _) if matches!(**inner, Value::Member(..)) => Value::Unknown,
            _ => Value::Member(Rc::new(of), name),
        }
    }

    /// The value of an expression of a class body.
    pub(super) fn silently(&mut self, module: usize, expr: &'a ast::Expr) -> Value<'a> {
        self.muted += 1;
        let value = self.in_module(module, |reader| reader.eval_used(expr));
        self.muted -= 1;
        value
    }

    /// Calls a function of Python's own.
    pub(super) fn builtin_call(&mut self, name: &str, arguments: &Arguments<'a>) -> Value<'a> {
        let first = arguments.at(0).cloned().unwrap_or(Value::Unknown);
        match name {
            "list" | "set" | "frozenset" | "tuple" | "sorted" | "iter" if arguments.is_empty() => self.list(Vec::new()),
            "list" | "set" | "frozenset" | "iter" | "tuple" | "sorted" | "reversed" if Self::is_perhaps(&first) => {
                self.candidates(&first).map_or(Value::Unknown, |items| self.perhaps_list(items))
            }
            "list" | "set" | "frozenset" | "iter" => {
                self.items(&first).map_or(Value::Unknown, |items| self.list(items))
            }
            "tuple" => self.items(&first).map_or(Value::Unknown, |items| self.tuple(items)),
            "sorted" if arguments.keywords.is_empty() => self.sorted(&first),
            "reversed" => self.items(&first).map_or(Value::Unknown, |mut items| {
                items.reverse();
                self.list(items)
            }),
            "dict" => self.new_dict(&first, arguments),
            "zip" => self.zip(arguments),
            "enumerate" => self.enumerate(&first, arguments),
            "range" => self.range(arguments),
            "len" => match self.items(&first) {
                Some(items) => i64::try_from(items.len()).map_or(Value::Unknown, Value::Number),
                None => Value::Unknown,
            },
            "str" => match &first {
                Value::Text(_) | Value::Sql(_) | Value::Number(_) | Value::Bool(_) => {
                    let mut text = Text::made(String::new(), true);
                    text.push_value(&first);
                    Value::Text(text)
                }
                Value::DialectName => Value::DialectName,
                _ => Value::Unknown,
            },
            "int" => {
                if matches!(first, Value::Number(_)) {
                    first
                } else {
                    Value::Unknown
                }
            }
            "bool" => Value::Test(first.test()),
            "any" | "all" => match self.items(&first) {
                Some(items) if name == "any" => {
                    Value::Test(items.iter().fold(Test::known(false), |test, item| test.or(item.test())))
                }
                Some(items) => Value::Test(items.iter().fold(Test::known(true), |test, item| test.and(item.test()))),
                None => Value::Unknown,
            },
            "isinstance" => self.is_instance(&first, arguments.at(1)),
            "getattr" => match arguments.at(1) {
                Some(Value::Text(Text { text: std::borrow::Cow::Borrowed(name), is_exact: true, .. })) => {
                    self.attribute(first, name)
                }
                _ if first.is_handle() => Value::Member(Rc::new(first), "getattr"),
                _ => Value::Unknown,
            },
            "super" => {
                let frame = self.frames.last();
                let first = frame.and_then(|frame| frame.function?.node.parameters.iter().next());
                let object = first.and_then(|first| self.lookup(first.name().as_str()));
                match (frame.and_then(|frame| frame.owner), object) {
                    (Some(owner), Some(Value::Instance(object))) => Value::Super(owner, Rc::clone(object)),
                    _ => Value::Unknown,
                }
            }
            "globals" => Value::Made(Rc::from("builtins.globals")),
            _ => Value::Unknown,
        }
    }

    fn sorted(&mut self, of: &Value<'a>) -> Value<'a> {
        let Some(mut items) = self.items(of) else {
            return Value::Unknown;
        };
        if items.iter().any(|item| item.known().is_none()) {
            return Value::Unknown;
        }
        items.sort_by(|a, b| a.known().cmp(&b.known()));
        self.list(items)
    }

    fn new_dict(&mut self, first: &Value<'a>, arguments: &Arguments<'a>) -> Value<'a> {
        let mut entries = Vec::new();
        if !arguments.positional.is_empty() {
            match first {
                Value::Dict(dict) => match &*dict.entries.borrow() {
                    Some(inner) => entries.extend(inner.iter().cloned()),
                    None => return Value::Unknown,
                },
                _ => {
                    let pairs: Option<Vec<_>> = self.items(first).and_then(|items| {
                        items.iter().map(|item| <[_; 2]>::try_from(self.items(item)?).ok()).collect()
                    });
                    let Some(pairs) = pairs else { return Value::Unknown };
                    entries.extend(pairs.into_iter().map(|[key, value]| (key, value)));
                }
            }
        }
        if arguments.has_unknown_keywords || arguments.has_unknown_positional {
            return Value::Unknown;
        }
        entries.extend(arguments.keywords.iter().map(|(key, value)| (Value::text(key.clone()), value.clone())));
        self.dict(entries)
    }

    fn zip(&mut self, arguments: &Arguments<'a>) -> Value<'a> {
        let columns: Option<Vec<Vec<Value<'a>>>> =
            arguments.positional.iter().map(|argument| self.items(argument)).collect();
        let Some(columns) = columns.filter(|columns| !columns.is_empty()) else {
            return Value::Unknown;
        };
        let length = columns.iter().map(Vec::len).min().unwrap_or(0);
        let rows =
            (0..length).map(|at| self.tuple(columns.iter().filter_map(|column| column.get(at).cloned()).collect()));
        let rows = rows.collect();
        self.list(rows)
    }

    fn enumerate(&mut self, first: &Value<'a>, arguments: &Arguments<'a>) -> Value<'a> {
        let start = match arguments.get(1, "start") {
            None => 0,
            Some(Value::Number(start)) => *start,
            Some(_) => return Value::Unknown,
        };
        let Some(items) = self.items(first) else {
            return Value::Unknown;
        };
        let numbered = items.into_iter().zip(0..).map(|(item, at)| {
            let number = start.checked_add(at).map_or(Value::Unknown, Value::Number);
            self.tuple(vec![number, item])
        });
        let pairs = numbered.collect();
        self.list(pairs)
    }

    fn range(&mut self, arguments: &Arguments<'a>) -> Value<'a> {
        let numbers: Option<Vec<i64>> = arguments
            .positional
            .iter()
            .map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
            .collect();
        let (start, end) = match numbers.as_deref() {
            Some([end]) => (0, *end),
            Some([start, end]) => (*start, *end),
            _ => return Value::Unknown,
        };
        if end.saturating_sub(start) > 2_000 {
            return Value::Unknown;
        }
        self.list((start..end).map(Value::Number).collect())
    }

    /// `isinstance(bind.dialect, SQLiteDialect)`
    fn is_instance(&mut self, value: &Value<'a>, class: Option<&Value<'a>>) -> Value<'a> {
        match (value, class) {
            (Value::Table(_), Some(Value::Sqlalchemy("Table"))) => return Value::Bool(true),
            (Value::Text(_), Some(Value::Sqlalchemy("Table"))) => return Value::Bool(false),
            _ => {}
        }
        let (Value::Dialect, Some(class)) = (value, class) else {
            return Value::Unknown;
        };
        let classes = self.items(class).unwrap_or_else(|| vec![class.clone()]);
        let test = classes.iter().fold(Test::known(false), |test, class| {
            let name = match class {
                Value::Sqlalchemy(name) => (*name).to_owned(),
                Value::Imported(path) => path.rsplit('.').next().unwrap_or_default().to_owned(),
                _ => return test.or(Test::UNKNOWN),
            };
            let name = name.to_ascii_lowercase();
            test.or(if name.starts_with("pg") {
                named_like("postgresql")
            } else {
                named_like(name.trim_end_matches("dialect"))
            })
        });
        Value::Test(test)
    }

    /// A method of a list, set or tuple.
    pub(super) fn sequence_method(
        &mut self,
        list: &Rc<super::value::Sequence<'a>>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Value<'a> {
        match name {
            "append" | "add" => {
                let item = arguments.at(0).cloned().unwrap_or(Value::Unknown);
                self.append(list, item);
                Value::None
            }
            "extend" | "update" => {
                let more = arguments.at(0).cloned().unwrap_or(Value::Unknown);
                self.extend(list, &more);
                Value::None
            }
            "insert" => {
                let item = arguments.at(1).cloned().unwrap_or(Value::Unknown);
                let at = arguments.at(0).and_then(Value::number).and_then(|at| usize::try_from(at).ok());
                self.change(list, |items| {
                    at.filter(|_| item.nesting() == 0).is_some_and(|at| {
                        items.insert(at.min(items.len()), item);
                        true
                    })
                });
                Value::None
            }
            "copy" if !list.is_perhaps.get() => {
                list.items.borrow().clone().map_or(Value::Unknown, |items| self.list(items))
            }
            "index" | "count" | "union" | "intersection" | "difference" | "issubset" | "issuperset" => Value::Unknown,
            _ => {
                self.change(list, |_| false);
                Value::Unknown
            }
        }
    }

    /// A method of a dictionary.
    pub(super) fn dict_method(
        &mut self,
        dict: &Rc<super::value::Dict<'a>>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Value<'a> {
        let entries = dict.entries.borrow().clone();
        match name {
            "items" => entries.map_or(Value::Unknown, |entries| {
                let pairs = entries.into_iter().map(|(key, value)| self.tuple(vec![key, value])).collect();
                self.list(pairs)
            }),
            "keys" => {
                entries.map_or(Value::Unknown, |entries| self.list(entries.into_iter().map(|(key, _)| key).collect()))
            }
            "values" => entries
                .map_or(Value::Unknown, |entries| self.list(entries.into_iter().map(|(_, value)| value).collect())),
            "get" => {
                let Some(key) = arguments.at(0).filter(|key| matches!(key, Value::Text(text) if text.is_exact)) else {
                    return Value::Unknown;
                };
                let Some(entries) = entries else { return Value::Unknown };
                let found = entries.into_iter().find(|(other, _)| other.is_same(key)).map(|(_, value)| value);
                found.unwrap_or_else(|| arguments.at(1).cloned().unwrap_or(Value::None))
            }
            "copy" => entries.map_or(Value::Unknown, |entries| self.dict(entries)),
            _ => {
                *dict.entries.borrow_mut() = None;
                Value::Unknown
            }
        }
    }
}
