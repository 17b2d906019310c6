use super::call::Call;
use super::reader::Reader;
use super::value::{Batch, Value};

impl<'a> Reader<'a> {
    /// `batch_op.name(…)`
    pub(super) fn batch_directive(&mut self, call: Call<'_, 'a>, batch: &Batch, name: &'a str) -> Value<'a> {
        match name {
            "f" => call.arguments.get(0, "name").cloned().unwrap_or(Value::Unknown),
            "get_bind" | "get_context" | "inline_literal" | "execute" => self.directive(call, name),
            "__enter__" => Value::Unknown,
            "__exit__" | "flush" => Value::None,
            _ => {
                let around = self.batch.replace(batch.header.clone());
                let value = self.table_directive(call, Some(batch), name);
                self.batch = around;
                value
            }
        }
    }
}
