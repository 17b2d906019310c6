use super::call::Call;
use super::reader::Reader;
use super::value::Value;
use super::way::Test;
use crate::operation::{OperationKind, TransactionControl};

impl<'a> Reader<'a> {
    /// A method of `alembic.context` or of `op.get_context()`.
    pub(super) fn context_method(&mut self, call: Call<'_, 'a>, of: &Value<'a>, name: &str) -> Value<'a> {
        match name {
            "is_offline_mode" => Value::Test(Test::OFFLINE),
            "get_context" | "get_impl" => Value::MigrationContext,
            "get_bind" => Value::Bind,
            "autocommit_block" => Value::Autocommit,
            "execute" | "static_output" => {
                let statement = call.arguments.at(0).cloned().unwrap_or(Value::Unknown);
                self.execute(call, &statement);
                Value::None
            }
            "begin_transaction" => of.clone(),
            _ => Value::Unknown,
        }
    }

    /// A method of a connection or an engine.
    pub(super) fn bind_method(&mut self, call: Call<'_, 'a>, name: &str) -> Value<'a> {
        match name {
            "execute" | "scalar" | "scalars" | "exec_driver_sql" | "execution_options"
                if !call.arguments.positional.is_empty() =>
            {
                let statement = call.arguments.at(0).cloned().unwrap_or(Value::Unknown);
                let is_read = matches!(&statement, Value::Class(_) | Value::Column(_) | Value::Table(_));
                if is_read {
                    self.emit(call.node, OperationKind::Read { what: "SELECT".to_owned() });
                } else {
                    self.execute(call, &statement);
                }
                Value::Unknown
            }
            "commit" => self.transaction(call, TransactionControl::Commit),
            "rollback" => self.transaction(call, TransactionControl::Rollback),
            "begin" | "begin_nested" | "connect" | "execution_options" | "raw_connection" | "__enter__" => Value::Bind,
            "run_callable" | "run_sync" => {
                self.not_understood(call.node, self.callee_of(call), "runs a function with the connection");
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    pub(super) fn transaction(&mut self, call: Call<'_, 'a>, control: TransactionControl) -> Value<'a> {
        self.emit(call.node, OperationKind::Transaction(control));
        Value::None
    }

    /// `metadata.create_all(bind)`, `metadata.reflect(bind)`
    pub(super) fn metadata_method(&mut self, call: Call<'_, 'a>, name: &str) -> Value<'a> {
        match name {
            "create_all" | "drop_all" => self.emit(call.node, OperationKind::CreateAll { is_drop: name == "drop_all" }),
            "reflect" => self.emit(call.node, OperationKind::Read { what: "reflection".to_owned() }),
            "get" => {
                let name = call.arguments.at(0).and_then(Value::known);
                return self.table_of(name);
            }
            _ => {}
        }
        Value::Unknown
    }
}
