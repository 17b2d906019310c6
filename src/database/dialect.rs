use std::fmt;

/// The database language of a URL, and whether limbec speaks it itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Spoken by `tokio-postgres`.
    Postgres,
    /// Spoken by `rusqlite`.
    Sqlite,
    /// Anything else, by SQLAlchemy's dialect (and driver) name: it goes through the engine.
    Other(String),
}

/// Drivers of SQLAlchemy that reach the same server by the same protocol; anything else may mean another thing.
const POSTGRES_DRIVERS: [&str; 6] = ["asyncpg", "pg8000", "psycopg", "psycopg2", "psycopg2cffi", "psycopg_async"];
const SQLITE_DRIVERS: [&str; 2] = ["aiosqlite", "pysqlite"];

impl Dialect {
    /// The dialect of a SQLAlchemy driver name such as `postgresql+psycopg2`.
    pub fn of_driver_name(name: &str) -> Self {
        let (backend, driver) = match name.split_once('+') {
            Some((backend, driver)) => (backend, Some(driver)),
            None => (name, None),
        };
        match backend {
            "postgresql" | "postgres" if driver.is_none_or(|d| POSTGRES_DRIVERS.contains(&d)) => Self::Postgres,
            "sqlite" if driver.is_none_or(|d| SQLITE_DRIVERS.contains(&d)) => Self::Sqlite,
            _ => Self::Other(name.to_owned()),
        }
    }

    /// Whether a failed migration leaves nothing behind (SQLAlchemy's and Alembic's `transactional_ddl`).
    pub fn transactional_ddl(&self) -> bool {
        matches!(self, Self::Postgres)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => f.write_str("postgresql"),
            Self::Sqlite => f.write_str("sqlite"),
            Self::Other(name) => f.write_str(name),
        }
    }
}
