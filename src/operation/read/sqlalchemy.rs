use std::rc::Rc;

use super::arguments::Arguments;
use super::call::Call;
use super::directives::{sql_of, text_of};
use super::reader::Reader;
use super::value::{Class, Statement, Table, Text, Value};
use crate::operation::{ConstraintKind, ObjectKind, OperationKind, ServerDefault, TableName, TransactionControl};

impl<'a> Reader<'a> {
    /// A call of something of SQLAlchemy, by its last name.
    pub(super) fn construct(&mut self, call: Call<'_, 'a>, name: &'a str) -> Value<'a> {
        if let Some(value) = self.type_call(call, name) {
            return value;
        }
        let arguments = call.arguments;
        match name {
            "Column" | "column" | "mapped_column" => self.column(call),
            "ForeignKey" => self.foreign_key(call),
            "ForeignKeyConstraint" => self.foreign_key_constraint(call),
            "PrimaryKeyConstraint" => self.key_constraint(call, true),
            "UniqueConstraint" => self.key_constraint(call, false),
            "CheckConstraint" => self.check_constraint(call),
            "ExcludeConstraint" => self.made_constraint(call, ConstraintKind::Exclude),
            "Index" => self.index(call),
            "Computed" => self.computed(call),
            "Identity" => Value::Identity,
            "Sequence" => Value::Default(sequence_default(arguments)),
            "FetchedValue" => Value::Default(ServerDefault::Unknown),
            "DefaultClause" => arguments.at(0).cloned().unwrap_or(Value::Unknown),
            "text" | "literal_column" | "quoted_name" | "TextClause" => match arguments.at(0) {
                Some(Value::Text(text) | Value::Sql(text)) => Value::Sql(text.clone()),
                _ => Value::Sql(Text::placeholder()),
            },
            "true" => Value::Sql(Text::made("true".to_owned(), true)),
            "false" => Value::Sql(Text::made("false".to_owned(), true)),
            "null" => Value::Sql(Text::made("NULL".to_owned(), true)),
            "Table" | "table" | "TableClause" => {
                let is_reflected = ["autoload", "autoload_with"].iter().any(|name| {
                    arguments.keyword(name).is_some_and(|value| !matches!(value, Value::None | Value::Bool(false)))
                });
                self.table(call, is_reflected)
            }
            "MetaData" => Value::Metadata,
            "inspect" => self.inspect(call),
            "Session" => Value::Session,
            "sessionmaker" | "scoped_session" => Value::SessionMaker,
            "cast" | "literal" | "bindparam" | "case" | "and_" | "or_" | "not_" | "desc" | "asc" | "collate" | "op" => {
                Value::Unknown
            }
            _ => self.statement(call, name),
        }
    }

    /// A class of sqlmodel, which hands on SQLAlchemy's.
    pub(super) fn construct_named(&mut self, call: Call<'_, 'a>, name: &str) -> Value<'a> {
        match self.type_call(call, name) {
            Some(value) => value,
            None => Value::Made(Rc::from(format!("sqlmodel.{name}"))),
        }
    }

