//! The text of an old migration as limbec and Alembic run it: byte for byte, but for placeholders and for a transaction of its own.

mod outside;
mod placeholders;
mod search_path;
mod wrapping;

use std::collections::{BTreeMap, BTreeSet};

use super::error::{ImportError, Problem, none};
use super::migration::{OldMigration, OldText};
use super::tool::Tool;
use crate::sqlfile::{SqlDialect, SqlFileError, SqlFileProblem, StatementReader, Variables};

/// What a person should know about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The old file.
    pub file: String,
    /// A sentence without its subject.
    pub text: String,
}

/// What stands for `${name}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    /// By name: written into the files. The others become variables of limbec's.
    pub values: BTreeMap<String, String>,
}

/// A migration as a revision's SQL files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Converted {
    /// `NAME.up.sql`
    pub up: String,
    /// `NAME.down.sql`
    pub down: Option<String>,
    /// The variables that they need, without `schema`.
    pub variables: BTreeSet<String>,
}

/// How texts are read.
struct Reading<'a> {
    tool: Tool,
    dialect: SqlDialect,
    placeholders: &'a Placeholders,
}

/// Converts migrations. Everything is checked before anything is returned.
///
/// # Errors
/// Every place that limbec could not run as the tool has.
pub fn convert(
    migrations: &[OldMigration],
    tool: Tool,
    dialect: SqlDialect,
    placeholders: &Placeholders,
) -> Result<(Vec<Converted>, Vec<Note>), ImportError> {
    let reading = Reading { tool, dialect, placeholders };
    let (mut converted, mut notes, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for migration in migrations {
        let mut one = Converted::default();
        for (index, text) in migration.texts().enumerate() {
            match reading.text(text, &mut notes) {
                Ok((text, variables)) if index == 0 => (one.up, one.variables) = (text, variables),
                Ok((text, variables)) => {
                    one.down = Some(text);
                    one.variables.extend(variables);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if one.down.is_none() {
            one.up.insert_str(0, IRREVERSIBLE);
        }
        converted.push(one);
    }
    none(problems)?;
    Ok((converted, notes))
}

/// What is no oversight is not to be reported as one.
const IRREVERSIBLE: &str = "-- limbec: irreversible imported without a way down\n";

impl Reading<'_> {
    fn text(&self, old: &OldText, notes: &mut Vec<Note>) -> Result<(String, BTreeSet<String>), Problem> {
        let (text, variables) = self.placed(old, notes)?;
        let mut note = |text: &str| notes.push(Note { file: old.file.clone(), text: text.to_owned() });
        let mut is_outside = old.no_transaction;
        let unwrapped = if is_outside { None } else { wrapping::unwrapped(&text, self.dialect) };
        let candidate = unwrapped.as_ref().map_or(text.as_str(), |unwrapped| unwrapped.text.as_str());
        let has_own = |error: &SqlFileError| matches!(error.problem, SqlFileProblem::TransactionControl { .. });
        let (text, statements) = match self.statements(candidate, &variables, is_outside) {
            Err(error) if !is_outside && has_own(&error) => {
                note("has transactions of its own, and keeps them: it runs outside of limbec's");
                is_outside = true;
                let statements = self.statements(&text, &variables, true);
                (text, statements)
            }
            read => {
                if let Some(unwrapped) = &unwrapped {
                    note(&format!("{} is left out: limbec's transaction takes its place", unwrapped.removed));
                }
                (unwrapped.map_or(text, |unwrapped| unwrapped.text), read)
            }
        };
        let statements =
            statements.map_err(|error| Problem::at(&old.file, old.line(error.line), error.problem.to_string()))?;
        if statements.is_empty() {
            note("has no statement, and does nothing");
        }
        if !is_outside
            && self.tool.leaves_transactions_to_statements()
            && let Some(statement) = statements.iter().find_map(|sql| outside::needs_no_transaction(sql, self.dialect))
        {
            note(&format!("has {statement}, and runs outside a transaction"));
            is_outside = true;
        }
        let changes_path =
            self.dialect == SqlDialect::Postgres && statements.iter().any(|sql| search_path::is_changed_by(sql));
        let text = if changes_path { search_path::framed(&text) } else { text };
        if changes_path {
            note(search_path::NOTE);
        }
        Ok((with_directives(&text, is_outside, &variables), variables))
    }

    /// The text with values in the places of the tool's placeholders.
    fn placed(&self, old: &OldText, notes: &mut Vec<Note>) -> Result<(String, BTreeSet<String>), Problem> {
        let at = |(line, reason): (usize, String)| Problem::at(&old.file, old.line(line), reason);
        if !self.tool.has_placeholders() {
            placeholders::check_none(&old.text, self.dialect).map_err(at)?;
            return Ok((old.text.clone(), BTreeSet::new()));
        }
        let text = self.placeholders.filled(&old.text);
        let (text, variables) = placeholders::as_variables(&text, self.dialect).map_err(at)?;
        for name in &variables {
            let text = format!("needs the variable {name}, which was the placeholder of this name");
            notes.push(Note { file: old.file.clone(), text });
        }
        Ok((text, variables))
    }

    fn statements(
        &self,
        text: &str,
        variables: &BTreeSet<String>,
        is_outside: bool,
    ) -> Result<Vec<String>, SqlFileError> {
        let mut values = Variables::default();
        for name in variables.iter().map(String::as_str).chain(["schema"]) {
            values.set(name, name).map_err(|problem| SqlFileError { line: 1, problem })?;
        }
        let reader = StatementReader::new(text.as_bytes(), self.dialect, &values);
        let reader = if is_outside { reader } else { reader.within_transaction() };
        reader.map(|statement| statement.map(|statement| statement.text)).collect()
    }
}

/// What limbec has to know of a file stands before its first statement.
fn with_directives(text: &str, is_outside: bool, variables: &BTreeSet<String>) -> String {
    let mut whole = String::with_capacity(text.len() + 64);
    if is_outside {
        whole.push_str("-- limbec: no-transaction\n");
    }
    for name in variables {
        whole.push_str(&format!("-- limbec: variable {name}\n"));
    }
    whole.push_str(text);
    whole
}
