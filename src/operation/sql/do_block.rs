use squawk_syntax::ast::{self, AstNode, PlpgsqlStmt, Stmt};

use super::parse::{DEEPEST, parse, parse_body};
use super::reading::Statement;
use super::{computed, names, split, statement};
use crate::operation::{Gap, OperationKind};

/// Why what EXECUTE runs is not known.
const COMPUTED: &str = "it runs computed SQL";

/// How deep EXECUTE and DO within DO are followed.
const DEEPEST_NESTING: usize = 3;

/// A DO block: itself, and what its body certainly or perhaps runs.
pub(super) fn read(block: &ast::Do, out: &mut Statement) {
    out.push(OperationKind::Other { what: "DO".to_owned() });
    let Some(code) = (out.nesting < DEEPEST_NESTING).then(|| code(block)).flatten() else {
        out.not_parsed("the body of the DO block is not understood");
        return;
    };
    of_code(&code, out);
}

/// The body of a DO block; `None`: it is not understood.
pub(super) fn code(block: &ast::Do) -> Option<ast::Plpgsql> {
    let text = block.body().and_then(|body| body.decoded_value())?;
    let is_shallow = split::split(text.text()).iter().all(|piece| piece.depth <= DEEPEST);
    is_shallow.then(|| parse_body(block, text.text())).flatten()
}

/// What the body of a DO block, a function or a procedure certainly or perhaps runs.
pub(super) fn of_code(code: &ast::Plpgsql, out: &mut Statement) {
    out.nesting += 1;
    if let Some(block) = code.block() {
        self::block(&block, out);
    }
    out.nesting -= 1;
}

/// How a statement of a block is guarded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Not at all.
    None,
    /// It runs if what it makes is missing, or an error that says it is there already is passed over.
    IfMissing,
    /// It runs if what it works on is there, or an error that says it is not is passed over.
    IfPresent,
    /// In another way.
    Unknown,
}

fn block(block: &ast::PlpgsqlBlock, out: &mut Statement) {
    let handled = block.exception().map_or(Guard::None, |exception| handler_guard(&exception));
    body(block.body(), handled, out);
    handlers(block, out);
}

/// What runs where an error is passed over.
fn handlers(block: &ast::PlpgsqlBlock, out: &mut Statement) {
    for handler in block.exception().into_iter().flat_map(|exception| exception.handlers()) {
        body(handler.body(), Guard::Unknown, out);
    }
}

/// What is passed over by EXCEPTION.
fn handler_guard(exception: &ast::PlpgsqlExceptionSection) -> Guard {
    let conditions: Vec<String> = exception
        .handlers()
        .flat_map(|handler| handler.conditions())
        .map(|condition| names::text(condition.syntax()).to_lowercase())
        .collect();
    let all = |start: &str| conditions.iter().all(|condition| condition.starts_with(start));
    if conditions.is_empty() {
        Guard::Unknown
    } else if all("duplicate_") {
        Guard::IfMissing
    } else if all("undefined_") {
        Guard::IfPresent
    } else {
        Guard::Unknown
    }
}

fn body(body: Option<ast::PlpgsqlBody>, guard: Guard, out: &mut Statement) {
    for statement in body.into_iter().flat_map(|body| body.stmts()) {
        run(&statement, guard, out);
    }
}

fn run(written: &PlpgsqlStmt, guard: Guard, out: &mut Statement) {
    match written {
        PlpgsqlStmt::PlpgsqlExecSqlStmt(sql) => {
            if let Some(parsed) = sql.stmt() {
                guarded(guard, out, |out| statement::read(&parsed, out));
            }
        }
        PlpgsqlStmt::PlpgsqlDoStmt(inner) => {
            if let Some(inner) = inner.do_() {
                guarded(guard, out, |out| read(&inner, out));
            }
        }
        PlpgsqlStmt::PlpgsqlDynExecuteStmt(dynamic) => execute(dynamic, guard, out),
        PlpgsqlStmt::PlpgsqlBlock(inner) => {
            let within = inner.exception().map_or(guard, |exception| join(guard, handler_guard(&exception)));
            body(inner.body(), within, out);
            handlers(inner, out);
        }
        PlpgsqlStmt::PlpgsqlIfStmt(choice) => {
            let is_single = choice.elsifs().next().is_none() && choice.else_clause().is_none();
            let own =
                choice.cond().filter(|_| is_single).map_or(Guard::Unknown, |condition| condition_guard(&condition));
            body(choice.then_body(), join(guard, own), out);
            for other in choice.elsifs() {
                body(other.body(), Guard::Unknown, out);
            }
            body(choice.else_clause().and_then(|other| other.body()), Guard::Unknown, out);
        }
        PlpgsqlStmt::PlpgsqlCaseStmt(choice) => {
            for branch in choice.whens() {
                body(branch.body(), Guard::Unknown, out);
            }
            body(choice.else_clause().and_then(|other| other.body()), Guard::Unknown, out);
        }
        PlpgsqlStmt::PlpgsqlReturnQueryExecuteStmt(dynamic) => queries(dynamic.query(), out),
        PlpgsqlStmt::PlpgsqlForDynStmt(dynamic) => {
            queries(dynamic.query(), out);
            body(dynamic.body(), Guard::Unknown, out);
        }
        other => {
            // The rows of `RETURN QUERY` and `FOR … IN` may come from a statement that changes some.
            for inner in other.syntax().children().filter_map(Stmt::cast) {
                guarded(Guard::Unknown, out, |out| statement::read(&inner, out));
            }
            for inner in other.syntax().children().filter_map(ast::PlpgsqlBody::cast) {
                body(Some(inner), Guard::Unknown, out);
            }
        }
    }
}

