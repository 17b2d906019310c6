use std::fs;

use insta::assert_snapshot;

use crate::fixture::Project;

const FILE: &str = "scripts/versions/20260101_120000_index_users.py";

fn text(body: &str) -> String {
    format!(
        "\"\"\"index users\n\nRevision ID: 3f9d1c7a52be\nRevises:\nCreate Date: 2026-01-01 12:00:00\n\n\"\"\"\n\
         import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"3f9d1c7a52be\"\ndown_revision = None\n\n\n\
         def upgrade():\n{body}\n\n\ndef downgrade():\n    op.drop_index(\"i\", table_name=\"users\")\n"
    )
}

const INDEX: &str = "    op.create_index(\"i\", \"users\", [\"email\"])";

/// A project with one revision, whose only finding has a fix.
fn project(text: &[u8]) -> Project {
    let project = Project::new();
    project.write(FILE, "");
    fs::write(project.path(FILE), text).unwrap();
    project
}

fn validate(project: &Project, arguments: &[&str]) -> String {
    project.limbec(&[&["validate", "--select", "index-without-concurrently"], arguments].concat())
}

fn fixed(project: &Project) -> Vec<u8> {
    let outcome = validate(project, &["--fix"]);
    assert!(outcome.starts_with("exit 0"), "{outcome}");
    assert!(validate(project, &["--diff", "--unsafe-fixes"]).starts_with("exit 0"));
    fs::read(project.path(FILE)).unwrap()
}

#[test]
fn line_ends_encoding_and_mark_stay() {
    let plain = text(INDEX);
    let expected = text(
        "    with op.get_context().autocommit_block():\n        op.create_index(\"i\", \"users\", [\"email\"], postgresql_concurrently=True)",
    );
    assert_eq!(String::from_utf8(fixed(&project(plain.as_bytes()))).unwrap(), expected);
    let crlf = plain.replace('\n', "\r\n");
    assert_eq!(String::from_utf8(fixed(&project(crlf.as_bytes()))).unwrap(), expected.replace('\n', "\r\n"));
    let marked = format!("\u{feff}{plain}");
    assert_eq!(String::from_utf8(fixed(&project(marked.as_bytes()))).unwrap(), format!("\u{feff}{expected}"));
    let latin = |text: &str| [&b"# coding: latin-1\n# caf\xe9\n"[..], text.as_bytes()].concat();
    assert_eq!(fixed(&project(&latin(&plain))), latin(&expected));
    let cut = plain.trim_end();
    assert_eq!(String::from_utf8(fixed(&project(cut.as_bytes()))).unwrap(), expected.trim_end());
}

#[test]
fn a_patch_applies_whatever_the_line_ends() {
    let project = project(text(INDEX).replace('\n', "\r\n").as_bytes());
    project.git(&["init", "-q"]);
    project.git(&["config", "core.autocrlf", "false"]);
    project.commit();
    let output = project.command(&["validate", "--all", "--select", "index-without-concurrently", "--diff"]).output();
    let patch = project.path("fix.patch");
    fs::write(&patch, output.unwrap().stdout).unwrap();
    project.git(&["apply", patch.to_str().unwrap()]);
    let applied = fs::read(project.path(FILE)).unwrap();
    assert_eq!(applied.windows(2).filter(|pair| pair == b"\r\n").count(), text(INDEX).lines().count() + 1);
}

#[test]
fn unsafe_fixes_are_asked_for() {
    let body = format!("{INDEX}\n    op.execute(\"ANALYZE users\")");
    let project = project(text(&body).as_bytes());
    assert!(validate(&project, &["--fix"]).starts_with("exit 1"));
    assert_eq!(fs::read_to_string(project.path(FILE)).unwrap(), text(&body));
    let outcome = validate(&project, &["--fix", "--unsafe-fixes"]);
    assert!(outcome.starts_with("exit 0") && outcome.contains("1 fix was applied in 1 file."), "{outcome}");
}

#[test]
fn a_read_only_file_is_left_alone() {
    let project = project(text(INDEX).as_bytes());
    let mut permissions = fs::metadata(project.path(FILE)).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(project.path(FILE), permissions).unwrap();
    assert_snapshot!(validate(&project, &["--fix"]), @"
    exit 1
    ---- stderr
    error: cannot write [DIR]/scripts/versions/20260101_120000_index_users.py
    caused by: the file is read-only
    hint: no file was changed; run it again
    ");
    assert_eq!(fs::read_to_string(project.path(FILE)).unwrap(), text(INDEX));
}

#[test]
fn a_name_that_is_taken_is_not_taken_again() {
    let project = Project::new();
    for name in ["a", "b"] {
        let id = format!("{}f9d1c7a52be", if name == "a" { 3 } else { 4 });
        let text = format!(
            "\"\"\"same words\n\nRevision ID: {id}\nRevises:\nCreate Date: 2026-01-01 12:00:00\n\n\"\"\"\nrevision = \"{id}\"\ndown_revision = None\n"
        );
        project.write(&format!("scripts/versions/{name}.py"), &text);
    }
    let outcome = project.limbec(&["validate", "--select", "nonstandard-file-name", "--fix"]);
    assert!(outcome.starts_with("exit 1") && outcome.contains("1 fix was applied in 1 file."), "{outcome}");
    let versions = project.path("scripts/versions");
    assert!(versions.join("20260101_120000_same_words.py").exists() && versions.join("b.py").exists());
}

#[test]
fn published_revisions_keep_their_meaning() {
    let project = Project::new();
    let text = text(INDEX).replace("Revision ID: 3f9d1c7a52be", "Revision ID: 4f9d1c7a52be");
    project.write("scripts/versions/index_users.py", &text);
    project.limbec(&["freeze"]);
    let rules = ["index-without-concurrently", "docstring-mismatch", "nonstandard-file-name"];
    let selected: Vec<&str> = rules.iter().flat_map(|rule| ["--select", rule]).collect();
    let fix = |more: &[&str]| {
        project.limbec(&[&["validate", "--fix", "--unsafe-fixes"], selected.as_slice(), more].concat());
        fs::read_to_string(project.path("scripts/versions/index_users.py")).unwrap()
    };
    assert_eq!(fix(&[]), text);
    let repaired = fix(&["--all"]);
    assert!(repaired.contains(INDEX), "{repaired}");
    assert!(repaired.contains("Revision ID: 3f9d1c7a52be"), "{repaired}");
}
