use std::collections::HashMap;

use super::PostgresConnection;
use crate::database::{DatabaseError, VersionTableName};
use crate::revision::RevisionId;

/// Tables that one statement reads: each takes a lock, of which a server has some thousands for all of its sessions.
const AT_ONCE: usize = 200;

/// Which of the schemas (`$2`, a JSON list) there are, and which have the relation `$1`.
const WITH_TABLE: &str = "SELECT n.nspname::text, (c.oid IS NOT NULL)::text FROM pg_catalog.pg_namespace AS n \
    LEFT JOIN pg_catalog.pg_class AS c \
    ON n.oid = c.relnamespace AND c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') \
    WHERE n.nspname IN (SELECT pg_catalog.json_array_elements_text($2::text::json))";

/// A server that is running (no two begin in the same microsecond; clones of one may have its identifier), a database of it, and the schema that is
/// current.
const PLACE: &str = "SELECT (extract(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint::text || ' ' \
    || pg_catalog.current_setting('port') || ' ' || d.oid::text || ' ' || coalesce(pg_catalog.current_schema(), '') \
    FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()";

impl PostgresConnection {
    /// Which server and database it is, whatever it is called, and the schema that is current, if there is one.
    pub(in crate::database) fn place(&self) -> Result<Option<(String, Option<String>)>, DatabaseError> {
        let text = self.text(PLACE, &[])?;
        // The name of a schema may have blanks.
        let parts = text.as_deref().map(|text| text.match_indices(' ').nth(2).map(|(at, _)| text.split_at(at)));
        Ok(parts.flatten().map(|(place, schema)| {
            let schema = schema.get(1..).filter(|schema| !schema.is_empty());
            (place.to_owned(), schema.map(str::to_owned))
        }))
    }

    /// The rows of the version tables of one name in many schemas, by schema: none where it is not there, nothing for a schema that is not there.
    ///
    /// # Errors
    /// The server does not answer, or one of the tables cannot be read.
    pub(in crate::database) fn version_rows_in(
        &mut self,
        name: &str,
        schemas: &[&str],
    ) -> Result<HashMap<String, Vec<RevisionId>>, DatabaseError> {
        let list = serde_json::Value::from(schemas.to_vec()).to_string();
        let (mut rows, mut present) = (HashMap::new(), Vec::new());
        for row in self.texts(WITH_TABLE, &[name, &list])? {
            let mut columns = row.into_iter().flatten();
            let (Some(schema), Some(has_table)) = (columns.next(), columns.next()) else { continue };
            rows.insert(schema.clone(), Vec::new());
            present.extend((has_table == "true").then_some(schema));
        }
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
