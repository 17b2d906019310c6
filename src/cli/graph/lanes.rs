use renderdag::Ancestor;
use renderdag::pipeline::GraphRowShaper;
use renderdag::pipeline::types::GraphRowShape;

use super::history::{EdgeKind, HistoryGraph, Node};

/// The lines that leave a revision downwards. `Ancestor::Ancestor` is what the crate draws dotted.
fn lines_down(node: &Node<'_>) -> Vec<Ancestor<usize>> {
    let drawn = node.edges.iter().filter(|edge| edge.kind == EdgeKind::Down || !edge.is_inherited);
    let mut lines: Vec<Ancestor<usize>> = drawn
        .map(|edge| match edge.kind {
            EdgeKind::Down => Ancestor::Parent(edge.to),
            EdgeKind::DependsOn => Ancestor::Ancestor(edge.to),
        })
        .collect();
    if node.continues {
        lines.push(Ancestor::Anonymous);
    }
    lines
}

/// In which column every revision is, and which columns its lines lead to.
pub(super) fn rows(graph: &HistoryGraph<'_>) -> impl Iterator<Item = GraphRowShape<usize>> {
    let mut shaper = GraphRowShaper::new();
    // One line of text a revision.
    shaper.options_mut().min_row_height = 1;
    graph.nodes.iter().enumerate().map(move |(place, node)| shaper.next_row_shape(place, lines_down(node)))
}
