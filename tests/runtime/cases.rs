//! What is checked, for each interpreter in each mode.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use limbec::runtime::{Interpreter, Mode, Request, Runtime, RuntimeOptions};
use serde_json::{Value, json};

use crate::job::{Job, Run};
use crate::project::Project;
use crate::{interrupts, pythons};

pub(crate) type Case = fn(&Subject) -> Result<(), Failed>;

const WITH_ALEMBIC: &[(&str, Case)] = &[
    ("upgrade_then_downgrade", upgrade_then_downgrade),
    ("an_exception_names_file_and_line", an_exception_names_file_and_line),
    ("exit_status_of_user_code", exit_status_of_user_code),
    ("a_refusal_comes_back_as_it_was", a_refusal_comes_back_as_it_was),
    ("a_panic_of_the_host_is_no_failure_of_python", a_panic_of_the_host_is_no_failure_of_python),
    ("one_process_answers_many_requests", one_process_answers_many_requests),
    ("env_py_sees_the_virtualenv", env_py_sees_the_virtualenv),
    ("a_closed_pipe_does_not_stop_a_migration", a_closed_pipe_does_not_stop_a_migration),
    ("a_killed_child_is_an_error", a_killed_child_is_an_error),
    ("interrupt_of_the_process", interrupts::of_the_process),
    ("interrupt_of_the_group", interrupts::of_the_group),
    ("interrupt_while_the_host_plans", interrupts::while_the_host_plans),
    ("a_killed_parent_takes_the_child_with_it", interrupts::a_killed_parent_takes_the_child_with_it),
];

const WITHOUT_ALEMBIC: &[(&str, Case)] = &[
    ("locate", locate),
    ("an_engine_that_does_not_load_leads_to_a_child", an_engine_that_does_not_load_leads_to_a_child),
];

/// An interpreter in a mode.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) interpreter: Interpreter,
    pub(crate) child: bool,
}

pub(crate) fn all() -> Vec<Trial> {
    let pythons = pythons::all();
    if pythons.is_empty() {
        return vec![Trial::test("interpreters", || {
            if std::env::var_os("CI").is_some() {
                return Err("LIMBEC_TEST_PYTHONS names no interpreter".into());
            }
            println!("skipped: LIMBEC_TEST_PYTHONS names no interpreter");
            Ok(())
        })];
    }
    pythons.into_iter().flat_map(trials).collect()
}

fn trials(interpreter: Interpreter) -> Vec<Trial> {
    let embeddable = interpreter.library.is_some() && !interpreter.version.free_threaded;
    let modes = if embeddable { vec![false, true] } else { vec![true] };
    let migrations = if pythons::has_alembic(&interpreter) { WITH_ALEMBIC } else { &[] };
    let mut trials = Vec::new();
    for child in modes {
        let subject = Subject { interpreter: interpreter.clone(), child };
        let place = if child { "child" } else { "embedded" };
        for (name, case) in WITHOUT_ALEMBIC.iter().chain(migrations) {
            let subject = subject.clone();
            let title = format!("{} {place} {name}", interpreter.path.display());
            trials.push(Trial::test(title, move || case(&subject)));
        }
    }
    trials
}

impl Subject {
    pub(crate) fn job(&self, project: &Project, requests: Vec<Request>) -> Job {
        let interpreter = self.interpreter.path.clone();
        Job { interpreter, child: self.child, engine: None, requests, order: project.order(), refuse: None }
    }

    pub(crate) fn env_job(&self, project: &Project, argv: &[&str]) -> Job {
        self.job(project, vec![Request::RunEnv(project.invocation(argv))])
    }

    fn run_env(&self, project: &Project, argv: &[&str]) -> Run {
        self.env_job(project, argv).run(project.folder.path())
    }
}

