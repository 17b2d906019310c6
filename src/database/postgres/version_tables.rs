use std::collections::HashMap;

use super::PostgresConnection;
use crate::database::{DatabaseError, VersionTableName};
use crate::revision::RevisionId;

/// Tables that one statement reads: each takes a lock, of which a server has some thousands for all of its sessions.
const AT_ONCE: usize = 200;

/// Which of the schemas (`$2`, a JSON list) have the relation `$1`.
const WITH_TABLE: &str = "SELECT n.nspname::text FROM pg_catalog.pg_class AS c \
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
    WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') \
    AND n.nspname IN (SELECT pg_catalog.json_array_elements_text($2::text::json))";

impl PostgresConnection {
    /// The rows of the version tables of one name in many schemas, by schema; a schema without the table is absent.
    ///
    /// # Errors
    /// The server does not answer, or one of the tables cannot be read.
    pub(in crate::database) fn version_rows_in(
        &mut self,
        name: &str,
        schemas: &[&str],
    ) -> Result<HashMap<String, Vec<RevisionId>>, DatabaseError> {
        let list = serde_json::Value::from(schemas.to_vec()).to_string();
        let present: Vec<String> = self.texts(WITH_TABLE, &[name, &list])?.into_iter().flatten().flatten().collect();
        let mut rows: HashMap<String, Vec<RevisionId>> =
            present.iter().map(|schema| (schema.clone(), Vec::new())).collect();
        for schemas in present.chunks(AT_ONCE) {
            let select = |(number, schema): (usize, &String)| {
                let table = VersionTableName::new(name).in_schema(Some(schema.clone()));
                format!("SELECT '{number}', version_num::text FROM {}", table.quoted())
            };
            let selects: Vec<String> = schemas.iter().enumerate().map(select).collect();
            for row in self.texts(&selects.join(" UNION ALL "), &[])? {
                let mut columns = row.into_iter();
                let (number, revision) = (columns.next().flatten(), columns.next().flatten());
                let schema = number.and_then(|number| schemas.get(number.parse::<usize>().ok()?));
                let Some(revision) = revision else {
                    return Err(DatabaseError::NotAString { value: "None".to_owned() });
                };
                if let Some(rows) = schema.and_then(|schema| rows.get_mut(schema)) {
                    rows.push(RevisionId::from(revision.as_str()));
                }
            }
        }
        Ok(rows)
    }
}
