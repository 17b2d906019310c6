use insta::assert_snapshot;
use serde_json::Value;

use super::*;
use crate::lint::testing::History;
use crate::lint::{Diagnostic, FileIndex, LintProject, LintSettings, Report, Selection, Severity, lint};

fn judged(history: History) -> (LintProject, Report) {
    let settings = LintSettings::default();
    let rule = crate::lint::rule("index-without-concurrently").unwrap();
    let mut project = history.project();
    project.input.settings = settings.only(&[rule]);
    let report = lint(&project, &Selection { files: None, judges_published: false });
    (project, report)
}

/// Two findings, one of which is in a published revision.
fn history() -> History {
    let index = "def upgrade():\n    op.create_index('i', 'users', ['email'])\n";
    History::new()
        .revision(index)
        .published()
        .revision("def upgrade():\n    op.create_index(\n\t\t'é漢',\n        'a,b', ['c'],\n    )\n")
}

fn texts(history: History) -> String {
    let (project, report) = judged(history);
    text(&project, &report, TextStyle::default())
}

/// A report with one finding at a range of the first file.
fn at(text: &str, range: std::ops::Range<usize>, also: &[std::ops::Range<usize>]) -> String {
    let (project, mut report) = judged(History::new().file("a.py", text));
    let mut diagnostic = finding(&project, range);
    for range in also {
        diagnostic.annotate(project.location(FileIndex(0), range.clone()), "here, too");
    }
    report.diagnostics = vec![diagnostic];
    super::text(&project, &report, TextStyle::default())
}

fn finding(project: &LintProject, range: std::ops::Range<usize>) -> Diagnostic {
    Diagnostic {
        rule: "unreadable-revision",
        severity: Severity::Error,
        location: project.location(FileIndex(0), range),
        revision: None,
        message: "50%: a,\r\nb".to_owned(),
        help: Some("do: this".to_owned()),
        notes: vec!["And more.".to_owned()],
        annotations: Vec::new(),
        fix: None,
        is_global: false,
        is_grandfathered: false,
    }
}

