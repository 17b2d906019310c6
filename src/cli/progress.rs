//! Progress of a run, on standard error and only where a person watches.
//!
//! Whole lines, no bar: env.py's own logging writes to the same terminal, and a line that is drawn again would be torn by it.

use std::time::Duration;

use super::ui::Ui;
use crate::migrate::Event;
use crate::plan::Direction;
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// A step that took longer gets its time printed.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// Shows which step runs, of how many, and how long it took if that was long; silent in a pipe and with `-q`.
pub(super) struct Progress<'a> {
    ui: &'a mut Ui,
    scripts: &'a ScriptDirectory,
    steps: usize,
}

impl<'a> Progress<'a> {
    /// Shows nothing before the first step.
    pub(super) fn new(ui: &'a mut Ui, scripts: &'a ScriptDirectory) -> Self {
        Self { ui, scripts, steps: 0 }
    }

    /// Shows an event.
    pub(super) fn show(&mut self, event: &Event<'_>) {
        if let Event::UnexpectedHeads { expected, found } = event {
            self.ui.warning(&format!(
                "the version table holds {} after the run, but the plan leads to {}; a revision script or another process \
                 changed it",
                list(found),
                list(expected)
            ));
        }
        if !self.ui.shows_progress() {
            return;
        }
        match event {
            Event::Planned(plan) => self.steps = plan.steps.len(),
            Event::StepStarted { index, step } => {
                let position = self.scripts.map.position(step.revision.as_str());
                let script = position.map(|position| self.scripts.script(position));
                let doc = script.and_then(|script| script.doc().lines().next()).unwrap_or_default();
                let direction = match step.direction {
                    Direction::Upgrade => "upgrade",
                    Direction::Downgrade => "downgrade",
                    Direction::Stamp => "stamp",
                };
                self.ui.status(&format!("[{}/{}] {direction} {} {doc}", index + 1, self.steps, step.revision));
            }
            Event::StepFinished { elapsed, .. } if *elapsed >= WORTH_TELLING => {
                self.ui.status(&format!("      took {:.1} s", elapsed.as_secs_f64()));
            }
            Event::StepFinished { .. } | Event::UnexpectedHeads { .. } => {}
        }
    }
}

fn list(ids: &[RevisionId]) -> String {
    if ids.is_empty() {
        return "nothing".to_owned();
    }
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
