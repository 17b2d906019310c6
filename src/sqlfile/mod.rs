//! SQL files as limbec runs them: read as a stream and split into statements by a lexer that follows PostgreSQL's or SQLite's own.
//!
//! [`StatementReader`] holds one statement in memory at a time. [`Directives`] are what a file says about itself in
//! comments before its first statement (`-- limbec: no-transaction`, `-- limbec: variable NAME`), and [`Variables`] the
//! values that are put in place of `${name}` (as a quoted identifier) and `${name:literal}` (as a string).
//!
//! The lexer follows `src/backend/parser/scan.l` of PostgreSQL 15 (with `standard_conforming_strings` on, which is its
//! default) and `src/tokenize.c` of SQLite; where statements end is decided as PostgreSQL's grammar and
//! `sqlite3_complete` do. What is no SQL but a matter of the command-line clients (psql's `\connect`, rows behind
//! `COPY … FROM STDIN`) is refused.

mod continuation;
mod directives;
mod error;
mod input;
mod lexer;
mod outline;
mod reader;
mod stream;
mod substitution;
mod variables;

pub use continuation::{ContinuationError, SkippedStatements, statements_again};
pub use directives::Directives;
pub use error::{Opened, SqlFileError, SqlFileProblem};
pub use lexer::{Lexicon, Token, TokenKind, Tokens};
pub use reader::{FileStatement, StatementReader};
pub use stream::stream_tokens;
pub use variables::Variables;

/// A database whose SQL is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlDialect {
    Postgres,
    Sqlite,
}

#[cfg(test)]
mod tests;
