use std::ops::Range;

use squawk_syntax::ast::AstNode;

use super::mask::mask;
use super::parse::{DEEPEST, parse};
use super::split::{Piece, split};
use super::{foreign, routine, statement};
use crate::operation::{Gap, Later, OperationKind, TableName};
use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// Longer INSERT statements are not parsed in full: everything that matters stands at their beginning.
const LONG_INSERT: usize = 64 * 1024;

/// The operations of an SQL text.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::operation) struct SqlReading {
    /// In order.
    pub(in crate::operation) operations: Vec<SqlOperation>,
    /// Statements, or what a DO block runs, that could not be understood, and why.
    pub(in crate::operation) not_parsed: Vec<(Range<usize>, Gap)>,
}

/// One operation of an SQL text.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::operation) struct SqlOperation {
    /// What is done. Ranges of columns, constraints and indexes in it are that of the statement, in the SQL text.
    pub(in crate::operation) kind: OperationKind,
    /// The statement within the SQL text, without the semicolon.
    pub(in crate::operation) range: Range<usize>,
    /// It may run or not: behind a condition of a DO block, `ALTER TABLE IF EXISTS`.
    pub(in crate::operation) is_conditional: bool,
    /// What it leaves for others to run, and what it makes run.
    pub(in crate::operation) later: Later,
}

/// Reads a text of any number of statements.
pub(in crate::operation) fn read_sql(sql: &str) -> SqlReading {
    read_statements(&mask(sql))
}

/// The same of a text that goes to the database as it is: nothing in it is a parameter.
pub(in crate::operation) fn read_statements(sql: &str) -> SqlReading {
    let mut reading = SqlReading::default();
    for piece in split(sql) {
        read_piece(sql.get(piece.range.clone()).unwrap_or_default(), &piece, &mut reading);
    }
    reading
}

/// Where the last statement of a text begins and ends.
pub(in crate::operation) fn last_statement(sql: &str) -> Option<Range<usize>> {
    split(sql).pop().map(|piece| piece.range)
}

fn read_piece(text: &str, piece: &Piece, reading: &mut SqlReading) {
    let range = piece.range.clone();
    if text.len() > LONG_INSERT
        && let Some(table) = inserted_into(text)
    {
        reading.operations.push(SqlOperation {
            kind: OperationKind::Insert { table: Some(table) },
            range,
            is_conditional: false,
            later: Later::default(),
        });
        return;
    }
    if piece.depth > DEEPEST {
        reading.not_parsed.push((range, "the SQL is nested too deeply".into()));
        return;
    }
    let mut statement = Statement::new(range.clone());
    match parse(text) {
        Ok(parsed) => {
            statement::read(&parsed, &mut statement);
            statement.calls(routine::called(parsed.syntax()));
        }
        Err(reason) => {
            if !foreign::read(text, &mut statement) {
                statement.not_parsed(reason);
            }
        }
    }
    if statement.operations.is_empty() && statement.not_parsed.is_empty() {
        statement.push(OperationKind::Other { what: statement::beginning(text) });
    }
    reading.operations.append(&mut statement.operations);
    reading.not_parsed.extend(statement.not_parsed.into_iter().map(|gap| (range.clone(), gap)));
}

/// The table of `INSERT INTO table …`.
fn inserted_into(text: &str) -> Option<TableName> {
    let mut tokens = Tokens::new(text, Lexicon::Any).map(|token| (token.kind, &text[token.range]));
    for keyword in ["insert", "into"] {
        tokens.next().filter(|(_, word)| word.eq_ignore_ascii_case(keyword))?;
    }
    let name = name_token(tokens.next()?)?;
    match tokens.next() {
        Some((TokenKind::Symbol(b'.'), _)) => Some(TableName { schema: Some(name), name: name_token(tokens.next()?)? }),
        _ => Some(TableName::new(name)),
    }
}

fn name_token((kind, text): (TokenKind, &str)) -> Option<String> {
    match kind {
        TokenKind::Word => Some(text.to_lowercase()),
        TokenKind::QuotedName => Some(text.get(1..text.len().checked_sub(1)?)?.to_owned()),
        _ => None,
    }
}

/// The operations of one statement as they are found.
pub(super) struct Statement {
    range: Range<usize>,
    /// What is found now runs under a condition.
    pub(super) is_conditional: bool,
    /// Statements within statements are followed no deeper than a few levels.
    pub(super) nesting: usize,
    operations: Vec<SqlOperation>,
    not_parsed: Vec<Gap>,
}

impl Statement {
    pub(super) fn new(range: Range<usize>) -> Self {
        Self { range, is_conditional: false, nesting: 0, operations: Vec::new(), not_parsed: Vec::new() }
    }

    /// Where it stands in the text.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// One more operation.
    pub(super) fn push(&mut self, kind: OperationKind) {
        let is_conditional = self.is_conditional;
        self.operations.push(SqlOperation { kind, range: self.range(), is_conditional, later: Later::default() });
    }

    /// Those of an iterator.
    pub(super) fn extend(&mut self, kinds: impl IntoIterator<Item = OperationKind>) {
        for kind in kinds {
            self.push(kind);
        }
    }

    /// The values that an UPDATE gives are not those that were written.
    pub(super) fn forget_values(&mut self) {
        for operation in &mut self.operations {
            if let OperationKind::Update { overwritten, .. } = &mut operation.kind {
                overwritten.clear();
            }
        }
    }

    /// What the operation that was found last leaves for others to run.
    pub(super) fn leaves(&mut self, later: impl FnOnce(&mut Later)) {
        if let Some(last) = self.operations.last_mut() {
            later(&mut last.later);
        }
    }

    /// What the statement calls, as soon as it runs.
    fn calls(&mut self, called: Vec<TableName>) {
        if let Some(first) = self.operations.first_mut() {
            first.later.calls = called;
        }
    }

    /// All that was found, and the reasons why more was not.
    pub(super) fn into_parts(self) -> (Vec<SqlOperation>, Vec<Gap>) {
        (self.operations, self.not_parsed)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.operations.len()
    }

    /// Those found after `count` was asked.
    pub(super) fn since(&mut self, count: usize) -> impl Iterator<Item = &mut SqlOperation> {
        self.operations.iter_mut().skip(count)
    }

    /// A part of it is not understood.
    pub(super) fn not_parsed(&mut self, gap: impl Into<Gap>) {
        self.not_parsed.push(gap.into());
    }
}
