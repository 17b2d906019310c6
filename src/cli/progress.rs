//! Progress of a run, on standard error and only where a person watches.

use std::rc::Rc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::ui::Ui;
use crate::migrate::Event;
use crate::script::ScriptDirectory;

/// Shows which step runs and how long it takes; silent in a pipe and with `-q`.
pub(super) struct Progress {
    bar: ProgressBar,
    scripts: Rc<ScriptDirectory>,
}

impl Progress {
    /// Shows nothing before the first plan.
    pub(super) fn new(ui: &Ui, scripts: Rc<ScriptDirectory>) -> Self {
        let target = if ui.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self { bar: ProgressBar::with_draw_target(None, target), scripts }
    }

    /// Shows an event.
    pub(super) fn show(&mut self, event: &Event<'_>) {
        match event {
            Event::Planned(plan) if plan.steps.is_empty() => {}
            Event::Planned(plan) => {
                self.bar.set_length(plan.steps.len() as u64);
                self.bar.set_position(0);
                if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg} {elapsed}") {
                    self.bar.set_style(style);
                }
                self.bar.enable_steady_tick(Duration::from_millis(100));
            }
            Event::StepStarted { step, .. } => {
                let index = self.scripts.map.position(step.revision.as_str());
                let doc = index.and_then(|index| self.scripts.script(index).doc().lines().next()).unwrap_or_default();
                self.bar.set_message(format!("{} {doc}", step.revision));
            }
            Event::StepFinished { index, .. } => self.bar.set_position(*index as u64 + 1),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
