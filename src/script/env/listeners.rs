//! Event listeners that cannot change which rows are seen: SQLAlchemy's own recipe for transactional DDL on SQLite
//! (`isolation_level = None` on connect, `BEGIN` on begin), and PRAGMAs.

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

/// The call `event.listens_for(engine, "connect" | "begin")` that decorates a function whose body is harmless.
pub(super) fn harmless(function: &StmtFunctionDef) -> Option<&ExprCall> {
    let [decorator] = function.decorator_list.as_slice() else { return None };
    let call = decorator.expression.as_call_expr()?;
    let [_, event] = &*call.arguments.args else { return None };
    let event = event.as_string_literal_expr()?.value.to_str();
    let parameter = function.parameters.iter().next()?.name().as_str();
    let known = matches!(event, "connect" | "begin") && call.arguments.keywords.is_empty();
    (known && !function.is_async && is_harmless_body(&function.body, parameter)).then_some(call)
}

fn is_harmless_body(body: &[Stmt], connection: &str) -> bool {
    let mut cursor: Option<&str> = None;
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) => true,
        Stmt::Assign(assign) => match (assign.targets.as_slice(), &*assign.value) {
            // `connection.isolation_level = None`
            ([Expr::Attribute(target)], Expr::NoneLiteral(_)) => {
                target.attr.as_str() == "isolation_level" && is_name(&target.value, connection)
            }
            // `cursor = connection.cursor()`
            ([Expr::Name(target)], Expr::Call(call)) if is_method(call, connection, "cursor") => {
                cursor = Some(target.id.as_str());
                call.arguments.is_empty()
            }
            _ => false,
        },
        Stmt::Expr(expression) => match &*expression.value {
            Expr::StringLiteral(_) => true,
            Expr::Call(call) => {
                let executes = is_method(call, connection, "exec_driver_sql")
                    || is_method(call, connection, "execute")
                    || cursor.is_some_and(|cursor| is_method(call, cursor, "execute"));
                let closes = cursor.is_some_and(|cursor| is_method(call, cursor, "close"));
                (executes && is_harmless_sql(call)) || closes
            }
            _ => false,
        },
        _ => false,
    })
}

/// One literal that begins a transaction or sets up the connection; nothing that names a table or a schema.
fn is_harmless_sql(call: &ExprCall) -> bool {
    let [Expr::StringLiteral(sql)] = &*call.arguments.args else { return false };
    let sql = sql.value.to_str().trim().to_ascii_lowercase();
    let single = !sql.trim_end_matches(';').contains(';');
    single && call.arguments.keywords.is_empty() && (sql.starts_with("begin") || sql.starts_with("pragma "))
}

fn is_method(call: &ExprCall, object: &str, method: &str) -> bool {
    call.func
        .as_attribute_expr()
        .is_some_and(|attribute| attribute.attr.as_str() == method && is_name(&attribute.value, object))
}

fn is_name(expression: &Expr, name: &str) -> bool {
    expression.as_name_expr().is_some_and(|found| found.id.as_str() == name)
}
