//! Which module may use which, and that only `cli` prints, exits or reads the environment (the map is in src/lib.rs).

use std::fs;
use std::path::{Path, PathBuf};

/// A module and the modules that it may use besides itself. `cli` may use all of them.
const ALLOWED: &[(&str, &[&str])] = &[
    ("revision", &[]),
    ("plan", &["revision"]),
    ("program", &[]),
    ("sqlfile", &[]),
    ("script", &["revision"]),
    ("operation", &["script", "sqlfile"]),
    ("schema", &["operation", "revision"]),
    ("published", &["script", "sqlfile", "revision"]),
    // The values of a plan (changes of a step, span of a transaction) are what these carry out, send and configure.
    ("database", &["plan", "revision"]),
    ("catalogue", &["schema", "operation", "database", "revision"]),
    ("verify", &["catalogue", "schema", "operation", "published", "database", "script", "sqlfile", "plan", "revision"]),
    ("import", &["sqlfile", "database", "script", "revision"]),
    ("relocate", &["catalogue", "database", "plan", "revision"]),
    ("runtime", &["script", "plan", "revision"]),
    ("lint", &["schema", "operation", "published", "script", "sqlfile", "revision"]),
    // The linter's settings are checked where they are read.
    ("config", &["lint", "operation", "script", "database", "plan", "revision"]),
    ("squash", &["catalogue", "schema", "script", "operation", "database", "revision"]),
    ("trial", &["migrate", "catalogue", "plan", "database", "runtime", "revision"]),
    // Records by what the trial runs histories with.
    (
        "bundle",
        &["sqlfile", "trial", "rendered", "migrate", "runtime", "config", "script", "plan", "database", "revision"],
    ),
    ("rendered", &["migrate", "operation", "script", "plan", "database", "revision"]),
    (
        "tenant",
        &[
            "rendered",
            "migrate",
            "program",
            "config",
            "gate",
            "operation",
            "script",
            "plan",
            "database",
            "runtime",
            "revision",
        ],
    ),
    // What a page shows are values of these; it looks nothing up.
    ("report", &["tenant", "migrate", "lint", "database", "revision"]),
    // Judges what the linter foresees, what the database measured and what the settings demand.
    ("gate", &["config", "database", "lint", "schema", "operation", "script", "plan", "revision"]),
    // The history records what a file means.
    (
        "migrate",
        &[
            "config",
            "gate",
            "operation",
            "published",
            "schema",
            "script",
            "sqlfile",
            "plan",
            "program",
            "database",
            "runtime",
            "revision",
        ],
    ),
];

/// What only `cli` does.
const RESERVED: &[&str] = &[
    "println!",
    "print!",
    "eprintln!",
    "eprint!",
    "process::exit",
    "env::var",
    "env::args",
    "env::current_dir",
    "env::set_current_dir",
    "io::stdout",
    "io::stderr",
];

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every Rust file below `directory` that is no test, with its text up to its tests.
fn sources(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                found.extend(sources(&path));
            }
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned();
            found.push((path, code));
        }
    }
    found
}

/// Lines of code, numbered from 1, comments left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The module behind each `crate::` of a line.
fn used_modules(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default())
}

#[test]
fn modules_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (module, allowed) in ALLOWED {
        for (path, text) in sources(&source_root().join(module)) {
            for (number, line) in code_lines(&text) {
                for used in used_modules(line).filter(|used| used != module && !allowed.contains(used)) {
                    wrong.push(format!("{}:{number}: {module} may not use {used}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_its_place() {
    let mut folders: Vec<String> = fs::read_dir(source_root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    let mut known: Vec<String> = ALLOWED.iter().map(|(module, _)| (*module).to_owned()).collect();
    known.push("cli".to_owned());
    folders.sort();
    known.sort();
    assert_eq!(folders, known);
}

#[test]
fn only_cli_prints_exits_and_reads_the_environment() {
    let mut wrong = Vec::new();
    for (module, _) in ALLOWED {
        for (path, text) in sources(&source_root().join(module)) {
            for (number, line) in code_lines(&text) {
                // To flush what cli has printed is not to print.
                if line.contains("io::stdout().flush()") {
                    continue;
                }
                for reserved in RESERVED.iter().filter(|reserved| line.contains(**reserved)) {
                    wrong.push(format!("{}:{number}: {reserved}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Nobody looks for it there, and everything ends up there.
#[test]
fn no_file_is_a_drawer() {
    for (path, _) in sources(&source_root()) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(!["util", "utils", "common", "helpers", "misc"].contains(&stem.as_str()), "{}", path.display());
    }
}
