use std::rc::Rc;

use super::call::Call;
use super::reader::Reader;
use super::value::{Statement, Table, TableIndex, Value};
use crate::operation::{CreateTable, OperationKind};

impl<'a> Reader<'a> {
    /// Runs what was given to an `execute`.
    pub(super) fn execute(&mut self, call: Call<'_, 'a>, statement: &Value<'a>) {
        match statement {
            Value::Text(text) | Value::Sql(text) => self.run_sql(call.node, text),
            Value::Statement(statement) => self.emit(call.node, statement.kind.clone()),
            Value::Choice(choice) => {
                self.branch(
                    super::call::dialects_test(choice.0),
                    |reader| reader.execute(call, &choice.1),
                    |reader| reader.execute(call, &choice.2),
                );
            }
            Value::Query(_) => self.emit(call.node, OperationKind::Read { what: "SELECT".to_owned() }),
            Value::Default(_) => self.emit(call.node, OperationKind::Read { what: "nextval".to_owned() }),
            Value::Made(_) => {
                self.not_understood(call.node, self.callee_of(call), "the SQL is built by a function of another module")
            }
            _ => self.not_understood(call.node, self.callee_of(call), "the SQL is computed"),
        }
    }

    pub(super) fn callee_of(&self, call: Call<'_, 'a>) -> String {
        use ruff_text_size::Ranged;
        self.source(call.node.func.range())
    }

    /// A method of a statement: `.where(…)`, `.values(…)`; those that do not matter give it back as it is.
    pub(super) fn statement_method(&mut self, call: Call<'_, 'a>, statement: &Rc<Statement>, name: &str) -> Value<'a> {
        let mut kind = statement.kind.clone();
        match (&mut kind, name) {
            (
                OperationKind::Update { is_filtered, .. } | OperationKind::Delete { is_filtered, .. },
                "where" | "filter" | "filter_by",
            ) => {
                *is_filtered = true;
            }
            (OperationKind::Update { columns, overwritten, .. }, "values" | "ordered_values") => {
                let mut set = |column: String, value: &Value<'_>| {
                    if matches!(value, Value::None) {
                        overwritten.push(column.clone());
                    }
                    columns.push(column);
                };
                call.arguments.keywords.iter().for_each(|(key, value)| set(key.to_string(), value));
                for argument in &call.arguments.positional {
                    if let Value::Dict(dict) = argument {
                        for (key, value) in dict.entries.borrow().iter().flatten() {
                            let name = match key {
                                Value::Column(column) => column.name.clone(),
                                other => other.known().map(str::to_owned),
                            };
                            name.into_iter().for_each(|name| set(name, value));
                        }
                    }
                }
            }
            (_, "execute") => {
                self.emit(call.node, kind);
                return Value::Unknown;
            }
            _ => {}
        }
        Value::Statement(Rc::new(Statement { kind }))
    }

    /// A method of a table: `.insert()`, `.create(bind)` …
    pub(super) fn table_method(&mut self, call: Call<'_, 'a>, table: &Rc<Table>, name: &str) -> Value<'a> {
        let of = table.name.clone();
        let checks = call.arguments.get(1, "checkfirst").and_then(Value::flag) == Some(true);
        let kind = match name {
            "insert" => OperationKind::Insert { table: of },
            "update" => {
                let is_filtered = call.arguments.get(0, "whereclause").is_some();
                OperationKind::Update { table: of, is_filtered, columns: Vec::new(), overwritten: Vec::new() }
            }
            "delete" => {
                OperationKind::Delete { table: of, is_filtered: call.arguments.get(0, "whereclause").is_some() }
            }
            "select" | "count" | "join" | "outerjoin" => OperationKind::Read { what: "SELECT".to_owned() },
            "create" => {
                let columns = table.columns.clone();
                let create = CreateTable {
                    table: of,
                    is_complete: !columns.is_empty(),
                    columns,
                    if_not_exists: checks,
                    ..CreateTable::default()
                };
                self.emit(call.node, OperationKind::CreateTable(create));
                return Value::None;
            }
            "drop" => {
                self.emit(call.node, OperationKind::DropTable { table: of, if_exists: checks, cascade: false });
                return Value::None;
            }
            _ => return Value::Table(Rc::clone(table)),
        };
        Value::Statement(Rc::new(Statement { kind }))
    }

    /// `.create(bind)`, `.drop(bind)` of an index.
    pub(super) fn index_method(&mut self, call: Call<'_, 'a>, index: &Rc<TableIndex>, name: &str) -> Value<'a> {
        let checks = call.arguments.get(1, "checkfirst").and_then(Value::flag) == Some(true);
        match name {
            "create" => self.emit(call.node, create_index(index, checks)),
            "drop" => self.emit(call.node, drop_index(index, checks)),
            _ => {}
        }
        Value::None
    }
}

pub(super) fn create_index(index: &TableIndex, if_not_exists: bool) -> OperationKind {
    OperationKind::CreateIndex {
        table: index.table.clone(),
        index: index.index.clone(),
        concurrently: index.concurrently,
        if_not_exists,
    }
}

pub(super) fn drop_index(index: &TableIndex, if_exists: bool) -> OperationKind {
    OperationKind::DropIndex {
        table: index.table.clone(),
        name: index.index.name.clone(),
        concurrently: index.concurrently,
        if_exists,
    }
}
