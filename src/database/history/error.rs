use thiserror::Error;

use super::HistoryTable;
use crate::database::{DatabaseError, quote_identifier};

/// Why the history could not be read or written.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// PostgreSQL: the schema is not there, and the role may not create one.
    #[error("the role {role} may not create the schema {schema} for the history table in database {database}")]
    NoSchemaPermission {
        /// The role.
        role: String,
        /// The schema.
        schema: String,
        /// The database.
        database: String,
    },
    /// PostgreSQL: the table is not there, and the role may not create it in the schema.
    #[error("the role {role} may not create the history table in schema {schema} of database {database}")]
    NoTablePermission {
        /// The role.
        role: String,
        /// The schema.
        schema: String,
        /// The database.
        database: String,
    },
    /// PostgreSQL: the table or its schema belongs to another role, which has not granted enough.
    #[error("the role {role} may not use the history table {table} of database {database}")]
    NoAccess {
        /// The role.
        role: String,
        /// The table.
        table: HistoryTable,
        /// The database.
        database: String,
    },
    /// A row that is none of ours: the table was made or changed by somebody else.
    #[error("the table {table} is not limbec's history: {reason}")]
    Foreign {
        /// The table.
        table: HistoryTable,
        /// What is wrong with it.
        reason: String,
    },
    /// Anything else.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl HistoryError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let elsewhere = "or name a schema that it may use, such as `history = { schema = \"public\" }`";
        Some(match self {
            Self::NoSchemaPermission { role, database, .. } => format!(
                "run `GRANT CREATE ON DATABASE {} TO {};` as its owner, {elsewhere}",
                quote_identifier(database),
                quote_identifier(role)
            ),
            Self::NoTablePermission { role, schema, .. } => format!(
                "run `GRANT USAGE, CREATE ON SCHEMA {} TO {};` as its owner, {elsewhere}",
                quote_identifier(schema),
                quote_identifier(role)
            ),
            Self::NoAccess { role, table, .. } => {
                let role = quote_identifier(role);
                let usage = table
                    .schema
                    .as_ref()
                    .map(|schema| format!("GRANT USAGE ON SCHEMA {} TO {role}; ", quote_identifier(schema)))
                    .unwrap_or_default();
                format!(
                    "run `{usage}GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {role};` as its owner",
                    table.quoted()
                )
            }
            Self::Foreign { .. } => "name another table, such as `history = { table = \"limbec_log\" }`".to_owned(),
            Self::Database(error) => return error.hint(),
        })
    }
}
