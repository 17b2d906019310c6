use std::ops::Range;

use crate::sqlfile::{Lexicon, Token, TokenKind, Tokens};

/// A statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Without the semicolon, comments and blanks around it.
    pub(super) range: Range<usize>,
    /// How deep its syntax tree may be at most: every open bracket and every operator since the last comma counts.
    pub(super) depth: usize,
}

/// The statements of a text, for whichever database it is. [`crate::sqlfile::StatementReader`] is exact for the one that it runs
/// a file on; here the database may be unknown and the text broken, bodies as MySQL's count as well, and nothing is refused.
/// What a token is, is the same there and here.
pub(super) fn split(text: &str) -> Vec<Piece> {
    let (pieces, is_unterminated) = split_with(text, Lexicon::Any);
    if is_unterminated && text.contains("\\'") {
        let (escaped, is_unterminated) = split_with(text, Lexicon::AnyWithBackslashes);
        if !is_unterminated {
            return escaped;
        }
    }
    pieces
}

fn split_with(text: &str, lexicon: Lexicon) -> (Vec<Piece>, bool) {
    let mut tokens = Tokens::new(text, lexicon);
    let mut pieces = Vec::new();
    let mut current = Statement::default();
    for token in tokens.by_ref() {
        if token.kind == TokenKind::Symbol(b';') && current.may_end() {
            pieces.extend(std::mem::take(&mut current).into_piece());
        } else {
            current.take(text, &token);
        }
    }
    pieces.extend(current.into_piece());
    (pieces, tokens.is_unterminated)
}

/// A statement under way.
#[derive(Default)]
struct Statement {
    range: Option<Range<usize>>,
    /// Its words so far, up to the few that tell what it is.
    words: usize,
    /// It defines a routine or a trigger, whose body may be `BEGIN … END` with semicolons.
    has_body: bool,
    /// `BEGIN` and `CASE` that are open in that body.
    blocks: usize,
    /// The last word was `END`.
    after_end: bool,
    /// Of every open bracket, outermost first; the first is the statement itself.
    levels: Vec<Level>,
    /// The deepest seen.
    depth: usize,
}

#[derive(Default, Clone, Copy)]
struct Level {
    since_comma: usize,
    deepest: usize,
}

impl Statement {
    fn may_end(&self) -> bool {
        self.levels.len() <= 1 && self.blocks == 0
    }

    fn into_piece(self) -> Option<Piece> {
        let total = self.levels.iter().map(|level| 1 + level.since_comma.max(level.deepest)).sum::<usize>();
        Some(Piece { range: self.range?, depth: self.depth.max(total) })
    }

    fn take(&mut self, text: &str, token: &Token) {
        let start = self.range.as_ref().map_or(token.range.start, |range| range.start);
        self.range = Some(start..token.range.end);
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        match token.kind {
            TokenKind::Symbol(b'(' | b'[') => self.levels.push(Level::default()),
            TokenKind::Symbol(b')' | b']') => self.close(),
            TokenKind::Symbol(b',') => {
                if let Some(level) = self.levels.last_mut() {
                    level.deepest = level.deepest.max(level.since_comma);
                    level.since_comma = 0;
                }
            }
            _ => {
                if let Some(level) = self.levels.last_mut() {
                    level.since_comma += 1;
                }
            }
        }
        if token.kind == TokenKind::Word {
            self.take_word(text.get(token.range.clone()).unwrap_or_default());
        }
    }

    fn close(&mut self) {
        if self.levels.len() <= 1 {
            return;
        }
        let open = self.levels.len();
        if let Some(inner) = self.levels.pop()
            && let Some(outer) = self.levels.last_mut()
        {
            outer.since_comma += inner.since_comma.max(inner.deepest) + 1;
            self.depth = self.depth.max(open + outer.since_comma);
        }
    }

    fn take_word(&mut self, word: &str) {
        let is = |expected: &str| word.eq_ignore_ascii_case(expected);
        self.words += 1;
        if self.words <= 6 && self.levels.len() <= 1 && (is("function") || is("procedure") || is("trigger")) {
            self.has_body = true;
        }
        if !self.has_body {
            return;
        }
        let after_end = std::mem::take(&mut self.after_end);
        if is("end") {
            self.blocks = self.blocks.saturating_sub(1);
            self.after_end = true;
            return;
        }
        // `END IF` and its like close what was never counted as open.
        let closes_more = after_end && ["if", "loop", "while", "repeat", "for"].iter().any(|word| is(word));
        if is("begin") || closes_more || (is("case") && self.blocks > 0 && !after_end) {
            self.blocks += 1;
        }
    }
}
