use squawk_syntax::SyntaxKind as K;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::locks;
use super::mask::mask;
use super::parse::{DEEPEST, parse};
use super::reading::read_sql;
use super::split::{Piece, split};
use crate::operation::{OperationKind, RelationLock, TransactionControl, locks_of};
use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// One statement of an SQL text, as PostgreSQL takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlStatement {
    /// Without the semicolon, comments and blanks around it.
    pub sql: String,
    /// What it does, as far as it was understood.
    pub operations: Vec<OperationKind>,
    /// The tables that it locks.
    pub locks: Vec<RelationLock>,
    /// How it stands to the transaction that it runs in.
    pub transaction: InTransaction,
}

/// How a statement stands to the transaction that it runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTransaction {
    /// Is a part of it.
    Part,
    /// Begins it, or ends it.
    Control(TransactionControl),
    /// Cannot run inside of one ("cannot run inside a transaction block").
    Outside,
}

/// The statements of an SQL text, one after the other.
pub fn statements(sql: &str) -> Vec<SqlStatement> {
    let masked = mask(sql);
    let statement = |piece: Piece| {
        let text = masked.get(piece.range.clone()).unwrap_or_default();
        let written = sql.get(piece.range.clone()).unwrap_or(text);
        let parsed = if piece.depth > DEEPEST { None } else { parse(text).ok() };
        let operations: Vec<OperationKind> =
            read_sql(text).operations.into_iter().map(|operation| operation.kind).collect();
        let locks = parsed.as_ref().and_then(locks::locks);
        SqlStatement {
            sql: written.to_owned(),
            locks: locks.unwrap_or_else(|| operations.iter().flat_map(locks_of).collect()),
            transaction: in_transaction(parsed.as_ref(), text),
            operations,
        }
    };
    split(&masked).into_iter().map(statement).collect()
}

/// By the first words as well: a statement that the parser does not know must not end a transaction unseen.
fn in_transaction(parsed: Option<&Stmt>, text: &str) -> InTransaction {
    let tokens = Tokens::new(text, Lexicon::Any).take_while(|token| token.kind == TokenKind::Word);
    let mut words = tokens.filter_map(|token| text.get(token.range)).map(str::to_ascii_uppercase);
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match (first.as_str(), second.as_str()) {
        ("BEGIN" | "START", _) => return InTransaction::Control(TransactionControl::Begin),
        ("COMMIT" | "END", _) | ("PREPARE", "TRANSACTION") => {
            return InTransaction::Control(TransactionControl::Commit);
        }
        ("ROLLBACK", "TO") => return InTransaction::Part,
        ("ROLLBACK" | "ABORT", _) => {
            let to_savepoint = words.next().is_some_and(|third| third == "TO");
            let rollback = InTransaction::Control(TransactionControl::Rollback);
            return if to_savepoint { InTransaction::Part } else { rollback };
        }
        _ => {}
    }
    if parsed.is_some_and(is_outside) { InTransaction::Outside } else { InTransaction::Part }
}

fn is_outside(statement: &Stmt) -> bool {
    let has_concurrently =
        || statement.syntax().descendants_with_tokens().any(|part| part.kind() == K::CONCURRENTLY_KW);
    match statement {
        Stmt::Vacuum(_)
        | Stmt::CreateDatabase(_)
        | Stmt::DropDatabase(_)
        | Stmt::CreateTablespace(_)
        | Stmt::DropTablespace(_)
        | Stmt::AlterSystem(_)
        | Stmt::CreateSubscription(_) => true,
        Stmt::CreateIndex(create) => create.concurrently_token().is_some(),
        Stmt::DropIndex(drop) => drop.concurrently_token().is_some(),
        Stmt::Reindex(reindex) => {
            let is_whole = matches!(
                reindex.reindex_target(),
                Some(
                    ast::ReindexTarget::ReindexTargetDatabase(_)
                        | ast::ReindexTarget::ReindexTargetSystem(_)
                        | ast::ReindexTarget::ReindexTargetSchema(_)
                )
            );
            is_whole || has_concurrently()
        }
        Stmt::AlterTable(alter) => alter
            .actions()
            .any(|action| matches!(action, ast::AlterTableAction::DetachPartition(_)) && has_concurrently()),
        _ => false,
    }
}
