use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::tables::TableChanges;
use crate::revision::{RevisionIndex, RevisionMap};
use crate::script::ScriptDirectory;

/// Some revisions of a history and what lies between them. An edge leads from a revision to one further down the list.
#[derive(Debug)]
pub(in crate::cli) struct HistoryGraph<'a> {
    /// Newest first, a revision before everything that it follows or depends on.
    pub(in crate::cli) nodes: Vec<Node<'a>>,
}

/// One revision. All text is fit for one line of a terminal: see `one_line`.
#[derive(Debug)]
pub(in crate::cli) struct Node<'a> {
    /// As declared, odd characters and all.
    pub(in crate::cli) id: &'a str,
    /// Id, branch labels and whether it is a head: `c1 (side) (head)`.
    pub(super) title: String,
    /// First line of the docstring.
    pub(super) description: String,
    /// `depends_on` as declared.
    pub(super) depends_on: Vec<String>,
    /// What it does to tables, where that was asked for.
    pub(in crate::cli) tables: Option<TableChanges>,
    /// A word about it for readers, such as `pending`.
    pub(super) mark: Option<&'static str>,
    /// No revision of the whole history has it as down revision.
    pub(super) is_head: bool,
    /// What it follows and depends on, as far as that is drawn.
    pub(in crate::cli) edges: Vec<Edge>,
    /// It follows or depends on a revision that is not drawn.
    pub(super) continues: bool,
}

/// What a revision has to do with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum EdgeKind {
    /// `down_revision`
    Down,
    /// `depends_on`
    DependsOn,
}

/// From a revision to one that comes before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Edge {
    /// Place in `HistoryGraph::nodes`.
    pub(in crate::cli) to: usize,
    /// Declared where.
    pub(in crate::cli) kind: EdgeKind,
    /// A dependency that an ancestor has as well: true, but a line for it would tell nothing.
    pub(super) is_inherited: bool,
}

impl<'a> HistoryGraph<'a> {
    /// The graph of these revisions, which are in the order of `plan::history`.
    pub(in crate::cli) fn new(scripts: &'a ScriptDirectory, revisions: &[RevisionIndex]) -> Self {
        let places: HashMap<RevisionIndex, usize> =
            revisions.iter().enumerate().map(|(place, index)| (*index, place)).collect();
        Self { nodes: revisions.iter().map(|index| Node::new(scripts, *index, &places)).collect() }
    }

    /// Says of every revision what it does to tables.
    pub(in crate::cli) fn add_tables(&mut self, changes: impl Iterator<Item = TableChanges>) {
        for (node, changes) in self.nodes.iter_mut().zip(changes) {
            node.tables = Some(changes);
        }
    }

    /// Says a word about every revision that there is one for.
    pub(in crate::cli) fn set_marks(&mut self, mark: impl Fn(&str) -> Option<&'static str>) {
        for node in &mut self.nodes {
            node.mark = mark(node.id);
        }
    }

    /// What is touched by any revision: tables, sorted by name.
    pub(super) fn tables(&self) -> BTreeSet<&str> {
        let changes = || self.nodes.iter().filter_map(|node| node.tables.as_ref());
        let named = changes().flat_map(|changes| changes.verbs().map(|(table, _)| table));
        let referenced = changes().flat_map(|changes| changes.references.iter().map(|(_, to)| to.as_str()));
        named.chain(referenced).collect()
    }

    /// All edges, each with the place of the revision that declares it.
    pub(in crate::cli) fn edges(&self) -> impl Iterator<Item = (usize, Edge)> + '_ {
        self.nodes.iter().enumerate().flat_map(|(from, node)| node.edges.iter().map(move |edge| (from, *edge)))
    }
}

impl<'a> Node<'a> {
    /// What is told below title and description: the mark, dependencies, and what happens to tables.
    pub(super) fn notes(&self) -> Vec<String> {
        let mark = self.mark.map(str::to_owned);
        let needs = (!self.depends_on.is_empty()).then(|| format!("depends on {}", self.depends_on.join(", ")));
        let tables = self.tables.as_ref().map(TableChanges::line).filter(|line| !line.is_empty());
        mark.into_iter().chain(needs).chain(tables).collect()
    }

    fn new(scripts: &'a ScriptDirectory, index: RevisionIndex, places: &HashMap<RevisionIndex, usize>) -> Self {
        let map = &scripts.map;
        let revision = map.revision(index);
        let mut edges: Vec<Edge> = Vec::new();
        let mut continues = false;
        let down = revision.down.iter().filter_map(|id| map.position(id.as_str())).map(|index| (index, EdgeKind::Down));
        let needed = map.dependencies(index).map(|index| (index, EdgeKind::DependsOn));
        for (target, kind) in down.chain(needed) {
            match places.get(&target) {
                None => continues = true,
                Some(to) if edges.iter().any(|edge| edge.to == *to) => {}
                Some(to) => {
                    let is_inherited = !map.normalized_down(index).contains(&target);
                    edges.push(Edge { to: *to, kind, is_inherited });
                }
            }
        }
        Self {
            id: revision.id.as_str(),
            title: title(map, index),
            description: one_line(scripts.script(index).doc().lines().next().unwrap_or_default()),
            depends_on: revision.depends_on.iter().map(|name| one_line(name)).collect(),
            tables: None,
            mark: None,
            is_head: map.is_head(index),
            edges,
            continues,
        }
    }
}

/// A branch label is on every revision of its line, and is named at both ends of it: where it is declared, and at the head.
fn title(map: &RevisionMap, index: RevisionIndex) -> String {
    let revision = map.revision(index);
    let is_head = map.is_head(index);
    let mut title = one_line(revision.id.as_str());
    let named = map.labels(index).iter().filter(|label| is_head || revision.branch_labels.contains(label));
    let labels: Vec<String> = named.map(|label| one_line(label)).collect();
    if !labels.is_empty() {
        title.push_str(&format!(" ({})", labels.join(", ")));
    }
    if is_head {
        title.push_str(" (head)");
    }
    title
}

/// Without characters that move the cursor, colour a terminal, turn the direction of writing or are no XML: blanks instead.
pub(super) fn one_line(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if is_odd(c) { ' ' } else { c }).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_characters_become_blanks() {
        assert_eq!(one_line("a\u{1b}[31mb\tc\u{202e}d é 漢\r"), "a [31mb c d é 漢");
    }
}
