use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use sha2::{Digest, Sha256};

use super::format::{StatementLine, TextLine};
use super::read::{Part, StepAt};
use super::{Bundle, BundleError};
use crate::database::Connection;
use crate::migrate::{Refusal, ScriptStatement, StatementPlace, StepScript, StepSource, with_schema};
use crate::plan::{Direction, Step};
use crate::sqlfile::{Directives, SqlDialect, StatementReader, Variables};

/// The steps of a bundle, read from the file when they run.
#[derive(Debug)]
pub struct BundleSteps<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// Values for its SQL files.
    pub variables: Variables,
}

impl BundleSteps<'_> {
    fn dialect(&self) -> SqlDialect {
        if self.bundle.manifest.dialect == "sqlite" { SqlDialect::Sqlite } else { SqlDialect::Postgres }
    }

    /// A step that is the text of an SQL file.
    fn file<'a>(&'a self, at: &'a StepAt, connection: Option<&mut Connection>) -> Result<StepScript<'a>, Refusal> {
        let path = at.step.file.clone().unwrap_or_default();
        let fault = move |error| BundleError::File { path: path.clone(), error };
        let text = || BufReader::new(TextReader::new(self.bundle, at));
        let directives = Directives::read(text()).map_err(&fault)?;
        let variables = with_schema(&self.variables, self.dialect(), connection)?;
        let variables = variables.of_file(&directives).map_err(&fault)?;
        let reader = StatementReader::new(text(), self.dialect(), &variables);
        let reader = if directives.no_transaction { reader } else { reader.within_transaction() };
        let statements = reader.map(move |statement| {
            let statement = statement.map_err(&fault)?;
            let place = at.step.file.as_ref().map(|path| StatementPlace::new(path, statement.line));
            Ok(ScriptStatement { sql: statement.text.into(), place })
        });
        Ok(StepScript { outside_transaction: directives.no_transaction, statements: Box::new(statements) })
    }
}

impl StepSource for BundleSteps<'_> {
    fn knows(&self, step: &Step) -> bool {
        step.direction == Direction::Stamp || self.bundle.at(step).is_ok()
    }

    fn script(&self, step: &Step, connection: Option<&mut Connection>) -> Result<StepScript<'_>, Refusal> {
        if step.direction == Direction::Stamp {
            return Ok(StepScript::of_texts(&[]));
        }
        let at = self.bundle.at(step)?;
        if at.step.file.is_some() {
            return self.file(at, connection);
        }
        let statement = |read: Result<StatementLine, BundleError>| match read {
            Ok(line) => Ok(ScriptStatement { sql: Cow::Owned(line.sql), place: None }),
            Err(error) => Err(Refusal::from(error)),
        };
        let lines = Lines::new(self.bundle, at);
        Ok(StepScript { outside_transaction: false, statements: Box::new(lines.map(statement)) })
    }
}

/// The lines of a step, one at a time; a failure at the end if they are others than when the bundle was opened.
pub(super) struct Lines<'a, T> {
    bundle: &'a Bundle,
    at: &'a StepAt,
    input: BufReader<Part<'a>>,
    hash: Option<Sha256>,
    line: std::marker::PhantomData<T>,
}

impl<'a, T> Lines<'a, T> {
    pub(super) fn new(bundle: &'a Bundle, at: &'a StepAt) -> Self {
        let part = Part { file: &bundle.file, at: at.start, end: at.end };
        let hash = Some(Sha256::new());
        Self { bundle, at, input: BufReader::new(part), hash, line: std::marker::PhantomData }
    }

    fn changed(&mut self) -> BundleError {
        self.hash = None;
        BundleError::Changed {
            path: self.bundle.path.clone(),
            direction: if self.at.step.step == Direction::Downgrade.name() { "downgrade" } else { "upgrade" },
            revision: self.at.step.revision.clone(),
        }
    }
}

impl<T: serde::de::DeserializeOwned> Iterator for Lines<'_, T> {
    type Item = Result<T, BundleError>;

    fn next(&mut self) -> Option<Self::Item> {
        let hash = self.hash.as_mut()?;
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Err(source) => {
                self.hash = None;
                Some(Err(BundleError::Read { path: self.bundle.path.clone(), source }))
            }
            Ok(0) => {
                let is_same = hash.clone().finalize().as_slice() == self.at.sha256;
                self.hash = None;
                if is_same { None } else { Some(Err(self.changed())) }
            }
            Ok(_) => {
                hash.update(&line);
                // It was whole when it was opened.
                Some(serde_json::from_slice(&line).map_err(|_| self.changed()))
            }
        }
    }
}

/// The text of an SQL file, put together from its pieces.
pub(super) struct TextReader<'a> {
    lines: Lines<'a, TextLine>,
    piece: io::Cursor<Vec<u8>>,
}

impl<'a> TextReader<'a> {
    pub(super) fn new(bundle: &'a Bundle, at: &'a StepAt) -> Self {
        Self { lines: Lines::new(bundle, at), piece: io::Cursor::default() }
    }
}

impl Read for TextReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.piece.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            match self.lines.next() {
                None => return Ok(0),
                Some(line) => self.piece = io::Cursor::new(line.map_err(io::Error::other)?.text.into_bytes()),
            }
        }
    }
}
