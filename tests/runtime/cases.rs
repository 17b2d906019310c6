//! What is checked, for each interpreter in each mode.

use libtest_mimic::{Failed, Trial};
use limbec::runtime::{Interpreter, Request};
use serde_json::json;

use crate::job::{Job, Run};
use crate::project::Project;
use crate::pythons;

type Case = fn(&Subject) -> Result<(), Failed>;

const CASES: &[(&str, Case)] = &[("upgrade_then_downgrade", upgrade_then_downgrade)];

/// An interpreter in a mode.
#[derive(Clone)]
pub(crate) struct Subject {
    interpreter: Interpreter,
    child: bool,
}

pub(crate) fn all() -> Vec<Trial> {
    let mut trials = Vec::new();
    let pythons = pythons::all();
    if pythons.is_empty() {
        trials.push(Trial::test("no_interpreters", || {
            if std::env::var_os("CI").is_some() {
                return Err("LIMBEC_TEST_PYTHONS names no interpreter".into());
            }
            println!("skipped: LIMBEC_TEST_PYTHONS names no interpreter");
            Ok(())
        }));
    }
    for interpreter in pythons {
        let embeddable = interpreter.library.is_some() && !interpreter.version.free_threaded;
        for child in if embeddable { vec![false, true] } else { vec![true] } {
            let subject = Subject { interpreter: interpreter.clone(), child };
            let place = if child { "child" } else { "embedded" };
            for (name, case) in CASES {
                let subject = subject.clone();
                let title = format!("{}_{place}_{name}", interpreter.path.display());
                trials.push(Trial::test(title, move || case(&subject)));
            }
        }
    }
    trials
}

impl Subject {
    fn job(&self, project: &Project, requests: Vec<Request>) -> Job {
        let interpreter = self.interpreter.path.clone();
        Job { interpreter, child: self.child, requests, order: project.order(), refuse: None }
    }

    fn run_env(&self, project: &Project, argv: &[&str]) -> Run {
        self.job(project, vec![Request::RunEnv(project.invocation(argv))]).run(project.folder.path())
    }
}

fn upgrade_then_downgrade(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(4);
    let run = subject.run_env(&project, &["upgrade", "r2"]);
    expect_success(&run)?;
    assert_eq!(project.state(), (names(&["t1", "t2"]), names(&["r2"])));
    let lines: Vec<&str> = run.stdout.lines().collect();
    // Lines of both languages in the order of events, and no other module imported.
    let expected = [
        "host: plan",
        "import 1",
        "import 2",
        "host: step_started",
        "up 1",
        "host: step_finished",
        "host: step_started",
        "up 2",
        "host: step_finished",
        "host: finished",
    ];
    assert_eq!(lines, expected);
    let calls = &run.report.as_ref().unwrap().calls;
    assert_eq!(calls.last().unwrap().1, json!({"heads": ["r2"]}));
    let run = subject.run_env(&project, &["downgrade", "base"]);
    expect_success(&run)?;
    assert_eq!(project.state(), (vec![], vec![]));
    Ok(())
}

fn expect_success(run: &Run) -> Result<(), Failed> {
    if run.status.success() && run.report.as_ref().is_some_and(|report| report.finished == "ok") {
        return Ok(());
    }
    Err(format!("{:?}\n{}\n{}\n{:?}", run.status, run.stdout, run.stderr, run.report).into())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
