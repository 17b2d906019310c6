//! Statements that somebody else has written: sent as they are, with the database's own words where they fail.

use serde_json::{Map, Value};

use super::Connection;

/// What the database said to a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementError {
    /// PostgreSQL's SQLSTATE, or SQLite's name (`SQLITE_BUSY`).
    pub code: Option<String>,
    /// The sentence, its detail in brackets.
    pub reason: String,
    /// Where in the statement, counted in characters from 1.
    pub position: Option<u32>,
    /// Whether the connection is gone.
    pub lost: bool,
}

impl Connection {
    /// Runs an SQL text, of one statement or several; without parameters, and without a transaction of its own. `is_interrupted` is asked now
    /// and then, and ends the statement in the database.
    ///
    /// # Errors
    /// What the database says.
    pub fn run_text(&mut self, sql: &str, is_interrupted: fn() -> bool) -> Result<(), StatementError> {
        match self {
            Self::Postgres(connection) => connection.run_text(sql, is_interrupted),
            Self::Sqlite(connection) => connection.watched(is_interrupted, |connection| connection.run_text(sql)),
        }
    }

    /// Runs statements one after the other, in the transaction that is open. `is_interrupted` as in `run_text`.
    ///
    /// # Errors
    /// The index of the one that the database refuses, and what it says; those before it have run.
    pub fn run_batch(
        &mut self,
        statements: &[String],
        is_interrupted: fn() -> bool,
    ) -> Result<(), (usize, StatementError)> {
        match self {
            Self::Postgres(connection) => connection.run_batch(statements, is_interrupted),
            Self::Sqlite(connection) => connection.watched(is_interrupted, |connection| {
                let run = |(index, sql): (usize, &String)| connection.run_text(sql).map_err(|error| (index, error));
                statements.iter().enumerate().try_for_each(run)
            }),
        }
    }

    /// Whether statements that were sent have begun a transaction and not ended it.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn is_in_transaction(&mut self) -> Result<bool, StatementError> {
        match self {
            Self::Postgres(connection) => connection.is_in_transaction(),
            Self::Sqlite(connection) => Ok(!connection.is_autocommit()),
        }
    }

    /// Whether a backslash in a plain string escapes now (PostgreSQL's `standard_conforming_strings` is off).
    pub fn escapes_in_plain_strings(&self) -> bool {
        match self {
            Self::Postgres(connection) => connection.escapes_in_plain_strings(),
            Self::Sqlite(_) => false,
        }
    }

    /// Runs one statement in the form of SQLAlchemy's `text()`, whose parameters are texts. Whether it gave a row.
    ///
    /// # Errors
    /// What the database says, and a parameter without a value.
    pub fn run_with_parameters(&mut self, sql: &str, values: &Map<String, Value>) -> Result<bool, StatementError> {
        let (sql, names) = numbered(sql);
        let value = |name: &String| match values.get(name) {
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Null) => Ok(None),
            Some(other) => Ok(Some(other.to_string())),
            None => Err(StatementError { reason: format!("the parameter :{name} has no value"), ..Default::default() }),
        };
        let values = names.iter().map(value).collect::<Result<Vec<Option<String>>, _>>()?;
        match self {
            Self::Postgres(connection) => connection.gives_row(&sql, &values),
            Self::Sqlite(connection) => connection.gives_row(&sql, &values),
        }
    }
}

/// `:name` as `$1`, and `\:` as a colon: SQLAlchemy's `TextClause` finds them by `(?<![:\w\x5c]):(\w+)(?!:)`, wherever they stand.
fn numbered(sql: &str) -> (String, Vec<String>) {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (mut written, mut names) = (String::with_capacity(sql.len()), Vec::<String>::new());
    let (mut rest, mut before) = (sql, None);
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        if letter == '\\' && after.starts_with(':') {
            written.push(':');
            (rest, before) = (&after[1..], Some(':'));
            continue;
        }
        let length = after.find(|letter| !is_word(letter)).unwrap_or(after.len());
        let (name, behind) = after.split_at(length);
        let opens = letter == ':' && !before.is_some_and(|letter| is_word(letter) || letter == ':');
        if opens && !name.is_empty() && !behind.starts_with(':') {
            let number = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            written.push_str(&format!("${}", number + 1));
            (rest, before) = (behind, name.chars().last());
            continue;
        }
        written.push(letter);
        (rest, before) = (after, Some(letter));
    }
    (written, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_as_sqlalchemy_finds_them() {
        let (sql, names) = numbered("UPDATE \"a\\:b\" SET x = CAST(:x AS text), y = :y WHERE x = :x AND z::int = 1");
        assert_eq!(sql, "UPDATE \"a:b\" SET x = CAST($1 AS text), y = $2 WHERE x = $1 AND z::int = 1");
        assert_eq!(names, ["x", "y"]);
        assert_eq!(numbered("a:b ::c :d: é").0, "a:b ::c :d: é");
    }
}
