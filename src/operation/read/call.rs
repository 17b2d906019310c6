use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::arguments::Arguments;
use super::reader::Reader;
use super::value::{Text, Value};
use super::way::{Test, Way};
use crate::operation::OperationKind;

/// A call that is being followed.
#[derive(Clone, Copy)]
pub(super) struct Call<'c, 'a> {
    pub(super) node: &'a ast::ExprCall,
    pub(super) arguments: &'c Arguments<'a>,
    /// Something is done with its value.
    pub(super) is_used: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn call(&mut self, node: &'a ast::ExprCall) -> Value<'a> {
        let is_used = self.is_used;
        match &*node.func {
            Expr::Attribute(attribute) => {
                let of = self.eval_used(&attribute.value);
                let arguments = self.arguments(node);
                self.call_method(Call { node, arguments: &arguments, is_used }, of, attribute.attr.as_str())
            }
            other => {
                let function = self.eval_used(other);
                let arguments = self.arguments(node);
                self.call_value(Call { node, arguments: &arguments, is_used }, function)
            }
        }
    }

    pub(super) fn call_value(&mut self, call: Call<'_, 'a>, function: Value<'a>) -> Value<'a> {
        match function {
            Value::Member(of, name) => self.call_method(call, (*of).clone(), name),
            Value::Function(function) => self.call_function(call.node, function, call.arguments),
            Value::Class(class) => self.instantiate(call, class),
            Value::Sqlalchemy(name) => self.construct(call, name),
            Value::Imported(path) => self.call_imported(call, &path),
            Value::SessionMaker => Value::Session,
            Value::Session => Value::Session,
            Value::Choice(choice) => {
                let test = dialects_test(choice.0);
                self.branch(
                    test,
                    |reader| {
                        reader.call_value(call, choice.1.clone());
                    },
                    |reader| {
                        reader.call_value(call, choice.2.clone());
                    },
                );
                Value::Unknown
            }
            _ => self.unknown_call(call),
        }
    }

    fn call_method(&mut self, call: Call<'_, 'a>, of: Value<'a>, name: &'a str) -> Value<'a> {
        match &of {
            Value::Op => self.directive(call, name),
            Value::Batch(batch) => {
                let batch = Rc::clone(batch);
                self.batch_directive(call, &batch, name)
            }
            Value::Environment | Value::MigrationContext => self.context_method(call, &of, name),
            Value::Bind => self.bind_method(call, name),
            Value::Session | Value::SessionMaker => self.session_method(call, &of, name),
            Value::Inspector => {
                self.emit(call.node, OperationKind::Read { what: format!("inspector.{name}") });
                Value::Unknown
            }
            Value::Metadata | Value::Tables => self.metadata_method(call, name),
            Value::Query(table) => self.query_method(call, table.clone(), name),
            Value::Row(table)
                if matches!(name, "all" | "first" | "one" | "fetchall" | "fetchone" | "scalars" | "mappings") =>
            {
                Value::Row(table.clone())
            }
            Value::DialectName if matches!(name, "lower" | "strip" | "casefold") => Value::DialectName,
            Value::DialectName if matches!(name, "startswith" | "endswith") => {
                let text = call.arguments.at(0).and_then(Value::known);
                Value::Test(text.map_or(Test::UNKNOWN, super::compare::named_like))
            }
            Value::Text(text) => self.text_method(text, name, call.arguments),
            Value::Sequence(list) => self.sequence_method(list, name, call.arguments),
            Value::Dict(dict) => self.dict_method(dict, name, call.arguments),
            Value::Type(_) => self.type_method(call, &of, name),
            Value::Sql(_) | Value::Column(_) => {
                if matches!(name, "in_" | "like" | "is_") {
                    Value::Unknown
                } else {
                    of
                }
            }
            Value::Table(table) => {
                let table = Rc::clone(table);
                self.table_method(call, &table, name)
            }
            Value::Instance(object) => {
                let object = Rc::clone(object);
                self.object_method(call, &object, name)
            }
            Value::Super(class, object) => {
                let (class, object) = (*class, Rc::clone(object));
                self.super_method(call, class, &object, name)
            }
            Value::Class(class) if !super::collection::is_enum(class.node) => self.class_method(call, *class, name),
            Value::Statement(statement) => {
                let statement = Rc::clone(statement);
                self.statement_method(call, &statement, name)
            }
            Value::Index(index) => {
                let index = Rc::clone(index);
                self.index_method(call, &index, name)
            }
            Value::Imported(path) if !path.is_empty() => {
                let path = format!("{path}.{name}");
                self.call_imported(call, &path)
            }
            Value::Sqlalchemy("func") => Value::Sql(self.sql_function(name, call.arguments)),
            Value::Sqlalchemy("Inspector") | Value::Sqlalchemy("reflection") if name == "from_engine" => {
                self.construct(call, "inspect")
            }
            Value::Sqlalchemy(_) => self.construct(call, name),
            Value::Made(path) if is_harmless(path.rsplit_once('.').map_or(path, |(module, _)| module)) => {
                Value::Made(Rc::clone(path))
            }
            Value::Made(path)
                if call.arguments.has_handle() || (is_about_migrations(path) && !call.is_used && !asks(name)) =>
            {
                let module = path.rsplit_once('.').map_or(&**path, |(module, _)| module);
                self.foreign_call(call, module, name);
                Value::Unknown
            }
            Value::Member(inner, "getattr") if inner.is_handle() => self.unknown_call(call),
            Value::Choice(choice) => {
                let choice = Rc::clone(choice);
                self.call_choice(call, &choice, name)
            }
            _ => self.unknown_call(call),
        }
    }

    fn call_choice(
        &mut self,
        call: Call<'_, 'a>,
        choice: &(crate::operation::Dialects, Value<'a>, Value<'a>),
        name: &'a str,
    ) -> Value<'a> {
        let (dialects, then, otherwise) = choice;
        let (mut first, mut second) = (Value::Unknown, Value::Unknown);
        self.branch(
            dialects_test(*dialects),
            |reader| first = reader.call_method(call, then.clone(), name),
            |reader| second = reader.call_method(call, otherwise.clone(), name),
        );
        super::joining::joined(first, second, Some(*dialects))
    }

