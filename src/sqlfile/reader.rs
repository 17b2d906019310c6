use std::io::BufRead;
use std::num::NonZeroUsize;

use super::directives::late_directive;
use super::error::{Opened, SqlFileError, SqlFileProblem};
use super::input::Input;
use super::lexer::{Lexicon, Scanner, Stop, Token, TokenKind};
use super::outline::{Outline, Refusal};
use super::substitution::{self, Insertion};
use super::{SqlDialect, Variables};

/// Of a client's command, as much as is shown, in bytes.
const LONGEST_COMMAND: usize = 40;

/// A statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatement {
    /// From its first token to its last, without the semicolon behind it, with the values of the variables.
    pub text: String,
    /// Of its first token, from 1.
    pub line: usize,
    /// Its place among the statements of the file, from 1.
    pub number: usize,
}

/// The statements of a file, in order; the first error is the last item.
pub struct StatementReader<R> {
    input: Input<R>,
    dialect: SqlDialect,
    variables: Variables,
    refuses_transactions: bool,
    leaves_variables: bool,
    /// In what is unread: everything before it has been dealt with.
    at: usize,
    outline: Outline,
    insertions: Vec<Insertion>,
    /// Statements so far.
    number: usize,
    is_done: bool,
}

impl<R: BufRead> StatementReader<R> {
    /// `variables` are those that the file may use ([`Variables::of_file`]).
    pub fn new(reader: R, dialect: SqlDialect, variables: &Variables) -> Self {
        Self {
            input: Input::new(reader),
            dialect,
            variables: variables.clone(),
            refuses_transactions: false,
            leaves_variables: false,
            at: 0,
            outline: Outline::new(dialect, false),
            insertions: Vec::new(),
            number: 0,
            is_done: false,
        }
    }

    /// Refuses statements that begin, end or undo a transaction, for limbec holds the one that the file is run in:
    /// `BEGIN`, `COMMIT`, `ROLLBACK` and their synonyms. Savepoints are allowed.
    #[must_use]
    pub fn within_transaction(mut self) -> Self {
        self.refuses_transactions = true;
        self.outline = Outline::new(self.dialect, true);
        self
    }

    /// Leaves variables as they are written, for those who only want to know where statements are.
    #[must_use]
    pub fn leaving_variables(mut self) -> Self {
        self.leaves_variables = true;
        self
    }

    /// Reads the file in parts of so many bytes, which makes no difference but in speed.
    #[must_use]
    pub fn reading_at_once(mut self, bytes: NonZeroUsize) -> Self {
        self.input.read_at_once(bytes);
        self
    }

    fn read(&mut self) -> Result<Option<FileStatement>, SqlFileError> {
        let lexicon = match self.dialect {
            SqlDialect::Postgres => Lexicon::Postgres,
            SqlDialect::Sqlite => Lexicon::Sqlite,
        };
        loop {
            let mut scanner = Scanner::new(self.input.unread(), self.input.is_last(), lexicon, self.at);
            let token = match scanner.next_token() {
                // SQLite takes the end of the text for that of a comment.
                Err(Stop::Unterminated { opened: Opened::Comment, .. }) if self.dialect == SqlDialect::Sqlite => {
                    Ok(None)
                }
                token => token,
            };
            self.at = scanner.at;
            match token {
                Ok(Some(token)) => {
                    if self.take(&token)?
                        && let Some(statement) = self.complete()?
                    {
                        return Ok(Some(statement));
                    }
                }
                Ok(None) => {
                    self.at = self.input.unread().len();
                    self.outline.finish().map_err(|refusal| self.error(refusal))?;
                    return self.complete();
                }
                Err(Stop::Unterminated { opened, at }) => {
                    return Err(self.error(Refusal { at, problem: SqlFileProblem::Unterminated(opened) }));
                }
                Err(Stop::More) => self.read_more()?,
            }
        }
    }

    fn read_more(&mut self) -> Result<(), SqlFileError> {
        if self.outline.range().is_none() {
            self.pass(self.at)?;
        }
        self.fill(self.input.unread().len() - self.at)
    }

    /// `length`: of the token at the end of what is unread.
    fn fill(&mut self, length: usize) -> Result<(), SqlFileError> {
        self.input.fill(length).map_err(|source| {
            let line = self.input.line_at(usize::MAX);
            SqlFileError { line, problem: SqlFileProblem::Read(source) }
        })
    }

