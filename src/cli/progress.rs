//! Progress of a run, on standard error and only where a person watches.
//!
//! Whole lines, no bar: env.py's own logging writes to the same terminal, and a line that is drawn again would be torn by it.

use std::time::Duration;

use super::consent;
use super::event_log;
use super::ui::Ui;
use crate::database::LockWait;
use crate::gate::Review;
use crate::migrate::{Attendant, Consent, Event, LeftBehind, Remainder};
use crate::revision::RevisionId;
use crate::script::ScriptDirectory;

/// A step that took longer gets its time printed.
const WORTH_TELLING: Duration = Duration::from_secs(1);

/// More sessions that hold a lock are only counted.
const SESSIONS_SHOWN: usize = 5;

/// Shows which step runs, of how many, and how long it took if that was long; silent in a pipe and with `-q`.
pub(super) struct Progress<'a> {
    ui: &'a mut Ui,
    scripts: &'a ScriptDirectory,
    steps: usize,
    can_ask: bool,
    tells_steps: bool,
}

impl<'a> Progress<'a> {
    /// Shows nothing before the first step.
    pub(super) fn new(ui: &'a mut Ui, scripts: &'a ScriptDirectory) -> Self {
        Self { ui, scripts, steps: 0, can_ask: false, tells_steps: false }
    }

    /// The same where a person may be asked.
    pub(super) fn asking(self, can_ask: bool) -> Self {
        Self { can_ask, ..self }
    }

    /// The same where nobody else tells of the steps, as Alembic's log does of those that Python runs: also in a pipe.
    pub(super) fn telling_steps(self) -> Self {
        Self { tells_steps: true, ..self }
    }

    /// What a person has to know whether or not progress is shown.
    fn announce(&mut self, event: &Event<'_>) {
        match event {
            Event::UnexpectedHeads { expected, found } => self.ui.warning(&format!(
                "the version table holds {} after the run, but the plan leads to {}; a revision script or another process \
                 changed it",
                list(found),
                list(expected)
            )),
            Event::Waiting(wait) => tell_wait(self.ui, wait),
            Event::Detail(sentence) if self.ui.verbosity() > 0 => self.ui.status(sentence),
            Event::Retrying { reason, attempt, of, pause } => self.ui.warning(&format!(
                "{reason}; rolled back, trying again in {:.1} s (retry {attempt} of {of})",
                pause.as_secs_f64()
            )),
            Event::Locked(sessions) => {
                for session in sessions.iter().take(SESSIONS_SHOWN) {
                    self.ui.warning(&format!("locked: {session}"));
                }
                if let Some(more) = sessions.len().checked_sub(SESSIONS_SHOWN).filter(|more| *more > 0) {
                    self.ui.warning(&format!("locked by {more} more"));
                }
            }
            Event::DatabaseAway { reason, limit } => self.ui.status(&away(reason, *limit)),
            Event::ConnectionLost(remainder) => self.ui.warning(&lost(*remainder)),
            Event::InvalidIndexes(found) => {
                for left in *found {
                    self.ui.warning(&invalid_index(left));
                }
            }
            Event::Note(sentence) => self.ui.status(sentence),
            Event::BackedUp(path) => self.ui.status(&format!("The backup is {}.", path.display())),
            Event::HookFinished { output, .. } => output.lines().for_each(|line| self.ui.status(line)),
            Event::Warning(sentence) => self.ui.warning(sentence),
            Event::Detail(sentence) if self.ui.verbosity() > 0 => self.ui.status(sentence),
            _ => {}
        }
    }
}

impl Attendant for Progress<'_> {
    fn consent(&mut self, review: &Review) -> Consent {
        if self.can_ask { consent::ask(self.ui, review) } else { Consent::NobodyToAsk }
    }

    fn event(&mut self, event: Event<'_>) {
        if let Event::Planned(plan) = &event {
            self.steps = plan.steps.len();
        }
        if self.ui.logs_json() {
            return event_log::log(self.ui, &event, self.steps);
        }
        self.announce(&event);
        if !self.ui.shows_progress() && !self.tells_steps {
            return;
        }
        match event {
            Event::StepStarted { index, step } => {
                let position = self.scripts.map.position(step.revision.as_str());
                let script = position.map(|position| self.scripts.script(position));
                let doc = script.and_then(|script| script.doc().lines().next()).unwrap_or_default();
                let direction = step.direction.name();
                self.ui.status(&format!("[{}/{}] {direction} {} {doc}", index + 1, self.steps, step.revision));
            }
            Event::StepFinished { elapsed, .. } if elapsed >= WORTH_TELLING => {
                self.ui.status(&format!("      took {:.1} s", elapsed.as_secs_f64()));
            }
            _ => {}
        }
    }
}

/// Who has the lock that is waited for: at once, and whenever that changes; to those who watch a terminal also that it goes on.
pub(super) fn tell_wait(ui: &mut Ui, wait: &LockWait) {
    let (holder, limit, waited) = (&wait.holder, wait.limit.as_secs_f64(), wait.waited.as_secs());
    if wait.is_news {
        ui.status(&format!("Waiting up to {limit} s for another run, which has locked this database: {holder}."));
    } else if ui.shows_progress() {
        ui.status(&format!("      still waiting, {waited} of {limit} s are over"));
    }
}

/// `reason` may have several lines, of which the first says it.
pub(super) fn away(reason: &str, limit: Duration) -> String {
    let reason = reason.lines().next().unwrap_or_default();
    format!("Waiting up to {} s for the database: {reason}", limit.as_secs_f64())
}

pub(super) fn lost(remainder: Option<&Remainder>) -> String {
    let lost = "the connection to the database was lost";
    match remainder {
        None => format!("{lost}; what is committed cannot be told before it answers again: `limbec current`"),
        Some(Remainder { rows, planned, left }) => format!(
            "{lost}; the version table holds {}: {} of {planned} steps are committed, the rest is rolled back",
            list(rows),
            planned.saturating_sub(*left)
        ),
    }
}

pub(super) fn invalid_index(left: &LeftBehind) -> String {
    let LeftBehind { index, revision } = left;
    let builder = revision.as_ref().map(|id| format!("; revision {id} builds one of this name")).unwrap_or_default();
    format!(
        "the index {index} is invalid, as a concurrent build that failed leaves it{builder}; drop it by \
         `DROP INDEX CONCURRENTLY {}`",
        index.quoted()
    )
}

fn list(ids: &[RevisionId]) -> String {
    if ids.is_empty() {
        return "nothing".to_owned();
    }
    ids.iter().map(RevisionId::as_str).collect::<Vec<_>>().join(", ")
}
