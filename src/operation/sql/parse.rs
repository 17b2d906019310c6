use std::panic::{AssertUnwindSafe, catch_unwind};

use squawk_syntax::SourceFile;
use squawk_syntax::ast::{self, AstNode, Stmt};

/// How deep a statement may be nested for the parser, which recurses, to stay within [`STACK`].
pub(super) const DEEPEST: usize = 1000;

/// Bytes of stack for the parser: the deepest statement takes a quarter of it without optimisation.
const STACK: usize = 64 * 1024 * 1024;

/// Shorter texts cannot be nested deeply enough to need a stack of their own.
const SHALLOW: usize = 128;

/// The one statement of a text, by PostgreSQL's grammar; else the first reason why it is none.
pub(super) fn parse(statement: &str) -> Result<Stmt, String> {
    guard(statement, || parse_unguarded(statement)).unwrap_or_else(|| Err("the SQL parser gave up on it".to_owned()))
}

/// The body of a DO block in PL/pgSQL; `None`: another language, or not understood.
pub(super) fn parse_body(block: &ast::Do, text: &str) -> Option<ast::Plpgsql> {
    let code = guard(text, || block.plpgsql().filter(|code| code.errors().is_empty()))?;
    Some(code?.tree())
}

/// The same of a function.
pub(super) fn parse_function(create: &ast::CreateFunction) -> Option<ast::Plpgsql> {
    let length = create.syntax().text().to_string();
    Some(guard(&length, || create.plpgsql().filter(|code| code.errors().is_empty()))??.tree())
}

/// The same of a procedure.
pub(super) fn parse_procedure(create: &ast::CreateProcedure) -> Option<ast::Plpgsql> {
    let length = create.syntax().text().to_string();
    Some(guard(&length, || create.plpgsql().filter(|code| code.errors().is_empty()))??.tree())
}

/// The parser is not limbec's own: whatever it does with an odd text must not end the program.
fn guard<T>(text: &str, parse: impl FnOnce() -> T) -> Option<T> {
    let parse = || catch_unwind(AssertUnwindSafe(parse)).ok();
    if text.len() < SHALLOW { parse() } else { stacker::grow(STACK, parse) }
}

fn parse_unguarded(statement: &str) -> Result<Stmt, String> {
    let parse = SourceFile::parse(statement);
    if let Some(error) = parse.errors().first() {
        return Err(error.message().to_owned());
    }
    let mut statements = parse.tree().syntax().children().filter_map(Stmt::cast);
    match (statements.next(), statements.next()) {
        (Some(statement), None) => Ok(statement),
        (None, _) => Err("no statement".to_owned()),
        (Some(_), Some(_)) => Err("expected SEMICOLON".to_owned()),
    }
}
