use std::collections::BTreeMap;

use super::error::{SqlFileError, SqlFileProblem};
use super::lexer::is_word;
use super::{Directives, SqlDialect};

/// The variable that every file may use without naming it.
const SCHEMA: &str = "schema";

/// Names of variables, and their values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    /// # Errors
    /// `name` is no name of a variable, or the value is one that no database takes: with a NUL byte.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SqlFileProblem> {
        if !is_name(name) {
            return Err(SqlFileProblem::NotAName { name: name.to_owned() });
        }
        if value.contains('\0') {
            return Err(SqlFileProblem::ImpossibleValue { name: name.to_owned(), reason: "a text with a NUL byte" });
        }
        self.values.insert(name.to_owned(), value.to_owned());
        Ok(())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Those that a file may use: `schema`, where it has a value, and what its directives name.
    ///
    /// # Errors
    /// A variable that the file names has no value.
    pub fn of_file(&self, directives: &Directives) -> Result<Self, SqlFileError> {
        let mut own = Self::default();
        if let Some(schema) = self.values.get(SCHEMA) {
            own.values.insert(SCHEMA.to_owned(), schema.clone());
        }
        for (name, line) in directives.declared() {
            let Some(value) = self.values.get(name) else {
                let problem = SqlFileProblem::UnknownVariable { name: name.to_owned() };
                return Err(SqlFileError { line, problem });
            };
            own.values.insert(name.to_owned(), value.clone());
        }
        Ok(own)
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii() && is_word(byte);
    name.bytes().all(is_part) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

/// What `${…}` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Identifier,
    Literal,
}

/// `${name}`, `${name:literal}`
pub(super) fn parse_reference(text: &str) -> Option<(&str, Form)> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (name, form) = match inner.split_once(':') {
        None => (inner, Form::Identifier),
        Some((name, "literal")) => (name, Form::Literal),
        Some(_) => return None,
    };
    is_name(name).then_some((name, form))
}

/// A value as it is written into a statement.
pub(super) fn written(value: &str, form: Form, dialect: SqlDialect) -> String {
    match form {
        Form::Identifier => format!("\"{}\"", value.replace('"', "\"\"")),
        // Whether a backslash in '…' stands for itself is a setting of the connection; in E'…' it is not.
        Form::Literal if dialect == SqlDialect::Postgres && value.contains('\\') => {
            format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
        }
        Form::Literal => format!("'{}'", value.replace('\'', "''")),
    }
}
