use squawk_syntax::ast::{self, AstNode};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use crate::operation::TableName;

/// The name that a node stands for, quotes taken off, folded to lower case where it has none.
pub(super) fn plain(node: &SyntaxNode) -> Option<String> {
    let name = ast::normalize_name_node(node);
    (!name.is_empty()).then_some(name)
}

/// The parts of a dotted name within a node, outermost first.
pub(super) fn segments(node: &SyntaxNode) -> Vec<String> {
    node.descendants()
        .filter(|part| matches!(part.kind(), SyntaxKind::PATH_SEGMENT | SyntaxKind::PATH_SEGMENT_REF))
        .filter_map(|part| plain(&part))
        .collect()
}

/// The name of a table or of another object with a schema.
pub(super) fn qualified(node: &SyntaxNode) -> Option<TableName> {
    let mut parts = segments(node);
    let name = parts.pop().or_else(|| plain(node))?;
    Some(TableName { schema: parts.pop(), name })
}

/// The name of an object as the operations hold it: `schema.name` or `name`.
pub(super) fn dotted(node: &SyntaxNode) -> Option<String> {
    qualified(node).map(|name| name.to_string())
}

/// The last part of a dotted name.
pub(super) fn last(node: Option<impl AstNode>) -> Option<String> {
    qualified(node?.syntax()).map(|name| name.name)
}

/// The table that a reference names.
pub(super) fn table(reference: Option<ast::TableNameRef>) -> Option<TableName> {
    qualified(reference?.path_ref()?.syntax())
}

/// `[ONLY] table [*]`
pub(super) fn relation(relation: Option<ast::TableRelationName>) -> Option<TableName> {
    table(relation?.table_name_ref())
}

/// The names of the columns listed below a node.
pub(super) fn columns(list: Option<impl AstNode>) -> Option<Vec<String>> {
    let list = list?;
    let names = list
        .syntax()
        .children()
        .filter(|child| matches!(child.kind(), SyntaxKind::COLUMN_NAME | SyntaxKind::COLUMN_NAME_REF))
        .filter_map(|child| plain(&child))
        .collect();
    Some(names)
}

/// Whether a node has a child of this kind.
pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children().any(|child| child.kind() == kind)
}

/// A node's text without comments around it, on one line.
pub(super) fn text(node: &SyntaxNode) -> String {
    node.text().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a name stands anywhere in an expression, whatever it is the name of.
pub(super) fn mentions(expression: &SyntaxNode, name: &str) -> bool {
    expression.descendants().any(|node| plain(&node).is_some_and(|text| text == name))
}
