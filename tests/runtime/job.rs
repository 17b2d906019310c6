//! One job for a process of its own: a request, and a host that plays the part of the executor.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use limbec::runtime::{
    Host, HostRefusal, Interpreter, Invocation, Mode, PythonFailure, Request, Runtime, RuntimeError, RuntimeOptions,
    Search, Wrappers,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Holds the job as JSON.
pub(crate) const VARIABLE: &str = "LIMBEC_TEST_JOB";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) interpreter: PathBuf,
    pub(crate) child: bool,
    /// An engine's file; then a child is where limbec may end up, not what it was told.
    pub(crate) engine: Option<PathBuf>,
    pub(crate) requests: Vec<Request>,
    /// Revisions in the order of their upgrades; the plan is what lies between the heads and the target.
    pub(crate) order: Vec<String>,
    /// Refuse this call; or `silence` (print nothing), `panic`, or `sleep` (in `plan`).
    pub(crate) refuse: Option<String>,
}

/// What came of a job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) results: Vec<Result<Value, String>>,
    pub(crate) errors: Vec<String>,
    pub(crate) failures: Vec<Option<Value>>,
    pub(crate) calls: Vec<(String, Value)>,
    pub(crate) finished: String,
}

pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) report: Option<Report>,
}

impl Run {
    pub(crate) fn report(&self) -> &Report {
        self.report.as_ref().unwrap_or_else(|| panic!("no report\n{}\n{}", self.stdout, self.stderr))
    }

    /// The first request's Python failure.
    pub(crate) fn failure(&self) -> Result<&Value, String> {
        let failure = self.report().failures.first().and_then(Option::as_ref);
        failure.ok_or_else(|| format!("no failure\n{}\n{}", self.stdout, self.stderr))
    }
}

impl Job {
    pub(crate) fn command(&self, directory: &Path, report: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.env(VARIABLE, serde_json::to_string(self).unwrap()).env("LIMBEC_TEST_REPORT", report);
        // A variable of whoever runs the tests, under which every line is written at once.
        command.env_remove("PYTHONUNBUFFERED");
        command.current_dir(directory).stdin(Stdio::null());
        command
    }

    /// Runs the job in a process of its own.
    pub(crate) fn run(&self, directory: &Path) -> Run {
        let report = directory.join("report.json");
        let _ = std::fs::remove_file(&report);
        let output = self.command(directory, &report).output().unwrap();
        Run {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            report: std::fs::read(&report).ok().map(|text| serde_json::from_slice(&text).unwrap()),
        }
    }
}

/// The process's side.
pub(crate) fn perform(text: &str) -> ExitCode {
    let job: Job = serde_json::from_str(text).unwrap();
    let search = Search {
        explicit: Some(&job.interpreter),
        virtual_env: None,
        path: None,
        home: None,
        directory: Path::new("/"),
        executable: None,
        wrappers: Wrappers::Ask,
    };
    let executable = std::env::current_exe().ok();
    let mode = match (job.child, &job.engine) {
        (false, _) => Some(Mode::Embedded),
        (true, None) => Some(Mode::Child),
        (true, Some(_)) => None,
    };
    let options = RuntimeOptions { mode, engine: job.engine.clone(), executable, ..RuntimeOptions::default() };
    let runtime = Interpreter::find(&search).and_then(|found| Runtime::new(found, &options)).unwrap();
    let mut executor = Executor { job: &job, target: String::new(), calls: Vec::new() };
    let mut report = Report {
        results: Vec::new(),
        errors: Vec::new(),
        failures: Vec::new(),
        calls: Vec::new(),
        finished: String::new(),
    };
    let mut code = 0;
    for request in &job.requests {
        executor.target = target(request);
        let result = runtime.run(request, &mut executor);
        if let Err(error) = &result {
            code = u8::try_from(error.exit_code().unwrap_or(1)).unwrap_or(255);
            report.errors.push(format!("{error:?}"));
            report.failures.push(error.python().map(|python| failure(python, &files(request))));
        }
        report.results.push(result.map_err(|error| error.to_string()));
    }
    report.finished = match runtime.finish() {
        Ok(()) => "ok".to_owned(),
        Err(error) => {
            if matches!(error, RuntimeError::Unflushed) {
                code = 120;
            }
            error.to_string()
        }
    };
    report.calls = executor.calls;
    std::fs::write(std::env::var_os("LIMBEC_TEST_REPORT").unwrap(), serde_json::to_vec(&report).unwrap()).unwrap();
    ExitCode::from(code)
}

/// The revision files of a request.
fn files(request: &Request) -> Vec<PathBuf> {
    match request {
        Request::RunEnv(Invocation { scripts: Some(scripts), .. }) => {
            scripts.iter().map(|script| script.path.clone()).collect()
        }
        _ => Vec::new(),
    }
}

fn failure(failure: &PythonFailure, files: &[PathBuf]) -> Value {
    json!({
        "location": failure.location(files),
        "kind": format!("{:?}", failure.kind), "type": failure.type_name, "message": failure.message,
        "traceback": failure.traceback,
    })
}

fn target(request: &Request) -> String {
    match request {
        Request::RunEnv(Invocation { argv, .. }) => argv.last().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

struct Executor<'a> {
    job: &'a Job,
    target: String,
    calls: Vec<(String, Value)>,
}

impl Host for Executor<'_> {
    fn call(&mut self, method: &str, params: Value) -> Result<Value, HostRefusal> {
        self.calls.push((method.to_owned(), params.clone()));
        if self.job.refuse.as_deref() != Some("silence") {
            println!("host: {method}");
        }
        if self.job.refuse.as_deref() == Some("sleep") && method == "plan" {
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        if self.job.refuse.as_deref() == Some("panic") {
            panic!("the host panics");
        }
        if self.job.refuse.as_deref() == Some(method) {
            return Err(HostRefusal::new(format!("the host refuses {method}")));
        }
        Ok(if method == "plan" { self.plan(&params["heads"]) } else { Value::Null })
    }
}

impl Executor<'_> {
    /// The graphs of these tests are lines.
    fn plan(&self, heads: &Value) -> Value {
        let order = &self.job.order;
        let position = |id: &str| order.iter().position(|known| known == id).map_or(0, |index| index + 1);
        let from = heads[0].as_str().map_or(0, position);
        let to = match self.target.as_str() {
            "head" => order.len(),
            "base" => 0,
            "current" => from,
            id => position(id),
        };
        let step = |id: &String, direction: &str| json!({"revision": id, "direction": direction, "stamp": null});
        let steps: Vec<Value> = if from <= to {
            order[from..to].iter().map(|id| step(id, "upgrade")).collect()
        } else {
            order[to..from].iter().rev().map(|id| step(id, "downgrade")).collect()
        };
        json!({"steps": steps})
    }
}
