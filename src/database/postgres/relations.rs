use crate::database::{Connection, DatabaseError};

/// A relation by name; the schema only where the search path does not lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationName {
    /// Its schema, where it has to be said.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
}

/// What stands for `{name}` is how the relation is named; `{place}` where it is looked for: `$2` is its schema.
const TABLE_OF_INDEX: &str = "SELECT {name} FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace \
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace m ON m.oid = t.relnamespace \
    WHERE x.relname = $1 AND {place}";

const REFERENTS: &str = "SELECT DISTINCT {name} FROM pg_catalog.pg_constraint k \
    JOIN pg_catalog.pg_class x ON x.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace \
    JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = t.relnamespace \
    WHERE k.contype = 'f' AND t.oid <> x.oid AND x.relname = $1 AND {place}";

const NAME: &str =
    "CASE WHEN pg_catalog.pg_table_is_visible(t.oid) THEN NULL ELSE m.nspname::text END, t.relname::text";

impl Connection {
    /// The table that an index belongs to; `None`: there is no such index, or it is not known (SQLite).
    ///
    /// # Errors
    /// What the server says.
    pub fn table_of_index(&mut self, schema: Option<&str>, index: &str) -> Result<Option<RelationName>, DatabaseError> {
        Ok(self.relations(TABLE_OF_INDEX, schema, index, None)?.into_iter().next())
    }

    /// The tables that foreign keys of a table refer to, itself left out; those of one constraint, or of all.
    ///
    /// # Errors
    /// What the server says.
    pub fn referents(
        &mut self,
        schema: Option<&str>,
        table: &str,
        constraint: Option<&str>,
    ) -> Result<Vec<RelationName>, DatabaseError> {
        self.relations(REFERENTS, schema, table, constraint)
    }

    fn relations(
        &mut self,
        query: &str,
        schema: Option<&str>,
        name: &str,
        constraint: Option<&str>,
    ) -> Result<Vec<RelationName>, DatabaseError> {
        let Self::Postgres(connection) = self else { return Ok(Vec::new()) };
        let mut parameters = vec![name];
        let mut place = match schema {
            Some(schema) => {
                parameters.push(schema);
                "n.nspname = $2".to_owned()
            }
            None => "pg_catalog.pg_table_is_visible(x.oid)".to_owned(),
        };
        if let Some(constraint) = constraint {
            parameters.push(constraint);
            place.push_str(&format!(" AND k.conname = ${}", parameters.len()));
        }
        let query = query.replace("{name}", NAME).replace("{place}", &place);
        let rows = connection.texts(&query, &parameters)?;
        let named = rows.into_iter().filter_map(|row| {
            let mut columns = row.into_iter();
            Some(RelationName { schema: columns.next()?, name: columns.next()?? })
        });
        Ok(named.collect())
    }
}