    /// Whether the token ends the statement.
    fn take(&mut self, token: &Token) -> Result<bool, SqlFileError> {
        if let Some(program) = self.client_of(token.kind) {
            return Err(self.client_command(token.range.start, program)?);
        }
        let text = self.input.unread();
        let taken =
            if !self.leaves_variables && matches!(token.kind, TokenKind::Variable | TokenKind::DollarQuoted { .. }) {
                substitution::insertions(token, text, &self.variables, self.dialect)
                    .map(|found| self.insertions.extend(found))
            } else {
                Ok(())
            };
        taken.and_then(|()| self.outline.take(token, text)).map_err(|refusal| self.error(refusal))
    }

    /// The databases' own client whose command begins here: psql's begin with a backslash, wherever; sqlite3's with a dot.
    fn client_of(&self, kind: TokenKind) -> Option<&'static str> {
        match (self.dialect, kind) {
            (SqlDialect::Postgres, TokenKind::Symbol(b'\\')) => Some("psql"),
            (SqlDialect::Sqlite, TokenKind::Symbol(b'.')) if self.outline.range().is_none() => Some("sqlite3"),
            _ => None,
        }
    }

    fn client_command(&mut self, at: usize, program: &'static str) -> Result<SqlFileError, SqlFileError> {
        let command = loop {
            let rest = self.input.unread().get(at..).unwrap_or_default();
            let shown = rest.get(..LONGEST_COMMAND).unwrap_or(rest);
            let end = shown.iter().position(u8::is_ascii_whitespace);
            if end.is_some() || shown.len() == LONGEST_COMMAND || self.input.is_last() {
                break String::from_utf8_lossy(shown.get(..end.unwrap_or(shown.len())).unwrap_or(shown)).into_owned();
            }
            self.fill(0)?;
        };
        Ok(self.error(Refusal { at, problem: SqlFileProblem::ClientCommand { command, program } }))
    }

    /// The statement that ends before `self.at`, or nothing where there is none.
    fn complete(&mut self) -> Result<Option<FileStatement>, SqlFileError> {
        let insertions = std::mem::take(&mut self.insertions);
        let outline = std::mem::replace(&mut self.outline, Outline::new(self.dialect, self.refuses_transactions));
        let Some(range) = outline.range() else {
            self.pass(self.at)?;
            return Ok(None);
        };
        let text = self.decoded(self.at)?;
        // Pasted from a web page, say: for the databases these are letters, for people blanks.
        let written = text.get(range.clone()).unwrap_or_default();
        let start = range.start + (written.len() - written.trim_start_matches(is_blank).len());
        let range = start..start + written.trim_matches(is_blank).len();
        if range.is_empty() {
            self.pass(self.at)?;
            return Ok(None);
        }
        self.check_trivia(text.get(..range.start).unwrap_or_default())?;
        let line = self.input.line_at(range.start);
        let text = substitution::apply(text, range, &insertions);
        self.input.consume(self.at);
        self.at = 0;
        self.number += 1;
        Ok(Some(FileStatement { text, line, number: self.number }))
    }

    /// Leaves blanks and comments behind, up to `end`.
    fn pass(&mut self, end: usize) -> Result<(), SqlFileError> {
        self.check_trivia(self.decoded(end)?)?;
        self.input.consume(end);
        self.at -= end;
        Ok(())
    }

    fn check_trivia(&self, trivia: &str) -> Result<(), SqlFileError> {
        match late_directive(trivia) {
            Some((at, text)) if self.number > 0 => {
                let problem = SqlFileProblem::LateDirective { text: text.to_owned() };
                Err(SqlFileError { line: self.input.line_at(at), problem })
            }
            _ => Ok(()),
        }
    }

    /// What is unread, up to `end`.
    fn decoded(&self, end: usize) -> Result<&str, SqlFileError> {
        let bytes = self.input.unread().get(..end).unwrap_or_default();
        let error = |at, problem| SqlFileError { line: self.input.line_at(at), problem };
        let text = std::str::from_utf8(bytes);
        let valid = text.map_or_else(|found| found.valid_up_to(), str::len);
        if let Some(at) = memchr::memchr(0, bytes.get(..valid).unwrap_or_default()) {
            return Err(error(at, SqlFileProblem::NulByte));
        }
        text.map_err(|_| error(valid, SqlFileProblem::NotUtf8))
    }

    /// A file of another encoding fails for that, whatever its bytes look like.
    fn error(&self, refusal: Refusal) -> SqlFileError {
        let line = self.input.line_at(refusal.at);
        match self.decoded(refusal.at) {
            Err(error) if error.line <= line => error,
            _ => SqlFileError { line, problem: refusal.problem },
        }
    }
}

/// What Python's `\s` takes for a blank, as the text does that Alembic runs.
pub(super) fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

impl<R: BufRead> Iterator for StatementReader<R> {
    type Item = Result<FileStatement, SqlFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        let read = self.read().transpose();
        self.is_done = !matches!(read, Some(Ok(_)));
        read
    }
}
