use std::ops::Range;
use std::path::PathBuf;

use super::{Applicability, FileIndex, Fix, Severity};

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Name of the rule.
    pub rule: &'static str,
    /// How grave.
    pub severity: Severity,
    /// Where.
    pub location: Location,
    /// Identifier of the revision, where it is known.
    pub revision: Option<String>,
    /// The hazard: a phrase without a full stop that makes sense alone.
    pub message: String,
    /// What to do instead.
    pub help: Option<String>,
    /// More to know, each a sentence.
    pub notes: Vec<String>,
    /// Other places that matter: the other head, the operation that created the table.
    pub annotations: Vec<Annotation>,
    /// What `--fix` would do.
    pub fix: Option<Fix>,
    /// Concerns the history as a whole: reported whichever files are judged.
    pub is_global: bool,
    /// The file is published or frozen: an error became a warning.
    pub is_grandfathered: bool,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, if it is one of the project's revision files.
    pub file: Option<FileIndex>,
    /// Absolute; that of an SQL file where the place is in one of the revision's.
    pub path: PathBuf,
    /// Bytes of the decoded text (`RevisionFile::text`); empty at the beginning of a file for it as a whole.
    pub range: Range<usize>,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// From 1, of the end.
    pub end_line: usize,
    /// From 1, in characters, exclusive.
    pub end_column: usize,
}

impl Location {
    /// Whether the file as a whole is meant.
    pub fn is_whole_file(&self) -> bool {
        self.range.is_empty() && (self.line, self.column) == (1, 1)
    }
}

/// Another place that a diagnostic points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// Where.
    pub location: Location,
    /// What is there, a phrase.
    pub message: String,
}

impl Diagnostic {
    /// Says what to do instead.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a sentence.
    pub fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    /// Points at another place; by [`LintContext::location`](super::LintContext::location).
    pub fn annotate(&mut self, location: Location, message: impl Into<String>) -> &mut Self {
        self.annotations.push(Annotation { location, message: message.into() });
        self
    }

    /// Says how it can be repaired.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fix = Some(fix);
        self
    }

    /// Whether `--fix` can repair it, with or without `--unsafe-fixes`.
    pub fn is_fixable(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| fix.applicability > Applicability::Display)
    }

    /// Makes it a note, whatever the rule's level.
    pub fn as_note(&mut self) -> &mut Self {
        self.severity = Severity::Note;
        self
    }

    /// Makes it no graver than this, whatever the rule's level.
    pub fn at_most(&mut self, severity: Severity) -> &mut Self {
        self.severity = self.severity.min(severity);
        self
    }

    /// Reported whichever files are judged.
    pub fn global(&mut self) -> &mut Self {
        self.is_global = true;
        self
    }
}
