//! What can be known without Python is answered without it: no libpython is mapped and no process is started.
//!
//! The dynamic linker keeps the books: with LD_DEBUG=files it writes one file a process, naming every library loaded.

use std::fs;

use crate::fixture::Project;

const ENV: &str = "\
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config


def run_migrations_offline():
    context.configure(url=config.get_main_option('sqlalchemy.url'))
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix='sqlalchemy.', poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
";

/// A project on SQLite whose env.py is that of the generic template, with a Python that leaves a mark if it is run.
fn project() -> Project {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::branched();
    project.write(
        "alembic.ini",
        "[alembic]\nscript_location = %(here)s/scripts\nsqlalchemy.url = sqlite:///%(here)s/database.db\n",
    );
    project.write("scripts/env.py", ENV);
    project
        .write("scripts/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n");
    let python = project.write("venv/bin/python3", "#!/bin/sh\ntouch \"$(dirname \"$0\")/was-run\"\nexit 1\n");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    project
}

/// Runs a command and proves that it did without Python.
fn without_python(project: &Project, arguments: &[&str]) -> String {
    let books = project.path("books");
    fs::create_dir_all(&books).unwrap();
    let mut command = project.command(arguments);
    command.env("VIRTUAL_ENV", project.path("venv")).env("PATH", project.path("venv/bin"));
    command.env("LD_DEBUG", "files").env("LD_DEBUG_OUTPUT", books.join("linker"));
    let outcome = project.outcome(&mut command);
    assert!(!project.path("venv/bin/was-run").exists(), "{arguments:?} ran python3");
    let books: Vec<_> = fs::read_dir(&books).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(books.len(), 1, "{arguments:?} started a process");
    let loaded = fs::read_to_string(&books[0]).unwrap();
    assert!(loaded.contains("libc.so"), "the dynamic linker says nothing");
    assert!(!loaded.contains("libpython"), "{arguments:?} loaded a libpython");
    fs::remove_file(&books[0]).unwrap();
    outcome
}

#[test]
fn commands_that_only_read_files() {
    let project = project();
    for arguments in [
        &["heads"][..],
        &["heads", "-v"],
        &["branches"],
        &["history"],
        &["history", "-v", "-r", "a1:c1"],
        &["show", "c1"],
        &["list"],
        &["plan", "upgrade", "heads", "--from", "base"],
    ] {
        let outcome = without_python(&project, arguments);
        assert!(outcome.starts_with("exit 0\n---- stdout\n"), "{outcome}");
    }
}

#[test]
fn commands_that_read_the_version_table_or_stamp_it() {
    let project = project();
    assert_eq!(without_python(&project, &["current"]), "exit 0\n");
    assert!(!project.path("database.db").exists(), "a reading command made a file");
    assert_eq!(without_python(&project, &["ensure_version"]), "exit 0\n");
    assert_eq!(without_python(&project, &["stamp", "heads"]), "exit 0\n");
    assert_eq!(without_python(&project, &["current"]), "exit 0\n---- stdout\nd1 (effective head)\ne1 (head)\n");
    assert_eq!(without_python(&project, &["upgrade", "heads"]), "exit 0\n");
    assert_eq!(without_python(&project, &["stamp", "c1"]), "exit 0\n");
    let plan = without_python(&project, &["plan", "upgrade", "heads", "--format", "json"]);
    assert!(plan.contains("\"revision\": \"e1\""), "{plan}");
    let history = without_python(&project, &["history", "-i", "-r", "current:"]);
    assert!(history.contains("(current)"), "{history}");
    assert_eq!(without_python(&project, &["stamp", "--purge", "base"]), "exit 0\n");
    assert_eq!(without_python(&project, &["current"]), "exit 0\n");
}

#[test]
fn new_files_from_an_ordinary_template() {
    let project = project();
    let new = without_python(&project, &["new", "add names", "--head", "e1", "--no-autogenerate"]);
    assert!(new.starts_with("exit 0\n---- stdout\n"), "{new}");
    let revision = without_python(&project, &["revision", "-m", "x", "--head", "heads", "--rev-id", "f1"]);
    assert!(revision.starts_with("exit 0\n---- stdout\n"), "{revision}");
}

#[test]
fn an_upgrade_with_something_to_do_does_ask_python() {
    let project = project();
    let mut command = project.command(&["upgrade", "heads"]);
    command.env("VIRTUAL_ENV", project.path("venv"));
    let outcome = project.outcome(&mut command);
    assert!(outcome.starts_with("exit 1\n"), "{outcome}");
    assert!(project.path("venv/bin/was-run").exists());
}
