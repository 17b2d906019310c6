use std::ops::Range;

use annotate_snippets::renderer::DEFAULT_TERM_WIDTH;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::fix_command;
use crate::lint::{Diagnostic, LintProject, Location, Report, Severity};

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextStyle {
    /// With ANSI escape sequences.
    pub colored: bool,
    /// Columns of the terminal, where there is one.
    pub width: Option<usize>,
}

/// For people: every finding with its lines, a blank line after each.
pub fn text(project: &LintProject, report: &Report, style: TextStyle) -> String {
    let renderer = if style.colored { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(style.width.unwrap_or(DEFAULT_TERM_WIDTH));
    let mut text = String::new();
    for diagnostic in &report.diagnostics {
        text.push_str(&renderer.render(&[group(project, diagnostic)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(project: &'a LintProject, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&diagnostic.message).id(diagnostic.rule));
    for element in places(project, diagnostic) {
        group = group.element(element);
    }
    let messages = diagnostic.help.iter().map(|help| Level::HELP.message(normalize_untrusted_str(help)));
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(normalize_untrusted_str(note)));
    let grandfathered = diagnostic
        .is_grandfathered
        .then(|| Level::NOTE.message("the revision is published, so this is a warning; in a new one it is an error"));
    let fix = diagnostic.fix.as_ref().and_then(|fix| {
        let title = normalize_untrusted_str(&fix.title);
        Some(Level::HELP.with_name("fix").message(format!("{title} (`{}`)", fix_command(fix.applicability)?)))
    });
    group.elements(messages.chain(notes).chain(grandfathered).chain(fix))
}

/// The finding itself with what is near to it, then the other places.
fn places<'a>(project: &'a LintProject, diagnostic: &'a Diagnostic) -> Vec<Element<'a>> {
    let own = &diagnostic.location;
    let (near, far): (Vec<_>, Vec<_>) =
        diagnostic.annotations.iter().partition(|annotation| is_near(&annotation.location, own));
    let marks = near.iter().map(|annotation| Mark {
        range: annotation.location.range.clone(),
        kind: AnnotationKind::Context,
        label: Some(&annotation.message),
    });
    let primary = Mark { range: own.range.clone(), kind: AnnotationKind::Primary, label: None };
    let mut elements = place(project, own, std::iter::once(primary).chain(marks).collect());
    for annotation in far {
        let place_of = &annotation.location;
        let mark =
            Mark { range: place_of.range.clone(), kind: AnnotationKind::Context, label: Some(&annotation.message) };
        if place_of.file.is_none() || place_of.is_whole_file() {
            elements.push(origin(project, place_of));
            elements.push(Level::NOTE.no_name().message(normalize_untrusted_str(&annotation.message)).into());
        } else {
            elements.extend(place(project, place_of, vec![mark]));
        }
    }
    elements
}

/// Something to underline.
struct Mark<'a> {
    range: Range<usize>,
    kind: AnnotationKind,
    label: Option<&'a str>,
}

/// Lines between two marks that are still shown in one piece.
const NEAR: usize = 12;

fn is_near(other: &Location, own: &Location) -> bool {
    other.file.is_some()
        && other.file == own.file
        && other.path == own.path
        && !other.is_whole_file()
        && !own.is_whole_file()
        && other.line.abs_diff(own.line) <= NEAR
        && !is_long(other)
        && !is_long(own)
}

fn is_long(location: &Location) -> bool {
    location.end_line - location.line > NEAR
}

fn origin<'a>(project: &LintProject, location: &Location) -> Element<'a> {
    let origin = Origin::path(project.shown_path(&location.path));
    if location.is_whole_file() {
        return origin.into();
    }
    origin.line(location.line).char_column(location.column).into()
}

/// Path and position, then the lines; of a file as a whole, the path alone.
fn place<'a>(project: &'a LintProject, location: &Location, marks: Vec<Mark<'a>>) -> Vec<Element<'a>> {
    let Some(file) = location.file.filter(|_| !location.is_whole_file()) else {
        return vec![origin(project, location)];
    };
    let text = project.file(file).file.text();
    let start = marks.iter().map(|mark| mark.range.start).min().unwrap_or(0).min(text.len());
    let end = marks.iter().map(|mark| mark.range.end).max().unwrap_or(0).clamp(start, text.len());
    let Window { shown, is_cut } = Window::around(start..end, text);
    let (line, _) = project.file(file).file.position(shown.start);
    let annotations = marks.into_iter().map(|mark| {
        let shift = |at: usize| at.clamp(shown.start, shown.end) - shown.start;
        mark.kind.span(shift(mark.range.start)..shift(mark.range.end)).label(mark.label)
    });
    let annotations: Vec<Annotation<'_>> = annotations.collect();
    let snippet =
        Snippet::source(text.get(shown.clone()).unwrap_or_default()).line_start(line).annotations(annotations);
    if is_cut {
        // The column would be counted from the cut.
        return vec![origin(project, location), snippet.into()];
    }
    vec![snippet.path(project.shown_path(&location.path)).into()]
}

/// What is shown of a text.
struct Window {
    shown: Range<usize>,
    /// Begins behind the start of a line.
    is_cut: bool,
}

impl Window {
    /// The lines of a range in full, unless they are so long that nobody could mean to see them.
    fn around(range: Range<usize>, text: &str) -> Self {
        let start = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |newline| range.end + newline);
        let start = if text[start..].starts_with(BOM) { start + BOM.len_utf8() } else { start };
        let from = text.floor_char_boundary(start.max(range.start.saturating_sub(MARGIN)));
        let to = text.ceil_char_boundary(end.min(range.end.min(range.start + LONGEST) + MARGIN));
        Self { shown: from..to, is_cut: from > start }
    }
}

const BOM: char = '\u{feff}';

/// Bytes of a line that are looked at beside a mark.
const MARGIN: usize = 300;

/// Bytes of a range that are looked at.
const LONGEST: usize = 4096;
