use std::ops::Range;
use std::path::PathBuf;

use super::{
    Diagnostic, DirectiveKind, FileIndex, Level, LintFile, LintProject, LintSettings, Location, Rule, Severity,
};
use crate::operation::{Body, Dialects, NotAnalysed, Operation, OperationKind, TableName};
use crate::revision::RevisionIndex;
use crate::schema::Schema;
use crate::script::Script;

/// What a rule sees of one revision file, and where it reports.
///
/// Everything is borrowed from the project, so that a rule can report while it looks.
pub struct LintContext<'a> {
    project: &'a LintProject,
    file: FileIndex,
    rule: &'static Rule,
    level: Level,
    found: &'a mut Vec<Diagnostic>,
}

/// What a rule sees that looks at the project as a whole.
pub struct ProjectContext<'a> {
    project: &'a LintProject,
    rule: &'static Rule,
    found: &'a mut Vec<Diagnostic>,
}

impl<'a> LintContext<'a> {
    pub(super) fn new(
        project: &'a LintProject,
        file: FileIndex,
        rule: &'static Rule,
        level: Level,
        found: &'a mut Vec<Diagnostic>,
    ) -> Self {
        Self { project, file, rule, level, found }
    }

    /// The whole project.
    pub fn project(&self) -> &'a LintProject {
        self.project
    }

    /// The linter's settings.
    pub fn settings(&self) -> &'a LintSettings {
        &self.project.input.settings
    }

    /// The file under the rule.
    pub fn file(&self) -> &'a LintFile {
        self.project.file(self.file)
    }

    /// Its position among the project's files, for edits.
    pub fn file_index(&self) -> FileIndex {
        self.file
    }

    /// Its decoded text.
    pub fn text(&self) -> &'a str {
        self.file().file.text()
    }

    /// What it declares, if that is known.
    pub fn script(&self) -> Option<&'a Script> {
        self.file().script()
    }

    /// Its revision in the graph; `None` where it declares none that could be understood.
    pub fn revision(&self) -> Option<RevisionIndex> {
        self.file().revision
    }

    /// `upgrade()`
    pub fn upgrade(&self) -> &'a Body {
        &self.file().operations.upgrade
    }

    /// `downgrade()`
    pub fn downgrade(&self) -> &'a Body {
        &self.file().operations.downgrade
    }

    /// Whether the header says that `downgrade()` fails on purpose (`# limbec: irreversible`).
    pub fn is_irreversible(&self) -> bool {
        self.file().directives.iter().any(|directive| directive.kind == DirectiveKind::Irreversible)
    }

    /// The databases that both the rule and the project are about.
    pub fn dialects(&self) -> Dialects {
        let own: Dialects = self.rule.dialects.iter().copied().collect();
        let project: Dialects = self.settings().dialects.iter().copied().collect();
        if own.is_empty() { project } else { own.intersection(project) }
    }

    /// The upgrade's operations that run on a database that the rule is about.
    pub fn upgrade_operations(&self) -> impl Iterator<Item = &'a Operation> + use<'a> {
        self.relevant(&self.upgrade().operations)
    }

    /// The same of the downgrade.
    pub fn downgrade_operations(&self) -> impl Iterator<Item = &'a Operation> + use<'a> {
        self.relevant(&self.downgrade().operations)
    }

    fn relevant(&self, operations: &'a [Operation]) -> impl Iterator<Item = &'a Operation> + use<'a> {
        let dialects = self.dialects();
        operations.iter().filter(move |operation| !operation.context.dialects.intersection(dialects).is_empty())
    }

    /// What the upgrade finds; `None` where the file has no place in the graph.
    pub fn schema_before(&self) -> Option<&'a Schema> {
        self.revision().map(|revision| self.project.schemas.before(revision))
    }

    /// What the upgrade leaves.
    pub fn schema_after(&self) -> Option<&'a Schema> {
        self.revision().map(|revision| self.project.schemas.after(revision))
    }

    /// Whether this revision's own upgrade creates the table: nobody uses it yet, so that nothing done to it can hurt. Also true
    /// where a call that was not understood names the table, while no revision before has it.
    pub fn creates_table(&self, table: &TableName) -> bool {
        self.upgrade_course().creates_table(table) || self.may_create_table(table)
    }

    fn may_create_table(&self, table: &TableName) -> bool {
        let is_known = self.schema_before().is_some_and(|schema| schema.table(table).is_some());
        let names_it = |call: &NotAnalysed| {
            let text = self.text().get(call.range.clone()).unwrap_or_default();
            text.contains(&format!("\"{}\"", table.name)) || text.contains(&format!("'{}'", table.name))
        };
        !is_known && self.upgrade().not_analysed.iter().any(names_it)
    }

    /// Whether the table of an operation is, or may be, new in this revision. One whose name is computed may be any that is created here.
    pub fn may_be_new(&self, table: Option<&TableName>) -> bool {
        match table {
            Some(table) => self.creates_table(table),
            None => self.upgrade().operations.iter().any(
                |operation| matches!(&operation.kind, OperationKind::CreateTable(create) if create.table.is_none()),
            ),
        }
    }

    /// A place in this file.
    pub fn location(&self, range: Range<usize>) -> Location {
        self.project.location(self.file, range)
    }

    /// Reports a finding at a range of the text; the rest is added to what is returned.
    pub fn report(&mut self, range: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let location = self.location(range);
        push(self.found, self.project, self.rule, self.level, location, message.into())
    }

    /// Reports a finding on the file as a whole.
    pub fn report_file(&mut self, message: impl Into<String>) -> &mut Diagnostic {
        self.report(0..0, message)
    }
}

