use std::path::{Path, PathBuf};

use super::evaluate::{Binding, Imports, Module, Tree, TreeError, Value, evaluate};
use super::source::{DecodeFault, Source};
use super::{REPLACED_FILES, REPLACES, Script, ScriptError, Spans, Squash};
use crate::revision::{Revision, RevisionId};

/// What parsing could say of a file.
#[derive(Debug)]
pub enum Parsed {
    /// Everything is a literal (or leads to one).
    Script(Box<Script>),
    /// Python has to be asked for this file alone.
    Undecided(Undecided),
}

/// What could not be decided from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The variable, such as `down_revision`; `file` where the whole file is meant.
    pub name: String,
    /// Line of the assignment, from 1.
    pub line: usize,
    /// Why, in words: "is computed by a call", "is imported from app.db".
    pub reason: String,
}

/// Reads what a revision file declares, from its text alone.
pub fn parse_revision(path: &Path, source: &[u8]) -> Result<Parsed, ScriptError> {
    parse_with(path, source, &Imports::new(&[]))
}

/// As [`parse_revision`], following constants into the project's own modules.
pub(super) fn parse_with(path: &Path, bytes: &[u8], imports: &Imports) -> Result<Parsed, ScriptError> {
    let source = match Source::decode(path, bytes) {
        Ok(source) => source,
        Err(DecodeFault::Error(error)) => return Err(error),
        Err(DecodeFault::Unknown(encoding)) => {
            return Ok(undecided("file", 1, format!("is in the encoding '{encoding}', which only Python knows")));
        }
    };
    parse_decoded(path, &source, imports).0
}

/// As [`parse_with`] for a text that is decoded, with its tree if it is Python.
pub(super) fn parse_decoded(
    path: &Path,
    source: &Source<'_>,
    imports: &Imports,
) -> (Result<Parsed, ScriptError>, Option<Tree>) {
    let tree = Tree::parse(&source.text);
    if !source.is_clean()
        && let Err(error) = source.refuse_outside(path, tree.iter().flat_map(Tree::comments))
    {
        return (Err(error), None);
    }
    match tree {
        Ok(tree) => {
            let module = evaluate(&tree, &source.text, imports, None);
            let parsed = Reading { path, source, module: &module }.script();
            (parsed, Some(tree))
        }
        Err(TreeError::Syntax { at, message }) => {
            let (line, column) = (source.line(at), source.column(at));
            (Err(ScriptError::Syntax { path: path.to_owned(), line, column, message }), None)
        }
        Err(TreeError::CharacterName { at }) => {
            (Ok(undecided("file", source.line(at), "has a character name that only Python knows")), None)
        }
    }
}

pub(super) fn undecided(name: &str, line: usize, reason: impl Into<String>) -> Parsed {
    Parsed::Undecided(Undecided { name: name.to_owned(), line, reason: reason.into() })
}

/// A followed module on its way to a [`Script`].
struct Reading<'r> {
    path: &'r Path,
    source: &'r Source<'r>,
    module: &'r Module<'r>,
}

/// Why a [`Reading`] ended early.
enum Stop {
    Undecided(Undecided),
    Error(ScriptError),
}

