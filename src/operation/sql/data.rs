use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{self, AstNode, Stmt};

use super::reading::Statement;
use super::{names, table};
use crate::operation::OperationKind;

/// Statements that read or change rows, those within their WITH clauses first.
pub(super) fn read(parsed: &Stmt, out: &mut Statement) {
    for within in parsed.syntax().descendants().skip(1) {
        if within.parent().is_some_and(|parent| parent.kind() == SyntaxKind::WITH_TABLE)
            && let Some(kind) = change(&within)
        {
            out.push(kind);
        }
    }
    match parsed {
        Stmt::Truncate(truncate) => out.push(OperationKind::Truncate {
            tables: truncate
                .table_list()
                .into_iter()
                .flat_map(|list| list.table_relation_names())
                .filter_map(|table| names::relation(Some(table)))
                .collect(),
            cascade: names::has(truncate.syntax(), SyntaxKind::CASCADE),
        }),
        Stmt::SelectInto(select) => out.extend(select.into_clause().map(|into| table::select_into(&into))),
        Stmt::Copy(copy) => {
            let table = copy.copy_table().and_then(|table| names::table(table.table_name_ref()));
            let is_import = matches!(copy.copy_direction(), Some(ast::CopyDirection::CopyFrom(_)));
            out.push(if is_import {
                OperationKind::Insert { table }
            } else {
                OperationKind::Read { what: "COPY".to_owned() }
            });
        }
        _ => out.push(change(parsed.syntax()).unwrap_or_else(|| OperationKind::Read { what: "SELECT".to_owned() })),
    }
}

/// The change of rows that a node is.
fn change(node: &squawk_syntax::SyntaxNode) -> Option<OperationKind> {
    if let Some(insert) = ast::Insert::cast(node.clone()) {
        let table = insert.relation_name_ref().and_then(|name| names::qualified(name.syntax()));
        return Some(OperationKind::Insert { table });
    }
    if let Some(update) = ast::Update::cast(node.clone()) {
        return Some(OperationKind::Update {
            table: update.relation_name().and_then(|name| names::qualified(name.syntax())),
            is_filtered: update.where_clause_or_current_of().is_some(),
            columns: update.set_clause().map(|set| assigned(&set)).unwrap_or_default(),
        });
    }
    if let Some(delete) = ast::Delete::cast(node.clone()) {
        return Some(OperationKind::Delete {
            table: delete.relation_name().and_then(|name| names::qualified(name.syntax())),
            is_filtered: delete.where_clause_or_current_of().is_some(),
        });
    }
    let merge = ast::Merge::cast(node.clone())?;
    let table = names::relation(merge.table_relation_name());
    Some(OperationKind::Update { table, is_filtered: true, columns: Vec::new() })
}

/// The columns that SET gives a value, in order.
fn assigned(set: &ast::SetClause) -> Vec<String> {
    set.syntax()
        .descendants()
        .filter_map(ast::ColumnTarget::cast)
        .filter_map(|target| names::plain(target.syntax().children().find_map(ast::ColumnNameRef::cast)?.syntax()))
        .collect()
}