    /// A call of something that was imported, by its dotted name.
    fn call_imported(&mut self, call: Call<'_, 'a>, path: &str) -> Value<'a> {
        let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
        match name {
            _ if module == "builtins" => return self.builtin_call(name, call.arguments),
            "dedent" | "cleandoc" => return call.arguments.at(0).cloned().unwrap_or(Value::Unknown),
            "deepcopy" | "copy" if module == "copy" => return call.arguments.at(0).cloned().unwrap_or(Value::Unknown),
            "Session" | "get_session" | "scoped_session" | "create_session" => return Value::Session,
            "sessionmaker" => return Value::SessionMaker,
            "create_all" | "drop_all" | "reflect" if module.ends_with("metadata") => {
                return self.metadata_method(call, name);
            }
            "AutoString" => return self.construct(call, "String"),
            _ => {}
        }
        if module.split('.').next() == Some("sqlmodel") && !name.starts_with("Session") {
            return self.construct_named(call, name);
        }
        let is_library = is_harmless(module);
        if !is_library
            && (call.arguments.has_handle() || is_about_migrations(module) || is_pure(name, call.arguments))
            && let Some(found) = self.resolve(path)
            && matches!(found, Value::Function(_) | Value::Class(_))
        {
            return self.call_value(call, found);
        }
        if !is_library
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && module.contains('.')
            && let Some(Value::Class(class)) = self.resolve(module)
        {
            return self.class_method(call, class, name);
        }
        let does_something =
            suggests_operations(module, name) || (is_about_migrations(module) && !call.is_used && !asks(name));
        if !is_library && (call.arguments.has_handle() || does_something) {
            self.foreign_call(call, module, name);
            return Value::Unknown;
        }
        if !is_library {
            call.arguments.values().for_each(|value| self.give_away(value));
        }
        Value::Made(Rc::from(path))
    }

    /// A function of another module that is given access to the database, or sounds as if it had it.
    fn foreign_call(&mut self, call: Call<'_, 'a>, module: &str, name: &str) {
        if call.is_used && asks(name) {
            self.emit(call.node, OperationKind::Read { what: name.to_owned() });
        } else {
            self.not_understood(call.node, self.source(call.node.func.range()), format!("is imported from {module}"));
        }
    }

    /// A call of something that is not known.
    pub(super) fn unknown_call(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        if let Some((_, functions)) = self.dispatched(call.node) {
            for function in functions {
                self.perhaps(|reader| {
                    reader.call_function(call.node, function, call.arguments);
                });
            }
            return Value::Unknown;
        }
        if call.arguments.has_handle() {
            self.not_understood(
                call.node,
                self.source(call.node.func.range()),
                "is not known, and is given access to the database",
            );
        }
        call.arguments.values().for_each(|value| self.give_away(value));
        Value::Unknown
    }

    /// `globals()[f"upgrade_{engine_name}"]()` of Alembic's template for several databases: the functions that it may be.
    fn dispatched(&mut self, node: &'a ast::ExprCall) -> Option<(String, Vec<super::value::Function<'a>>)> {
        let Expr::Subscript(subscript) = &*node.func else {
            return None;
        };
        if !matches!(self.eval_used(&subscript.value), Value::Made(path) if &*path == "builtins.globals") {
            return None;
        }
        let Value::Text(Text { text, .. }) = self.eval_used(&subscript.slice) else {
            return None;
        };
        let prefix = text.split(super::value::PLACEHOLDER).next().filter(|prefix| prefix.len() > 3)?.to_owned();
        let names = &self.frames.first()?.names;
        let mut found: Vec<_> = names
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Function(function) if name.starts_with(&prefix) => Some(*function),
                _ => None,
            })
            .collect();
        found.sort_by_key(|function| function.node.range().start());
        Some((prefix, found))
    }
}

