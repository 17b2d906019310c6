use thiserror::Error;

/// Why a name is none for a schema of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SchemaNameError {
    /// Empty, or with a NUL.
    #[error("has no name that PostgreSQL takes")]
    NoName,
    /// PostgreSQL would cut it off.
    #[error("has a name of more than PostgreSQL's 63 bytes")]
    TooLong,
    /// `pg_…`, `information_schema`
    #[error("is the server's own")]
    Servers,
}

/// Whether PostgreSQL takes a name for a schema, and it is none of the server's own.
///
/// # Errors
/// It does not, or it is.
pub fn check_schema_name(name: &str) -> Result<(), SchemaNameError> {
    match name {
        _ if name.is_empty() || name.contains('\0') => Err(SchemaNameError::NoName),
        _ if name.len() > 63 => Err(SchemaNameError::TooLong),
        _ if name.starts_with("pg_") || name == "information_schema" => Err(SchemaNameError::Servers),
        _ => Ok(()),
    }
}
