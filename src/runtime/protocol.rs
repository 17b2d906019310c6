use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{FailureKind, Host, HostRefusal, PythonFailure, RuntimeError, signal};

/// Texts of the driver, by module name. `boot` and `child` are run, not imported; `own_tables` is a module of the package as well.
macro_rules! driver {
    ($($name:literal),* $(,)?) => {
        &[("own_tables", include_str!("../../python/limbec/own_tables.py")), $(($name, include_str!(concat!("../../python/limbec/driver/", $name, ".py")))),*]
    };
}

const MODULES: &[(&str, &str)] = driver![
    "commands",
    "commits",
    "environment",
    "failures",
    "isolation",
    "hooks",
    "limits",
    "literals",
    "locks",
    "logs",
    "modules",
    "postponed",
    "probe",
    "reads",
    "recording",
    "refusal",
    "rehearsal",
    "rendering",
    "scripts",
    "search_path",
    "seeding",
    "session",
    "sql_files",
    "steps",
    "tenants",
    "transactions",
    "untouched",
];

/// Runs in either host, with `exchange` among its globals.
pub(super) const BOOT: &str = include_str!("../../python/limbec/driver/boot.py");

/// The `-c` text of a child.
pub(super) const CHILD: &str = include_str!("../../python/limbec/driver/child.py");

/// One request on its way: answers the driver's messages (`python/limbec/driver/session.py` lists them).
pub(super) struct Conversation<'a> {
    request: Option<Value>,
    host: &'a mut dyn Host,
    outcome: Option<Outcome>,
    refusal: Option<HostRefusal>,
    panic: Option<Box<dyn Any + Send>>,
    trouble: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Boot(()),
    Sources(()),
    Next(()),
    #[serde(untagged)]
    Call {
        call: String,
        params: Value,
    },
    #[serde(untagged)]
    Outcome {
        outcome: Outcome,
    },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Value(Value),
    Failure(Box<PythonFailure>),
}

impl<'a> Conversation<'a> {
    pub(super) fn new(request: Value, host: &'a mut dyn Host) -> Self {
        Self { request: Some(request), host, outcome: None, refusal: None, panic: None, trouble: None }
    }

    /// The outcome has been told.
    pub(super) fn is_over(&self) -> bool {
        self.outcome.is_some() || self.trouble.is_some()
    }

    /// Answers one message. Never panics: a panic of the host is kept for `finish`.
    pub(super) fn answer(&mut self, message: &str) -> String {
        if let Some(trouble) = message.strip_prefix('!') {
            self.trouble = Some(trouble.to_owned());
            return "null".to_owned();
        }
        let reply = match serde_json::from_str::<Message>(message) {
            Ok(Message::Boot(())) => Value::from(BOOT),
            Ok(Message::Sources(())) => MODULES
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Value::from(*text)))
                .collect::<Map<_, _>>()
                .into(),
            Ok(Message::Next(())) => self.request.take().unwrap_or_else(|| json!({"kind": "return"})),
            Ok(Message::Call { call, params }) => self.call(&call, params),
            Ok(Message::Outcome { outcome }) => {
                self.outcome = Some(outcome);
                Value::Null
            }
            Err(error) => {
                self.trouble = Some(format!("{error}: {}", message.chars().take(200).collect::<String>()));
                json!({"refused": "limbec did not understand"})
            }
        };
        reply.to_string()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let host = &mut *self.host;
        let _mortality = ["begin", "plan"].contains(&method).then(signal::Mortality::begin);
        match catch_unwind(AssertUnwindSafe(|| host.call(method, params))) {
            Ok(Ok(result)) => json!({"result": result}),
            Ok(Err(refusal)) => {
                let sentence = refusal.to_string();
                self.refusal.get_or_insert(refusal);
                json!({"refused": sentence})
            }
            Err(panic) => {
                self.panic = Some(panic);
                json!({"refused": "limbec failed"})
            }
        }
    }

    /// What the request came to.
    pub(super) fn finish(self) -> Result<Value, RuntimeError> {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
        match (self.outcome, self.refusal, self.trouble) {
            (Some(Outcome::Failure(failure)), _, _) if failure.kind == FailureKind::Interrupt => {
                Err(RuntimeError::Interrupted)
            }
            (_, Some(refusal), _) => Err(RuntimeError::Refused(refusal)),
            (Some(Outcome::Value(value)), None, _) => Ok(value),
            (Some(Outcome::Failure(failure)), None, _) => Err(RuntimeError::Python(failure)),
            (None, None, Some(trouble)) if trouble.contains("KeyboardInterrupt") => Err(RuntimeError::Interrupted),
            (None, None, trouble) => Err(RuntimeError::Protocol(trouble.unwrap_or_else(|| "no outcome".to_owned()))),
        }
    }
}
