//! `limbec test --provide`: databases lent to another program, by a JSON object a line in both directions.
//!
//! The program that asks holds standard input open as long as it needs its databases: they are dropped when that ends, however the
//! program has ended.

use std::io::BufRead;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::context::CommandContext;
use super::error::CommandError;
use crate::runtime::Interruption;
use crate::trial::{Provided, Provider, TrialError};

/// How long a signal waits to be seen between two requests.
const PATIENCE: Duration = Duration::from_millis(100);

/// One line of standard input.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Request {
    /// `{"make": REVISION}`
    Make { make: String },
    /// `{"migrate": NAME, "to": REVISION}`
    Migrate { migrate: String, to: String },
    /// `{"drop": NAME}`
    Drop { drop: String },
}

/// One line of standard output.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answer {
    Database { name: String, url: String },
    Dropped { dropped: bool },
    Failure { error: String, causes: Vec<String>, hints: Vec<String> },
}

/// Answers requests until there are no more.
///
/// # Errors
/// A signal to end. What goes wrong with a request is its answer.
pub(super) fn serve(context: &mut CommandContext, mut provider: Provider<'_, '_>) -> Result<(), CommandError> {
    let lines = lines_of_standard_input();
    loop {
        let line = match lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) if Interruption::is_requested() => return Err(CommandError::interrupted()),
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let answer = match serde_json::from_str(&line) {
            Ok(request) => answer(&mut provider, request).unwrap_or_else(|error| failure(context.trial_error(error))),
            Err(_) => {
                let wrong = CommandError::usage(format!("this is no request: {line}"));
                failure(
                    wrong.hint(r#"one of {"make": REVISION}, {"migrate": NAME, "to": REVISION} and {"drop": NAME}"#),
                )
            }
        };
        if Interruption::is_requested() {
            return Err(CommandError::interrupted());
        }
        let text = serde_json::to_string(&answer).unwrap_or_default();
        context.ui.result(&text);
        context.ui.flush();
    }
}

fn answer(provider: &mut Provider<'_, '_>, request: Request) -> Result<Answer, TrialError> {
    let database = |Provided { name, url }| Answer::Database { name, url };
    Ok(match request {
        Request::Make { make } => database(provider.make(&make)?),
        Request::Migrate { migrate, to } => match provider.migrate(&migrate, &to)? {
            Some(provided) => database(provided),
            None => failure(CommandError::usage(format!("there is no database '{migrate}' here"))),
        },
        Request::Drop { drop } => Answer::Dropped { dropped: provider.take_back(&drop)? },
    })
}

fn failure(CommandError { sentence, causes, hints, .. }: CommandError) -> Answer {
    Answer::Failure { error: sentence, causes, hints }
}

/// In a thread of its own, which a read that nobody answers holds up, so that signals are seen.
fn lines_of_standard_input() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if !line.trim().is_empty() && sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}
