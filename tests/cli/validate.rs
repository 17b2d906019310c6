use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::Project;

const FIRST: &str = "migrations/versions/20260101_120000_create_users.py";
const SECOND: &str = "migrations/versions/20260102_120000_index_users.py";

fn project() -> Project {
    let project = Project::empty();
    project.write("alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n");
    project
}

/// A revision without any finding but those of its body.
fn revision(message: &str, id: &str, down: Option<&str>, body: &str) -> String {
    let (revises, declared) = (down.unwrap_or_default(), down.map_or("None".to_owned(), |down| format!("\"{down}\"")));
    let day = if down.is_none() { 1 } else { 2 };
    format!(
        "\"\"\"{message}\n\nRevision ID: {id}\nRevises: {revises}\nCreate Date: 2026-01-0{day} 12:00:00\n\n\"\"\"\n\n\
         import sqlalchemy as sa\nfrom alembic import op\n\nrevision = \"{id}\"\ndown_revision = {declared}\nbranch_labels = None\n\
         depends_on = None\n\n\n{body}"
    )
}

fn first() -> String {
    let body = "def upgrade() -> None:\n    op.create_table(\"users\", sa.Column(\"email\", sa.Text()))\n\n\n\
                def downgrade() -> None:\n    op.drop_table(\"users\")\n";
    revision("create users", "3f9d1c7a52be", None, body)
}

fn second(statement: &str) -> String {
    let body = format!(
        "def upgrade() -> None:\n{statement}\n\n\ndef downgrade() -> None:\n    op.drop_index(\"ix_users_email\", \"users\")\n"
    );
    revision("index users", "8a64e0b7d913", Some("3f9d1c7a52be"), &body)
}

const INDEX: &str = "    op.create_index(\"ix_users_email\", \"users\", [\"email\"])";

/// The rule that the tests are about, so that others may come and go.
fn validate(project: &Project, arguments: &[&str]) -> String {
    let mut words = vec!["validate", "--select", "index-without-concurrently", "--select", "unreadable-revision"];
    words.extend(["--select", "missing-parent", "--select", "unused-suppression"]);
    words.extend(arguments);
    project.limbec(&words)
}

fn flagged() -> Project {
    let project = project();
    project.write(FIRST, &first());
    project.write(SECOND, &second(INDEX));
    project
}

/// The findings of a run with `--format json`.
fn findings(outcome: &str) -> Vec<Value> {
    let document = outcome.split("---- stdout\n").nth(1).unwrap().split("---- stderr\n").next().unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    document["findings"].as_array().unwrap().clone()
}

