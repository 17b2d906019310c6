//! Commands of the project that are run at points of a deployment, with what happens as JSON on their standard input.

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde::Serialize;
use thiserror::Error;

use crate::config::{HookPoint, HookSetting};
use crate::migrate::{Attendant, Event};
use crate::plan::{Plan, Step, StepSummary};
use crate::program::{Program, Streams, end_of};

/// How much of a hook's output is kept: its end.
const OUTPUT_BYTES: u64 = 64 * 1024;

/// A hook that did not do its part.
#[derive(Debug, Error)]
pub enum HookError {
    /// It could not be started.
    #[error("the {} hook cannot run `{program}`: {reason}", point.name())]
    Start {
        /// When it was to run.
        point: HookPoint,
        /// Its program.
        program: String,
        /// Why not.
        reason: String,
    },
    /// It ended with another status than 0.
    #[error("the {} hook `{program}` failed ({status})", point.name())]
    Failed {
        /// When it ran.
        point: HookPoint,
        /// Its program.
        program: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// It took too long, and was stopped.
    #[error("the {} hook `{program}` was stopped after {} s", point.name(), limit.as_secs_f64())]
    TimedOut {
        /// When it ran.
        point: HookPoint,
        /// Its program.
        program: String,
        /// Its time limit.
        limit: Duration,
    },
}

impl HookError {
    /// When it was to run.
    pub fn point(&self) -> HookPoint {
        match self {
            Self::Start { point, .. } | Self::Failed { point, .. } | Self::TimedOut { point, .. } => *point,
        }
    }
}

/// What a hook is told; docs/json.md has the shape.
#[derive(Debug, Clone, Serialize)]
pub(super) struct HookFacts<'a> {
    pub(super) point: &'static str,
    /// The URL, password hidden; `None` where only env.py knows the database.
    pub(super) database: Option<String>,
    pub(super) version_table: Option<String>,
    pub(super) steps: Vec<StepSummary<'a>>,
    /// The step at hand, from 1.
    pub(super) step: Option<usize>,
    pub(super) backup: Option<String>,
    pub(super) error: Option<String>,
    pub(super) limbec: &'static str,
}

impl<'a> HookFacts<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let steps = plan.steps.iter().map(Step::summary).collect();
        let limbec = env!("CARGO_PKG_VERSION");
        Self { point: "", database: None, version_table: None, steps, step: None, backup: None, error: None, limbec }
    }
}

/// Runs the hooks of one point, in the order of the settings; the first that fails is the last.
///
/// # Errors
/// It cannot be started, fails, or takes too long.
pub(super) fn run(
    hooks: &[HookSetting],
    point: HookPoint,
    facts: &HookFacts<'_>,
    attendant: &mut dyn Attendant,
) -> Result<(), HookError> {
    for hook in hooks.iter().filter(|hook| hook.point == point) {
        let input = serde_json::to_string(&HookFacts { point: point.name(), ..facts.clone() }).unwrap_or_default();
        let began = Instant::now();
        let (outcome, output) = match execute(hook, &input) {
            Ok(done) => done,
            Err(reason) => return Err(HookError::Start { point, program: program(hook), reason: reason.to_string() }),
        };
        let program = program(hook);
        attendant.event(Event::HookFinished { point, program: &program, elapsed: began.elapsed(), output: &output });
        match outcome {
            Some(status) if status.success() => {}
            Some(status) => return Err(HookError::Failed { point, program, status }),
            None => return Err(HookError::TimedOut { point, program, limit: hook.timeout }),
        }
    }
    Ok(())
}

/// Arguments may hold secrets; the program's name does not.
fn program(hook: &HookSetting) -> String {
    hook.command.first().cloned().unwrap_or_default()
}

/// How it ended (`None`: stopped), and the end of what it printed.
fn execute(hook: &HookSetting, input: &str) -> io::Result<(Option<ExitStatus>, String)> {
    let HookSetting { command, folder, timeout, .. } = hook;
    let program = Program { words: command, folder, limit: *timeout, streams: Streams::Together };
    let mut ended = program.run(input)?;
    Ok((ended.status, end_of(&mut ended.stdout, OUTPUT_BYTES)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Outputs(Vec<String>);

    impl Attendant for Outputs {
        fn event(&mut self, event: Event<'_>) {
            if let Event::HookFinished { output, .. } = event {
                self.0.push(output.to_owned());
            }
        }
    }

    fn hook(command: &[&str], timeout: Duration) -> HookSetting {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        HookSetting { point: HookPoint::BeforeUpgrade, command, timeout, folder: std::env::temp_dir() }
    }

    fn outcome(command: &[&str], timeout: Duration) -> (Result<(), HookError>, Outputs) {
        let plan = Plan::default();
        let mut outputs = Outputs::default();
        let hooks = [hook(command, timeout)];
        let ended = run(&hooks, HookPoint::BeforeUpgrade, &HookFacts::of(&plan), &mut outputs);
        (ended, outputs)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_hook_reads_what_happens_as_json() {
        let (ended, outputs) = outcome(&["cat"], LONG);
        ended.unwrap();
        let read: serde_json::Value = serde_json::from_str(&outputs.0[0]).unwrap();
        assert_eq!(read["point"], "before-upgrade");
        assert_eq!(read["steps"], serde_json::json!([]));
    }

    #[test]
    fn a_hook_that_fails_or_is_not_there_is_named() {
        let (failed, outputs) = outcome(&["sh", "-c", "echo secret-free; exit 3", "password=x"], LONG);
        assert_eq!(failed.unwrap_err().to_string(), "the before-upgrade hook `sh` failed (exit status: 3)");
        assert_eq!(outputs.0, ["secret-free\n"]);
        let missing = outcome(&["no-such-program"], LONG).0.unwrap_err().to_string();
        assert!(missing.starts_with("the before-upgrade hook cannot run `no-such-program`: "), "{missing}");
    }

    #[test]
    fn a_hook_that_takes_too_long_is_stopped_with_its_children() {
        let began = Instant::now();
        let (stopped, outputs) = outcome(&["sh", "-c", "echo begun; sleep 600 | cat"], Duration::from_millis(200));
        assert_eq!(stopped.unwrap_err().to_string(), "the before-upgrade hook `sh` was stopped after 0.2 s");
        assert_eq!(outputs.0, ["begun\n"]);
        assert!(began.elapsed() < LONG);
    }
}
