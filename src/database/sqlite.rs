mod interrupt;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{ErrorCode, OpenFlags};

use super::connection::Access;
use super::error::DatabaseError;
use super::statement::StatementError;
use super::version_table::{NameLimit, VersionTableName};
use super::{DatabaseUrl, UrlError};
use crate::revision::RevisionId;

/// pysqlite's default of `timeout`, in seconds.
const BUSY_SECONDS: f64 = 5.0;

/// A connection to an SQLite file.
#[derive(Debug)]
pub struct SqliteConnection {
    /// Absent when a file that is only to be read does not exist: a database without tables.
    inner: Option<rusqlite::Connection>,
    location: Location,
}

#[derive(Debug, Clone, PartialEq)]
struct Location {
    /// What SQLite is told: a path, `:memory:`, or a `file:` URI.
    name: String,
    /// Whether `name` is a URI.
    uri: bool,
    /// The file, if it is one.
    file: Option<PathBuf>,
    /// How long a lock is waited for.
    busy_seconds: f64,
}

impl SqliteConnection {
    pub(super) fn open(url: &DatabaseUrl, access: Access) -> Result<Self, DatabaseError> {
        let location = Location::of(url)?;
        if let Some(file) = &location.file {
            if let Some(directory) = file.parent().filter(|d| !d.as_os_str().is_empty() && !d.is_dir()) {
                return Err(DatabaseError::NoDirectory { path: file.clone(), directory: directory.to_owned() });
            }
            if access == Access::Read && !file.exists() {
                return Ok(Self { inner: None, location });
            }
        }
        // Not SQLITE_OPEN_READ_ONLY for reads: such a connection cannot roll back the journal of a killed writer, and
        // leaves -wal and -shm behind. SQLite itself falls back to reading where the file cannot be written.
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, access == Access::Write);
        flags.set(OpenFlags::SQLITE_OPEN_URI, location.uri);
        let opened = rusqlite::Connection::open_with_flags(&location.name, flags).and_then(|connection| {
            connection.busy_timeout(location.busy_timeout())?;
            if access == Access::Read {
                connection.pragma_update(None, "query_only", true)?;
            }
            Ok(connection)
        });
        match opened {
            Ok(connection) => Ok(Self { inner: Some(connection), location }),
            Err(error) => Err(location.error(&error)),
        }
    }

    pub(super) fn version_rows(&mut self, table: &VersionTableName) -> Result<Option<Vec<RevisionId>>, DatabaseError> {
        if !self.has_table(table)? {
            return Ok(None);
        }
        let Some(connection) = &self.inner else { return Ok(None) };
        let read = || -> rusqlite::Result<Vec<Result<RevisionId, DatabaseError>>> {
            let mut statement = connection.prepare(&format!("SELECT version_num FROM {}", table.quoted()))?;
            statement.query_map([], |row| Ok(revision_of(row.get_ref(0)?)))?.collect()
        };
        let rows = read().map_err(|error| self.location.error(&error))?;
        rows.into_iter().collect::<Result<_, _>>().map(Some)
    }

    /// SQLAlchemy's `has_table`: `PRAGMA table_info` of the schema, or of `main` and then `temp`.
    pub(super) fn has_table(&self, table: &VersionTableName) -> Result<bool, DatabaseError> {
        table.check(NameLimit::None)?;
        let Some(connection) = &self.inner else { return Ok(false) };
        let ask = |schema: &str| -> rusqlite::Result<bool> {
            let known = connection.prepare("SELECT 1 FROM pragma_database_list WHERE name = ?1")?.exists([schema])?;
            if !known {
                return Ok(false);
            }
            connection.prepare("SELECT 1 FROM pragma_table_info(?1, ?2)")?.exists([&table.name, schema])
        };
        let found = match &table.schema {
            Some(schema) => ask(schema),
            None => ask("main").and_then(|found| if found { Ok(true) } else { ask("temp") }),
        };
        found.map_err(|error| self.location.error(&error))
    }

    pub(super) fn begin(&mut self) -> Result<(), DatabaseError> {
        // IMMEDIATE: a transaction that reads before it writes could not wait for a lock later.
        self.end("BEGIN IMMEDIATE")
    }

    pub(super) fn end(&mut self, statement: &str) -> Result<(), DatabaseError> {
        self.writable()?.execute_batch(statement).map_err(|error| self.location.error(&error))
    }

    pub(super) fn execute(&mut self, sql: &str, parameters: &[&str]) -> Result<u64, DatabaseError> {
        let changed = self.writable()?.execute(sql, rusqlite::params_from_iter(parameters));
        changed.map(|rows| rows as u64).map_err(|error| self.location.error(&error))
    }

    /// How long a lock is waited for from now on; `None`: for ever.
    pub(super) fn limit_waiting(&mut self, limit: Option<Duration>) -> Result<(), DatabaseError> {
        self.location.busy_seconds = limit.map_or(f64::from(i32::MAX) / 1000.0, |limit| limit.as_secs_f64());
        let timeout = self.location.busy_timeout();
        let Some(connection) = &self.inner else { return Ok(()) };
        connection.busy_timeout(timeout).map_err(|error| self.location.error(&error))
    }

    /// What `work` runs ends soon after `is_interrupted` says so, and so does its waiting for a lock.
    pub(super) fn watched<T>(&mut self, is_interrupted: fn() -> bool, work: impl FnOnce(&Self) -> T) -> T {
        let timeout = self.location.busy_timeout();
        if let Some(connection) = &mut self.inner {
            interrupt::begin(connection, is_interrupted, timeout);
        }
        let done = work(self);
        if let Some(connection) = &mut self.inner {
            let timeout = interrupt::end(connection, timeout);
            self.location.busy_seconds = timeout.as_secs_f64();
        }
        done
    }

    pub(super) fn run_text(&self, sql: &str) -> Result<(), StatementError> {
        let connection = self.writable().map_err(|error| StatementError::of_text(error.to_string()))?;
        connection.execute_batch(sql).map_err(|error| StatementError::of_sqlite(&error))
    }

    pub(super) fn gives_row(&self, sql: &str, values: &[Option<String>]) -> Result<bool, StatementError> {
        let connection = self.writable().map_err(|error| StatementError::of_text(error.to_string()))?;
        let run = || {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let has_row = rows.next()?.is_some();
            while rows.next()?.is_some() {}
            Ok(has_row)
        };
        run().map_err(|error| StatementError::of_sqlite(&error))
    }

    /// As `execute`, with parameters that may be null.
    pub(super) fn execute_optional(&mut self, sql: &str, parameters: &[Option<&str>]) -> Result<u64, DatabaseError> {
        let changed = self.writable()?.execute(sql, rusqlite::params_from_iter(parameters));
        changed.map(|rows| rows as u64).map_err(|error| self.location.error(&error))
    }

    /// Whether no transaction is open.
    pub(super) fn is_autocommit(&self) -> bool {
        self.inner.as_ref().is_none_or(rusqlite::Connection::is_autocommit)
    }

    /// `None`: the file does not exist, and is only to be read.
    pub(super) fn inner(&self) -> Option<&rusqlite::Connection> {
        self.inner.as_ref()
    }

    /// The first column of every row, which has to be text; nothing where there is no file.
    pub(super) fn first_column(&self, sql: &str, parameters: &[&str]) -> Result<Vec<String>, DatabaseError> {
        let Some(connection) = &self.inner else { return Ok(Vec::new()) };
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare(sql)?;
            statement.query_map(rusqlite::params_from_iter(parameters), |row| row.get(0))?.collect()
        };
        read().map_err(|error| self.location.error(&error))
    }

    /// What a closure makes of every row; nothing where there is no file.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        row_of: &dyn Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, DatabaseError> {
        let Some(connection) = &self.inner else { return Ok(Vec::new()) };
        let read =
            || -> rusqlite::Result<Vec<T>> { connection.prepare(sql)?.query_map([], |row| row_of(row))?.collect() };
        read().map_err(|error| self.location.error(&error))
    }

    fn writable(&self) -> Result<&rusqlite::Connection, DatabaseError> {
        self.inner
            .as_ref()
            .ok_or_else(|| DatabaseError::OpenedForReading { target: self.location.path().display().to_string() })
    }
}

