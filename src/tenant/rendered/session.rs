use std::collections::BTreeMap;

use crate::database::{Connection, DatabaseError, Dialect};

/// What may differ between env.py's session and limbec's: names, limits that limbec sets in both, and the encoding of the wire.
const IGNORED: [&str; 5] =
    ["application_name", "client_encoding", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"];

/// The same query as the driver's (python/limbec/driver/recording.py), as one JSON object.
const POSTGRES: &str = "SELECT json_object_agg(name, setting)::text FROM (SELECT name, setting FROM pg_catalog.pg_settings \
    UNION ALL SELECT 'current_user', current_user::text UNION ALL SELECT 'session_user', session_user::text) AS settings";

/// What limbec's connection has to be told so that a statement means on it what it means on env.py's; with `has_path` both are told the
/// search path in every transaction.
///
/// # Errors
/// The first setting by which they differ and that is not simply set.
pub(super) fn setup(
    connection: &mut Connection,
    settings: &BTreeMap<String, String>,
    has_path: bool,
) -> Result<Result<Vec<String>, String>, DatabaseError> {
    if connection.dialect() == Dialect::Sqlite {
        let is_plain = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let odd = settings.iter().find(|(_, value)| !is_plain(value));
        return Ok(match odd {
            Some((name, _)) => Err(format!("PRAGMA {name} has no value")),
            None => Ok(settings.iter().map(|(name, value)| format!("PRAGMA {name} = {value}")).collect()),
        });
    }
    let own = connection.first_column(POSTGRES, &[])?;
    let own: BTreeMap<String, Option<String>> =
        own.first().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let differs = |name: &&String| {
        let (theirs, ours) = (settings.get(*name).map(String::as_str), own.get(*name).and_then(Option::as_deref));
        let is_set = IGNORED.contains(&name.as_str()) || has_path && *name == "search_path";
        !is_set && theirs.unwrap_or_default() != ours.unwrap_or_default()
    };
    let different = settings.keys().chain(own.keys()).find(differs);
    Ok(match different {
        _ if settings.is_empty() || own.is_empty() => Err("the settings of the session are not known".to_owned()),
        Some(name) => Err(format!("env.py's session has another {name} than limbec's")),
        None => Ok(Vec::new()),
    })
}
