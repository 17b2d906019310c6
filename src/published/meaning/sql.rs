use std::io::{self, BufRead};

use ruff_python_ast::Stmt;
use sha2::{Digest, Sha256};

use super::encoder::{Documents, Encoder};
use super::{Form, hexadecimal};
use crate::script::{AttachedSql, SqlFile};
use crate::sqlfile::{Directives, Lexicon, TokenKind, stream_tokens};

/// The hash of a revision whose work is in SQL files: of the Python file's tree, and of both files.
pub(super) fn of_revision(body: &[Stmt], sql: &AttachedSql) -> String {
    let mut encoder = Encoder::new(Form::Sql.name());
    encoder.body(body, Documents::Yes);
    for file in sql.files() {
        encoder.text(&of_file(file));
    }
    encoder.finish()
}

/// The hash of an SQL file; another text where it is not there, or cannot be read.
pub(super) fn of_file(file: &SqlFile) -> String {
    try_of_file(file).map_or_else(|_| "unreadable".to_owned(), |hash| hash.unwrap_or_else(|| "missing".to_owned()))
}

fn try_of_file(file: &SqlFile) -> io::Result<Option<String>> {
    let mut hasher = Sha256::new();
    let Some(reader) = file.open()? else { return Ok(None) };
    // What is wrong with the directives is wrong with the run: nothing of it takes effect.
    let Directives { no_transaction, variables, .. } = Directives::read(reader).unwrap_or_default();
    hasher.update(format!("{no_transaction}\n{}\n", variables.join(" ")));
    // Which of the two databases it is for is not known here, and what is a comment of the one may be a statement of the other.
    for lexicon in [Lexicon::Postgres, Lexicon::Sqlite] {
        let Some(reader) = file.open()? else { return Ok(None) };
        tokens(reader, lexicon, &mut hasher)?;
    }
    Ok(Some(hexadecimal(&hasher.finalize())))
}

/// Tokens without blanks and comments. Between operators blanks count: `@ -` is not `@-`.
fn tokens(reader: impl BufRead, lexicon: Lexicon, hasher: &mut Sha256) -> io::Result<()> {
    let mut after_operator = false;
    stream_tokens(reader, lexicon, |kind, bytes, touches| {
        let is_operator = matches!(kind, TokenKind::Symbol(symbol) if b"+-*/<>=~!@#%^&|`?".contains(&symbol));
        let joined = is_operator && after_operator && touches;
        hasher.update(format!("{}{}:", if joined { "+" } else { "" }, bytes.len()));
        hasher.update(bytes);
        after_operator = is_operator;
    })?;
    hasher.update(b".");
    Ok(())
}