pub(super) fn dialects_test(dialects: crate::operation::Dialects) -> Test {
    let side = |dialects| Way { dialects, ..Way::ALWAYS };
    Test { yes: side(dialects), no: side(dialects.complement()) }
}

/// Modules that do nothing to a database, whatever they are given.
fn is_harmless(module: &str) -> bool {
    const LIBRARIES: [&str; 32] = [
        "base64",
        "binascii",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "hashlib",
        "inspect",
        "io",
        "itertools",
        "json",
        "logging",
        "math",
        "operator",
        "os",
        "pathlib",
        "pickle",
        "random",
        "re",
        "secrets",
        "string",
        "sys",
        "textwrap",
        "time",
        "typing",
        "urllib",
        "uuid",
        "warnings",
    ];
    LIBRARIES.contains(&module.split('.').next().unwrap_or(module))
}

fn is_about_migrations(module: &str) -> bool {
    ["migration", "alembic"].iter().any(|word| module.contains(word))
}

/// Whether a function probably makes a name out of names.
fn is_pure(name: &str, arguments: &Arguments<'_>) -> bool {
    let is_plain =
        |value: &Value<'_>| matches!(value, Value::Text(_) | Value::Sequence(_) | Value::Number(_) | Value::Bool(_));
    name.starts_with(|c: char| c.is_ascii_lowercase()) && !arguments.is_empty() && arguments.values().all(is_plain)
}

/// Whether a function by this name in this module probably changes a schema.
fn suggests_operations(module: &str, name: &str) -> bool {
    const VERBS: [&str; 9] =
        ["create_", "drop_", "add_", "alter_", "rename_", "batch_", "transaction", "execute", "migrate_"];
    let begins_lower = name.starts_with(|c: char| c.is_ascii_lowercase());
    is_about_migrations(module) && begins_lower && VERBS.iter().any(|verb| name.starts_with(verb))
}

/// Whether a function's name is a question.
fn asks(name: &str) -> bool {
    const BEGINNINGS: [&str; 11] =
        ["has_", "is_", "get_", "check_", "find_", "list_", "inspect_", "load_", "exists_", "generic_find_", "count_"];
    const ENDS: [&str; 3] = ["_exists", "_exist", "_name"];
    let name = name.trim_start_matches('_');
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning)) || ENDS.iter().any(|end| name.ends_with(end))
}
