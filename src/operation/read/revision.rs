use std::ops::Range;

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::reader::{Reader, range};
use super::sql_file;
use super::value::{Function, Value};
use crate::operation::{Body, Dialects, NotAnalysed, Operations};
use crate::script::RevisionFile;

/// Reads both functions of a revision file, or the SQL files that they run. One that is no Python, or nests too deeply, has nothing.
pub fn read(file: &RevisionFile) -> Operations {
    let Some(module) = file.body() else {
        return Operations::default();
    };
    let Some(sql) = file.sql() else { return of_functions(file, module) };
    let [upgrade, downgrade] = ["upgrade", "downgrade"].map(|name| {
        let written = module.iter().rev().find_map(|statement| definition(statement, name));
        let (definition, body) = written.map(|node| extent(file.text(), node)).unzip();
        Body { definition, body, ..Body::default() }
    });
    sql_file::read(file, sql, Operations { upgrade, downgrade })
}

fn of_functions(file: &RevisionFile, module: &[Stmt]) -> Operations {
    Operations { upgrade: function(file, module, "upgrade"), downgrade: function(file, module, "downgrade") }
}

fn function<'a>(file: &'a RevisionFile, module: &'a [Stmt], name: &str) -> Body {
    let mut reader = Reader::new(file);
    reader.muted = 1;
    reader.block(module);
    reader.muted = 0;
    let bound = reader.lookup(name).cloned();
    let written = || module.iter().rev().find_map(|statement| definition(statement, name));
    let function = match (bound, written()) {
        (Some(Value::Function(function)), _) => function,
        (_, Some(node)) => Function { node, inside: None, module: 0 },
        (Some(other), None) => return elsewhere(module, name, &other),
        (None, None) => return Body::default(),
    };
    reader.enter(function);
    let (definition, body) = extent(file.text(), function.node);
    Body {
        definition: Some(definition),
        body: Some(body),
        operations: reader.operations,
        not_analysed: reader.not_analysed,
        raises: reader.raises,
        is_empty: is_empty(&function.node.body),
    }
}

fn definition<'a>(statement: &'a Stmt, name: &str) -> Option<&'a StmtFunctionDef> {
    match statement {
        Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
        _ => None,
    }
}

/// A function that the file has, but does not define.
fn elsewhere(module: &[Stmt], name: &str, value: &Value<'_>) -> Body {
    let reason = match value {
        Value::Imported(path) => {
            format!("is imported from {}", path.rsplit_once('.').map_or(&**path, |(module, _)| module))
        }
        _ => "is computed".to_owned(),
    };
    let binds = |statement: &&Stmt| match statement {
        Stmt::ImportFrom(import) => {
            import.names.iter().any(|alias| alias.asname.as_ref().unwrap_or(&alias.name) == name)
        }
        Stmt::Assign(assign) => assign.targets.iter().any(|target| matches!(target, Expr::Name(id) if id.id == name)),
        _ => false,
    };
    let range = module.iter().rev().find(binds).map_or(0..0, range);
    let what = format!("{name}()");
    let dialects = Dialects::ALL;
    Body {
        not_analysed: vec![NotAnalysed { range, what, reason, is_partly_known: false, dialects, keeps_data: false }],
        ..Body::default()
    }
}

/// From `def` to the colon's end, and the statements.
fn extent(text: &str, node: &StmtFunctionDef) -> (Range<usize>, Range<usize>) {
    let after_decorators = node.decorator_list.last().map_or(node.start(), Ranged::end).to_usize();
    let before_name = text.get(after_decorators..node.name.start().to_usize()).unwrap_or_default();
    let start = before_name.rfind("def").map_or(after_decorators, |at| after_decorators + at);
    let head = node.returns.as_ref().map_or(node.parameters.end(), |returns| returns.end()).to_usize();
    let colon = text.get(head..).and_then(|rest| rest.find(':')).map_or(head, |at| head + at + 1);
    let body_start = node.body.first().map_or(colon, |first| first.start().to_usize());
    (start..colon, body_start..node.end().to_usize().max(body_start))
}

/// Nothing but docstring, `pass`, `...` and `return`.
fn is_empty(body: &[Stmt]) -> bool {
    body.iter().all(|statement| match statement {
        Stmt::Pass(_) => true,
        Stmt::Return(inner) => inner.value.as_ref().is_none_or(|value| value.is_none_literal_expr()),
        Stmt::Expr(inner) => {
            matches!(&*inner.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) | Expr::NoneLiteral(_))
        }
        _ => false,
    })
}