#[test]
fn findings_fail() {
    assert_snapshot!(validate(&flagged(), &[]), @r#"
    exit 1
    ---- stdout
    error[index-without-concurrently]: building this index locks `users` against writes
      --> migrations/versions/20260102_120000_index_users.py:19:5
       |
    19 |     op.create_index("ix_users_email", "users", ["email"])
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
       = fix: build the index concurrently, outside of the transaction (`limbec validate --fix`)

    ---- stderr
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    "#);
    assert_snapshot!(validate(&flagged(), &["--format", "concise"]), @"
    exit 1
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:19:5: error[index-without-concurrently] building this index locks `users` against writes
    ---- stderr
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    ");
    assert_snapshot!(validate(&flagged(), &["--statistics"]), @"
    exit 1
    ---- stdout
    Findings  Fixable  Level  Rule
    1         1        error  index-without-concurrently
    ---- stderr
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    ");
}

#[test]
fn without_findings_it_succeeds() {
    let project = project();
    project.write(FIRST, &first());
    assert_snapshot!(project.limbec(&["validate"]), @"
    exit 0
    ---- stderr
    No findings.
    1 revision judged.
    ");
    assert_snapshot!(project.limbec(&["-q", "validate"]), @"exit 0");
}

#[test]
fn nothing_to_judge_is_no_success() {
    let project = project();
    project.write("migrations/versions/__init__.py", "");
    assert_snapshot!(project.limbec(&["validate"]), @"
    exit 2
    ---- stderr
    error: there are no revisions to validate
    hint: revision files are looked for in migrations/versions
    ");
    assert_snapshot!(Project::empty().limbec(&["validate"]), @"
    exit 2
    ---- stderr
    error: No 'script_location' key found in configuration.
    hint: [DIR] has no alembic.ini: go to the project's directory, name the file by `-c FILE`, or start a project by `limbec init DIRECTORY`
    ");
}

#[test]
fn what_is_broken_is_a_finding() {
    let project = project();
    project.write(FIRST, &first());
    project.write("migrations/versions/20260103_120000_broken.py", "x = (\n");
    project.write(SECOND, &revision("index users", "8a64e0b7d913", Some("c0ffee00c0de"), "def upgrade():\n    pass\n"));
    assert_snapshot!(validate(&project, &["--format", "concise"]), @"
    exit 1
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:13:17: error[missing-parent] no file declares the down revision `c0ffee00c0de`
    migrations/versions/20260103_120000_broken.py:2:1: error[unreadable-revision] unexpected EOF while parsing
    ---- stderr
    Found 2 errors in 2 files.
    3 revisions judged.
    `limbec rule missing-parent` explains a rule.
    ");
}

#[test]
fn comments_accept_findings() {
    let project = flagged();
    project.write(SECOND, &second(&format!("{INDEX}  # limbec: ignore[index-without-concurrently] 40 rows")));
    assert_snapshot!(validate(&project, &[]), @"
    exit 0
    ---- stderr
    No findings.
    2 revisions judged.
    1 finding is accepted by comments.
    ");
    project.write("limbec.toml", "[lint]\nrequire-reason = true\n");
    assert!(validate(&project, &[]).starts_with("exit 0"));
    project.write(SECOND, &second(&format!("{INDEX}  # limbec: ignore[index-without-concurrently]")));
    let arguments = ["validate", "--format", "concise", "--select", "suppression-without-reason"];
    assert_snapshot!(project.limbec(&arguments), @"
    exit 0
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:19:60: warning[suppression-without-reason] this comment gives no reason, and so accepts nothing
    ---- stderr
    Found 1 warning in 1 file.
    2 revisions judged.
    `limbec rule suppression-without-reason` explains a rule.
    ");
}

#[test]
fn json_has_positions_from_one() {
    let outcome = validate(&flagged(), &["--format", "json"]);
    let finding = &findings(&outcome)[0];
    for (key, value) in [
        ("rule", Value::from("index-without-concurrently")),
        ("level", "error".into()),
        ("path", SECOND.into()),
        ("line", 19.into()),
        ("column", 5.into()),
        ("end_line", 19.into()),
        ("end_column", 58.into()),
        ("revision", "8a64e0b7d913".into()),
        ("fixable", true.into()),
        ("grandfathered", false.into()),
    ] {
        assert_eq!(finding[key], value, "{key}");
    }
}

#[test]
fn positions_are_those_of_an_editor() {
    let project = project();
    project.write(FIRST, &first());
    let place = |bytes: &[u8]| {
        std::fs::write(project.path(SECOND), bytes).unwrap();
        let finding = findings(&validate(&project, &["--format", "json"])).remove(0);
        let place = |key: &str| finding[key].as_u64().unwrap();
        (place("line"), place("column"), place("end_column"))
    };
    let text = second(INDEX);
    assert_eq!(place(text.as_bytes()), (19, 5, 58));
    assert_eq!(place(&[b"\xef\xbb\xbf", text.as_bytes()].concat()), (19, 5, 58));
    assert_eq!(place(text.replace('\n', "\r\n").as_bytes()), (19, 5, 58));
    assert_eq!(place(text.replace("    op.create", "\top.create").as_bytes()), (19, 2, 55));
    assert_eq!(place(text.replace("_email\", \"", "_émail漢\", \"").as_bytes()), (19, 5, 59));
    let latin = format!("# coding: latin-1\n# caf\u{e9}\n{}", text.replace("ix_users_email", "ix_\u{e9}"));
    let bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert_eq!(place(&bytes), (21, 5, 48));
}

#[test]
fn monstrous_files_are_judged_or_reported() {
    let project = flagged();
    let long = format!("X = \"{}\"; op.create_index(\"i\", \"users\", [\"a\"])", "ab".repeat(5_000_000));
    project.write(SECOND, &second(&format!("    {long}")));
    let outcome = validate(&project, &[]);
    assert!(outcome.starts_with("exit 1") && outcome.len() < 3000, "{}", outcome.len());
    assert!(outcome.contains(":19:10000013"), "{outcome}");
    project.write(SECOND, &second(&format!("    x = {}1{}", "(".repeat(5000), ")".repeat(5000))));
    let outcome = project.limbec(&["validate"]);
    assert!(outcome.starts_with("exit 1") || outcome.starts_with("exit 0"), "{outcome}");
    assert!(!outcome.contains("limbec has a bug"), "{outcome}");
}

#[test]
fn formats_for_machines() {
    let project = flagged();
    assert_snapshot!(validate(&project, &["--format", "github"]), @"
    exit 1
    ---- stdout
    ::error title=limbec (index-without-concurrently),file=migrations/versions/20260102_120000_index_users.py,line=19,col=5,endColumn=58::building this index locks `users` against writes%0Ahelp: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
    ---- stderr
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    ");
    for format in ["gitlab", "sarif"] {
        let outcome = project.outcome(&mut project.command(&["-q", "validate", "--format", format]));
        assert_eq!(outcome, "exit 1\n", "-q is silent");
        let outcome = validate(&project, &["--format", format]);
        let document = outcome.split("---- stdout\n").nth(1).unwrap().split("---- stderr\n").next().unwrap();
        assert!(serde_json::from_str::<Value>(document).is_ok(), "{outcome}");
    }
    assert!(validate(&project, &["--format", "junit"]).contains("failures=\"1\""));
}

#[test]
fn colours_are_asked_for_or_for_terminals() {
    let project = flagged();
    assert!(!validate(&project, &[]).contains('\u{1b}'));
    assert!(validate(&project, &["--color", "always"]).contains('\u{1b}'));
    assert!(!validate(&project, &["--color", "always", "--format", "json"]).contains('\u{1b}'));
}

#[test]
fn files_are_named_in_any_way() {
    let project = flagged();
    project.write("app.py", "");
    let absolute = project.path(SECOND);
    std::os::unix::fs::symlink(&absolute, project.path("link.py")).unwrap();
    for name in [SECOND, &format!("./{SECOND}"), absolute.to_str().unwrap(), "link.py", "migrations"] {
        assert!(validate(&project, &[name]).starts_with("exit 1"), "{name}");
    }
    assert_snapshot!(validate(&project, &["-v", "app.py", FIRST]).lines().take(5).collect::<Vec<_>>().join("\n"), @"
    exit 0
    ---- stderr
    app.py is no revision of this project: skipped.
    No findings.
    1 revision judged, those named.
    ");
    assert_snapshot!(validate(&project, &["nowhere.py"]), @"
    exit 2
    ---- stderr
    error: 'nowhere.py' cannot be read
    caused by: No such file or directory (os error 2)
    ");
    // From a folder below, paths start there.
    let mut command = project.command(&["-c", "../alembic.ini", "validate", "--format", "concise"]);
    let outcome = project
        .outcome(command.args(["--select", "index-without-concurrently"]).current_dir(project.path("migrations")));
    assert!(outcome.contains("\nversions/20260102_120000_index_users.py:19:5: error["), "{outcome}");
}

#[test]
fn rules_are_selected_by_name() {
    let project = flagged();
    assert!(project.limbec(&["validate", "--select", "several-heads"]).starts_with("exit 0"));
    assert!(project.limbec(&["validate", "--ignore", "index-without-concurrently"]).starts_with("exit 0"));
    assert_snapshot!(project.limbec(&["validate", "--select", "index-without-concurently"]), @"
    exit 2
    ---- stderr
    error: there is no rule 'index-without-concurently'
    hint: did you mean `index-without-concurrently`?
    hint: `limbec rule --all` lists the rules
    ");
    project.write("limbec.toml", "[lint.rules]\nindex-without-concurrently = \"warning\"\n");
    assert!(validate(&project, &[]).starts_with("exit 0\n---- stdout\nwarning["));
    project
        .write("limbec.toml", "[lint.paths.\"migrations/versions/20260102*\"]\nindex-without-concurrently = \"off\"\n");
    assert!(validate(&project, &[]).starts_with("exit 0\n---- stderr"));
    project.write("limbec.toml", "[lint.rules]\nindex-without = \"off\"\n");
    assert_snapshot!(validate(&project, &[]), @"
    exit 2
    ---- stderr
    error: [DIR]/limbec.toml, line 2: there is no rule 'index-without'
    ");
}

#[test]
fn a_location_in_a_package_is_found_without_python() {
    let project = flagged();
    project.write("alembic.ini", "[alembic]\nscript_location = nowhere:migrations\n");
    assert_snapshot!(project.limbec(&["validate"]), @"
    exit 2
    ---- stderr
    error: the package of 'nowhere:migrations' is not to be found
    hint: name the project's interpreter by `--python PATH`, or the folder of the package in prepend_sys_path
    ");
}

#[test]
fn fixes_are_shown_or_written() {
    let project = flagged();
    let diff = validate(&project, &["--diff"]);
    assert!(
        diff.starts_with("exit 1\n---- stdout\n--- a/migrations") && diff.contains("+    with op.get_context()"),
        "{diff}"
    );
    let fixed = validate(&project, &["--fix"]);
    assert!(fixed.starts_with("exit 0") && fixed.contains("1 fix was applied in 1 file."), "{fixed}");
    assert!(validate(&project, &["--diff"]).starts_with("exit 0"));
    assert!(std::fs::read_to_string(project.path(SECOND)).unwrap().contains("postgresql_concurrently=True"));
}

fn git(project: &Project, words: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(words).current_dir(project.path(""));
    assert!(command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap().status.success(), "{words:?}");
}

#[test]
fn what_is_published_brings_warnings() {
    let project = flagged();
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["add", "-A"]);
    git(&project, &["commit", "-q", "-m", "first"]);
    git(&project, &["checkout", "-q", "-b", "work"]);
    let with_path = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command =
            project.command(&["validate", "--select", "index-without-concurrently", "--format", "concise"]);
        let path = std::env::var_os("PATH").unwrap();
        project.outcome(command.args(arguments).env("PATH", path).envs(variables.iter().copied()))
    };
    assert_snapshot!(with_path(&[], &[]), @"
    exit 0
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:19:5: warning[index-without-concurrently] building this index locks `users` against writes
    ---- stderr
    Found 1 warning in 1 file.
    2 revisions judged.
    `limbec rule index-without-concurrently` explains a rule.
    ");
    assert_snapshot!(with_path(&["--all"], &[]), @"
    exit 1
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:19:5: error[index-without-concurrently] building this index locks `users` against writes
    ---- stderr
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    ");
    assert_snapshot!(with_path(&[], &[("CI", "true")]), @"
    exit 0
    ---- stderr
    No findings.
    0 revisions judged, that changed since main; 2 published ones were not judged: `--all` judges them.
    ");
    assert_snapshot!(with_path(&["--changed", FIRST], &[]), @"
    exit 0
    ---- stderr
    No findings.
    0 revisions judged, of those named that changed since main; 1 published one was not judged: `--all` judges them.
    ");
    assert_snapshot!(with_path(&["--base", "nowhere"], &[]), @"
    exit 2
    ---- stderr
    error: the base 'nowhere' (--base) is no commit of this repository
    hint: `git branch --all` lists the branches
    ");
}

#[test]
fn what_has_vanished_is_a_finding_of_its_rule() {
    let project = flagged();
    assert!(project.limbec(&["freeze"]).starts_with("exit 0"));
    std::fs::remove_file(project.path(SECOND)).unwrap();
    let outcome = project.limbec(&["validate", "--select", "published-revision-missing", "--format", "concise"]);
    assert!(outcome.starts_with(&format!("exit 1\n---- stdout\n{SECOND}:1:1: error[")), "{outcome}");
    assert!(project.limbec(&["validate", "--select", "several-heads"]).starts_with("exit 0"));
}

#[test]
fn without_git_and_lock_file_everything_is_new() {
    let project = flagged();
    assert_snapshot!(validate(&project, &["--changed"]), @"
    exit 2
    ---- stderr
    error: the revision files are in no git repository
    hint: `limbec freeze` makes a lock file, which works without git
    ");
    let mut command = project.command(&["validate", "--format", "concise", "--select", "index-without-concurrently"]);
    assert_snapshot!(project.outcome(command.env("CI", "1")), @"
    exit 1
    ---- stdout
    migrations/versions/20260102_120000_index_users.py:19:5: error[index-without-concurrently] building this index locks `users` against writes
    ---- stderr
    warning: every revision is judged as a new one: the revision files are in no git repository
    hint: `limbec freeze` makes a lock file, which works without git
    Found 1 error in 1 file.
    2 revisions judged.
    1 fixable by `limbec validate --fix`.
    ");
    assert!(project.limbec(&["freeze"]).starts_with("exit 0"));
    assert!(validate(&project, &["--changed"]).starts_with("exit 0"));
}

#[test]
fn of_several_sections_one_is_chosen() {
    let project = flagged();
    project.write("alembic.ini", "[common]\nscript_location = migrations\n[tenant]\nscript_location = elsewhere\n");
    assert!(project.limbec(&["-n", "common", "validate"]).starts_with("exit 1\n---- stdout"));
    assert_snapshot!(project.limbec(&["validate"]), @"
    exit 2
    ---- stderr
    error: No 'script_location' key found in configuration.
    hint: name one of the sections that have it: `-n common`, `-n tenant`
    ");
}

#[test]
fn settings_beside_the_ini_count_wherever_it_is_run() {
    let project = project();
    let body =
        "def upgrade() -> None:\n    op.drop_column(\"users\", \"email\")\n\n\ndef downgrade() -> None:\n    pass\n";
    project.write("services/backend/alembic.ini", "[alembic]\nscript_location = %(here)s/migrations\n");
    project.write(&format!("services/backend/{FIRST}"), &first());
    project.write(&format!("services/backend/{SECOND}"), &revision("drop", "8a64e0b7d913", Some("3f9d1c7a52be"), body));
    let arguments = ["-c", "services/backend/alembic.ini", "validate", "--format", "concise"];
    assert!(project.limbec(&arguments).contains("[column-dropped]"));
    let off = "[tool.limbec.lint.rules]\ncolumn-dropped = \"off\"\n";
    project.write("services/backend/pyproject.toml", off);
    project.write("pyproject.toml", "[tool.limbec]\nschema = \"other\"\n");
    assert!(!project.limbec(&arguments).contains("[column-dropped]"));
}

#[test]
fn a_rule_is_not_selected_and_ignored() {
    let rule = "unreadable-revision";
    assert_snapshot!(flagged().limbec(&["validate", "--select", rule, "--ignore", rule]), @"
    exit 2
    ---- stderr
    error: 'unreadable-revision' is both selected and ignored
    hint: give the rule to one of --select and --ignore
    ");
}

#[test]
fn an_empty_name_is_no_file() {
    assert_snapshot!(flagged().limbec(&["validate", ""]), @"
    exit 2
    ---- stderr
    error: the name of a FILE is empty
    hint: a variable of a script may be unset; without any FILE, all revisions are judged
    ");
}
