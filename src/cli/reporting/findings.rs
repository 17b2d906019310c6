use std::collections::HashMap;
use std::path::Path;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::linting;
use crate::lint::{self, LintProject, Selection};
use crate::report::{Finding, FindingTotals};
use crate::script::RevisionFile;

/// The revision files as the linter sees them, and what it says.
pub(super) struct Judged {
    project: LintProject,
    report: lint::Report,
}

impl CommandContext {
    /// All revisions, published ones as such, as `validate` judges them.
    ///
    /// # Errors
    /// Settings that cannot be read.
    pub(super) fn judged(&mut self) -> Result<Judged, CommandError> {
        let scripts = self.script_settings()?;
        let settings = self.project()?.lint_settings(&scripts.locations.script_location);
        let project = linting::read(self, &scripts, settings, None)?;
        let report = lint::lint(&project, &Selection { files: None, judges_published: false });
        Ok(Judged { project, report })
    }
}

impl Judged {
    /// A path as it would be typed.
    pub(super) fn shown_path(&self, path: &Path) -> String {
        let shown = self.project.shown_path(path);
        if shown.is_empty() { ".".to_owned() } else { shown }
    }

    /// The revision files by their paths.
    pub(super) fn files(&self) -> HashMap<&Path, &RevisionFile> {
        self.project.files.iter().map(|read| (read.file.path.as_path(), &read.file)).collect()
    }

    /// What the linter says, in the order of `validate`.
    pub(super) fn findings(&self) -> (Vec<Finding>, FindingTotals) {
        let findings = self.report.diagnostics.iter().map(|found| Finding {
            rule: found.rule,
            level: found.severity,
            path: self.shown_path(&found.location.path),
            line: found.location.line,
            column: found.location.column,
            revision: found.revision.clone(),
            message: found.message.clone(),
            help: found.help.clone(),
            notes: found.notes.clone(),
            fixable: found.is_fixable(),
            grandfathered: found.is_grandfathered,
        });
        let summary = &self.report.summary;
        let totals = FindingTotals {
            files: summary.files,
            errors: summary.errors,
            warnings: summary.warnings,
            notes: summary.notes,
            suppressed: summary.suppressed,
        };
        (findings.collect(), totals)
    }
}