fn upgrade_then_downgrade(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(4);
    let run = subject.run_env(&project, &["upgrade", "r2"]);
    expect_success(&run)?;
    assert_eq!(project.state(), (names(&["t1", "t2"]), names(&["r2"])));
    // Lines of both languages in the order of events, and no other module imported.
    let expected = "host: begin,host: plan,import 1,import 2,host: step_started,up 1,host: step_applied,host: step_finished,\
                    host: step_started,up 2,host: step_applied,host: step_finished,host: finished";
    assert_eq!(run.stdout.lines().collect::<Vec<_>>().join(","), expected);
    let calls = &run.report().calls;
    assert_eq!(calls.last().map(|call| &call.1), Some(&json!({"heads": ["r2"]})));
    let run = subject.run_env(&project, &["downgrade", "base"]);
    expect_success(&run)?;
    assert_eq!(project.state(), (vec![], vec![]));
    Ok(())
}

fn an_exception_names_file_and_line(subject: &Subject) -> Result<(), Failed> {
    let mut project = Project::linear(3);
    project.revision(2, "raise ValueError('no such luck')");
    let run = subject.run_env(&project, &["upgrade", "head"]);
    let failure = run.failure()?;
    assert_eq!((&failure["kind"], &failure["type"]), (&json!("Exception"), &json!("ValueError")));
    assert_eq!(failure["location"], json!([project.scripts[1].path, 8]));
    assert!(failure["traceback"].as_str().is_some_and(|text| text.ends_with("ValueError: no such luck\n")));
    assert_eq!(run.stderr, "", "limbec shows the failure, Python does not");
    assert_eq!(project.state().1, names(&["r1"]));
    Ok(())
}

fn exit_status_of_user_code(subject: &Subject) -> Result<(), Failed> {
    let mut project = Project::linear(1);
    for (statement, status) in [("raise SystemExit(7)", 7), ("raise SystemExit", 0), ("raise KeyboardInterrupt", 130)] {
        project.revision(1, statement);
        let run = subject.run_env(&project, &["upgrade", "head"]);
        assert_eq!(run.status.code(), Some(status), "{statement}");
        assert_eq!(run.stderr, "");
    }
    Ok(())
}

fn a_refusal_comes_back_as_it_was(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(1);
    let mut job = subject.env_job(&project, &["upgrade", "head"]);
    job.refuse = Some("plan".to_owned());
    let run = job.run(project.folder.path());
    assert_eq!(run.report().results, [Err("the host refuses plan".to_owned())]);
    assert!(run.report().errors[0].starts_with("Refused("), "{:?}", run.report().errors);
    assert_eq!(project.state(), (vec![], vec![]));
    Ok(())
}

fn a_panic_of_the_host_is_no_failure_of_python(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(1);
    let mut job = subject.env_job(&project, &["upgrade", "head"]);
    job.refuse = Some("panic".to_owned());
    let run = job.run(project.folder.path());
    assert_eq!(run.status.code(), Some(101));
    assert!(run.stderr.contains("the host panics"), "{}", run.stderr);
    assert_eq!(project.state(), (vec![], vec![]));
    Ok(())
}

fn one_process_answers_many_requests(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(2);
    let upgrade = |target| Request::RunEnv(project.invocation(&["upgrade", target]));
    let requests = vec![
        Request::Metadata { paths: vec![project.scripts[0].path.clone()], sys_path: Vec::new() },
        Request::Probe(project.invocation(&["current"])),
        upgrade("r1"),
        Request::Command(project.invocation(&["upgrade", "nonsense"])),
        upgrade("r2"),
    ];
    let run = subject.job(&project, requests).run(project.folder.path());
    let results = &run.report().results;
    let first: &Value = results[0].as_ref().map_err(Clone::clone)?;
    assert_eq!(first[0]["revision"], "r1");
    assert_eq!(results[1].as_ref().map_err(Clone::clone)?["targets"][0]["url"], "sqlite:///test.db");
    assert_eq!(results[3], Err("Can't locate revision identified by 'nonsense'".to_owned()));
    assert_eq!(project.state(), (names(&["t1", "t2"]), names(&["r2"])));
    assert_eq!(run.report().finished, "ok");
    Ok(())
}

