use std::process::Stdio;

use insta::assert_snapshot;

use crate::fixture::Project;

#[test]
fn usage_errors_exit_with_2() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&[]), @r"
    exit 2
    ---- stderr
    error: a command is missing
    hint: `limbec --help` lists the commands
    ");
    assert_snapshot!(project.limbec(&["upgrad", "head"]), @r"
    exit 2
    ---- stderr
    error: there is no command `upgrad`
    hint: did you mean `upgrade`?
    hint: `limbec --help` lists the commands
    ");
    assert_snapshot!(project.limbec(&["history", "-r", "-3:x"]), @r"
    exit 2
    ---- stderr
    error: argument -r/--rev-range: expected one argument
    hint: a value that begins with a dash is glued to its option, as in `-r-3:` or `--rev-range=-3:`
    hint: `limbec history --help` explains its arguments
    ");
    assert_snapshot!(project.limbec(&["revision", "--he"]), @r"
    exit 2
    ---- stderr
    error: ambiguous option: --he could match --help, --head
    hint: `limbec revision --help` explains its arguments
    ");
    assert_snapshot!(project.limbec(&["heads", "--format", "yaml"]), @r"
    exit 2
    ---- stderr
    error: invalid value 'yaml' for '--format <FORMAT>'
      [possible values: text, json]

    For more information, try '--help'.
    ");
}

#[test]
fn version_and_help_go_to_standard_output() {
    let project = Project::empty();
    assert_eq!(project.limbec(&["--version"]), format!("exit 0\n---- stdout\nlimbec {}\n", env!("CARGO_PKG_VERSION")));
    assert_snapshot!(project.limbec(&["merge", "--help"]), @r#"
    exit 0
    ---- stdout
    Make a revision that merges several heads

    Usage: limbec merge [OPTIONS] <REVISIONS>...

    Arguments:
      <REVISIONS>...
              Revisions to merge, or heads

    Options:
      -m, --message <TEXT>
              Message of the revision

          --branch-label <LABEL>
              Branch label for the new revision

          --rev-id <ID>
              Identifier of the new revision, instead of a generated one

          --splice
              Allow revisions that are no heads

      -h, --help
              Print this help

    Examples:
      limbec merge heads -m "join both branches"  one head of all

    Options of every command, such as --config, -x, --quiet or --url: see `limbec --help`.
    "#);
}

#[test]
fn abbreviations_of_alembic_and_options_after_the_command() {
    let project = Project::branched();
    let expected = project.limbec(&["heads", "--resolve-dependencies"]);
    for arguments in [
        &["heads", "--res"][..],
        &["-c", "alembic.ini", "heads", "--res"],
        &["heads", "--res", "-c", "alembic.ini"],
        &["--conf=alembic.ini", "-nalembic", "heads", "--resolve-dependencies"],
    ] {
        assert_eq!(project.limbec(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn two_files_of_a_kind_are_refused() {
    assert_snapshot!(Project::branched().limbec(&["-c", "a.ini", "-c", "b.ini", "heads"]), @r"
    exit 1
    ---- stderr
    error: only one ini file may be indicated
    ");
}

#[test]
fn colours_only_where_asked_for() {
    let project = Project::branched();
    assert!(!project.limbec(&["show", "nope"]).contains('\u{1b}'));
    assert!(project.limbec(&["--color", "always", "show", "nope"]).contains("\u{1b}["));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let project = Project::branched();
    let mut child = project.command(&["history"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
