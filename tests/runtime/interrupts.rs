//! Signals: Ctrl-C reaches both processes, `kill` one of them.

use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::cases::{Subject, names};
use crate::project::Project;

/// Starts an upgrade whose second revision makes a table and then sleeps, and waits until it does.
fn asleep(subject: &Subject, project: &mut Project) -> Result<(Child, String), Failed> {
    project.revision(
        2,
        "import os, time\n    op.execute('CREATE TABLE t2 (id INTEGER)')\n    print('asleep', os.getpid(), flush=True)\n    time.sleep(60)",
    );
    let mut job = subject.env_job(project, &["upgrade", "head"]);
    for request in &mut job.requests {
        if let limbec::runtime::Request::RunEnv(invocation) = request {
            invocation.overrides.transaction = Some(limbec::plan::TransactionMode::PerRevision);
        }
    }
    let mut command = job.command(project.folder.path(), &project.path("report.json"));
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().ok_or("no stdout")?;
    let line = BufReader::new(stdout).lines().map_while(Result::ok).find(|line| line.starts_with("asleep"));
    let pid = line.ok_or("it never slept")?.trim_start_matches("asleep ").to_owned();
    Ok((child, pid))
}

fn interrupt(subject: &Subject, target: impl Fn(&Child) -> String) -> Result<(), Failed> {
    let mut project = Project::linear(3);
    let (child, _) = asleep(subject, &mut project)?;
    let began = Instant::now();
    Command::new("kill").args(["-INT", "--", &target(&child)]).status()?;
    let output = child.wait_with_output()?;
    assert!(began.elapsed() < Duration::from_secs(30), "it slept on");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(project.state(), (names(&["t1"]), names(&["r1"])));
    Ok(())
}

pub(crate) fn of_the_process(subject: &Subject) -> Result<(), Failed> {
    interrupt(subject, |child| child.id().to_string())
}

pub(crate) fn of_the_group(subject: &Subject) -> Result<(), Failed> {
    interrupt(subject, |child| format!("-{}", child.id()))
}

pub(crate) fn a_killed_parent_takes_the_child_with_it(subject: &Subject) -> Result<(), Failed> {
    let mut project = Project::linear(3);
    let (mut child, pid) = asleep(subject, &mut project)?;
    child.kill()?;
    assert_eq!(child.wait()?.signal(), Some(9));
    let began = Instant::now();
    while Command::new("kill").args(["-0", &pid]).stderr(Stdio::null()).status()?.success() {
        assert!(began.elapsed() < Duration::from_secs(20), "{pid} lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(project.state(), (names(&["t1"]), names(&["r1"])));
    Ok(())
}

pub(crate) fn while_the_host_plans(subject: &Subject) -> Result<(), Failed> {
    let project = Project::linear(1);
    let mut job = subject.env_job(&project, &["upgrade", "head"]);
    job.refuse = Some("sleep".to_owned());
    let mut command = job.command(project.folder.path(), &project.path("report.json"));
    let mut child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let stdout = child.stdout.take().ok_or("no stdout")?;
    BufReader::new(stdout).lines().map_while(Result::ok).find(|line| line == "host: plan").ok_or("it never planned")?;
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    let began = Instant::now();
    assert_eq!(child.wait()?.signal(), Some(libc::SIGINT));
    assert!(began.elapsed() < Duration::from_secs(30), "it slept on");
    assert_eq!(project.state(), (vec![], vec![]));
    Ok(())
}