#[test]
fn text_has_lines_help_and_what_can_be_fixed() {
    assert_snapshot!(texts(history()), @"
    warning[index-without-concurrently]: building this index locks `users` against writes
      --> 20260101_120000_step_1.py:20:5
       |
    20 |     op.create_index('i', 'users', ['email'])
       |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
       = note: the revision is published, so this is a warning; in a new one it is an error

    error[index-without-concurrently]: building this index locks `a,b` against writes
      --> 20260102_120000_step_2.py:20:5
       |
    20 | /     op.create_index(
    21 | |         'é漢',
    22 | |         'a,b', ['c'],
    23 | |     )
       | |_____^
       |
       = help: pass `postgresql_concurrently=True`, inside of `with op.get_context().autocommit_block():`
       = fix: build the index concurrently, outside of the transaction (`limbec validate --fix`)
    ");
}

#[test]
fn text_has_colours_where_they_are_wanted() {
    let (project, report) = judged(history());
    let colored = text(&project, &report, TextStyle { colored: true, width: Some(80) });
    assert!(colored.contains("\u{1b}["));
    assert!(!texts(history()).contains('\u{1b}'));
}

#[test]
fn long_lines_are_cut() {
    let line = format!("x = '{}' + y  # é\n", "ab".repeat(5_000_000));
    let start = line.find("+ y").unwrap();
    let shown = at(&line, start..start + 3, &[]);
    assert!(shown.len() < 1000, "{}", shown.len());
    assert!(shown.contains(&format!("a.py:1:{}", start + 1)) && shown.contains("+ y"), "{shown}");
    let shown = at(&line, 0..start, &[]);
    assert!(shown.len() < 20_000, "{}", shown.len());
}

#[test]
fn a_whole_file_has_no_lines() {
    assert_snapshot!(at("x = 1\n", 0..0, &[]), @"
    error[unreadable-revision]: 50%: a,␍
                                b
    --> a.py
     = help: do: this
     = note: And more.
    ");
}

#[test]
fn other_places_are_shown_near_or_apart() {
    let text = format!("\u{feff}first = 1\nsecond = 2\n{}last = 3\n", "\n".repeat(40));
    let last = text.find("last").unwrap();
    assert_snapshot!(at(&text, 3..8, &[13..19, last..last + 4]), @"
    error[unreadable-revision]: 50%: a,␍
                                b
      --> a.py:1:1
       |
     1 | first = 1
       | ^^^^^
     2 | second = 2
       | ------ here, too
       |
      ::: a.py:43:1
       |
    43 | last = 3
       | ---- here, too
       |
       = help: do: this
       = note: And more.
    ");
}

#[test]
fn github_is_escaped() {
    let (project, mut report) = judged(History::new().file("a,b%.py", "x = 1\n"));
    report.diagnostics = vec![finding(&project, 4..5)];
    assert_snapshot!(github(&project, &report), @"::error title=limbec (unreadable-revision),file=a%2Cb%25.py,line=1,col=5,endColumn=6::50%25: a,%0D%0Ab%0Ahelp: do: this%0Anote: And more.");
}

#[test]
fn fingerprints_stay_when_lines_move() {
    let fingerprints = |text: &str| -> Vec<String> {
        let (project, report) = judged(History::new().file("a.py", text));
        let issues: Value = serde_json::from_str(&gitlab(&project, &report)).unwrap();
        issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    let text = "from alembic import op\nrevision = 'a'\ndown_revision = None\ndef upgrade():\n    \
                op.create_index('i', 't', ['a'])\n    op.create_index('i', 't', ['a'])\n    op.create_index('j', 't', ['a'])\n";
    let before = fingerprints(text);
    assert_eq!(before.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert_eq!(fingerprints(&format!("# more\n\n{text}")), before);
}

#[test]
fn sarif_refers_to_rules_and_regions() {
    let (project, report) = judged(history());
    let log: Value = serde_json::from_str(&sarif(&project, &report)).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "index-without-concurrently");
    assert_eq!(run["results"][1]["ruleIndex"], 0);
    assert_eq!(run["results"][0]["level"], "warning");
    let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["endColumn"]), (&Value::from(5), &Value::from(45)));
    assert_eq!(run["results"][1]["fixes"][0]["artifactChanges"].as_array().unwrap().len(), 1);
}

#[test]
fn junit_holds_what_xml_cannot() {
    let (project, mut report) = judged(History::new().file("a.py", "x = 1\n"));
    let mut diagnostic = finding(&project, 4..5);
    diagnostic.message = "a\u{1} <b> ]]>".to_owned();
    report.diagnostics = vec![diagnostic];
    assert_snapshot!(junit(&project, &report), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="limbec validate" tests="1" skipped="0" failures="1" errors="0">
        <testsuite name="a.py" tests="1" skipped="0" errors="0" failures="1">
            <testcase name="unreadable-revision:1:5" classname="a.py">
                <failure message="a &lt;b&gt; ]]&gt;">a.py:1:5: a &lt;b&gt; ]]&gt;
    help: do: this</failure>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
    report.diagnostics.clear();
    assert!(junit(&project, &report).contains("no findings"));
}

#[test]
fn the_summary_says_what_was_judged_and_what_to_type() {
    let (_, report) = judged(history());
    let coverage = Coverage {
        base: Some("origin/main".to_owned()),
        is_changed_only: true,
        is_named_only: false,
        published_left_out: 344,
    };
    assert_snapshot!(summary(&report, &coverage).join("\n"), @"
    Found 1 error and 1 warning in 2 files.
    2 revisions judged, that changed since origin/main; 344 published ones were not judged: `--all` judges them.
    1 fixable by `limbec validate --fix`.
    ");
    assert_snapshot!(summary(&Report::default(), &Coverage::default()).join("\n"), @"
    No findings.
    0 revisions judged.
    ");
}