impl<'a> ProjectContext<'a> {
    pub(super) fn new(project: &'a LintProject, rule: &'static Rule, found: &'a mut Vec<Diagnostic>) -> Self {
        Self { project, rule, found }
    }

    /// The whole project.
    pub fn project(&self) -> &'a LintProject {
        self.project
    }

    /// The linter's settings.
    pub fn settings(&self) -> &'a LintSettings {
        &self.project.input.settings
    }

    /// A place in a file.
    pub fn location(&self, file: FileIndex, range: Range<usize>) -> Location {
        self.project.location(file, range)
    }

    /// Reports a finding in a file.
    pub fn report(&mut self, file: FileIndex, range: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        let level = self.project.level(self.rule, file);
        let location = self.location(file, range);
        push(self.found, self.project, self.rule, level, location, message.into())
    }

    /// Reports a finding on something that is no revision file (any more), such as a file that vanished.
    pub fn report_elsewhere(&mut self, path: PathBuf, message: impl Into<String>) -> &mut Diagnostic {
        let location = Location { file: None, path, range: 0..0, line: 1, column: 1, end_line: 1, end_column: 1 };
        let level = self.project.input.settings.level(self.rule, None);
        push(self.found, self.project, self.rule, level, location, message.into())
    }
}

impl LintProject {
    pub(super) fn location(&self, file: FileIndex, range: Range<usize>) -> Location {
        let revision_file = &self.file(file).file;
        let (line, column) = revision_file.position(range.start);
        let (end_line, end_column) = revision_file.position(range.end);
        let path = revision_file.path_at(range.start).to_owned();
        Location { file: Some(file), path, range, line, column, end_line, end_column }
    }

    pub(super) fn level(&self, rule: &Rule, file: FileIndex) -> Level {
        let settings = &self.input.settings;
        settings.level(rule, Some(&self.file(file).file.path))
    }
}

fn push<'f>(
    found: &'f mut Vec<Diagnostic>,
    project: &LintProject,
    rule: &'static Rule,
    level: Level,
    location: Location,
    message: String,
) -> &'f mut Diagnostic {
    let script = location.file.and_then(|file| project.file(file).script());
    let diagnostic = Diagnostic {
        rule: rule.name,
        severity: if level == Level::Error { Severity::Error } else { Severity::Warning },
        revision: script.map(|script| script.revision.id.to_string()),
        location,
        message,
        help: None,
        notes: Vec::new(),
        annotations: Vec::new(),
        fix: None,
        is_global: false,
        is_grandfathered: false,
    };
    found.push_mut(diagnostic)
}
