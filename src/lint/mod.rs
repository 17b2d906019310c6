//! The linter: rules over revision files, their operations, the graph and the folded schema. Sees neither database nor Python.
//!
//! [`LintProject`] is everything that rules may look at, read once. [`lint`] runs the rules of [`RULES`] over it and answers with a
//! [`Report`]: diagnostics in the order of files and lines, and what was looked at. How to add a rule stands in `rules`.

mod apply;
mod builtins;
mod context;
mod course;
mod diagnostic;
mod directive;
mod edits;
mod fix;
mod graph;
mod header;
mod heads;
mod imported;
mod imports;
mod inverse;
mod irreversible;
mod linter;
mod loss;
mod names;
mod ownership;
mod packages;
mod phrase;
mod project;
pub mod render;
mod rule;
mod rules;
mod scopes;
mod settings;
mod sql_directive;
mod sql_words;
mod suppression;
#[cfg(test)]
mod testing;
mod transaction_fix;
mod type_change;

pub use apply::{Fixed, fix};
pub use context::{LintContext, ProjectContext};
pub use course::Course;
pub use diagnostic::{Annotation, Diagnostic, Location};
pub use directive::{Directive, DirectiveKind, Scope};
pub use fix::{Applicability, Edit, Fix};
pub use graph::{Graph, GraphFault};
pub use header::{DocstringHeader, HeaderValue, revises_line, stamped_name};
pub use irreversible::Irreversible;
pub use linter::{Report, Selection, Summary, UnreadCall, lint};
pub use loss::Loss;
pub use names::{NameConvention, ReadName};
pub use packages::OwnPackages;
pub use project::{FileIndex, LintFile, LintInput, LintProject, NewFileNames, Standing};
pub use rule::{Check, Group, Level, Rule, Severity};
pub use rules::RULES;
pub use settings::{FileNames, LintSettings, PathLevels};
pub use suppression::Suppression;
pub use type_change::TypeChange;

/// The rule of this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// The rule that a typing error may have turned into `name`.
pub fn similar_rule(name: &str) -> Option<&'static str> {
    let scored = RULES.iter().map(|rule| (strsim::jaro(name, rule.name), rule.name));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
