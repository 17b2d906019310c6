use std::collections::BTreeMap;

use crate::database::{Connection, DatabaseError, DatabaseUrl, Dialect};

/// What may differ between env.py's session and limbec's: names, limits that limbec sets in both, and the encoding of the wire.
const IGNORED: [&str; 5] =
    ["application_name", "client_encoding", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"];

/// The same query as the driver's (python/limbec/driver/recording.py), as one JSON object.
const POSTGRES: &str = "SELECT json_object_agg(name, setting)::text FROM (SELECT name, setting FROM pg_catalog.pg_settings \
    WHERE NOT (pg_catalog.strpos(name, '.') > 0 AND setting IS NOT DISTINCT FROM boot_val) \
    UNION ALL SELECT 'current_user', current_user::text UNION ALL SELECT 'session_user', session_user::text) AS settings";

/// What may differ from one database or role to the next by `ALTER DATABASE … SET` and its like, as one text: the settings that a session can have of
/// its own, the major version and the encoding. Those of a library that was loaded for a moment say nothing unless somebody has set them.
const STANDING: &str = "SELECT pg_catalog.string_agg(name || '=' || CASE name WHEN 'server_version_num' \
    THEN (setting::int / 10000)::text ELSE setting END, chr(10) ORDER BY name) || chr(10) || coalesce(pg_catalog.current_schema(), '') \
    FROM pg_catalog.pg_settings \
    WHERE (context IN ('user', 'superuser', 'backend', 'superuser-backend') OR name IN ('server_version_num', 'server_encoding')) \
    AND NOT (pg_catalog.strpos(name, '.') > 0 AND setting IS NOT DISTINCT FROM boot_val) AND NOT name = ANY (pg_catalog.string_to_array($1, ' '))";

/// Arguments of a URL that say where the server is, not how it is spoken to; `options` shows in the settings.
const PLACES: [&str; 16] = [
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "connect_timeout",
    "target_session_attrs",
    "options",
    "hostaddr",
];

/// What the SQL of a plan depends on besides its steps: dialect, driver and its arguments, and the session. Only tenants with the same are sent the same.
///
/// # Errors
/// The database does not answer.
pub(crate) fn standing(
    connection: Option<&mut Connection>,
    url: &DatabaseUrl,
    has_path: bool,
) -> Result<String, DatabaseError> {
    let text = url.with_password();
    let arguments = text.split_once('?').map(|(_, arguments)| arguments).unwrap_or_default();
    let mut told: Vec<&str> = arguments
        .split('&')
        .filter(|argument| !PLACES.contains(&argument.split('=').next().unwrap_or_default()))
        .collect();
    told.sort_unstable();
    let head = format!("{}?{}", url.driver_name(), told.join("&"));
    let Some(connection) = connection.filter(|connection| connection.dialect() == Dialect::Postgres) else {
        return Ok(head);
    };
    let mut left_out = IGNORED.join(" ");
    if has_path {
        left_out.push_str(" search_path");
    }
    let settings = connection.first_column(STANDING, &[&left_out])?.pop().unwrap_or_default();
    // The schema that is current without the path that limbec sets says nothing.
    let settings = match settings.rsplit_once('\n') {
        Some((settings, _)) if has_path => settings.to_owned(),
        _ => settings,
    };
    Ok(format!("{head}\n{settings}"))
}

/// What limbec's connection has to be told so that a statement means on it what it means on env.py's; with `has_path` both are told the
/// search path in every transaction.
///
/// # Errors
/// The first setting by which they differ and that is not simply set.
pub(crate) fn setup(
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
