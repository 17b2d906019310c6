use squawk_syntax::ast::{self, AstNode, Stmt};

use super::reading::Statement;
use super::{alter, data, do_block, names, objects, table};
use crate::operation::{OperationKind, Rewrite, TransactionControl};

/// The operations of a statement that was parsed.
pub(super) fn read(parsed: &Stmt, out: &mut Statement) {
    match parsed {
        Stmt::CreateTable(create) => out.push(table::create(create, out)),
        Stmt::CreateTableAs(create) => out.push(table::create_as(create)),
        Stmt::CreateIndex(create) => out.push(table::create_index(create, out)),
        Stmt::DropTable(drop) => table::drop(drop, out),
        Stmt::DropIndex(drop) => table::drop_index(drop, out),
        Stmt::AlterTable(alter) => alter::table(alter, out),
        Stmt::AlterType(alter) => alter::type_(alter, out),
        Stmt::CreateType(create) => objects::create_type(create, out),
        Stmt::DropType(drop) => objects::drop_type(drop, out),
        Stmt::CreateSchema(create) => out.push(OperationKind::CreateSchema {
            name: create.schema_name().and_then(|name| names::plain(&name)),
            if_not_exists: create.if_not_exists().is_some(),
        }),
        Stmt::DropSchema(drop) => objects::drop_schema(drop, out),
        Stmt::DropDatabase(drop) => {
            out.push(OperationKind::DropDatabase { name: names::last(drop.database_ref()) });
        }
        Stmt::Select(_)
        | Stmt::SelectInto(_)
        | Stmt::CompoundSelect(_)
        | Stmt::ParenSelect(_)
        | Stmt::Values(_)
        | Stmt::Table(_)
        | Stmt::Insert(_)
        | Stmt::Update(_)
        | Stmt::Delete(_)
        | Stmt::Merge(_)
        | Stmt::Truncate(_)
        | Stmt::Copy(_) => data::read(parsed, out),
        Stmt::Do(block) => do_block::read(block, out),
        Stmt::Explain(_) | Stmt::Prepare(_) => within(parsed, out),
        Stmt::EmptyStmt(_) => {}
        _ => match maintenance(parsed) {
            Some(kind) => out.push(kind),
            None => other(parsed, out),
        },
    }
}

/// `PREPARE … AS statement`, which is there to be run, and `EXPLAIN ANALYZE statement`, which runs it.
fn within(parsed: &Stmt, out: &mut Statement) {
    let statement = match parsed {
        Stmt::Prepare(prepare) => prepare.stmt().map(|statement| statement.syntax().clone()),
        Stmt::Explain(explain) => {
            let runs = explain.explain_mode().is_some_and(|mode| runs(&names::text(mode.syntax())));
            explain.explain_stmt().filter(|_| runs).map(|statement| statement.syntax().clone())
        }
        _ => None,
    };
    match statement.and_then(Stmt::cast) {
        Some(statement) => read(&statement, out),
        None => other(parsed, out),
    }
}

/// `ANALYZE`, `(ANALYZE, BUFFERS)`, `(ANALYSE true)`, but for `(ANALYZE off)`.
fn runs(mode: &str) -> bool {
    let mode = mode.to_lowercase();
    let words: Vec<&str> = mode.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let at = words.iter().position(|word| matches!(*word, "analyze" | "analyse"));
    at.is_some_and(|at| !matches!(words.get(at + 1), Some(&("off" | "false" | "0"))))
}

/// Statements about transactions and the storage of tables.
fn maintenance(parsed: &Stmt) -> Option<OperationKind> {
    let kind = match parsed {
        Stmt::Begin(_) => OperationKind::Transaction(TransactionControl::Begin),
        Stmt::Commit(ast::Commit::CommitTransaction(_)) => OperationKind::Transaction(TransactionControl::Commit),
        Stmt::Rollback(ast::Rollback::RollbackTransaction(_)) => {
            OperationKind::Transaction(TransactionControl::Rollback)
        }
        Stmt::Vacuum(vacuum) if vacuum.is_full() => OperationKind::Rewrite {
            table: vacuum.table_and_columns_list().and_then(|list| names::qualified(list.syntax())),
            how: Rewrite::VacuumFull,
        },
        Stmt::Cluster(cluster) => {
            let table = cluster
                .table_name_ref()
                .or_else(|| cluster.cluster_legacy()?.syntax().descendants().find_map(ast::TableNameRef::cast));
            OperationKind::Rewrite { table: names::table(table), how: Rewrite::Cluster }
        }
        _ => return None,
    };
    Some(kind)
}

/// Objects that are not modelled, and everything else.
fn other(parsed: &Stmt, out: &mut Statement) {
    if !objects::read(parsed.syntax(), out) {
        out.push(OperationKind::Other { what: beginning(&parsed.syntax().text().to_string()) });
    }
}

/// How a statement begins, upper case: one word, or two where the first says little.
pub(super) fn beginning(text: &str) -> String {
    use crate::sqlfile::{Lexicon, TokenKind, Tokens};
    let mut words = Tokens::new(text, Lexicon::Any)
        .take_while(|token| token.kind == TokenKind::Word)
        .filter_map(|token| text.get(token.range).map(str::to_uppercase));
    let first = words.next().unwrap_or_default();
    let second = matches!(first.as_str(), "ALTER" | "CREATE" | "DROP").then(|| words.next()).flatten();
    second.map_or(first.clone(), |second| format!("{first} {second}"))
}
