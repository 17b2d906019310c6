use std::path::PathBuf;

use thiserror::Error;

use super::UrlError;

/// Why a database could not be reached, read or changed. No variant holds a password.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The URL makes no sense.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A dialect that limbec does not speak itself.
    #[error("limbec does not speak {dialect} itself")]
    NotNative {
        /// SQLAlchemy's name of it.
        dialect: String,
    },
    /// A name that cannot be a table or a schema.
    #[error("the name '{name}' {reason}")]
    InvalidName {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A connection setting (from the URL, a `PG…` variable or a service file).
    #[error("the connection setting {name} {reason}")]
    Setting {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file of the connection settings (certificate, key, service file).
    #[error("cannot use {} ({what}): {reason}", path.display())]
    SettingFile {
        /// What it was to be.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No server answers there.
    #[error("cannot reach PostgreSQL at {server} (database {database}): {reason}")]
    Unreachable {
        /// `host:port` or the path of a socket.
        server: String,
        /// The database asked for.
        database: String,
        /// The operating system's or the server's words.
        reason: String,
    },
    /// No answer in time.
    #[error("PostgreSQL at {server} (database {database}) did not answer within {seconds} s")]
    ConnectTimeout {
        /// `host:port` or the path of a socket.
        server: String,
        /// The database asked for.
        database: String,
        /// The limit.
        seconds: u64,
    },
    /// The password is wrong, or there is none.
    #[error("PostgreSQL at {server} does not accept the password of user {user} for database {database}: {reason}")]
    Password {
        /// `host:port` or the path of a socket.
        server: String,
        /// The user.
        user: String,
        /// The database asked for.
        database: String,
        /// The server's words.
        reason: String,
    },
    /// The server refuses this user, host or kind of encryption (`pg_hba.conf`), or the role does not exist.
    #[error("PostgreSQL at {server} refuses user {user} for database {database}: {reason}")]
    Refused {
        /// `host:port` or the path of a socket.
        server: String,
        /// The user.
        user: String,
        /// The database asked for.
        database: String,
        /// The server's words.
        reason: String,
    },
    /// There is no such database.
    #[error("there is no database {database} on PostgreSQL at {server}")]
    NoDatabase {
        /// `host:port` or the path of a socket.
        server: String,
        /// The database asked for.
        database: String,
    },
    /// TLS was asked for and failed.
    #[error("TLS with PostgreSQL at {server} (database {database}) failed: {reason}")]
    Tls {
        /// `host:port` or the path of a socket.
        server: String,
        /// The database asked for.
        database: String,
        /// Why.
        reason: String,
    },
    /// Several hosts were given and none could be used.
    #[error("none of the {} servers could be used: {}", .0.len(), join(.0))]
    NoServer(Vec<DatabaseError>),
    /// `target_session_attrs` asks for another kind of server.
    #[error("PostgreSQL at {server} is not {wanted} (target_session_attrs)")]
    WrongKindOfServer {
        /// `host:port` or the path of a socket.
        server: String,
        /// The value of the setting.
        wanted: String,
    },
    /// No permission.
    #[error("no permission in database {database}: {reason}")]
    Permission {
        /// The database.
        database: String,
        /// The server's words.
        reason: String,
    },
    /// What the role may not do, and has to: found out before anything was tried.
    #[error("the role {role} may not {} in database {database}", .what.join(", nor "))]
    MissingGrants {
        /// The role.
        role: String,
        /// The database.
        database: String,
        /// What it may not do, in words.
        what: Vec<String>,
        /// The statements that would allow it.
        grants: Vec<String>,
    },
    /// The schema of the version table does not exist.
    #[error("there is no schema for the version table {table} in database {database}: {reason}")]
    NoSchema {
        /// The version table.
        table: String,
        /// The database.
        database: String,
        /// The server's words.
        reason: String,
    },
    /// The connection ended while it was in use.
    #[error("the connection to database {database} was lost: {reason}")]
    Lost {
        /// The database.
        database: String,
        /// Why.
        reason: String,
    },
    /// Anything else a server said.
    #[error("the database {database} answered with an error: {reason}")]
    Server {
        /// The database.
        database: String,
        /// SQLSTATE.
        code: String,
        /// The server's words.
        reason: String,
    },
    /// The directory of an SQLite file does not exist.
    #[error("cannot open the SQLite database {}: there is no directory {}", path.display(), directory.display())]
    NoDirectory {
        /// The file.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
    },
    /// An SQLite file or its directory cannot be written.
    #[error("the SQLite database {} cannot be written: {reason}", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
    /// Another connection holds the lock.
    #[error("the SQLite database {} is locked by another connection (waited {seconds} s)", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The limit.
        seconds: f64,
    },
    /// Anything else SQLite said.
    #[error("the SQLite database {}: {reason}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
    /// The table was to be written through a connection opened for reading.
    #[error("the connection to {target} was opened for reading only")]
    OpenedForReading {
        /// The database.
        target: String,
    },
    /// Alembic's check of the affected rows after UPDATE.
    #[error("Online migration expected to match one row when updating '{from}' to '{to}' in '{table}'; {found} found")]
    UpdatedRows {
        /// The row before.
        from: String,
        /// The row after.
        to: String,
        /// The version table, without its schema.
        table: String,
        /// How many rows there were.
        found: u64,
    },
    /// Alembic's check of the affected rows after DELETE.
    #[error("Online migration expected to match one row when deleting '{revision}' in '{table}'; {found} found")]
    DeletedRows {
        /// The row.
        revision: String,
        /// The version table, without its schema.
        table: String,
        /// How many rows there were.
        found: u64,
    },
    /// A row that is no text.
    #[error("revision identifier {value} is not a string; ensure database driver settings are correct")]
    NotAString {
        /// The value as Python writes it.
        value: String,
    },
}

fn join(errors: &[DatabaseError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl DatabaseError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::UpdatedRows { .. } | Self::DeletedRows { .. } | Self::NotAString { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Url(UrlError::Port) => "percent-encode special characters of the user and the password".into(),
            Self::NotNative { .. } => "it is reached by running env.py in the project's own Python".into(),
            Self::Unreachable { server, .. } if server.contains('/') => {
                "is the server running, and is this the directory of its socket? (PGHOST or a host in the URL)".into()
            }
            Self::Unreachable { .. } => "is the server running, and are host and port right?".into(),
            Self::ConnectTimeout { .. } => {
                "is a firewall in between? connect_timeout=SECONDS in the URL changes the limit".into()
            }
            Self::Password { .. } => {
                "the password comes from the URL, PGPASSWORD or the password file (passfile, ~/.pgpass)".into()
            }
            Self::Refused { .. } => "does the role exist, and does pg_hba.conf let it in from here?".into(),
            Self::NoDatabase { database, .. } => format!("create it first: createdb {}", shell_word(database)),
            Self::Tls { .. } => "sslmode and sslrootcert in the URL decide what is asked of the server".into(),
            Self::Permission { .. } => {
                "the role needs USAGE and CREATE on the schema, and SELECT, INSERT, UPDATE, DELETE on the version table"
                    .into()
            }
            Self::MissingGrants { grants, .. } => {
                format!("run `{}` as its owner or a superuser", grants.join(" "))
            }
            Self::NoSchema { .. } => "`limbec db init` creates the schema; --schema names another".into(),
            Self::NoDirectory { directory, .. } => format!("create it first: mkdir -p {}", directory.display()),
            Self::Busy { .. } => "timeout=SECONDS in the URL changes how long a lock is waited for".into(),
            Self::UpdatedRows { .. } | Self::DeletedRows { .. } => {
                "somebody else changed the version table at the same time, or it was altered by hand".into()
            }
            Self::Server { reason, .. } if reason.contains("startup parameter") => {
                "a pooler takes no options: name the schema by --schema, or have the pooler ignore them \
                 (ignore_startup_parameters)"
                    .into()
            }
            Self::NoServer(errors) => return errors.iter().find_map(Self::hint),
            _ => return None,
        })
    }
}

fn shell_word(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}
