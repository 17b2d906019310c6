//! Events of a run as lines of the JSON log (docs/json.md has their fields).

use serde_json::{Map, Value, json};

use super::progress;
use super::ui::{LogLevel, Ui};
use crate::migrate::Event;
use crate::plan::Step;
use crate::revision::RevisionId;

/// Writes an event to the log. `steps` is the length of the plan.
pub(super) fn log(ui: &mut Ui, event: &Event<'_>, steps: usize) {
    let (level, name, message, fields) = match event {
        Event::Waiting(wait) => (
            LogLevel::Info,
            "lock_waiting",
            format!("waiting for another run: {}", wait.holder),
            json!({ "holder": wait.holder, "limit_ms": millis(wait.limit) }),
        ),
        Event::Planned(plan) => {
            let steps: Vec<Value> = plan.steps.iter().map(|step| Value::Object(step_fields(step))).collect();
            (LogLevel::Info, "planned", format!("{} to run", counted(steps.len())), json!({ "steps": steps }))
        }
        Event::StepStarted { index, step } => {
            (LogLevel::Info, "step_started", sentence(step), with(step, json!({ "step": index + 1, "of": steps })))
        }
        Event::StepFinished { index, step, elapsed } => {
            let more = json!({ "step": index + 1, "of": steps, "duration_ms": millis(*elapsed) });
            (LogLevel::Info, "step_finished", sentence(step), with(step, more))
        }
        Event::UnexpectedHeads { expected, found } => (
            LogLevel::Warning,
            "unexpected_heads",
            "the version table does not hold what the plan leads to".to_owned(),
            json!({ "expected": texts(expected), "found": texts(found) }),
        ),
        Event::Retrying { reason, attempt, of, pause } => (
            LogLevel::Warning,
            "retrying",
            (*reason).to_owned(),
            json!({ "attempt": attempt, "of": of, "pause_ms": millis(*pause) }),
        ),
        Event::Locked(sessions) => {
            let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
            (LogLevel::Warning, "locked", "other sessions hold locks".to_owned(), json!({ "sessions": sessions }))
        }
        Event::DatabaseAway { reason, limit } => (
            LogLevel::Info,
            "database_away",
            progress::away(reason, *limit),
            json!({ "reason": reason, "limit_ms": millis(*limit) }),
        ),
        Event::ConnectionLost(remainder) => {
            (LogLevel::Warning, "connection_lost", progress::lost(*remainder), json!({}))
        }
        Event::InvalidIndexes(found) => {
            let sentences: Vec<String> = found.iter().map(progress::invalid_index).collect();
            (LogLevel::Warning, "invalid_indexes", sentences.join("; "), json!({ "indexes": sentences }))
        }
        Event::Note(sentence) => (LogLevel::Info, "note", (*sentence).to_owned(), json!({})),
        Event::Finished { steps, elapsed } => (
            LogLevel::Info,
            "finished",
            format!("{} done", counted(*steps)),
            json!({ "steps": steps, "duration_ms": millis(*elapsed) }),
        ),
        Event::BackedUp(path) => (
            LogLevel::Info,
            "backed_up",
            format!("the backup is {}", path.display()),
            json!({ "path": path.display().to_string() }),
        ),
        Event::HookFinished { point, program, elapsed, output } => (
            LogLevel::Info,
            "hook_finished",
            format!("{} hook `{program}`", point.name()),
            json!({ "point": point.name(), "program": program, "duration_ms": millis(*elapsed), "output": output }),
        ),
        Event::Warning(sentence) => (LogLevel::Warning, "warning", (*sentence).to_owned(), json!({})),
        Event::Detail(sentence) => (LogLevel::Debug, "detail", (*sentence).to_owned(), json!({})),
    };
    let Value::Object(fields) = fields else { return };
    ui.log(level, name, &message, &fields);
}

fn step_fields(step: &Step) -> Map<String, Value> {
    Map::from_iter([
        ("revision".to_owned(), step.revision.as_str().into()),
        ("direction".to_owned(), step.direction.name().into()),
    ])
}

fn with(step: &Step, more: Value) -> Value {
    let mut fields = step_fields(step);
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Value::Object(fields)
}

fn sentence(step: &Step) -> String {
    format!("{} {}", step.direction.name(), step.revision)
}

fn counted(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

fn texts(ids: &[RevisionId]) -> Vec<&str> {
    ids.iter().map(RevisionId::as_str).collect()
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
