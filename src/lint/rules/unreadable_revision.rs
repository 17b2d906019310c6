use super::declare_rule;
use crate::lint::ProjectContext;
use crate::script::{Parsed, ScriptError};

declare_rule! {
    /// A revision file that cannot be understood: not Python, not readable, or without a revision.
    ///
    /// ## What it flags
    /// Files in the version locations that Alembic would load and that cannot be parsed, decoded or read, that declare no
    /// `revision` or no `down_revision`, or that declare them by something that only Python can evaluate.
    ///
    /// ## Why
    /// Alembic loads every file before it runs the first: one broken file stops every command, on every database.
    ///
    /// ## Example
    /// ```python
    /// revision = "ae1027a6acf"
    /// down_revision = None
    ///
    /// def upgrade(:
    ///     pass
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// def upgrade():
    ///     op.execute("ANALYZE")
    /// ```
    "unreadable-revision" {
        group: Hygiene,
        level: Error,
        dialects: [],
        since: "0.1.0",
        check: Project(check),
    }
}

fn check(ctx: &mut ProjectContext<'_>) {
    let project = ctx.project();
    for index in project.indexes() {
        let file = &project.file(index).file;
        match &file.declared {
            Ok(Parsed::Script(_)) => {}
            Ok(Parsed::Undecided(undecided)) => {
                let message = format!("`{}` {}", undecided.name, undecided.reason);
                ctx.report(index, 0..0, message).help("write it as a literal");
            }
            Err(error) => {
                let (line, column, message) = parts(error);
                ctx.report(index, place(line, column, file.text()), message).global();
            }
        }
    }
}

/// Line and column from 1, and the message without them.
fn parts(error: &ScriptError) -> (usize, usize, String) {
    match error {
        ScriptError::Syntax { line, column, message, .. } => (*line, *column, message.clone()),
        ScriptError::Encoding { line, encoding, .. } => (*line, 1, format!("the file is not {encoding}")),
        ScriptError::Read { source, .. } => (1, 1, format!("the file cannot be read: {source}")),
        ScriptError::TooLarge { .. } => (1, 1, "the file is too large to be a revision".to_owned()),
        ScriptError::NoRevisionId { .. } => (1, 1, "the file does not set `revision`".to_owned()),
        ScriptError::NoDownRevision { .. } => (1, 1, "the file does not set `down_revision`".to_owned()),
    }
}

/// The character at a line and column, as a range of the text.
fn place(line: usize, column: usize, text: &str) -> std::ops::Range<usize> {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let (at, length) =
        rest.char_indices().nth(column.saturating_sub(1)).map_or((0, 0), |(at, character)| (at, character.len_utf8()));
    start + at..start + at + length
}
