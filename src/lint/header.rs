//! What the head of a revision file says in words (the docstring's `Revision ID:` …) and in code.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::{Applicability, Edit, FileIndex, Fix, LintContext, LintProject, Standing};
use crate::revision::RevisionId;
use crate::script::{RevisionFile, StampedName, description_slug};

/// The lines of a docstring that repeat what the code declares, as Alembic's template writes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocstringHeader {
    /// `Revision ID: …`
    pub revision: Option<HeaderValue>,
    /// `Revises: …`
    pub revises: Option<HeaderValue>,
    /// `Create Date: …`
    pub create_date: Option<HeaderValue>,
}

/// What is behind the colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderValue {
    /// Trimmed.
    pub text: String,
    /// Where it is in the decoded text; empty where nothing is behind the colon.
    pub range: Range<usize>,
}

impl DocstringHeader {
    /// Reads the docstring of a file; nothing where it has none.
    pub fn of(file: &RevisionFile) -> Self {
        let Some(range) = file.body().and_then(docstring) else { return Self::default() };
        let line = |key: &str| value_of(file.text(), range.clone(), key);
        Self { revision: line("Revision ID:"), revises: line("Revises:"), create_date: line("Create Date:") }
    }

    /// The down revisions that the docstring lists; `None` where it does not list identifiers.
    pub fn listed_down(&self) -> Option<Vec<&str>> {
        let text = &self.revises.as_ref()?.text;
        if matches!(text.to_lowercase().as_str(), "" | "none" | "<base>" | "base" | "()" | "-" | "n/a") {
            return Some(Vec::new());
        }
        let inner = text.trim_matches(['(', ')', '[', ']']);
        let ids = inner.split(',').map(|id| id.trim().trim_matches(['\'', '"', '`']));
        let ids: Vec<&str> = ids.filter(|id| !id.is_empty()).collect();
        // "Revises: the second one" is prose.
        (!ids.iter().any(|id| id.contains(char::is_whitespace))).then_some(ids)
    }

    /// The day of `Create Date`.
    pub fn day(&self) -> Option<NaiveDate> {
        self.create_date.as_ref()?.text.get(..10)?.parse().ok()
    }
}

/// What `Revises:` should say.
pub fn revises_line(down: &[RevisionId]) -> String {
    down.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}

/// The name that a file would have by the default convention: the time of `Create Date`, or a second after its parents' where that
/// is later, and the description of the docstring.
pub fn stamped_name(project: &LintProject, file: FileIndex) -> Option<String> {
    let file = &project.file(file);
    let in_order = || *project.stamps.get_or_init(|| stamps(project)).get(file.revision?.0 as usize)?;
    let time = in_order().or_else(|| create_time(&file.file))?;
    let slug = description_slug(file.script()?.doc().lines().next()?)?;
    Some(format!("{}_{slug}.py", crate::script::stamp(time)))
}

/// When every revision was made, by its name or else by its docstring, and never before its parents.
fn stamps(project: &LintProject) -> Vec<Option<NaiveDateTime>> {
    let map = &project.graph.map;
    let mut stamps: Vec<Option<NaiveDateTime>> = vec![None; map.len()];
    for revision in map.ancestors_first().unwrap_or_default() {
        let file = &project.file(project.file_of(*revision)).file;
        let parents = map.revision(*revision).down.iter().filter_map(|down| map.position(down.as_str()));
        let earliest = parents.filter_map(|parent| stamps[parent.0 as usize]).max();
        let named = project.names.time(&file.path);
        stamps[revision.0 as usize] = named.or_else(|| {
            let own = create_time(file)?;
            Some(earliest.map_or(own, |earliest| own.max(earliest + TimeDelta::seconds(1))))
        });
    }
    stamps
}

/// When it was made, by the docstring; in UTC where that names a time zone.
pub(super) fn create_time(file: &RevisionFile) -> Option<NaiveDateTime> {
    let date = DocstringHeader::of(file).create_date?.text;
    let zoned = ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%:z"];
    let plain = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"];
    let zoned = zoned.iter().find_map(|format| Some(DateTime::parse_and_remainder(&date, format).ok()?.0.naive_utc()));
    zoned.or_else(|| plain.iter().find_map(|format| Some(NaiveDateTime::parse_and_remainder(&date, format).ok()?.0)))
}

/// Renames a file of the default convention to the time at which it was made by its docstring, if that is what `is_right` says. A
/// published file keeps its name: others have it.
pub(super) fn renamed_by_docstring(ctx: &LintContext<'_>, is_right: impl Fn(NaiveDateTime) -> bool) -> Option<Fix> {
    let file = ctx.file();
    if !ctx.project().names.is_stamped() || file.standing == Standing::Published {
        return None;
    }
    let time = create_time(&file.file).filter(|time| is_right(*time))?;
    let slug = StampedName::parse(file.file.path.file_name()?.to_str()?)?.slug;
    Some(renamed(ctx, &format!("{}_{slug}.py", crate::script::stamp(time))))
}

/// A fix that renames the file. Safe: Alembic does not care for the names of files.
pub(super) fn renamed(ctx: &LintContext<'_>, name: &str) -> Fix {
    let to = ctx.file().file.path.with_file_name(name);
    let edits = vec![Edit::Rename { file: ctx.file_index(), to }];
    Fix { title: format!("rename it to `{name}`"), applicability: Applicability::Safe, edits }
}

/// The value that the module's last statement of the form `name = …` gives a name.
pub(super) fn assigned<'a>(file: &'a RevisionFile, name: &str) -> Option<&'a Expr> {
    let is_name = |target: &Expr| matches!(target, Expr::Name(found) if found.id.as_str() == name);
    file.body()?.iter().rev().find_map(|statement| match statement {
        Stmt::Assign(assign) if assign.targets.iter().any(is_name) => Some(&*assign.value),
        Stmt::AnnAssign(assign) if is_name(&assign.target) => assign.value.as_deref(),
        _ => None,
    })
}

/// Where that value is; the start of the file where it is not found.
pub(super) fn assigned_at(file: &RevisionFile, name: &str) -> Range<usize> {
    assigned(file, name).map_or(0..0, |value| value.start().to_usize()..value.end().to_usize())
}

/// The docstring without its quotes, where it is one literal.
fn docstring(body: &[Stmt]) -> Option<Range<usize>> {
    let Stmt::Expr(statement) = body.first()? else { return None };
    let Expr::StringLiteral(literal) = &*statement.value else { return None };
    let [part] = literal.value.as_slice() else { return None };
    let content = part.content_range();
    Some(content.start().to_usize()..content.end().to_usize())
}

/// The first line that begins with the key.
fn value_of(text: &str, docstring: Range<usize>, key: &str) -> Option<HeaderValue> {
    let mut start = docstring.start;
    for line in text.get(docstring)?.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if let Some(value) = line.get(indent..).and_then(|rest| rest.strip_prefix(key)) {
            let blanks = value.len() - value.trim_start_matches([' ', '\t']).len();
            let at = start + indent + key.len() + blanks;
            let text = value.trim().to_owned();
            let range = if text.is_empty() { at..at } else { at..at + text.len() };
            return Some(HeaderValue { text, range });
        }
        start += line.len();
    }
    None
}
