use super::super::context::CommandContext;
use super::super::error::CommandError;
use super::super::linting;
use super::target::DryRunTarget;
use crate::lint::{self, Diagnostic, FileIndex, LintFile, LintProject, Report, Selection, Severity};
use crate::operation::Body;
use crate::plan::{Direction, Step};

/// The revision files of a plan as they are read: what they do, and what is wrong with them.
pub(super) struct Sources {
    /// All files.
    pub(super) project: LintProject,
    report: Report,
}

impl Sources {
    /// Reads the revision files and judges those that are planned, as `validate` does.
    ///
    /// # Errors
    /// Those of `validate`, but for revisions that there are none of.
    pub(super) fn read(context: &mut CommandContext, targets: &[DryRunTarget]) -> Result<Self, CommandError> {
        let scripts = context.script_settings()?;
        let settings = context.project()?.lint_settings(&scripts.locations.script_location);
        let project = linting::read(context, &scripts, settings, None)?;
        let steps = targets.iter().flat_map(|target| &target.plan.steps).filter(|step| runs_script(step));
        let files = steps.filter_map(|step| project.declaring(step.revision.as_str())).collect();
        let report = lint::lint(&project, &Selection { files: Some(files), judges_published: false });
        Ok(Self { project, report })
    }

    /// The file of a step whose script runs.
    pub(super) fn file(&self, step: &Step) -> Option<&LintFile> {
        Some(self.project.file(self.index(step)?))
    }

    fn index(&self, step: &Step) -> Option<FileIndex> {
        runs_script(step).then(|| self.project.declaring(step.revision.as_str()))?
    }

    /// What the step's function does, as it is read.
    pub(super) fn body(&self, step: &Step) -> Option<&Body> {
        let operations = &self.file(step)?.operations;
        Some(if step.direction == Direction::Downgrade { &operations.downgrade } else { &operations.upgrade })
    }

    /// Errors and warnings on what a step runs: nothing that is about the function of the other direction.
    pub(super) fn findings(&self, step: &Step) -> Report {
        let Some(index) = self.index(step) else { return Report::default() };
        let operations = &self.project.file(index).operations;
        let (upgrade, downgrade) = (span(&operations.upgrade), span(&operations.downgrade));
        let is_for_it = |found: &&Diagnostic| {
            let at = found.location.range.start;
            found.location.file == Some(index)
                && found.severity > Severity::Note
                && match step.direction {
                    Direction::Downgrade => downgrade.contains(&at),
                    _ => upgrade.contains(&at) || !downgrade.contains(&at),
                }
        };
        let diagnostics = self.report.diagnostics.iter().filter(is_for_it).cloned().collect();
        Report { diagnostics, ..Report::default() }
    }
}

/// A stamp runs none.
pub(super) fn runs_script(step: &Step) -> bool {
    step.direction != Direction::Stamp
}

fn span(body: &Body) -> std::ops::Range<usize> {
    match (&body.definition, &body.body) {
        (Some(definition), Some(body)) => definition.start..body.end.max(definition.end),
        (Some(definition), None) => definition.clone(),
        _ => 0..0,
    }
}
