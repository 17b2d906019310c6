use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::TrialError;
use crate::catalogue::{Catalogue, Relation};
use crate::database::{Connection, Dialect, quote_identifier};
use crate::revision::{RevisionIndex, RevisionMap};

/// SQL that fills an ephemeral database with rows: `REVISION.sql` runs when that revision has run.
#[derive(Debug, Clone, Default)]
pub struct Fixtures {
    files: HashMap<RevisionIndex, PathBuf>,
}

/// What a table holds: its rows, and for each column a checksum of its values in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableData {
    rows: u64,
    columns: BTreeMap<String, String>,
}

impl Fixtures {
    /// The files `*.sql` of a folder; a name may be whatever names one revision (`head`, the first letters of an id).
    ///
    /// # Errors
    /// A folder that cannot be read, or a file whose name is no revision.
    pub fn read(folder: &Path, map: &RevisionMap) -> Result<Self, TrialError> {
        let entries = fs::read_dir(folder).map_err(TrialError::file("read the folder", folder))?;
        let mut files = HashMap::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|extension| extension != "sql") {
                continue;
            }
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let fault = |reason: String| TrialError::Fixture { path: path.clone(), reason };
            let index = match map.resolve_one(&stem) {
                Ok(Some(index)) => index,
                Ok(None) => return Err(fault("its name is no revision".to_owned())),
                Err(error) => return Err(fault(error.to_string())),
            };
            if files.insert(index, path.clone()).is_some() {
                return Err(fault(format!("there is another one for revision {}", map.id(index))));
            }
        }
        Ok(Self { files })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file of a revision.
    pub fn of(&self, index: RevisionIndex) -> Option<&Path> {
        self.files.get(&index).map(PathBuf::as_path)
    }

    /// Runs the file of a revision, if there is one. Whether there was.
    pub(super) fn load(&self, index: RevisionIndex, connection: &mut Connection) -> Result<bool, TrialError> {
        let Some(path) = self.of(index) else { return Ok(false) };
        let sql = fs::read_to_string(path).map_err(TrialError::file("read", path))?;
        let run = connection.run_script(&sql);
        run.map_err(|error| TrialError::Fixture { path: path.to_owned(), reason: error.to_string() })?;
        Ok(true)
    }
}

/// What every table holds.
pub(super) fn read_data(
    connection: &mut Connection,
    catalogue: &Catalogue,
) -> Result<BTreeMap<String, TableData>, TrialError> {
    let mut data = BTreeMap::new();
    for table in catalogue.tables() {
        let sql = match connection.dialect() {
            Dialect::Sqlite => sqlite_digest(table),
            _ => postgres_digest(table),
        };
        let answer = connection.first_column(&sql, &[])?.into_iter().next().unwrap_or_default();
        let Ok(Answer { rows, columns }) = serde_json::from_str(&answer) else { continue };
        let names = table.columns.iter().map(|column| column.name.clone());
        let columns = names.zip(columns.iter().map(|text| checksum(text.as_deref().unwrap_or_default()))).collect();
        data.insert(table.name.to_string(), TableData { rows, columns });
    }
    Ok(data)
}

/// Rows and, by column, something that is the same for the same values.
#[derive(Debug, Deserialize)]
struct Answer {
    rows: u64,
    columns: Vec<Option<String>>,
}

fn postgres_digest(table: &Relation) -> String {
    let column = |name: &str| {
        let value = format!("pg_catalog.md5(coalesce({}::text, '∅'))", quote_identifier(name));
        format!("pg_catalog.md5(coalesce(pg_catalog.string_agg({value}, '' ORDER BY {value}), ''))")
    };
    let columns: Vec<String> = table.columns.iter().map(|of| column(&of.name)).collect();
    let name = quoted(table);
    format!(
        "SELECT pg_catalog.json_build_object('rows', pg_catalog.count(*), 'columns', \
         pg_catalog.to_json(ARRAY[{}]::text[]))::text FROM {name}",
        columns.join(", ")
    )
}

fn sqlite_digest(table: &Relation) -> String {
    let name = quoted(table);
    let column = |of: &str| {
        let of = quote_identifier(of);
        format!("(SELECT group_concat(value, char(10)) FROM (SELECT quote({of}) AS value FROM {name} ORDER BY 1))")
    };
    let columns: Vec<String> = table.columns.iter().map(|of| column(&of.name)).collect();
    format!("SELECT json_object('rows', (SELECT count(*) FROM {name}), 'columns', json_array({}))", columns.join(", "))
}

fn quoted(table: &Relation) -> String {
    match &table.name.schema {
        Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(&table.name.name)),
        None => quote_identifier(&table.name.name),
    }
}

fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What is not there any more, a sentence for each table and column. Tables and columns that only one of the two has are the
/// catalogue's matter.
pub(super) fn lost(
    before: &BTreeMap<String, TableData>,
    after: &BTreeMap<String, TableData>,
    moment: &str,
) -> Vec<String> {
    let mut found = Vec::new();
    for (name, old) in before {
        let Some(new) = after.get(name) else { continue };
        if old.rows != new.rows {
            found.push(format!("table `{name}` has {} rows {moment} instead of {}", new.rows, old.rows));
            continue;
        }
        for (column, sum) in &old.columns {
            if new.columns.get(column).is_some_and(|other| other != sum) {
                found.push(format!("column `{name}.{column}` holds other values {moment}"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(rows: u64, sum: &str) -> BTreeMap<String, TableData> {
        let columns = [("id".to_owned(), "1".to_owned()), ("name".to_owned(), sum.to_owned())].into();
        [("users".to_owned(), TableData { rows, columns })].into()
    }

    #[test]
    fn lost_rows_and_values_are_named() {
        assert_eq!(lost(&data(2, "a"), &data(2, "a"), "afterwards"), Vec::<String>::new());
        let rows = lost(&data(2, "a"), &data(0, "b"), "after the downgrade");
        assert_eq!(rows, ["table `users` has 0 rows after the downgrade instead of 2"]);
        let values = lost(&data(2, "a"), &data(2, "b"), "after the downgrade");
        assert_eq!(values, ["column `users.name` holds other values after the downgrade"]);
        assert_eq!(lost(&data(2, "a"), &BTreeMap::new(), ""), Vec::<String>::new());
    }
}
