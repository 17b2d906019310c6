use std::fmt;
use std::io;

use thiserror::Error;

/// A file that cannot be run, with the place.
#[derive(Debug, Error)]
#[error("line {line}: {problem}")]
pub struct SqlFileError {
    /// From 1; where what is wrong begins.
    pub line: usize,
    pub problem: SqlFileProblem,
}

/// What is wrong with a file.
#[derive(Debug, Error)]
pub enum SqlFileProblem {
    #[error("the {0} that begins here does not end")]
    Unterminated(Opened),
    #[error(
        "`COPY … {direction}` exchanges rows with psql, which limbec is not; write INSERT, or COPY with a file of the server"
    )]
    CopyWithClient {
        /// `FROM STDIN`, `TO STDOUT`
        direction: String,
    },
    #[error("`{command}` is a command of {program}, not SQL; limbec cannot run it")]
    ClientCommand { command: String, program: &'static str },
    #[error(
        "`{statement}` where limbec holds the transaction; remove it, or write `-- limbec: no-transaction` before the first statement"
    )]
    TransactionControl {
        /// `COMMIT`, `START TRANSACTION`
        statement: &'static str,
    },
    #[error(
        "the variable {name} has no value; a file says which it uses: `-- limbec: variable {name}` before its first statement"
    )]
    UnknownVariable { name: String },
    #[error("`{text}` is no variable; write ${{name}} for an identifier or ${{name:literal}} for a string")]
    MalformedVariable { text: String },
    #[error("`{text}` is joined to what is beside it; a variable is a whole identifier or string")]
    JoinedVariable { text: String },
    #[error("the value of the variable {name} cannot be written into a text between dollar quotes: it has {reason}")]
    ValueInBody { name: String, reason: &'static str },
    #[error("the value of the variable {name} is {reason}")]
    ImpossibleValue { name: String, reason: &'static str },
    #[error("`{name}` is no name of a variable: letters, digits and underscores, of which the first is no digit")]
    NotAName { name: String },
    #[error("`{text}` is unknown; {}", known(similar.as_ref()))]
    UnknownDirective {
        /// From the mark on.
        text: String,
        /// What it may be meant for, from the mark on.
        similar: Option<String>,
    },
    #[error("`limbec: {text}` has no effect here; it has to stand before the first statement")]
    LateDirective { text: String },
    #[error("not UTF-8")]
    NotUtf8,
    #[error("a NUL byte, which no statement may have")]
    NulByte,
    #[error("cannot be read: {0}")]
    Read(io::Error),
}

/// What was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// `'…'`, `E'…'`
    Text,
    /// `"…"`, `` `…` ``, `[…]`
    QuotedName,
    /// `/* … */`
    Comment,
    /// `$tag$ … $tag$`, with the dollars.
    DollarQuote(String),
    /// `(`
    Bracket,
    /// `BEGIN ATOMIC … END` of a function or procedure.
    RoutineBody,
    /// `BEGIN … END` of a trigger.
    TriggerBody,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("string"),
            Self::QuotedName => f.write_str("quoted name"),
            Self::Comment => f.write_str("comment"),
            Self::DollarQuote(tag) => write!(f, "text in {tag}"),
            Self::Bracket => f.write_str("bracket"),
            Self::RoutineBody => f.write_str("body (BEGIN ATOMIC)"),
            Self::TriggerBody => f.write_str("body of a trigger (BEGIN)"),
        }
    }
}

fn known(similar: Option<&String>) -> String {
    similar.map_or_else(
        || {
            "known are `no-transaction` and `variable NAME`, and for validate `irreversible REASON`, `ignore[RULE] REASON` and \
             `allow[RULE] REASON`"
                .to_owned()
        },
        |similar| format!("did you mean `{similar}`?"),
    )
}
