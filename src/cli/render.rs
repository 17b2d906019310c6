//! Revisions as text, byte for byte Alembic's, and as JSON.

use std::path::Path;

use serde::Serialize;

use crate::revision::{Revision, RevisionId, RevisionIndex, RevisionMap};
use crate::script::{ScriptDirectory, SqlRevision};

/// Which of Alembic's short lines (`Script.cmd_format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// `heads`
    Head,
    /// `current`
    Current,
    /// `branches`
    Branch,
    /// Children of `branches -v`.
    BranchWithDoc,
    /// `history`
    History,
}

impl Line {
    fn has_parents(self) -> bool {
        self == Line::History
    }

    fn has_labels(self) -> bool {
        self != Line::Current
    }

    fn has_tree(self) -> bool {
        self != Line::Head
    }

    fn has_doc(self) -> bool {
        matches!(self, Line::BranchWithDoc | Line::History)
    }
}

/// Renders revisions of one directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Renderer<'a> {
    scripts: &'a ScriptDirectory,
}

impl<'a> Renderer<'a> {
    /// For the revisions of a directory.
    pub(super) fn new(scripts: &'a ScriptDirectory) -> Self {
        Self { scripts }
    }

    /// `Script._head_only`. `current` marks it `(current)`, which only `history -i` does.
    pub(super) fn line(&self, index: RevisionIndex, line: Line, current: bool) -> String {
        let map = &self.scripts.map;
        let revision = map.revision(index);
        let mut text = String::new();
        if line.has_parents() {
            text.push_str(&down_revisions(revision));
            if !revision.depends_on.is_empty() {
                text.push_str(&format!(" ({})", revision.depends_on.join(", ")));
            }
            text.push_str(" -> ");
        }
        text.push_str(revision.id.as_str());
        if line.has_labels() && !map.labels(index).is_empty() {
            text.push_str(&format!(" ({})", map.labels(index).join(", ")));
        }
        if map.is_effective_head(index) {
            text.push_str(" (head)");
        } else if map.is_head(index) {
            text.push_str(" (effective head)");
        }
        text.push_str(if current { " (current)" } else { "" });
        if line.has_tree() {
            text.push_str(tree_marks(map, index));
        }
        if line.has_doc() {
            text.push_str(", ");
            text.push_str(self.scripts.script(index).doc());
        }
        text
    }

    /// `Script.log_entry`: with its newline at the end, after which the commands print another one.
    pub(super) fn entry(&self, index: RevisionIndex, current: bool) -> String {
        let map = &self.scripts.map;
        let (revision, script) = (map.revision(index), self.scripts.script(index));
        let head = if map.is_head(index) { " (head)" } else { "" };
        let current = if current { " (current)" } else { "" };
        let mut text = format!("Rev: {}{head}{}{current}\n", revision.id, tree_marks(map, index));
        let parents = if map.is_merge_point(index) { "Merges" } else { "Parent" };
        let mut field = |name: &str, value: &str| text.push_str(&format!("{name}: {value}\n"));
        field(parents, &down_revisions(revision));
        if !revision.depends_on.is_empty() {
            field("Also depends on", &revision.depends_on.join(", "));
        }
        if map.is_branch_point(index) {
            field("Branches into", &ids(map.children(index).iter().map(|child| &map.revision(*child).id)));
        }
        if !map.labels(index).is_empty() {
            field("Branch names", &map.labels(index).join(", "));
        }
        field("Path", &path_text(&script.path));
        let lines: Vec<String> = split_lines(script.long_doc()).iter().map(|line| format!("    {line}")).collect();
        text.push_str(&format!("\n{}\n", lines.join("\n")));
        text
    }

    /// The revision for `--format json`. `is_current`: whether it is a row of the version table, where that is known.
    pub(super) fn json(&self, index: RevisionIndex, is_current: Option<bool>) -> RevisionJson<'a> {
        let map = &self.scripts.map;
        let (revision, script) = (map.revision(index), self.scripts.script(index));
        RevisionJson {
            revision: revision.id.as_str(),
            down_revisions: revision.down.iter().map(RevisionId::as_str).collect(),
            depends_on: &revision.depends_on,
            branch_labels: map.labels(index),
            is_head: map.is_head(index),
            is_effective_head: map.is_effective_head(index),
            is_branch_point: map.is_branch_point(index),
            is_merge_point: map.is_merge_point(index),
            is_current,
            message: script.doc(),
            docstring: script.long_doc(),
            path: path_text(&script.path),
            sql: None,
        }
    }
}

/// One revision in every JSON result; see docs/json.md.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RevisionJson<'a> {
    revision: &'a str,
    down_revisions: Vec<&'a str>,
    depends_on: &'a [String],
    branch_labels: &'a [String],
    is_head: bool,
    is_effective_head: bool,
    is_branch_point: bool,
    is_merge_point: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_current: Option<bool>,
    message: &'a str,
    docstring: &'a str,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<SqlFilesJson>,
}

/// The SQL files of a SQL revision.
#[derive(Debug, Clone, Serialize)]
struct SqlFilesJson {
    /// Of `upgrade()`.
    up: Option<String>,
    /// Of `downgrade()`.
    down: Option<String>,
}

impl RevisionJson<'_> {
    /// With the SQL files of a SQL revision; those that are not there are null.
    pub(super) fn with_sql(self, files: Option<&SqlRevision>) -> Self {
        let shown = |path: &Path| path.exists().then(|| path_text(path));
        Self { sql: files.map(|files| SqlFilesJson { up: shown(&files.up), down: shown(&files.down) }), ..self }
    }
}

/// `{"revisions": […]}`, the result of heads, history, show, current and list.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RevisionsJson<'a> {
    /// In the order of the text form.
    pub(super) revisions: Vec<RevisionJson<'a>>,
}

fn tree_marks(map: &RevisionMap, index: RevisionIndex) -> &'static str {
    match (map.is_branch_point(index), map.is_merge_point(index)) {
        (true, true) => " (branchpoint) (mergepoint)",
        (true, false) => " (branchpoint)",
        (false, true) => " (mergepoint)",
        (false, false) => "",
    }
}

fn down_revisions(revision: &Revision) -> String {
    if revision.down.is_empty() { "<base>".to_owned() } else { ids(revision.down.iter()) }
}

fn ids<'a>(ids: impl Iterator<Item = &'a RevisionId>) -> String {
    ids.map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

/// A path as Python prints it: bytes that are no text come out as question marks (`errors="replace"`).
pub(super) fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(std::iter::repeat_n('?', chunk.invalid().len()));
    }
    text
}

/// `str.splitlines()`
pub(super) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(is_line_break) {
        lines.push(&rest[..end]);
        let broken = &rest[end..];
        let length = if broken.starts_with("\r\n") { 2 } else { broken.chars().next().map_or(0, char::len_utf8) };
        rest = &broken[length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
