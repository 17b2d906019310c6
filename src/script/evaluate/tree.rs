use std::mem::ManuallyDrop;
use std::ops::Range;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{ModModule, PySourceType, Stmt};
use ruff_python_parser::{LexicalErrorType, ParseErrorType, Parsed, parse_unchecked_source};
use ruff_text_size::Ranged;

/// A parsed module.
///
/// The parser grows its stack where a text nests deeply; dropping or walking such a tree would not. Python refuses these
/// texts, so a tree that may be deep is never walked whole, and leaked instead of dropped.
#[derive(Debug)]
pub(in crate::script) struct Tree {
    parsed: ManuallyDrop<Parsed<ModModule>>,
    /// Whether recursion over the tree might exhaust the stack.
    pub(super) may_be_deep: bool,
}

/// Why there is no tree.
#[derive(Debug)]
pub(in crate::script) enum TreeError {
    /// Not Python.
    Syntax { at: usize, message: String },
    /// A `\N{…}` that the parser's table of names lacks, and Python's may have.
    CharacterName { at: usize },
}

/// A tree is no deeper than its longest logical line has tokens, plus its levels of indentation.
const SHALLOW_LINE: usize = 2_000;
const SHALLOW_INDENT: usize = 100;

impl Tree {
    pub(in crate::script) fn parse(text: &str) -> Result<Self, TreeError> {
        if let Some(at) = memchr::memchr(0, text.as_bytes()) {
            return Err(TreeError::Syntax { at, message: "source code cannot contain null bytes".to_owned() });
        }
        let parsed = parse_unchecked_source(text, PySourceType::Python);
        let may_be_deep = may_be_deep(parsed.tokens());
        let tree = Self { parsed: ManuallyDrop::new(parsed), may_be_deep };
        match tree.parsed.errors().first() {
            None => Ok(tree),
            Some(error) => {
                let at = error.location.start().to_usize().min(text.len());
                Err(match &error.error {
                    // One error for two mistakes: an unknown name, where its name begins, and an escape that is none.
                    ParseErrorType::Lexical(LexicalErrorType::UnicodeError) if text[..at].ends_with("\\N{") => {
                        TreeError::CharacterName { at }
                    }
                    ParseErrorType::Lexical(LexicalErrorType::UnicodeError) => {
                        TreeError::Syntax { at, message: "an escape in this string stands for no character".to_owned() }
                    }
                    kind => TreeError::Syntax { at, message: kind.to_string() },
                })
            }
        }
    }

    /// Whether recursion over the tree might exhaust the stack.
    pub(in crate::script) fn may_be_deep(&self) -> bool {
        self.may_be_deep
    }

    /// Where the comments are.
    pub(in crate::script) fn comments(&self) -> impl Iterator<Item = Range<usize>> {
        let tokens = self.parsed.tokens().iter().filter(|token| token.kind() == TokenKind::Comment);
        tokens.map(|token| token.start().to_usize()..token.end().to_usize())
    }

    pub(in crate::script) fn body(&self) -> &[Stmt] {
        self.parsed.suite()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if !self.may_be_deep {
            // SAFETY: the tree is dropped here alone, and not used afterwards.
            unsafe { ManuallyDrop::drop(&mut self.parsed) }
        }
    }
}

fn may_be_deep(tokens: &Tokens) -> bool {
    let (mut line, mut indent) = (0, 0);
    for token in tokens.iter() {
        match token.kind() {
            TokenKind::Newline => line = 0,
            TokenKind::Indent => indent += 1,
            TokenKind::Dedent => indent -= 1,
            _ => line += 1,
        }
        if line > SHALLOW_LINE || indent > SHALLOW_INDENT {
            return true;
        }
    }
    false
}