impl StatementError {
    fn of_text(reason: String) -> Self {
        Self { reason, ..Self::default() }
    }

    fn of_sqlite(error: &rusqlite::Error) -> Self {
        let position = match error {
            rusqlite::Error::SqlInputError { sql, offset, .. } => usize::try_from(*offset)
                .ok()
                .and_then(|offset| sql.get(..offset))
                .and_then(|before| u32::try_from(before.chars().count() + 1).ok()),
            _ => None,
        };
        let code = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => Some("SQLITE_BUSY"),
            Some(ErrorCode::DatabaseLocked) => Some("SQLITE_LOCKED"),
            Some(ErrorCode::ConstraintViolation) => Some("SQLITE_CONSTRAINT"),
            Some(ErrorCode::ReadOnly) => Some("SQLITE_READONLY"),
            Some(ErrorCode::DiskFull) => Some("SQLITE_FULL"),
            Some(_) => Some("SQLITE_ERROR"),
            None => None,
        };
        Self { code: code.map(str::to_owned), position, ..Self::of_text(error.to_string()) }
    }
}

impl Location {
    /// pysqlite's `create_connect_args`.
    fn of(url: &DatabaseUrl) -> Result<Self, UrlError> {
        if given(&url.username) || given(&url.host) || url.port.is_some_and(|port| port != 0) {
            return Err(UrlError::SqliteHost);
        }
        let busy_seconds = match last(url, "timeout") {
            None => BUSY_SECONDS,
            Some(text) => match text.trim().parse::<f64>() {
                // sqlite3_busy_timeout takes milliseconds as an int; a negative one means no waiting.
                Ok(seconds) if seconds.is_finite() => seconds.clamp(0.0, 2_000_000.0),
                _ => return Err(parameter("timeout", "is not a number of seconds")),
            },
        };
        if !boolean(last(url, "uri").unwrap_or("false")).ok_or_else(|| parameter("uri", "is neither true nor false"))? {
            let name = url.database.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| ":memory:".to_owned());
            let file = (name != ":memory:").then(|| PathBuf::from(&name));
            return Ok(Self { name, uri: false, file, busy_seconds });
        }
        let Some(database) = &url.database else { return Err(parameter("uri", "needs a path after sqlite:///")) };
        let own = ["uri", "timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"];
        let options: Vec<String> = url
            .query
            .iter()
            .filter(|(key, _)| !own.contains(&key.as_str()))
            .filter_map(|(key, values)| values.last().map(|value| format!("{key}={value}")))
            .collect();
        let name = if options.is_empty() { database.clone() } else { format!("{database}?{}", options.join("&")) };
        let file = file_of_uri(&name);
        Ok(Self { name, uri: true, file, busy_seconds })
    }

    fn busy_timeout(&self) -> Duration {
        // SQLite takes milliseconds as an int.
        Duration::from_secs_f64(self.busy_seconds.clamp(0.0, f64::from(i32::MAX) / 1000.0))
    }

    fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or_else(|| Path::new(&self.name))
    }

    fn error(&self, error: &rusqlite::Error) -> DatabaseError {
        let path = self.path().to_owned();
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                DatabaseError::Busy { path, seconds: self.busy_seconds }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => DatabaseError::ReadOnly { path, reason },
            Some(ErrorCode::NotADatabase) => DatabaseError::Sqlite {
                path,
                reason: "the file is not an SQLite database (or is encrypted)".to_owned(),
            },
            _ => DatabaseError::Sqlite { path, reason },
        }
    }
}

