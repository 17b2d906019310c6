use crate::database::{Dialect, quote_identifier};
use crate::migrate::Preparation;

/// SQLite's timeout is a C `int`; 0 would be not to wait at all.
const NO_LIMIT_SQLITE: u64 = i32::MAX as u64;

/// What begins a transaction: `BEGIN`, the limits and the search path, which end with it so that a pooler's other clients never meet them.
pub(super) fn beginning(dialect: &Dialect, preparation: &Preparation, search_path: &[String]) -> String {
    if *dialect == Dialect::Sqlite {
        return "BEGIN IMMEDIATE".to_owned();
    }
    let settings =
        [("lock_timeout", preparation.lock_timeout_ms), ("statement_timeout", preparation.statement_timeout_ms)];
    let mut text = "BEGIN".to_owned();
    for (name, value) in settings {
        if let Some(value) = value {
            text.push_str(&format!("; SET LOCAL {name} = {value}"));
        }
    }
    if !search_path.is_empty() {
        text.push_str(&format!("; SET LOCAL search_path = {}", quoted(search_path)));
    }
    text
}

/// What sets the search path of statements outside of a transaction, and what takes that back.
pub(super) fn path_outside(dialect: &Dialect, search_path: &[String]) -> Option<(String, String)> {
    let is_set = *dialect == Dialect::Postgres && !search_path.is_empty();
    is_set.then(|| (format!("SET search_path = {}", quoted(search_path)), "RESET search_path".to_owned()))
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ")
}

/// What the connection is told before the first transaction.
pub(super) fn before_all(dialect: &Dialect, preparation: &Preparation) -> Option<String> {
    let milliseconds = preparation.lock_timeout_ms.filter(|_| *dialect == Dialect::Sqlite)?;
    Some(format!("PRAGMA busy_timeout = {}", if milliseconds == 0 { NO_LIMIT_SQLITE } else { milliseconds }))
}
