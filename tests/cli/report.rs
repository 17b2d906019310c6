use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::Project;

const HOSTILE: &str = "</title><script>alert(1)</script> & it\\'s \\\"quoted\\\"";

#[test]
fn the_files_alone_make_a_page() {
    let project = Project::branched();
    project.revision("f1", HOSTILE, "down_revision = 'e1'\nbranch_labels = ('<i>',)");
    assert_snapshot!(project.limbec(&["report", "--no-database", "--html", "page.html"]), @"
    exit 0
    ---- stderr
    page.html is written.
    ");
    let page = fs::read_to_string(project.path("page.html")).unwrap();
    assert_eq!(page.matches("<script>").count(), 1, "limbec's own");
    assert!(
        page.contains("&#60;script&#62;alert(1)") && !page.contains("<i>"),
        "escaped, in tables and in the picture"
    );
    assert!(page.contains("None was looked at: --no-database."));
    let html = page.replace("http-equiv", "");
    assert!(!html.contains("http") && !html.contains("style=") && !html.contains("onclick"));
    let written = project.limbec(&["report", "--no-database", "--html", "-"]);
    let after_time =
        |text: &str| text.split("</header>").nth(1).map(|rest| rest.split("<footer>").next().unwrap().to_owned());
    assert_eq!(after_time(&written), after_time(&page), "to standard output");
}

#[test]
fn the_same_as_data() {
    let project = Project::branched();
    let output = project.limbec(&["report", "--no-database", "--format", "json", "--html", "page.html"]);
    let document: Value =
        serde_json::from_str(output.split("---- std").nth(1).unwrap().trim_start_matches("out\n")).unwrap();
    let ids: Vec<&str> =
        document["revisions"].as_array().unwrap().iter().map(|of| of["revision"].as_str().unwrap()).collect();
    assert_eq!(ids, ["e1", "c1", "b1", "b2", "d1", "a1"], "as `graph` has them");
    assert_eq!(document["revisions"][0]["depends_on"], serde_json::json!(["d1"]));
    assert_eq!(document["databases"], serde_json::json!([]));
    assert_eq!(document["tenants"], Value::Null);
    assert!(project.path("page.html").exists());
}

#[test]
fn an_empty_project_and_one_without_a_database() {
    let project = Project::new();
    let page = project.limbec(&["report", "--no-database", "--html", "-"]);
    assert!(page.contains("There are no revisions yet.") && page.contains("There is nothing to draw."));
    project.revision("a1", "first", "down_revision = None");
    project.write("scripts/env.py", "raise SystemExit(3)\n");
    let mut command = project.command(&["--url", "sqlite:////nowhere/of/this/name.db", "report", "--html", "-"]);
    let page = project.outcome(&mut command);
    assert!(page.starts_with("exit 0\n") && page.contains("Without a database."), "{page}");
}

#[test]
fn wrong_usage() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["report"]), @"
    exit 2
    ---- stderr
    error: it is not said where the page goes
    hint: `limbec report --html FILE`
    ");
    assert_snapshot!(project.limbec(&["report", "--format", "json", "--html", "-"]), @"
    exit 2
    ---- stderr
    error: page and JSON cannot both go to standard output
    ");
    assert_snapshot!(project.limbec(&["report", "--no-database", "--html", "nowhere/page.html"]), @"
    exit 1
    ---- stderr
    error: cannot write [DIR]/nowhere/page.html
    caused by: No such file or directory (os error 2)
    ");
    assert_snapshot!(project.limbec(&["report", "--slow", "soon", "--html", "-"]), @"
    exit 2
    ---- stderr
    error: invalid value 'soon' for '--slow <DURATION>': a duration such as 500ms, 10s or 5m is expected

    For more information, try '--help'.
    ");
}
