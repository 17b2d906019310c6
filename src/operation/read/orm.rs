use ruff_python_ast::Expr;
use ruff_text_size::TextRange;

use super::call::Call;
use super::reader::Reader;
use super::value::Value;
use crate::operation::{OperationKind, TableName};

impl<'a> Reader<'a> {
    /// A method of an ORM session.
    pub(super) fn session_method(&mut self, call: Call<'_, 'a>, of: &Value<'a>, name: &'a str) -> Value<'a> {
        let first = call.arguments.at(0).cloned().unwrap_or(Value::Unknown);
        match name {
            "query" => Value::Query(self.table_value(&first)),
            // A session joins the transaction of the connection that it is bound to; its commit leaves that open, and its rollback
            // is how a failure is passed on.
            "commit" | "rollback" => Value::None,
            "execute" | "scalar" | "scalars" | "exec" => {
                self.bind_method(call, if name == "exec" { "execute" } else { name })
            }
            "get" => {
                let table = self.table_value(&first);
                self.emit(call.node, OperationKind::Read { what: "SELECT".to_owned() });
                Value::Row(table)
            }
            "add" | "add_all" | "bulk_save_objects" | "bulk_insert_mappings" => {
                let sample = self.items(&first).and_then(|items| items.first().cloned()).unwrap_or(first);
                let table = self.table_value(&sample);
                self.emit(call.node, OperationKind::Insert { table });
                Value::None
            }
            "merge" | "bulk_update_mappings" => {
                let table = self.table_value(&first);
                self.emit(
                    call.node,
                    OperationKind::Update { table, is_filtered: true, columns: Vec::new(), overwritten: Vec::new() },
                );
                Value::Unknown
            }
            "delete" => {
                let table = self.table_value(&first);
                self.emit(call.node, OperationKind::Delete { table, is_filtered: true });
                Value::None
            }
            "connection" | "get_bind" => Value::Bind,
            "bind" => Value::Bind,
            "begin" | "begin_nested" | "no_autoflush" | "__enter__" | "__call__" => Value::Session,
            _ if matches!(of, Value::SessionMaker) => Value::Session,
            _ => Value::Unknown,
        }
    }

    /// A method of `session.query(…)`.
    pub(super) fn query_method(&mut self, call: Call<'_, 'a>, table: Option<TableName>, name: &str) -> Value<'a> {
        match name {
            "all" | "first" | "one" | "one_or_none" | "get" | "yield_per" | "scalar" | "count" | "scalars"
            | "scalar_one" => {
                self.emit(call.node, OperationKind::Read { what: "SELECT".to_owned() });
                if matches!(name, "count" | "scalar") { Value::Unknown } else { Value::Row(table) }
            }
            "update" => {
                let columns = match call.arguments.at(0) {
                    Some(Value::Dict(dict)) => {
                        let entries = dict.entries.borrow();
                        entries.iter().flatten().filter_map(|(key, _)| key.known().map(str::to_owned)).collect()
                    }
                    _ => Vec::new(),
                };
                self.emit(
                    call.node,
                    OperationKind::Update { table, is_filtered: true, columns, overwritten: Vec::new() },
                );
                Value::Unknown
            }
            "delete" => {
                let is_filtered = self.source(ruff_text_size::Ranged::range(&*call.node.func)).contains("filter");
                self.emit(call.node, OperationKind::Delete { table, is_filtered });
                Value::Unknown
            }
            _ => Value::Query(table),
        }
    }

    /// A loop over a query reads its rows.
    pub(super) fn read_rows(&mut self, at: &Expr, over: &Value<'a>) {
        if matches!(over, Value::Query(_)) {
            self.emit(at, OperationKind::Read { what: "SELECT".to_owned() });
        }
    }

    /// `object.name = value`: an object of the ORM is written with the session's next flush.
    pub(super) fn set_attribute(&mut self, at: TextRange, of: &Value<'a>, name: &str) {
        if let Value::Row(table) = of {
            let columns = vec![name.to_owned()];
            self.emit(
                at,
                OperationKind::Update { table: table.clone(), is_filtered: true, columns, overwritten: Vec::new() },
            );
        }
    }
}
