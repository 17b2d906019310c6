use squawk_syntax::ast::{self, AstNode, Stmt};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::reading::Statement;
use super::{names, table};
use crate::operation::{OperationKind, TableName};

/// Statements that read or change rows, those within their WITH clauses first.
pub(super) fn read(parsed: &Stmt, out: &mut Statement) {
    for within in parsed.syntax().descendants().skip(1) {
        if within.parent().is_some_and(|parent| parent.kind() == SyntaxKind::WITH_TABLE) {
            out.extend(changes(&within));
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
            let query = copy.copy_query().and_then(|query| query.preparable_stmt());
            let changes = query.map(|query| changes(query.syntax())).unwrap_or_default();
            if !changes.is_empty() {
                out.extend(changes);
                return;
            }
            let table = copy.copy_table().and_then(|table| names::table(table.table_name_ref()));
            let is_import = matches!(copy.copy_direction(), Some(ast::CopyDirection::CopyFrom(_)));
            out.push(if is_import {
                OperationKind::Insert { table }
            } else {
                OperationKind::Read { what: "COPY".to_owned() }
            });
        }
        _ => {
            let changes = changes(parsed.syntax());
            if changes.is_empty() {
                out.push(OperationKind::Read { what: "SELECT".to_owned() });
            }
            out.extend(changes);
        }
    }
}

/// The changes of rows that a node is: one, or with MERGE several.
fn changes(node: &SyntaxNode) -> Vec<OperationKind> {
    if let Some(insert) = ast::Insert::cast(node.clone()) {
        let table = insert.relation_name_ref().and_then(|name| names::qualified(name.syntax()));
        return vec![OperationKind::Insert { table }];
    }
    if let Some(update) = ast::Update::cast(node.clone()) {
        let table = update.relation_name().and_then(|name| names::qualified(name.syntax()));
        let condition = update.where_clause_or_current_of();
        let rows = match &condition {
            Some(condition) => Rows::chosen(condition.syntax()),
            None => Rows::All,
        };
        return vec![updates(table, update.set_clause(), condition.is_some(), &rows)];
    }
    if let Some(delete) = ast::Delete::cast(node.clone()) {
        return vec![OperationKind::Delete {
            table: delete.relation_name().and_then(|name| names::qualified(name.syntax())),
            is_filtered: delete.where_clause_or_current_of().is_some(),
        }];
    }
    ast::Merge::cast(node.clone()).map(|merge| merges(&merge)).unwrap_or_default()
}