fn join(outer: Guard, inner: Guard) -> Guard {
    match (outer, inner) {
        (Guard::None, guard) | (guard, Guard::None) => guard,
        (outer, inner) if outer == inner => outer,
        _ => Guard::Unknown,
    }
}

/// `IF NOT EXISTS (SELECT … FROM pg_type …)`, `IF EXISTS (…)`
fn condition_guard(condition: &ast::PlpgsqlExpr) -> Guard {
    let text = names::text(condition.syntax()).to_lowercase().replace(['(', ' '], "");
    if text.contains(")and") || text.contains(")or") {
        Guard::Unknown
    } else if text.starts_with("notexists") {
        Guard::IfMissing
    } else if text.starts_with("exists") {
        Guard::IfPresent
    } else {
        Guard::Unknown
    }
}

/// `EXECUTE 'text'`; a computed text is not understood.
fn execute(dynamic: &ast::PlpgsqlDynExecuteStmt, guard: Guard, out: &mut Statement) {
    let query = dynamic.query().map(|query| names::text(query.syntax())).unwrap_or_default();
    let literal = parse(&format!("SELECT {query}")).ok().and_then(|select| {
        let target = select.syntax().descendants().find_map(ast::Target::cast)?;
        ast::Literal::cast(target.syntax().first_child()?)?.string_value()
    });
    let parsed = literal.as_deref().filter(|_| out.nesting < DEEPEST_NESTING).map(|text| {
        split::split(text)
            .into_iter()
            .map(|piece| if piece.depth > DEEPEST { None } else { parse(text.get(piece.range)?).ok() })
            .collect::<Option<Vec<_>>>()
    });
    match parsed.flatten() {
        Some(statements) => {
            out.nesting += 1;
            for parsed in statements {
                guarded(guard, out, |out| statement::read(&parsed, out));
            }
            out.nesting -= 1;
        }
        None => out.not_parsed(Gap { reason: COMPUTED.to_owned(), keeps_data: computed::keeps_data(&query) }),
    }
}

/// Computed SQL whose rows are used: only where it does not begin as a query may it change any.
fn queries(query: Option<ast::PlpgsqlExpr>, out: &mut Statement) {
    let query = query.map(|query| names::text(query.syntax())).unwrap_or_default();
    let lower = query.to_lowercase();
    let is_query = lower.split_once('\'').is_some_and(|(_, text)| text.trim_start().starts_with("select"));
    if !is_query {
        out.not_parsed(Gap { reason: COMPUTED.to_owned(), keeps_data: computed::keeps_data(&query) });
    }
}

/// Runs `read` and marks what it finds as the guard says.
fn guarded(guard: Guard, out: &mut Statement, read: impl FnOnce(&mut Statement)) {
    let was_conditional = out.is_conditional;
    let first = out.count();
    out.is_conditional = was_conditional || guard == Guard::Unknown;
    read(out);
    out.is_conditional = was_conditional;
    for operation in out.since(first) {
        let is_marked = match guard {
            Guard::None | Guard::Unknown => true,
            Guard::IfMissing => mark_if_missing(&mut operation.kind),
            Guard::IfPresent => mark_if_present(&mut operation.kind),
        };
        operation.is_conditional |= !is_marked;
    }
}

/// As if it were written with IF NOT EXISTS; false: it cannot be.
fn mark_if_missing(kind: &mut OperationKind) -> bool {
    match kind {
        OperationKind::CreateTable(create) => create.if_not_exists = true,
        OperationKind::AddColumn { if_not_exists, .. }
        | OperationKind::CreateIndex { if_not_exists, .. }
        | OperationKind::CreateEnum { if_not_exists, .. }
        | OperationKind::AddEnumValue { if_not_exists, .. }
        | OperationKind::CreateObject { if_not_exists, .. }
        | OperationKind::CreateSchema { if_not_exists, .. } => *if_not_exists = true,
        _ => return false,
    }
    true
}

/// As if it were written with IF EXISTS; false: it cannot be.
fn mark_if_present(kind: &mut OperationKind) -> bool {
    match kind {
        OperationKind::DropTable { if_exists, .. }
        | OperationKind::DropColumn { if_exists, .. }
        | OperationKind::DropIndex { if_exists, .. }
        | OperationKind::DropConstraint { if_exists, .. }
        | OperationKind::DropEnum { if_exists, .. }
        | OperationKind::DropObject { if_exists, .. }
        | OperationKind::DropSchema { if_exists, .. } => *if_exists = true,
        _ => return false,
    }
    true
}
