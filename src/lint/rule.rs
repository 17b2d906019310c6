use std::borrow::Cow;
use std::fmt;

use super::{FileIndex, LintContext, ProjectContext, Suppression};
use crate::operation::Dialect;

/// One rule: what it is called, what it says of itself, and its check.
#[derive(Debug)]
pub struct Rule {
    /// Kebab case; names the bad pattern and reads well after "allow".
    pub name: &'static str,
    /// The doc comment, Markdown, as the compiler keeps it (a blank before every line).
    pub(super) raw_documentation: &'static str,
    /// What it is about.
    pub group: Group,
    /// Unless configured.
    pub level: Level,
    /// The databases that it concerns; none listed: all.
    pub dialects: &'static [Dialect],
    /// Whether some of its findings can be repaired by `--fix`.
    pub is_fixable: bool,
    /// The version that brought it.
    pub since: &'static str,
    /// Its source file.
    pub file: &'static str,
    /// How it looks for findings.
    pub check: Check,
}

/// What a rule is run on.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// On every judged revision file that could be parsed.
    Revision(fn(&mut LintContext<'_>)),
    /// Once, on all files and the graph.
    Project(fn(&mut ProjectContext<'_>)),
    /// After all others, on the judged files and the comments in them that accept findings.
    Suppressions(fn(&mut ProjectContext<'_>, &[FileIndex], &[Suppression<'_>])),
}

impl Rule {
    /// The doc comment: a summary line, then the headings `## What it flags`, `## Why`, `## Example`, `## Use instead`.
    pub fn documentation(&self) -> String {
        let lines = self.raw_documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    /// Its first line.
    pub fn summary(&self) -> Cow<'static, str> {
        Cow::Borrowed(self.raw_documentation.lines().next().unwrap_or_default().trim())
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// File names, identifiers, docstrings.
    Naming,
    /// The revision graph.
    Graph,
    /// What cannot be undone, and what undoes too much.
    Downgrade,
    /// Revisions that others have.
    Published,
    /// What the script itself does besides operations.
    Hygiene,
    /// Locks, scans and rewrites.
    Locks,
    /// Running code and data.
    Compatibility,
}

impl Group {
    /// In lower case, as it is written in settings and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naming => "naming",
            Self::Graph => "graph",
            Self::Downgrade => "downgrade",
            Self::Published => "published",
            Self::Hygiene => "hygiene",
            Self::Locks => "locks",
            Self::Compatibility => "compatibility",
        }
    }
}

/// How a rule is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not run.
    Off,
    /// Findings are shown and change no exit status.
    Warning,
    /// Findings make the exit status 1.
    Error,
}

impl Level {
    /// `off`, `warning` or `error`.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Off, Self::Warning, Self::Error].into_iter().find(|level| level.name() == name)
    }

    /// As it is written in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; never an error, whatever the level.
    Note,
    /// Shown.
    Warning,
    /// Makes the exit status 1.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Whether a rule says `fix: Sometimes`.
macro_rules! is_fixable {
    () => {
        false
    };
    (Sometimes) => {
        true
    };
}
pub(super) use is_fixable;

/// Declares the rule of a file as `RULE`; the doc comment is its page. A rule with fixes says `fix: Sometimes` behind `since`.
macro_rules! declare_rule {
    (
        $(#[doc = $doc:literal])+
        $name:literal {
            group: $group:ident,
            level: $level:ident,
            dialects: [$($dialect:ident),*],
            since: $since:literal,
            $(fix: $fix:ident,)?
            check: $kind:ident($check:path) $(,)?
        }
    ) => {
        pub(in crate::lint) static RULE: $crate::lint::Rule = $crate::lint::Rule {
            name: $name,
            raw_documentation: concat!($($doc, "\n"),+),
            group: $crate::lint::Group::$group,
            level: $crate::lint::Level::$level,
            dialects: &[$($crate::operation::Dialect::$dialect),*],
            is_fixable: $crate::lint::rule::is_fixable!($($fix)?),
            since: $since,
            file: file!(),
            check: $crate::lint::Check::$kind($check),
        };
    };
}
pub(super) use declare_rule;
