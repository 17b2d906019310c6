use std::fmt::Write;

use super::history::{EdgeKind, HistoryGraph, Node};

/// Columns of a line in a box: wider ones make a drawing of few revisions wider than a screen.
const LINE_WIDTH: usize = 40;

/// The language of Graphviz. Arrows point in the direction of an upgrade; dashed ones are dependencies.
pub(in crate::cli) fn dot(graph: &HistoryGraph<'_>) -> String {
    let mut out = String::from(
        "digraph revisions {\n    rankdir=BT;\n    node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n",
    );
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "    {text}");
    };
    for (place, node) in graph.nodes.iter().enumerate() {
        let bold = if node.is_head { ", penwidth=2" } else { "" };
        line(format_args!("{} [label={}{bold}];", quoted(node.id), label(node)));
        if node.continues {
            line(format_args!("more{place} [label=\"…\", shape=none];"));
            line(format_args!("more{place} -> {} [style=dotted];", quoted(node.id)));
        }
    }
    for (from, edge) in graph.edges() {
        let style = if edge.kind == EdgeKind::DependsOn { " [style=dashed]" } else { "" };
        if let (Some(node), Some(before)) = (graph.nodes.get(from), graph.nodes.get(edge.to)) {
            line(format_args!("{} -> {}{style};", quoted(before.id), quoted(node.id)));
        }
    }
    for table in graph.tables() {
        line(format_args!("{} [label={}, shape=cylinder, style=solid];", table_name(table), quoted(table)));
    }
    for node in &graph.nodes {
        let Some(changes) = &node.tables else { continue };
        for (table, verb) in changes.verbs() {
            let to = table_name(table);
            line(format_args!(
                "{} -> {to} [label=\"{verb}\", color=gray, fontcolor=gray, constraint=false];",
                quoted(node.id)
            ));
        }
        for (from, to) in &changes.references {
            line(format_args!("{} -> {} [color=blue, arrowhead=vee];", table_name(from), table_name(to)));
        }
    }
    out.push_str("}\n");
    out
}

/// Apart from all revisions.
fn table_name(table: &str) -> String {
    quoted(&format!("table {table}"))
}

fn label(node: &Node<'_>) -> String {
    let mut lines = vec![node.title.clone()];
    lines.extend(filled(&node.description));
    // `\n` is DOT's own escape, and so stays outside of what is quoted.
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!("\"{}\"", lines.join("\\n"))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A backslash begins an escape in a label (`\N`, `\l`), and a line feed is none of an identifier.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The words of a text in lines of `LINE_WIDTH`.
fn filled(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if width + 1 + length <= LINE_WIDTH => {
                line.push(' ');
                line.push_str(word);
                width += 1 + length;
            }
            _ => {
                lines.push(word.to_owned());
                width = length;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        assert_eq!(quoted(r#"a "b" \N"#), r#""a \"b\" \\N""#);
    }

    #[test]
    fn long_texts_get_several_lines() {
        let text = "words that are far too many for a single line of a box";
        assert_eq!(filled(text), ["words that are far too many for a single", "line of a box"]);
        assert!(filled("").is_empty());
    }
}
