use std::collections::HashMap;
use std::ops::Range;

use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_text_size::Ranged;

use super::{Diagnostic, Directive, DirectiveKind, FileIndex, Level, LintProject, Scope};

/// A rule that a comment names, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppression<'p> {
    /// Whose comment it is.
    pub file: FileIndex,
    /// The comment.
    pub directive: &'p Directive,
    /// As written.
    pub rule: &'p str,
    /// How many findings it stands for, accepted or not.
    pub findings: usize,
    /// It has no reason where one is demanded, and so accepts nothing.
    pub lacks_reason: bool,
}

impl Suppression<'_> {
    /// Whether its rule was run on the file, so that nothing found means that there was nothing to find.
    pub fn was_tried(&self, project: &LintProject) -> bool {
        super::rule(self.rule)
            .is_some_and(|rule| project.input.settings.concerns(rule) && project.level(rule, self.file) != Level::Off)
    }
}

/// Takes the findings away that comments accept. Says what became of every rule that the comments of the judged files name,
/// and how many findings were taken.
pub(super) fn suppress<'p>(
    project: &'p LintProject,
    judged: &[FileIndex],
    found: &mut Vec<Diagnostic>,
) -> (Vec<Suppression<'p>>, usize) {
    let mut suppressions = Vec::new();
    let mut by_file: HashMap<FileIndex, Range<usize>> = HashMap::new();
    for file in judged {
        let first = suppressions.len();
        for directive in &project.file(*file).directives {
            let (DirectiveKind::Ignore(rules) | DirectiveKind::Allow(rules)) = &directive.kind else { continue };
            let lacks_reason = project.input.settings.demands_reasons() && directive.reason.is_none();
            suppressions.extend(rules.iter().map(|rule| Suppression {
                file: *file,
                directive,
                rule,
                findings: 0,
                lacks_reason,
            }));
        }
        if suppressions.len() > first {
            by_file.insert(*file, first..suppressions.len());
        }
    }
    let before = found.len();
    found.retain(|diagnostic| {
        let own = diagnostic.location.file.and_then(|file| by_file.get(&file));
        let Some(own) = own.and_then(|own| suppressions.get_mut(own.clone())) else { return true };
        let mut places = None;
        let mut is_accepted = false;
        for suppression in own.iter_mut().filter(|suppression| suppression.rule == diagnostic.rule) {
            let is_meant = match &suppression.directive.scope {
                Scope::File => true,
                Scope::Lines(lines) => places
                    .get_or_insert_with(|| places_of(diagnostic, project))
                    .iter()
                    .any(|place| lines.start <= *place && *place <= lines.end),
            };
            suppression.findings += usize::from(is_meant);
            is_accepted |= is_meant && !suppression.lacks_reason;
        }
        !is_accepted
    });
    let accepted = before - found.len();
    (suppressions, accepted)
}

/// Where a comment would stand that accepts a finding: on its first or last line, or on the first or last line of its statement.
fn places_of(diagnostic: &Diagnostic, project: &LintProject) -> Vec<usize> {
    let range = &diagnostic.location.range;
    let last = range.end.saturating_sub(1).max(range.start);
    let mut places = vec![range.start, last];
    let body = diagnostic.location.file.and_then(|file| project.file(file).file.body());
    let mut finder = StatementFinder { at: range.start, found: None };
    finder.visit_body(body.unwrap_or_default());
    places.extend(finder.found.iter().flat_map(|statement| [statement.start, statement.end.saturating_sub(1)]));
    places
}

/// Finds the innermost statement around a position, if it holds no other statements.
struct StatementFinder {
    at: usize,
    found: Option<Range<usize>>,
}

impl<'a> Visitor<'a> for StatementFinder {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let range = statement.start().to_usize()..statement.end().to_usize();
        if !range.contains(&self.at) {
            return;
        }
        let is_compound = matches!(
            statement,
            Stmt::FunctionDef(_)
                | Stmt::ClassDef(_)
                | Stmt::For(_)
                | Stmt::While(_)
                | Stmt::If(_)
                | Stmt::With(_)
                | Stmt::Match(_)
                | Stmt::Try(_)
        );
        self.found = (!is_compound).then_some(range);
        walk_stmt(self, statement);
    }

    // Statements are in no expression.
    fn visit_expr(&mut self, _: &'a ruff_python_ast::Expr) {}
}

#[cfg(test)]
mod tests {
    use crate::lint::testing::History;

    const RULE: &str = "index-without-concurrently";

    /// Whether a revision has findings, those accepted, and unused comments.
    fn counts(upgrade: &str) -> (usize, usize, usize) {
        let report = History::new().revision(&format!("def upgrade():\n{upgrade}")).report();
        let of = |rule: &str| report.diagnostics.iter().filter(|found| found.rule == rule).count();
        (of(RULE), report.summary.suppressed, of("unused-suppression"))
    }

    fn ignore(rule: &str) -> String {
        format!("# limbec: ignore[{rule}] 40 rows")
    }

    #[test]
    fn on_the_line_above_it_and_around_a_call() {
        let comment = ignore(RULE);
        let call = "op.create_index(\n        'i',\n        't', ['a'],\n    )";
        assert_eq!(counts(&format!("    {call}\n")), (1, 0, 0));
        assert_eq!(counts(&format!("    {call}  {comment}\n")), (0, 1, 0));
        assert_eq!(counts(&format!("    {comment}\n    # more\n\n    {call}\n")), (0, 1, 0));
        assert_eq!(counts(&format!("    {}\n", call.replacen("(\n", &format!("(  {comment}\n"), 1))), (0, 1, 0));
        assert_eq!(counts(&format!("    {}\n", call.replace("'i',", &format!("'i',  {comment}")))), (1, 0, 1));
        assert_eq!(counts(&format!("    {call}\n    {comment}\n")), (1, 0, 1));
        assert_eq!(counts(&format!("    x = '''\n{comment}\n'''\n    {call}\n")), (1, 0, 0));
    }

    #[test]
    fn a_comment_is_for_its_own_statement() {
        let comment = ignore(RULE);
        let call = "op.create_index('i', 't', ['a'])";
        assert_eq!(counts(&format!("    {call}  {comment}\n    {call}\n")), (1, 1, 0));
        assert_eq!(counts(&format!("    {comment}\n    if True:\n        {call}\n")), (1, 0, 1));
    }

    #[test]
    fn the_header_is_for_the_whole_file() {
        let call = "op.create_index('i', 't', ['a'])";
        let text = format!(
            "\"\"\"step\n\nRevision ID: a1b2c3d4e5f6\nRevises:\nCreate Date: 2026-01-01 12:00:00\n\"\"\"\n# limbec: allow[truncate, {RULE}] empty\n\
             from alembic import op\nrevision = 'a1b2c3d4e5f6'\ndown_revision = None\ndef upgrade():\n    {call}\n    {call}\n"
        );
        let report = History::new().revision(&text).report();
        let of = |rule: &str| report.diagnostics.iter().filter(|found| found.rule == rule).count();
        assert_eq!((of(RULE), report.summary.suppressed, of("unused-suppression")), (0, 2, 1));
    }

    #[test]
    fn rules_that_are_off_are_not_unused() {
        let mut project = History::new()
            .revision(&format!("def upgrade():\n    op.execute('ANALYZE')  {}\n", ignore(RULE)))
            .project();
        project.input.settings = project.input.settings.clone().without(&[crate::lint::rule(RULE).unwrap()]);
        let report = crate::lint::lint(&project, &crate::lint::Selection { files: None, judges_published: false });
        assert_eq!(report.diagnostics, []);
    }
}
