use super::connection::Connection;
use super::error::DatabaseError;
use super::version_table::quote_identifier;

/// `SET LOCAL search_path` to these schemas, of which there is at least one.
pub(super) fn set_local(schemas: &[String]) -> String {
    let names: Vec<String> = schemas.iter().map(|schema| quote_identifier(schema)).collect();
    format!("SET LOCAL search_path = {}", names.join(", "))
}

impl Connection {
    /// Asks something, names without a schema being looked for in these schemas of PostgreSQL, as the scripts' own connection does:
    /// in a transaction that changes nothing. Without schemas it is asked where the connection looks.
    ///
    /// # Errors
    /// Those of the question, and a connection that is lost.
    pub fn looking_in<T, E: From<DatabaseError>>(
        &mut self,
        schemas: &[String],
        ask: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Self::Postgres(connection) = self else { return ask(self) };
        if schemas.is_empty() {
            return ask(self);
        }
        connection.end(&format!("BEGIN READ ONLY; {}", set_local(schemas)))?;
        let answer = ask(self);
        if let Self::Postgres(connection) = self {
            // The transaction is gone with the connection where this fails, and the answer is told.
            let _ = connection.end("ROLLBACK");
        }
        answer
    }
}
