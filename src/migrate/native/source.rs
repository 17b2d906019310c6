use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::database::Connection;
use crate::migrate::Refusal;
use crate::plan::Step;

/// Where the statements of a step come from.
pub trait StepSource {
    /// Whether the statements of a step are known.
    fn knows(&self, step: &Step) -> bool;

    /// What a step runs. Read from its beginning once for every attempt. The connection is that of the step, for what the text depends on.
    ///
    /// # Errors
    /// It cannot be read; the step does not run.
    fn script(&self, step: &Step, connection: Option<&mut Connection>) -> Result<StepScript<'_>, Refusal>;
}

/// The statements of a step, one after the other: not all of them have to be in memory.
pub struct StepScript<'a> {
    /// Whether they run outside of a transaction, each committed by itself.
    pub outside_transaction: bool,
    /// In order, each without parameters. What cannot be read ends the step.
    pub statements: Box<dyn Iterator<Item = Result<ScriptStatement<'a>, Refusal>> + 'a>,
}

/// A statement of a step.
#[derive(Debug, Clone)]
pub struct ScriptStatement<'a> {
    /// The text.
    pub sql: Cow<'a, str>,
    /// Where it is written, if that is a file.
    pub place: Option<StatementPlace>,
}

/// Where a statement begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementPlace {
    /// The file.
    pub path: PathBuf,
    /// From 1.
    pub line: usize,
}

impl StatementPlace {
    /// A line of a file.
    pub fn new(path: &Path, line: usize) -> Self {
        Self { path: path.to_owned(), line }
    }
}

impl<'a> StepScript<'a> {
    /// Statements in memory, which run in the transaction of their step.
    pub fn of_texts(texts: &'a [String]) -> Self {
        let statements = texts.iter().map(|sql| Ok(ScriptStatement { sql: Cow::Borrowed(sql.as_str()), place: None }));
        Self { outside_transaction: false, statements: Box::new(statements) }
    }
}
