use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::Project;

/// Characters that mean something to a terminal, to Python's `%`, to DOT, Mermaid, HTML or Markdown.
fn odd() -> Project {
    let project = Project::new();
    project.revision("a_1", r#"1. a <b>\"bold\"</b> & [x](y) #9; \\N"#, "down_revision = None");
    project.revision("end", "bell \u{7} and \u{202e} turned", "down_revision = 'a_1'\nbranch_labels = ['<i>']");
    project
}

#[test]
fn one_line() {
    let project = Project::new();
    project.revision("a1", "first", "down_revision = None");
    project.revision("b1", "", "down_revision = 'a1'");
    project.revision("c1", "third\n\nand more", "down_revision = 'b1'");
    assert_snapshot!(project.limbec(&["graph"]), @"
    exit 0
    ---- stdout
    ●  c1 (head), third
    ○  b1
    ○  a1, first
    ");
    assert_snapshot!(project.limbec(&["graph", "-r", "b1:"]), @"
    exit 0
    ---- stdout
    ●  c1 (head), third
    ○  b1
    │
    ~
    ");
    assert_eq!(project.limbec(&["graph", "-r", "b1:"]), project.limbec(&["graph", "b1:"]));
    assert_eq!(project.limbec(&["graph", "-r", "b1:"]), project.limbec(&["graph", "-r-1:"]));
}

#[test]
fn branches_merges_labels_and_two_bases() {
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["graph"]), @"
    exit 0
    ---- stdout
    ●    e1 (side) (head), needs d1
    ├─╮  depends on d1
    ○ ╷    c1, join
    ├───╮
    ○ ╷ │  b1, left
    │ ╷ ○  b2 (side), right
    ├───╯
    │ ●  d1 (head), alone
    ○  a1, first
    ");
    let mut ascii = project.command(&["graph", ":c1"]);
    assert_snapshot!(project.outcome(ascii.env("PYTHONIOENCODING", "ascii")), @r"
    exit 0
    ---- stdout
    o    c1, join
    |\
    o |  b1, left
    | o  b2 (side), right
    |/
    o  a1, first
    ");
}

#[test]
fn a_dependency_on_another_branch_has_a_dotted_lane() {
    let project = Project::new();
    project.revision("a1", "base", "down_revision = None");
    project.revision("b1", "left", "down_revision = 'a1'\nbranch_labels = 'left'");
    project.revision("b2", "left again", "down_revision = 'b1'");
    project.revision("c1", "right", "down_revision = 'a1'");
    project.revision("c2", "right again", "down_revision = 'c1'\ndepends_on = 'left'");
    project.revision("c3", "inherits it", "down_revision = 'c2'\ndepends_on = 'b1'");
    assert_snapshot!(project.limbec(&["graph"]), @"
    exit 0
    ---- stdout
    ●  b2 (left) (head), left again
    │ ●  c3 (head), inherits it
    │ │  depends on b1
    │ ○  c2, right again
    ╭─┤  depends on left
    │ ○  c1, right
    ○ │  b1 (left), left
    ├─╯
    ○  a1, base
    ");
}

#[test]
fn mermaid() {
    assert_snapshot!(Project::branched().limbec(&["graph", "--format", "mermaid"]), @r#"
    exit 0
    ---- stdout
    flowchart BT
        r_e1["e1 (side) (head)<br>needs d1"]
        r_c1["c1<br>join"]
        r_b1["b1<br>left"]
        r_b2["b2 (side)<br>right"]
        r_d1["d1 (head)<br>alone"]
        r_a1["a1<br>first"]
        r_c1 --> r_e1
        r_d1 -.-> r_e1
        r_b1 --> r_c1
        r_b2 --> r_c1
        r_a1 --> r_b1
        r_a1 --> r_b2
        classDef head stroke-width:3px
        class r_e1,r_d1 head
    "#);
    assert_snapshot!(odd().limbec(&["graph", "--format=mermaid"]), @r#"
    exit 0
    ---- stdout
    flowchart BT
        r_end["end (#60;i#62;) (head)<br>bell   and   turned"]
        r_a_5f_1["a_1<br>1#46; a #60;b#62;#34;bold#34;#60;/b#62; #38; #91;x#93;(y) #35;9#59; #92;N"]
        r_a_5f_1 --> r_end
        classDef head stroke-width:3px
        class r_end head
    "#);
    assert_snapshot!(Project::branched().limbec(&["graph", "--format=mermaid", "c1:"]), @r#"
    exit 0
    ---- stdout
    flowchart BT
        r_e1["e1 (side) (head)<br>needs d1"]
        more0(["…"]) -.- r_e1
        r_c1["c1<br>join"]
        more1(["…"]) -.- r_c1
        r_c1 --> r_e1
        classDef head stroke-width:3px
        class r_e1 head
    "#);
}

#[test]
fn dot() {
    assert_snapshot!(Project::branched().limbec(&["graph", "--format", "dot"]), @r#"
    exit 0
    ---- stdout
    digraph revisions {
        rankdir=BT;
        node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];
        "e1" [label="e1 (side) (head)\nneeds d1", penwidth=2];
        "c1" [label="c1\njoin"];
        "b1" [label="b1\nleft"];
        "b2" [label="b2 (side)\nright"];
        "d1" [label="d1 (head)\nalone", penwidth=2];
        "a1" [label="a1\nfirst"];
        "c1" -> "e1";
        "d1" -> "e1" [style=dashed];
        "b1" -> "c1";
        "b2" -> "c1";
        "a1" -> "b1";
        "a1" -> "b2";
    }
    "#);
    assert_snapshot!(odd().limbec(&["graph", "--format=dot"]), @r#"
    exit 0
    ---- stdout
    digraph revisions {
        rankdir=BT;
        node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];
        "end" [label="end (<i>) (head)\nbell and turned", penwidth=2];
        "a_1" [label="a_1\n1. a <b>\"bold\"</b> & [x](y) #9; \\N"];
        "a_1" -> "end";
    }
    "#);
}

#[test]
fn svg() {
    let project = Project::branched();
    let drawing = project.limbec(&["graph", "--format", "svg"]);
    for text in ["e1 (side) (head)", "depends on d1", "stroke-dasharray", "b2 (side)"] {
        assert!(drawing.contains(text), "{text} is not in {drawing}");
    }
    assert_eq!(drawing.matches("<circle").count(), 6);
    let drawing = odd().limbec(&["graph", "--format=svg"]);
    assert!(drawing.contains("1. a &lt;b&gt;&quot;bold&quot;&lt;/b&gt; &amp; [x](y) #9; \\N"), "{drawing}");
    assert!(drawing.contains("end (&lt;i&gt;) (head)"), "{drawing}");
}

#[test]
fn json() {
    let outcome = Project::branched().limbec(&["graph", "--format", "json", "b2:"]);
    let result: Value = serde_json::from_str(outcome.strip_prefix("exit 0\n---- stdout\n").unwrap()).unwrap();
    let all = Project::branched().limbec(&["graph", "--format", "json"]);
    assert!(all.contains(r#""kind": "depends_on""#), "{all}");
    let nodes: Vec<&Value> = result["nodes"].as_array().unwrap().iter().map(|node| &node["revision"]).collect();
    assert_eq!(nodes, ["e1", "c1", "b2"]);
    let edges: Vec<String> = result["edges"].as_array().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(edges, [r#"{"from":"e1","kind":"down","to":"c1"}"#, r#"{"from":"c1","kind":"down","to":"b2"}"#,]);
}

#[test]
fn a_file_is_of_the_kind_that_its_name_says() {
    let project = Project::branched();
    for (name, start) in [
        ("graph.svg", "<svg xmlns="),
        ("graph.gv", "digraph"),
        ("graph.mmd", "flowchart BT"),
        ("graph.json", "{\n"),
        ("graph", "●    e1"),
    ] {
        assert_eq!(project.limbec(&["graph", "--output", name]), "exit 0\n");
        let text = fs::read_to_string(project.path(name)).unwrap();
        assert!(text.starts_with(start) && text.ends_with('\n'), "{name}: {text}");
    }
    assert_eq!(project.limbec(&["graph", "-o", "graph.svg", "--format", "dot"]), "exit 0\n");
    assert!(fs::read_to_string(project.path("graph.svg")).unwrap().starts_with("digraph"));
    assert_snapshot!(project.limbec(&["graph", "-o", "nowhere/graph.svg"]), @"
    exit 1
    ---- stderr
    error: cannot write [DIR]/nowhere/graph.svg
    caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn what_cannot_be_drawn() {
    assert_snapshot!(Project::new().limbec(&["graph"]), @"
    exit 0
    ---- stderr
    There are no revisions yet.
    ");
    let project = Project::branched();
    assert_snapshot!(project.limbec(&["graph", "b1"]), @"
    exit 2
    ---- stderr
    error: History range requires [start]:[end], [start]:, or :[end]
    ");
    assert_snapshot!(project.limbec(&["graph", "b1:", "-r", "b1:"]), @"
    exit 2
    ---- stderr
    error: the argument '--rev-range <RANGE>' cannot be used with '[RANGE]'

    Usage: limbec graph --rev-range <RANGE> [RANGE]

    For more information, try '--help'.
    ");
    assert_snapshot!(project.limbec(&["graph", "zz:"]), @"
    exit 1
    ---- stderr
    error: Can't locate revision identified by 'zz'
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
    project.revision("f1", "lost", "down_revision = 'e9'");
    assert_snapshot!(project.limbec(&["graph"]), @"
    exit 1
    ---- stderr
    error: Revision e9 referenced from f1 is not present
    hint: a file is missing: deleted, or not brought along from another branch of the repository
    ");
}

#[test]
fn a_duplicate_id_is_refused_as_history_does() {
    let project = Project::new();
    project.revision("a1", "first", "down_revision = None");
    project.write("scripts/versions/a2.py", "'''again'''\nrevision = 'a1'\ndown_revision = None\n");
    project.revision("b1", "second", "down_revision = 'a1'");
    assert_snapshot!(project.limbec(&["graph"]), @"
    exit 1
    ---- stderr
    warning: Revision a1 is present more than once
    error: Requested revision b1 overlaps with other requested revisions a1
    ");
}

#[test]
fn a_thousand_branches_side_by_side() {
    let project = Project::new();
    project.revision("root", "", "down_revision = None");
    let branches: Vec<String> = (0..1000).map(|number| format!("b{number:04}")).collect();
    for branch in &branches {
        project.revision(branch, "", "down_revision = 'root'");
    }
    project.revision("join", "", &format!("down_revision = ('{}')", branches.join("', '")));
    let drawing = project.limbec(&["graph"]);
    let width = drawing.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    assert!((2000..2100).contains(&width), "{width}");
    assert!(drawing.ends_with("○  root\n"), "{}", drawing.lines().last().unwrap());
    let drawing = project.limbec(&["graph", "--format", "mermaid"]);
    let told = drawing.split("---- stderr\n").nth(1).unwrap();
    assert_snapshot!(told, @"
    warning: the drawing has 2000 edges, and Mermaid draws no more than 500 unless the page says otherwise
    hint: a range draws less, such as `limbec graph --format mermaid -r-100:`
    ");
}

#[test]
fn tables() {
    let project = Project::new();
    let revision = |id: &str, down: &str, upgrade: &str| {
        let head = "import sqlalchemy as sa\nfrom alembic import op\n";
        let text = format!("{head}revision = '{id}'\ndown_revision = {down}\n\n\ndef upgrade():\n{upgrade}");
        project.write(&format!("scripts/versions/{id}.py"), &text);
    };
    revision("a1", "None", "    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True))\n");
    let orders = "    op.create_table('orders', sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id')))\n    \
                  op.create_index('ix', 'orders', ['user_id'])\n    op.add_column('users', sa.Column('n', sa.Text()))\n";
    revision("b1", "'a1'", orders);
    revision("c1", "'b1'", "    op.rename_table('users', 'people')\n    op.execute('DROP TABLE \"odd -- name\"')\n");
    assert_snapshot!(project.limbec(&["graph", "--tables"]), @"
    exit 0
    ---- stdout
    ●  c1 (head)
    │  renames users to people; drops odd -- name
    ○  b1
    │  creates orders (references users); alters users
    ○  a1
       creates users
    ");
    assert_snapshot!(project.limbec(&["graph", "--tables", "--format", "dot", ":b1"]), @r#"
    exit 0
    ---- stdout
    digraph revisions {
        rankdir=BT;
        node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];
        "b1" [label="b1"];
        "a1" [label="a1"];
        "a1" -> "b1";
        "table orders" [label="orders", shape=cylinder, style=solid];
        "table users" [label="users", shape=cylinder, style=solid];
        "b1" -> "table orders" [label="creates", color=gray, fontcolor=gray, constraint=false];
        "b1" -> "table users" [label="alters", color=gray, fontcolor=gray, constraint=false];
        "table orders" -> "table users" [color=blue, arrowhead=vee];
        "a1" -> "table users" [label="creates", color=gray, fontcolor=gray, constraint=false];
    }
    "#);
    assert_snapshot!(project.limbec(&["graph", "--tables", "--format", "mermaid", "c1:"]), @r#"
    exit 0
    ---- stdout
    flowchart BT
        r_c1["c1 (head)"]
        more0(["…"]) -.- r_c1
        t_odd_20__2d__2d__20_name[("odd #45;#45; name")]
        t_people[("people")]
        r_c1 -. renames .-> t_people
        r_c1 -. drops .-> t_odd_20__2d__2d__20_name
        classDef head stroke-width:3px
        class r_c1 head
    "#);
    let json: Value = serde_json::from_str(
        project.limbec(&["graph", "--tables", "--format", "json"]).split("---- stdout\n").nth(1).unwrap(),
    )
    .unwrap();
    assert_eq!(json["nodes"][1]["tables"]["references"], serde_json::json!([["orders", "users"]]));
}
