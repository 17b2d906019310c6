use std::fmt::Write;

use super::history::{EdgeKind, HistoryGraph, Node};
use super::tables::TableChanges;

/// `maxEdges` of Mermaid, which a page can raise and a diagram cannot.
const MAXIMUM_EDGES: usize = 500;

/// `maxTextSize` of Mermaid, in characters; as above.
const MAXIMUM_TEXT: usize = 50_000;

/// What Mermaid refuses to draw unless the page that shows it is configured otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Limit {
    /// So many edges, and so many are allowed.
    Edges(usize, usize),
    /// So many characters, and so many are allowed.
    Text(usize, usize),
}

/// A Mermaid flowchart. Arrows point in the direction of an upgrade; dotted ones are dependencies.
pub(in crate::cli) fn mermaid(graph: &HistoryGraph<'_>) -> String {
    let mut out = String::from("flowchart BT\n");
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "    {text}");
    };
    let names: Vec<String> = graph.nodes.iter().map(|node| name(node.id)).collect();
    for (place, (node, name)) in graph.nodes.iter().zip(&names).enumerate() {
        line(format_args!("{name}[\"{}\"]", label(node)));
        if node.continues {
            line(format_args!("more{place}([\"…\"]) -.- {name}"));
        }
    }
    for (from, edge) in graph.edges() {
        let arrow = if edge.kind == EdgeKind::DependsOn { "-.->" } else { "-->" };
        if let (Some(node), Some(before)) = (names.get(from), names.get(edge.to)) {
            line(format_args!("{before} {arrow} {node}"));
        }
    }
    for table in graph.tables() {
        line(format_args!("{}[(\"{}\")]", table_name(table), escaped(table)));
    }
    for (node, name) in graph.nodes.iter().zip(&names) {
        let Some(changes) = &node.tables else { continue };
        for (table, verb) in changes.verbs() {
            line(format_args!("{name} -. {verb} .-> {}", table_name(table)));
        }
        for (from, to) in &changes.references {
            line(format_args!("{} -- references --> {}", table_name(from), table_name(to)));
        }
    }
    let heads = graph.nodes.iter().zip(&names).filter(|(node, _)| node.is_head);
    let heads: Vec<&str> = heads.map(|(_, name)| name.as_str()).collect();
    if !heads.is_empty() {
        line(format_args!("classDef head stroke-width:3px"));
        line(format_args!("class {} head", heads.join(",")));
    }
    out
}

/// The limit that a drawing exceeds, if any.
pub(in crate::cli) fn mermaid_limit(graph: &HistoryGraph<'_>, drawing: &str) -> Option<Limit> {
    let to_tables = |changes: &TableChanges| changes.verbs().count() + changes.references.len();
    let of_tables: usize = graph.nodes.iter().filter_map(|node| node.tables.as_ref()).map(to_tables).sum();
    let edges = graph.edges().count() + graph.nodes.iter().filter(|node| node.continues).count() + of_tables;
    let characters = drawing.chars().count();
    if edges > MAXIMUM_EDGES {
        Some(Limit::Edges(edges, MAXIMUM_EDGES))
    } else if characters > MAXIMUM_TEXT {
        Some(Limit::Text(characters, MAXIMUM_TEXT))
    } else {
        None
    }
}

fn label(node: &Node<'_>) -> String {
    if node.description.is_empty() {
        return escaped(&node.title);
    }
    format!("{}<br>{}", escaped(&node.title), escaped(&node.description))
}

/// A name that Mermaid takes for a node (no keyword such as `end`), the same for the same id and for no other.
fn name(id: &str) -> String {
    coded("r_", id)
}

/// The same of a table.
fn table_name(table: &str) -> String {
    coded("t_", table)
}

fn coded(prefix: &str, text: &str) -> String {
    let mut name = String::from(prefix);
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else {
            name.push_str(&format!("_{:x}_", u32::from(c)));
        }
    }
    name
}

/// Mermaid reads labels as HTML and as Markdown, where `1. of 2` at the start of a line is a list that it refuses to draw. So
/// punctuation goes in as character codes, save for what means nothing to either.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut previous = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = previous.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '(' | ')' | ',' | '/' | '\'' | ' ' => out.push(c),
            '_' | '-' if in_word => out.push(c),
            c if c.is_ascii_punctuation() => out.push_str(&format!("#{};", u32::from(c))),
            c => out.push(c),
        }
        previous = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_different_ids_differ() {
        assert_eq!(name("end"), "r_end");
        assert_eq!(name("a-b"), "r_a_2d_b");
        assert_eq!(name("a_2d_b"), "r_a_5f_2d_5f_b");
    }

    #[test]
    fn nothing_is_left_that_html_or_markdown_would_read() {
        assert_eq!(escaped("1. <b>\"x\"</b> [a](b) #1;"), "1#46; #60;b#62;#34;x#34;#60;/b#62; #91;a#93;(b) #35;1#59;");
        assert_eq!(escaped("user_id of re-used _x_ - y"), "user_id of re-used #95;x#95; #45; y");
    }
}
