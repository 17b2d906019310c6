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
        let is_filtered = update.where_clause_or_current_of().is_some();
        let set = update.set_clause();
        return Some(OperationKind::Update {
            table: update.relation_name().and_then(|name| names::qualified(name.syntax())),
            is_filtered,
            columns: set.as_ref().map(assigned).unwrap_or_default(),
            overwritten: set.map(|set| overwritten(&set, is_filtered)).unwrap_or_default(),
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
    Some(OperationKind::Update { table, is_filtered: true, columns: Vec::new(), overwritten: Vec::new() })
}

/// The columns that SET gives a value, in order.
fn assigned(set: &ast::SetClause) -> Vec<String> {
    set.syntax()
        .descendants()
        .filter_map(ast::ColumnTarget::cast)
        .filter_map(|target| names::plain(target.syntax().children().find_map(ast::ColumnNameRef::cast)?.syntax()))
        .collect()
}

/// The columns that get a value which says nothing of the one before; where the rows are chosen, those that become NULL.
fn overwritten(set: &ast::SetClause, is_filtered: bool) -> Vec<String> {
    let single = set.syntax().descendants().filter_map(ast::SetSingleColumn::cast);
    single
        .filter_map(|set| {
            let target = set.column_target()?;
            let is_whole = target.syntax().children().count() == 1;
            let column = names::plain(target.syntax().children().find_map(ast::ColumnNameRef::cast)?.syntax())?;
            let value = set.set_expr()?;
            let is_null = names::text(value.syntax()).eq_ignore_ascii_case("null");
            let is_lost = if is_filtered { is_null } else { is_null || !names::mentions(value.syntax(), &column) };
            (is_whole && is_lost).then_some(column)
        })
        .collect()
}
