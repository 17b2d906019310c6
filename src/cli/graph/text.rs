use renderdag::pipeline::types::PrefixLineKind;
use renderdag::pipeline::{Ascii, BoxDrawing, PrefixLineRenderer, PrefixLinesToText};

use super::history::{HistoryGraph, Node};
use super::lanes;

/// What lines are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Lines {
    /// `│ ├─╮`
    Box,
    /// `| |-.`, for an output that has no other characters.
    Ascii,
}

/// For a terminal, in the manner of `git log --graph`. Dependencies are dotted, and `~` is where more revisions follow.
pub(in crate::cli) fn text(graph: &HistoryGraph<'_>, lines: Lines) -> String {
    let mut prefixes: Box<dyn PrefixLineRenderer<usize>> = match lines {
        Lines::Box => Box::new(<BoxDrawing>::new()),
        Lines::Ascii => Box::new(Ascii),
    };
    let mut joined = PrefixLinesToText::new();
    let mut out = String::new();
    for (row, node) in lanes::rows(graph).zip(&graph.nodes) {
        let mut prefix = prefixes.next_prefix_lines(&row);
        // The crate gives every row another line as long as there is a dotted lane anywhere.
        prefix.retain(|line| line.kind != PrefixLineKind::Ancestry);
        joined.write_next_text(&mut out, prefix, row.separator_line, glyph(node, lines), &message(node), 1);
    }
    out
}

fn glyph(node: &Node<'_>, lines: Lines) -> &'static str {
    match (lines, node.is_head) {
        (Lines::Box, false) => "○",
        (Lines::Box, true) => "●",
        (Lines::Ascii, false) => "o",
        (Lines::Ascii, true) => "*",
    }
}

fn message(node: &Node<'_>) -> String {
    let mut message = node.title.clone();
    if !node.description.is_empty() {
        message.push_str(", ");
        message.push_str(&node.description);
    }
    for note in node.notes() {
        message.push('\n');
        message.push_str(&note);
    }
    message
}