impl DatabaseUrl {
    /// The file of an SQLite URL; `None` for a database in memory.
    ///
    /// # Errors
    /// What pysqlite would refuse.
    pub fn sqlite_file(&self) -> Result<Option<PathBuf>, UrlError> {
        Location::of(self).map(|location| location.file)
    }
}

/// The file of a `file:` URI, if it names one.
fn file_of_uri(uri: &str) -> Option<PathBuf> {
    let Some(rest) = uri.strip_prefix("file:") else { return (uri != ":memory:").then(|| PathBuf::from(uri)) };
    let (path, query) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
    let in_memory = query.split('&').any(|part| part == "mode=memory" || part.starts_with("vfs="));
    // An authority may only be empty or localhost.
    let path = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//")).unwrap_or(path);
    let path = super::percent::unquote(path);
    (!in_memory && !path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

/// A row of the version table; anything but text is refused in Alembic's words.
fn revision_of(value: ValueRef<'_>) -> Result<RevisionId, DatabaseError> {
    let value = match value {
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => return Ok(RevisionId::from(text)),
            Err(_) => format!("b'{}'", text.escape_ascii()),
        },
        ValueRef::Null => "None".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Blob(bytes) => format!("b'{}'", bytes.escape_ascii()),
    };
    Err(DatabaseError::NotAString { value })
}

fn last<'a>(url: &'a DatabaseUrl, key: &str) -> Option<&'a str> {
    url.query.get(key).and_then(|values| values.last()).map(String::as_str)
}

/// SQLAlchemy's `asbool`.
fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}

fn parameter(name: &str, reason: &str) -> UrlError {
    UrlError::Parameter { name: name.to_owned(), reason: reason.to_owned() }
}

fn given(part: &Option<String>) -> bool {
    part.as_ref().is_some_and(|text| !text.is_empty())
}
