use super::SqlDialect;
use super::error::{Opened, SqlFileProblem};
use super::lexer::{Token, TokenKind};
use super::reader::is_blank;

/// What is known of the statement under way: where it begins, and whether a semicolon ends it.
#[derive(Debug)]
pub(super) struct Outline {
    dialect: SqlDialect,
    /// A statement that begins or ends a transaction is refused.
    refuses_transactions: bool,
    start: Option<usize>,
    end: usize,
    state: State,
    /// How many brackets are open.
    depth: usize,
    /// The outermost of them.
    bracket: usize,
}

/// Where in the statement the last token was, as far as it matters to what ends the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// `EXPLAIN`: SQLite's trigger may follow.
    Explain,
    /// `CREATE`, and what may stand before the kind of the object.
    Create,
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`
    Routine,
    /// `BEGIN` in that, at its place.
    RoutineBegin(usize),
    /// `CREATE RULE`: its commands may be in brackets, with semicolons.
    Rule,
    /// `CREATE TRIGGER` of SQLite.
    Trigger,
    /// Between `BEGIN` and `END` of a routine or a trigger.
    Body(Body),
    /// `END` of a trigger; only the semicolon makes it one.
    TriggerEnd(Body),
    Copy,
    /// `COPY … FROM`, `COPY … TO`
    CopyDirection(&'static str),
    /// Words that begin a statement of transaction control if the next one is `TRANSACTION`; it is then called so.
    BeforeTransaction(&'static str),
    /// `ROLLBACK`, which controls the transaction unless `TO` follows.
    Rollback,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Body {
    /// Of its `BEGIN`.
    at: usize,
    /// The last token was `BEGIN`, `ATOMIC` or a semicolon: an `END` now is the body's, for no statement begins with `END`.
    is_between: bool,
}

/// A statement that cannot be run, and the place.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) at: usize,
    pub(super) problem: SqlFileProblem,
}

impl Outline {
    pub(super) fn new(dialect: SqlDialect, refuses_transactions: bool) -> Self {
        Self { dialect, refuses_transactions, start: None, end: 0, state: State::Start, depth: 0, bracket: 0 }
    }

    /// The place of the statement, from its first token to its last; `None` before the first.
    pub(super) fn range(&self) -> Option<std::ops::Range<usize>> {
        Some(self.start?..self.end)
    }

    /// Whether `token`, which is of `text`, ends the statement; it is then no part of it.
    pub(super) fn take(&mut self, token: &Token, text: &[u8]) -> Result<bool, Refusal> {
        if token.kind == TokenKind::Symbol(b';') && self.ends()? {
            return Ok(true);
        }
        if self.start.is_none() {
            self.start = Some(token.range.start);
        }
        self.end = token.range.end;
        self.follow(token, text)?;
        Ok(false)
    }

    /// At the end of the file.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        match self.state {
            State::Body(body) => Err(self.open_body(body)),
            _ if self.depth > 0 => Err(self.open_bracket()),
            _ => self.check_rollback(),
        }
    }

    fn ends(&self) -> Result<bool, Refusal> {
        if self.depth > 0 {
            return if self.state == State::Rule { Ok(false) } else { Err(self.open_bracket()) };
        }
        self.check_rollback()?;
        Ok(!matches!(self.state, State::Body(_)))
    }

    fn open_bracket(&self) -> Refusal {
        Refusal { at: self.bracket, problem: SqlFileProblem::Unterminated(Opened::Bracket) }
    }

    fn open_body(&self, body: Body) -> Refusal {
        let opened = match self.dialect {
            SqlDialect::Postgres => Opened::RoutineBody,
            SqlDialect::Sqlite => Opened::TriggerBody,
        };
        Refusal { at: body.at, problem: SqlFileProblem::Unterminated(opened) }
    }

    fn check_rollback(&self) -> Result<(), Refusal> {
        if self.state == State::Rollback { self.transaction_control("ROLLBACK") } else { Ok(()) }
    }

    fn transaction_control(&self, statement: &'static str) -> Result<(), Refusal> {
        if !self.refuses_transactions {
            return Ok(());
        }
        Err(Refusal { at: self.start.unwrap_or_default(), problem: SqlFileProblem::TransactionControl { statement } })
    }

    fn follow(&mut self, token: &Token, text: &[u8]) -> Result<(), Refusal> {
        match token.kind {
            // SQLite's grammar has no semicolon within brackets, and its statements end at each.
            TokenKind::Symbol(b'(') if self.dialect == SqlDialect::Postgres => {
                if self.depth == 0 {
                    self.bracket = token.range.start;
                }
                self.depth += 1;
            }
            TokenKind::Symbol(b')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        let word = match token.kind {
            TokenKind::Word if self.depth == 0 => text.get(token.range.clone()).unwrap_or_default(),
            // What is quoted or in brackets is no keyword.
            _ => &[],
        };
        if self.state == State::Start {
            self.state = self.first(word)?;
        } else if self.state != State::Other {
            self.state = self.next(word, token)?;
        }
        Ok(())
    }

    fn first(&self, word: &[u8]) -> Result<State, Refusal> {
        const TRANSACTION: [(&str, &str, State); 6] = [
            ("begin", "BEGIN", State::Other),
            ("commit", "COMMIT", State::Other),
            ("end", "END", State::Other),
            ("rollback", "", State::Rollback),
            ("start", "", State::BeforeTransaction("START TRANSACTION")),
            ("prepare", "", State::BeforeTransaction("PREPARE TRANSACTION")),
        ];
        let word = std::str::from_utf8(word).map_or(word, |word| word.trim_matches(is_blank).as_bytes());
        let is = |expected: &str| word.eq_ignore_ascii_case(expected.as_bytes());
        if is("create") {
            return Ok(State::Create);
        }
        if let Some((_, statement, state)) = TRANSACTION.iter().find(|(name, ..)| is(name)) {
            if !statement.is_empty() {
                self.transaction_control(statement)?;
            }
            return Ok(*state);
        }
        match self.dialect {
            SqlDialect::Postgres if is("copy") => Ok(State::Copy),
            SqlDialect::Postgres if is("abort") => self.transaction_control("ABORT").map(|()| State::Other),
            SqlDialect::Sqlite if is("explain") => Ok(State::Explain),
            _ => Ok(State::Other),
        }
    }

    fn next(&self, word: &[u8], token: &Token) -> Result<State, Refusal> {
        let is = |expected: &str| word.eq_ignore_ascii_case(expected.as_bytes());
        let state = match self.state {
            State::Explain if is("create") => State::Create,
            State::Create => self.kind_of_object(word),
            State::Routine if is("begin") => State::RoutineBegin(token.range.start),
            State::RoutineBegin(at) if is("atomic") => State::Body(Body { at, is_between: true }),
            State::RoutineBegin(_) => State::Routine,
            State::Trigger if is("begin") => State::Body(Body { at: token.range.start, is_between: false }),
            State::Body(body) | State::TriggerEnd(body) => self.in_body(body, word, token),
            State::Copy if is("from") => State::CopyDirection("FROM"),
            State::Copy if is("to") => State::CopyDirection("TO"),
            State::CopyDirection(direction) => {
                let Some(end) = ["STDIN", "STDOUT"].into_iter().find(|end| is(end)) else { return Ok(State::Other) };
                let direction = format!("{direction} {end}");
                let at = token.range.start;
                return Err(Refusal { at, problem: SqlFileProblem::CopyWithClient { direction } });
            }
            State::BeforeTransaction(statement) if is("transaction") => {
                self.transaction_control(statement)?;
                State::Other
            }
            State::Rollback if is("work") || is("transaction") => State::Rollback,
            State::Rollback if is("to") => State::Other,
            State::Rollback => {
                self.transaction_control("ROLLBACK")?;
                State::Other
            }
            State::BeforeTransaction(_) => State::Other,
            unchanged => unchanged,
        };
        Ok(state)
    }

    fn kind_of_object(&self, word: &[u8]) -> State {
        let is_one_of = |expected: &[&str]| expected.iter().any(|one| word.eq_ignore_ascii_case(one.as_bytes()));
        match self.dialect {
            SqlDialect::Postgres if is_one_of(&["or", "replace"]) => State::Create,
            SqlDialect::Postgres if is_one_of(&["function", "procedure"]) => State::Routine,
            SqlDialect::Postgres if is_one_of(&["rule"]) => State::Rule,
            SqlDialect::Sqlite if is_one_of(&["temp", "temporary"]) => State::Create,
            SqlDialect::Sqlite if is_one_of(&["trigger"]) => State::Trigger,
            _ => State::Other,
        }
    }

    fn in_body(&self, body: Body, word: &[u8], token: &Token) -> State {
        if body.is_between && word.eq_ignore_ascii_case(b"end") {
            return match self.dialect {
                SqlDialect::Postgres => State::Other,
                SqlDialect::Sqlite => State::TriggerEnd(body),
            };
        }
        let is_between = token.kind == TokenKind::Symbol(b';') && self.depth == 0;
        State::Body(Body { is_between, ..body })
    }
}