/// What the branches of a MERGE do, each kind of change once for each branch.
fn merges(merge: &ast::Merge) -> Vec<OperationKind> {
    let table = || names::relation(merge.table_relation_name());
    let branches: Vec<SyntaxNode> =
        merge.merge_when_clauses().flat_map(|branch| branch.syntax().children().collect::<Vec<_>>()).collect();
    let mut changes: Vec<OperationKind> = Vec::new();
    for branch in branches {
        let change = if let Some(update) = ast::MergeUpdate::cast(branch.clone()) {
            updates(table(), update.set_clause(), true, &Rows::Some { condition: None })
        } else if ast::MergeDelete::can_cast(branch.kind()) {
            OperationKind::Delete { table: table(), is_filtered: true }
        } else if ast::MergeInsert::can_cast(branch.kind()) {
            OperationKind::Insert { table: table() }
        } else {
            continue;
        };
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes
}

/// The rows that an UPDATE changes.
enum Rows {
    /// All of them.
    All,
    /// Those that a condition chooses.
    Some {
        /// The expression, where it is one.
        condition: Option<SyntaxNode>,
    },
}

impl Rows {
    fn chosen(condition: &SyntaxNode) -> Self {
        let expression = ast::WhereClause::cast(condition.clone()).and_then(|condition| condition.expr());
        let text = expression.as_ref().map(|expression| compact(expression.syntax())).unwrap_or_default();
        if matches!(text.as_str(), "true" | "1=1") {
            return Self::All;
        }
        Self::Some { condition: expression.map(|expression| expression.syntax().clone()) }
    }

    /// Whether all that a column has in these rows is an empty text: `WHERE column = ''`, `trim(column) = ''`, alone or with AND.
    fn have_empty(&self, column: &str) -> bool {
        let Self::Some { condition: Some(condition) } = self else { return false };
        let wanted = [format!("{column}=''"), format!("trim({column})=''"), format!("btrim({column})=''")];
        conjuncts(condition).iter().any(|condition| wanted.contains(&compact(condition)))
    }
}

/// The conditions that AND joins.
fn conjuncts(condition: &SyntaxNode) -> Vec<SyntaxNode> {
    let is_and = condition.kind() == SyntaxKind::BIN_EXPR
        && condition.children_with_tokens().any(|part| part.kind() == SyntaxKind::AND_KW);
    let is_one = condition.kind() == SyntaxKind::PAREN_EXPR;
    if is_and || is_one {
        condition.children().flat_map(|part| conjuncts(&part)).collect()
    } else {
        vec![condition.clone()]
    }
}

/// Lower case, without blanks and the parentheses around it.
fn compact(expression: &SyntaxNode) -> String {
    let text = names::text(expression).to_lowercase().replace(' ', "");
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    inner.filter(|inner| !inner.contains(['(', ')'])).map(str::to_owned).unwrap_or(text)
}

fn updates(table: Option<TableName>, set: Option<ast::SetClause>, is_filtered: bool, rows: &Rows) -> OperationKind {
    OperationKind::Update {
        table,
        is_filtered,
        columns: set.as_ref().map(assigned).unwrap_or_default(),
        overwritten: set.map(|set| overwritten(&set, rows)).unwrap_or_default(),
    }
}

/// The columns that SET gives a value, in order.
fn assigned(set: &ast::SetClause) -> Vec<String> {
    let targets = set.syntax().descendants().filter_map(ast::ColumnTarget::cast);
    targets.filter_map(|target| target_column(&target)).collect()
}

fn target_column(target: &ast::ColumnTarget) -> Option<String> {
    names::plain(target.syntax().children().find_map(ast::ColumnNameRef::cast)?.syntax())
}

/// The columns that get a value which says nothing of the one before; where the rows are chosen, those that become NULL.
fn overwritten(set: &ast::SetClause, rows: &Rows) -> Vec<String> {
    let columns = assignments(set).into_iter().filter_map(|(target, value)| {
        let is_whole = target.syntax().children().count() == 1;
        let column = target_column(&target)?;
        let is_null = names::text(&value).eq_ignore_ascii_case("null");
        let is_lost = match rows {
            Rows::All => is_null || !names::mentions(&value, &column),
            Rows::Some { .. } => is_null && !rows.have_empty(&column),
        };
        (is_whole && is_lost).then_some(column)
    });
    columns.collect()
}

/// The columns of SET, each with the expression that it gets; with `(a, b) = (SELECT …)` all of the query.
fn assignments(set: &ast::SetClause) -> Vec<(ast::ColumnTarget, SyntaxNode)> {
    let mut found = Vec::new();
    for node in set.syntax().descendants() {
        if let Some(single) = ast::SetSingleColumn::cast(node.clone()) {
            found.extend(single.column_target().zip(single.set_expr().map(|value| value.syntax().clone())));
        } else if let Some(several) = ast::SetMultipleColumns::cast(node) {
            let targets: Vec<ast::ColumnTarget> =
                several.syntax().descendants().filter_map(ast::ColumnTarget::cast).collect();
            match (several.set_expr_list(), several.paren_select()) {
                (Some(list), _) => {
                    found.extend(targets.into_iter().zip(list.set_exprs().map(|value| value.syntax().clone())));
                }
                (None, Some(query)) => {
                    found.extend(targets.into_iter().map(|target| (target, query.syntax().clone())));
                }
                (None, None) => {}
            }
        }
    }
    found
}