fn env_py_sees_the_virtualenv(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(1);
    let python = &subject.interpreter.path;
    project.write(
        "migrations/env.py",
        "import subprocess, sys\n\
         own = [sys.executable, sys.prefix, sys.base_prefix, str(sys.flags.utf8_mode), sys.stdout.encoding]\n\
         text = 'import sys; print(sys.executable, sys.prefix, sys.base_prefix, sys.flags.utf8_mode, sys.stdout.encoding)'\n\
         assert subprocess.check_output([sys.executable, '-c', text], text=True).split() == own, own\n\
         print(sys.executable, sys.path[0], sys.argv)\n",
    );
    let run = subject.run_env(&project, &["upgrade", "head"]);
    expect_success(&run)?;
    let bin = python.parent().unwrap_or(Path::new("")).display().to_string();
    let name = "python3";
    assert_eq!(run.stdout, format!("{bin}/{name} {bin} ['{bin}/alembic', 'upgrade', 'head']\n"));
    Ok(())
}

fn a_closed_pipe_does_not_stop_a_migration(subject: &Subject) -> Result<(), Failed> {
    let mut project = Project::linear(2);
    project.revision(1, "print('nobody reads this')");
    let mut job = subject.env_job(&project, &["upgrade", "head"]);
    job.refuse = Some("silence".to_owned());
    let report = project.path("report.json");
    let mut command = job.command(project.folder.path(), &report);
    let (reader, writer) = std::io::pipe()?;
    drop(reader);
    let status = command.stdout(writer).stderr(std::process::Stdio::null()).status()?;
    // Python's own exit status for output that nobody took.
    assert_eq!(status.code(), Some(120));
    assert_eq!(project.state().1, names(&["r2"]));
    Ok(())
}

fn a_killed_child_is_an_error(subject: &Subject) -> Result<(), Failed> {
    if !subject.child {
        return Ok(());
    }
    let mut project = Project::linear(2);
    project.revision(2, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)");
    let run = subject.run_env(&project, &["upgrade", "head"]);
    let expected = format!(
        "Python ({}) was lost: killed by signal 9 (SIGKILL; out of memory, perhaps)",
        subject.interpreter.path.display()
    );
    assert_eq!(run.report().results, [Err(expected)]);
    Ok(())
}

fn locate(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(0);
    project.write("lib/app/__init__.py", "");
    project.write("lib/app/migrations/env.py", "");
    let request = |resource: &str| Request::Locate { resource: resource.to_owned(), sys_path: vec!["lib".to_owned()] };
    let job = subject.job(&project, vec![request("app:migrations"), request("absent:x")]);
    let run = job.run(project.folder.path());
    let expected = project.path("lib/app/migrations").canonicalize()?;
    assert_eq!(run.report().results[0], Ok(json!(expected)));
    assert_eq!(run.report().results[1], Err("ModuleNotFoundError: No module named 'absent'".to_owned()));
    // What was asked for is what ran, and without being asked limbec chooses the same for an executable of this kind.
    let options = RuntimeOptions { executable: std::env::current_exe().ok(), ..RuntimeOptions::default() };
    let chosen = Runtime::new(subject.interpreter.clone(), &options)?.mode();
    assert_eq!(chosen == Mode::Embedded, subject.interpreter.library.is_some());
    Ok(())
}

fn an_engine_that_does_not_load_leads_to_a_child(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(0);
    project.write("engine.so", "not a library");
    project.write("lib/app/__init__.py", "");
    let request = Request::Locate { resource: "app".to_owned(), sys_path: vec!["lib".to_owned()] };
    let mut job = subject.job(&project, vec![request]);
    job.engine = Some(project.path("engine.so"));
    let run = job.run(project.folder.path());
    let result = &run.report().results[0];
    if subject.child {
        assert_eq!(*result, Ok(json!(project.path("lib/app").canonicalize()?)));
    } else {
        assert!(result.as_ref().is_err_and(|error| error.starts_with("cannot load ")), "{result:?}");
    }
    Ok(())
}

pub(crate) fn expect_success(run: &Run) -> Result<(), Failed> {
    if run.status.success() && run.report.as_ref().is_some_and(|report| report.finished == "ok") {
        return Ok(());
    }
    Err(format!("{:?}\n{}\n{}\n{:?}", run.status, run.stdout, run.stderr, run.report).into())
}

pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