    fn inspect(&mut self, call: Call<'_, 'a>) -> Value<'a> {
        match call.arguments.at(0) {
            Some(Value::Bind | Value::Session | Value::MigrationContext | Value::Unknown) => {
                self.emit(call.node, OperationKind::Read { what: "inspect".to_owned() });
                Value::Inspector
            }
            _ => Value::Unknown,
        }
    }

    /// A function of SQL: `sa.func.now()`.
    pub(super) fn sql_function(&self, name: &str, arguments: &Arguments<'a>) -> Text<'a> {
        let mut text = Text::made(format!("{name}("), true);
        for (at, argument) in arguments.positional.iter().enumerate() {
            if at > 0 {
                text.push(", ");
            }
            match argument {
                Value::Text(literal) => {
                    text.is_exact &= literal.is_exact;
                    text.push(&format!("'{}'", literal.text.replace('\'', "''")));
                }
                Value::Column(column) => text.push(column.name.as_deref().unwrap_or_default()),
                other => text.push_value(other),
            }
        }
        text.push(")");
        text
    }

    /// The table that a value stands for.
    pub(super) fn table_value(&mut self, value: &Value<'a>) -> Option<TableName> {
        match value {
            Value::Table(table) => table.name.clone(),
            Value::Instance(object) => {
                let class = Value::Class(object.class);
                self.table_value(&class)
            }
            Value::Class(class) => match self.model(*class) {
                Value::Table(table) => table.name.clone(),
                _ => None,
            },
            Value::Row(table) | Value::Query(table) => table.clone(),
            _ => None,
        }
    }

    pub(super) fn table_of(&self, name: Option<&str>) -> Value<'a> {
        Value::Table(Rc::new(Table { name: name.map(TableName::new), columns: Vec::new() }))
    }

    /// The table of a class with `__tablename__` or `__table__`.
    pub(super) fn model(&mut self, class: Class<'a>) -> Value<'a> {
        let assigned = |name: &str| super::collection::assignments(class.node).find(|(other, _)| *other == name);
        if let Some((_, expr)) = assigned("__tablename__") {
            let name = text_of(Some(&self.silently(class.module, expr)));
            return self.table_of(name.as_deref());
        }
        match assigned("__table__") {
            Some((_, expr)) => self.silently(class.module, expr),
            None => self.table_of(None),
        }
    }

    /// What may be executed: SQLAlchemy's statements and DDL elements.
    fn statement(&mut self, call: Call<'_, 'a>, name: &str) -> Value<'a> {
        let arguments = call.arguments;
        let table = arguments.at(0).cloned().and_then(|value| self.table_value(&value));
        let named = || match arguments.at(0) {
            Some(Value::Text(text)) => text.exact().map(str::to_owned),
            _ => None,
        };
        let checks = |keyword| arguments.is_set(keyword);
        let kind = match name {
            "update" => {
                OperationKind::Update { table, is_filtered: false, columns: Vec::new(), overwritten: Vec::new() }
            }
            "delete" => OperationKind::Delete { table, is_filtered: false },
            "insert" => OperationKind::Insert { table },
            "select" | "exists" | "union" | "union_all" => OperationKind::Read { what: "SELECT".to_owned() },
            "CreateSchema" => OperationKind::CreateSchema { name: named(), if_not_exists: checks("if_not_exists") },
            "DropSchema" => {
                OperationKind::DropSchema { name: named(), if_exists: checks("if_exists"), cascade: checks("cascade") }
            }
            "CreateSequence" => OperationKind::CreateObject {
                object: ObjectKind::Sequence,
                name: sequence_name(arguments.at(0)),
                if_not_exists: checks("if_not_exists"),
            },
            "DropSequence" => OperationKind::DropObject {
                object: ObjectKind::Sequence,
                name: sequence_name(arguments.at(0)),
                if_exists: checks("if_exists"),
                cascade: false,
            },
            "DropTable" => OperationKind::DropTable { table, if_exists: checks("if_exists"), cascade: false },
            "CreateIndex" => match arguments.at(0) {
                Some(Value::Index(index)) => super::statement::create_index(index, checks("if_not_exists")),
                _ => return Value::Unknown,
            },
            "DropIndex" => match arguments.at(0) {
                Some(Value::Index(index)) => super::statement::drop_index(index, checks("if_exists")),
                _ => return Value::Unknown,
            },
            "AddConstraint" => match arguments.at(0) {
                Some(Value::Constraint(constraint)) => {
                    OperationKind::CreateConstraint { table: None, constraint: (**constraint).clone() }
                }
                _ => return Value::Unknown,
            },
            "DDL" => return arguments.at(0).cloned().unwrap_or(Value::Unknown),
            "commit" => OperationKind::Transaction(TransactionControl::Commit),
            _ => {
                if arguments.has_handle() {
                    self.not_understood(call.node, format!("sqlalchemy's {name}"), "is not known to limbec");
                }
                return Value::Made(Rc::from(format!("sqlalchemy.{name}")));
            }
        };
        Value::Statement(Rc::new(Statement { kind }))
    }
}

fn sequence_default(arguments: &Arguments<'_>) -> ServerDefault {
    match sql_of(arguments.get(0, "name")) {
        Some(name) => ServerDefault::Expression(format!("nextval('{name}')")),
        None => ServerDefault::Unknown,
    }
}

/// The name of a `sa.Sequence`, out of the default that it is.
fn sequence_name(value: Option<&Value<'_>>) -> Option<String> {
    match value {
        Some(Value::Default(ServerDefault::Expression(text))) => {
            Some(text.strip_prefix("nextval('")?.strip_suffix("')")?.to_owned())
        }
        _ => None,
    }
}
