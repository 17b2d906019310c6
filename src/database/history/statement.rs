use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::entry::in_utc;
use super::{HistoryTable, Outcome};
use crate::database::Dialect;

/// A statement for the script's connection, in the form of SQLAlchemy's `text()`: `:name` is a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryStatement {
    /// The text.
    pub sql: String,
    /// Values by name, all texts.
    pub parameters: Map<String, Value>,
}

/// The statement that makes a started step of a plan `done` and the next one, if there is any, `started`. It is to be run in the transaction
/// of the step itself.
pub(super) fn advance(
    table: &HistoryTable,
    dialect: &Dialect,
    plan_id: &str,
    step: u32,
    (started, finished): (DateTime<Utc>, DateTime<Utc>),
) -> HistoryStatement {
    let typed = |name: &str, postgres: &str| match dialect {
        Dialect::Sqlite if postgres == "bigint" => format!("CAST(:{name} AS INTEGER)"),
        Dialect::Sqlite => format!(":{name}"),
        // The inner cast says what the parameter is: asyncpg and psycopg send it to the server as a value of its own.
        _ => format!("CAST(CAST(:{name} AS text) AS {postgres})"),
    };
    let sql = format!(
        "UPDATE {table} SET outcome = CASE WHEN step = {step} THEN '{done}' ELSE '{next}' END, \
         started_at = CASE WHEN step = {step} THEN {started} ELSE {finished} END, \
         finished_at = CASE WHEN step = {step} THEN {finished} END, \
         duration_ms = CASE WHEN step = {step} THEN {milliseconds} END \
         WHERE plan_id = {plan} AND step IN ({step}, {step} + 1)",
        // A colon in a name is not the start of a parameter.
        table = table.quoted().replace(':', "\\:"),
        done = Outcome::Done,
        next = Outcome::Started,
        plan = typed("plan", "text"),
        step = typed("step", "bigint"),
        started = typed("started", "timestamptz"),
        finished = typed("finished", "timestamptz"),
        milliseconds = typed("milliseconds", "bigint"),
    );
    let parameters = [
        ("plan", plan_id.to_owned()),
        ("step", step.to_string()),
        ("started", in_utc(started)),
        ("finished", in_utc(finished)),
        ("milliseconds", (finished - started).num_milliseconds().to_string()),
    ];
    let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    HistoryStatement { sql, parameters }
}