impl Reading<'_> {
    fn script(&self) -> Result<Parsed, ScriptError> {
        if let Some(at) = self.module.raises {
            return Ok(undecided("file", self.source.line(at), "raises an exception"));
        }
        match self.parts() {
            Ok(script) => Ok(Parsed::Script(Box::new(script))),
            Err(Stop::Undecided(undecided)) => Ok(Parsed::Undecided(undecided)),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    fn parts(&self) -> Result<Script, Stop> {
        let id = match self.binding("revision")? {
            Some(binding) => self.one_text("revision", binding)?,
            None => self.legacy_id()?,
        };
        let Some(down) = self.binding("down_revision")? else {
            return Err(Stop::Error(ScriptError::NoDownRevision { path: self.path.to_owned() }));
        };
        let down = scalar(self.texts("down_revision", Some(down))?);
        let depends_on = scalar(self.texts("depends_on", self.binding("depends_on")?)?);
        let branch_labels = self.texts("branch_labels", self.binding("branch_labels")?)?;
        let revision = Revision {
            id: RevisionId::new(id),
            down: down.into_iter().map(RevisionId::new).collect(),
            // Alembic takes a lone empty string for nothing, here only.
            depends_on: if depends_on == [""] { Vec::new() } else { depends_on },
            branch_labels: branch_labels.into_iter().flatten().collect(),
        };
        let (docstring, spans, squash) = (self.docstring()?, self.spans(), self.squash());
        Ok(Script { revision, path: self.path.to_owned(), docstring, spans, squash })
    }

    /// A name's binding; undecided where it may or may not be set.
    fn binding(&self, name: &str) -> Result<Option<&Binding>, Stop> {
        match (self.module.get(name), self.module.star()) {
            (None, Some(at)) => Err(self.stop(name, at, "may be set by 'import *', exec() or the like")),
            (binding, _) => Ok(binding),
        }
    }

    fn stop(&self, name: &str, at: usize, reason: impl Into<String>) -> Stop {
        Stop::Undecided(Undecided { name: name.to_owned(), line: self.source.line(at), reason: reason.into() })
    }

    fn one_text(&self, name: &str, binding: &Binding) -> Result<String, Stop> {
        match self.module.resolved(&binding.value) {
            Value::Text(text) => Ok(text),
            Value::Unknown(unknown) => Err(self.stop(name, binding.at, unknown.reason)),
            _ => Err(self.stop(name, binding.at, "is not a string")),
        }
    }

    /// Alembic's `to_tuple`: nothing, a string or a collection of strings. `None` inside stays.
    fn texts(&self, name: &str, binding: Option<&Binding>) -> Result<Vec<Option<String>>, Stop> {
        let Some(binding) = binding else {
            return Ok(Vec::new());
        };
        let items = match self.module.resolved(&binding.value) {
            Value::None => return Ok(Vec::new()),
            Value::Text(text) => return Ok(vec![Some(text)]),
            Value::Sequence(_, items) => items,
            Value::Unknown(unknown) => return Err(self.stop(name, binding.at, unknown.reason)),
            _ => return Err(self.stop(name, binding.at, "is neither a string nor a collection of strings")),
        };
        let only = items.len() == 1;
        let texts = items.into_iter().map(|item| match item {
            Value::Text(text) => Ok(Some(text)),
            Value::None if only && name != "branch_labels" => Ok(None),
            Value::Unknown(unknown) => Err(self.stop(name, binding.at, unknown.reason)),
            _ => Err(self.stop(name, binding.at, "holds something that is not a string")),
        });
        texts.collect()
    }

    /// Alembic 0.1 named its files by the revision.
    fn legacy_id(&self) -> Result<String, Stop> {
        let file_name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = file_name.strip_suffix(".py").unwrap_or_default();
        let is_id = !stem.is_empty() && stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_id {
            return Ok(stem.to_owned());
        }
        Err(Stop::Error(ScriptError::NoRevisionId { file_name: file_name.into_owned() }))
    }

    fn docstring(&self) -> Result<Option<String>, Stop> {
        // `__doc__` exists in every module, whatever an `import *` brings: that never brings names with underscores.
        let Some(binding) = self.module.get("__doc__") else {
            return Ok(None);
        };
        match self.module.resolved(&binding.value) {
            Value::Text(text) => Ok(Some(text)),
            Value::None => Ok(None),
            Value::Unknown(unknown) => Err(self.stop("__doc__", binding.at, unknown.reason)),
            _ => Err(self.stop("__doc__", binding.at, "is not a string")),
        }
    }

    /// The tombstones of a baseline. Whatever is not written out as limbec does is the project's own business.
    fn squash(&self) -> Option<Squash> {
        let value = |name| self.module.get(name).map(|binding| self.module.resolved(&binding.value));
        let (Some(Value::Sequence(_, items)), Some(Value::Text(files))) = (value(REPLACES), value(REPLACED_FILES))
        else {
            return None;
        };
        let ids = items.into_iter().map(|item| match item {
            Value::Text(id) => Some(RevisionId::new(id)),
            _ => None,
        });
        Some(Squash { replaces: ids.collect::<Option<Vec<_>>>()?, files, archive: PathBuf::new() })
    }

    fn spans(&self) -> Spans {
        let span = |name| {
            let range = self.module.get(name).and_then(|binding| binding.span.clone());
            range.map(|range| self.source.bytes_of(range))
        };
        Spans { revision: span("revision"), down_revision: span("down_revision"), docstring: span("__doc__") }
    }
}

/// Alembic's `tuple_rev_as_scalar` and back: `(None,)` is `None`.
fn scalar(items: Vec<Option<String>>) -> Vec<String> {
    items.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
