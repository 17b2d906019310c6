use std::fs;

use insta::assert_snapshot;

use crate::fixture::Project;

/// Writes a revision as `limbec new` would, under a name with a time.
fn revision(project: &Project, name: &str, id: &str, down: &str) {
    let text = format!(
        "\"\"\"{id}\n\nRevision ID: {id}\nRevises: {down}\nCreate Date: 2026-01-01 10:00:00.000000+00:00\n\n\"\"\"\n\
         revision = '{id}'  # its name\ndown_revision = {}\n\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n",
        if down.is_empty() { "None".to_owned() } else { format!("'{down}'") }
    );
    project.write(&format!("scripts/versions/{name}.py"), &text);
}

/// `main` has a1 ← b1, `work` (checked out) a1 ← w1 ← w2.
fn two_branches() -> Project {
    let project = Project::new();
    project.git(&["init", "-q"]);
    revision(&project, "20260101_100000_first", "a1", "");
    project.commit();
    project.git(&["checkout", "-q", "-b", "work"]);
    revision(&project, "20260102_100000_mine", "w1", "a1");
    revision(&project, "20260104_100000_mine_too", "w2", "w1");
    project.commit();
    project.git(&["checkout", "-q", "main"]);
    revision(&project, "20260103_100000_theirs", "b1", "a1");
    project.commit();
    project.git(&["checkout", "-q", "work"]);
    project
}

/// The outcome with today's stamps written as STAMP.
fn stamped(outcome: &str) -> String {
    let stamp = regex::Regex::new(r"20[3-9]\d[0-9]{4}_[0-9]{6}|202[6-9]\d{4}_[0-9]{6}").unwrap();
    let known = ["20260101_100000", "20260102_100000", "20260103_100000", "20260104_100000"];
    let replaced = stamp.replace_all(outcome, |found: &regex::Captures<'_>| {
        if known.contains(&&found[0]) { found[0].to_owned() } else { "YYYYMMDD_HHMMSS".to_owned() }
    });
    replaced.into_owned()
}

fn files(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.path("scripts/versions")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn two_heads_after_a_merge_become_one() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    assert_snapshot!(stamped(&project.limbec(&["rebase", "--dry-run"])), @r"
    exit 0
    ---- stdout
    Revision  Revises  Before  File                                          File before
    w1        b1       a1      scripts/versions/YYYYMMDD_HHMMSS_mine.py      20260102_100000_mine.py
    w2        w1               scripts/versions/YYYYMMDD_HHMMSS_mine_too.py  20260104_100000_mine_too.py
    ---- stderr
    The head would be w2.
    ");
    assert_eq!(files(&project).len(), 4);
    assert_snapshot!(stamped(&project.limbec(&["rebase"])), @r"
    exit 0
    ---- stdout
    Revision  Revises  Before  File                                          File before
    w1        b1       a1      scripts/versions/YYYYMMDD_HHMMSS_mine.py      20260102_100000_mine.py
    w2        w1               scripts/versions/YYYYMMDD_HHMMSS_mine_too.py  20260104_100000_mine_too.py
    ---- stderr
    The head is w2.
    ");
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 0
    ---- stdout
    w2 (head)
    ");
    let mine = files(&project).into_iter().find(|name| name.ends_with("_mine.py")).unwrap();
    let text = fs::read_to_string(project.path(&format!("scripts/versions/{mine}"))).unwrap();
    assert_snapshot!(text.lines().filter(|line| !line.starts_with("Create Date")).collect::<Vec<_>>().join("\n"), @r#"
    """w1

    Revision ID: w1
    Revises: b1

    """
    revision = 'w1'  # its name
    down_revision = 'b1'


    def upgrade():
        pass


    def downgrade():
        pass
    "#);
    assert_eq!(files(&project).len(), 4);
    assert!(!text.contains("2026-01-01 10:00:00.000000"));
    let again = project.limbec(&["rebase"]);
    assert_snapshot!(again, @r"
    exit 0
    ---- stderr
    Nothing to rebase: every unpublished revision is on top of the published ones.
    ");
    project.commit();
    assert_eq!(project.limbec(&["rebase"]), again);
}

#[test]
fn a_diff_shows_what_would_change() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    let outcome = stamped(&project.limbec(&["rebase", "--diff"]));
    let lines: Vec<&str> = outcome.lines().map(str::trim_end).filter(|line| !line.contains("Create Date")).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    exit 0
    ---- stdout
    diff --git a/scripts/versions/20260102_100000_mine.py b/scripts/versions/YYYYMMDD_HHMMSS_mine.py
    rename from scripts/versions/20260102_100000_mine.py
    rename to scripts/versions/YYYYMMDD_HHMMSS_mine.py
    --- a/scripts/versions/20260102_100000_mine.py
    +++ b/scripts/versions/YYYYMMDD_HHMMSS_mine.py
    @@ -1,12 +1,12 @@
     """w1

     Revision ID: w1
    -Revises: a1
    +Revises: b1

     """
     revision = 'w1'  # its name
    -down_revision = 'a1'
    +down_revision = 'b1'


     def upgrade():
    diff --git a/scripts/versions/20260104_100000_mine_too.py b/scripts/versions/YYYYMMDD_HHMMSS_mine_too.py
    rename from scripts/versions/20260104_100000_mine_too.py
    rename to scripts/versions/YYYYMMDD_HHMMSS_mine_too.py
    --- a/scripts/versions/20260104_100000_mine_too.py
    +++ b/scripts/versions/YYYYMMDD_HHMMSS_mine_too.py
    @@ -2,7 +2,7 @@

     Revision ID: w2
     Revises: w1

     """
     revision = 'w2'  # its name
    "#);
    assert_eq!(files(&project).len(), 4);
    assert!(files(&project).contains(&"20260102_100000_mine.py".to_owned()));
}

#[test]
fn published_revisions_stay() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    assert_snapshot!(project.limbec(&["rebase", "b1", "--onto", "w2"]), @r"
    exit 1
    ---- stderr
    error: b1 is published (it is on main), so it keeps its place
    hint: a database may have run it: correct it by a new revision on top of it
    ");
    assert_snapshot!(project.limbec(&["rebase", "b1", "--base", "nowhere"]), @r"
    exit 2
    ---- stderr
    error: the base 'nowhere' (--base) is no commit of this repository
    hint: `git branch --all` lists the branches
    ");
    assert_snapshot!(project.limbec(&["rebase", "--base", "work"]), @r"
    exit 1
    ---- stderr
    error: b1 and w2 are heads and published (they are on work): none of them can move
    hint: `limbec merge heads` joins them by a new revision
    ");
}

#[test]
fn what_the_base_has_and_the_branch_has_not_is_told() {
    let project = two_branches();
    assert_snapshot!(project.limbec(&["rebase"]), @r"
    exit 0
    ---- stderr
    warning: main has a revision that this branch has not
    hint: `git merge main`, then `limbec rebase` again
    Nothing to rebase: every unpublished revision is on top of the published ones.
    ");
}

#[test]
fn a_conflict_in_the_lock_file_is_repaired() {
    let project = Project::new();
    project.git(&["init", "-q"]);
    revision(&project, "20260101_100000_first", "a1", "");
    project.limbec(&["freeze"]);
    project.commit();
    project.git(&["checkout", "-q", "-b", "work"]);
    revision(&project, "20260102_100000_mine", "w1", "a1");
    project.limbec(&["freeze"]);
    project.commit();
    project.git(&["checkout", "-q", "main"]);
    revision(&project, "20260103_100000_theirs", "b1", "a1");
    project.limbec(&["freeze"]);
    project.commit();
    project.git(&["checkout", "-q", "work"]);
    project.git(&["merge", "-q", "main"]);
    let lock = || fs::read_to_string(project.path("scripts/versions/limbec.lock")).unwrap();
    assert!(lock().contains("<<<<<<<"));
    assert_snapshot!(stamped(&project.limbec(&["rebase"])), @r"
    exit 0
    ---- stdout
    Revision  Revises  Before  File                                      File before
    w1        b1       a1      scripts/versions/YYYYMMDD_HHMMSS_mine.py  20260102_100000_mine.py
    ---- stderr
    The head is w1.
    hint: limbec.lock lists w1 no more: `limbec freeze` adds what they are now
    ");
    let frozen = project.limbec(&["freeze"]);
    assert!(frozen.starts_with("exit 0\n"), "{frozen}");
    assert!(!lock().contains("<<<<<<<") && lock().contains("heads 3 w1\n"), "{}", lock());
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 0
    ---- stdout
    w1 (head)
    ");
}

#[test]
fn without_git_the_lock_file_decides() {
    let project = Project::new();
    revision(&project, "a", "a1", "");
    revision(&project, "b", "b1", "a1");
    assert_snapshot!(project.limbec(&["rebase"]), @r"
    exit 1
    ---- stderr
    error: nothing says which revisions are published: there is neither a base branch nor a lock file
    caused by: the revision files are in no git repository
    hint: name the base branch by `--base REF`
    ");
    project.limbec(&["freeze"]);
    revision(&project, "w", "w1", "a1");
    assert_snapshot!(project.limbec(&["rebase", "--format", "json"]), @r#"
    exit 0
    ---- stdout
    {
      "base": null,
      "rebased": [
        {
          "revision": "w1",
          "down_revisions": [
            "b1"
          ],
          "previous_down_revisions": [
            "a1"
          ],
          "path": "[DIR]/scripts/versions/w.py",
          "previous_path": "[DIR]/scripts/versions/w.py"
        }
      ],
      "unneeded_merges": [],
      "own_branches": [],
      "unfrozen": [],
      "heads": [
        "w1"
      ],
      "is_written": true
    }
    "#);
    assert_snapshot!(project.limbec(&["rebase", "b1", "--onto", "w1"]), @r"
    exit 1
    ---- stderr
    error: b1 is published (line 5 of limbec.lock), so it keeps its place
    hint: a database may have run it: correct it by a new revision on top of it
    ");
}

#[test]
fn two_chains_of_the_branch_need_an_order() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    revision(&project, "20260102_110000_other", "v1", "a1");
    assert_snapshot!(project.limbec(&["rebase"]), @r"
    exit 1
    ---- stderr
    error: v1 and w2 are heads and not all of them published: which one is to come first?
    hint: `limbec rebase w2 --onto v1` puts one on top of the other
    hint: `limbec merge heads` joins them by a new revision
    ");
    assert!(project.limbec(&["rebase", "v1", "--onto", "w2"]).starts_with("exit 0\n"));
    assert!(project.limbec(&["rebase"]).starts_with("exit 0\n"));
    assert_snapshot!(project.limbec(&["heads"]), @r"
    exit 0
    ---- stdout
    v1 (head)
    ");
    assert_snapshot!(project.limbec(&["rebase", "b1+1", "--onto", "base"]), @r"
    exit 1
    ---- stderr
    error: Can't locate revision identified by 'b1+1'
    hint: `limbec history` lists the revisions, `limbec heads` the heads
    ");
}

/// What git tells its hooks, here in a second work tree, is taken over.
#[test]
fn hooks_and_work_trees() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    project.git(&["branch", "-q", "other"]);
    project.git(&["worktree", "add", "-q", "tree", "other"]);
    let git_dir = project.path(".git/worktrees/tree");
    let run = |variables: &[(&str, &str)], folder: &str| {
        let mut command = project.command(&["rebase", "--dry-run"]);
        command.envs(variables.iter().copied()).current_dir(project.path(folder));
        project.outcome(&mut command)
    };
    let git_dir = git_dir.to_str().unwrap();
    for variables in
        [&[][..], &[("GIT_DIR", git_dir)], &[("GIT_DIR", git_dir), ("GIT_INDEX_FILE", &format!("{git_dir}/index"))]]
    {
        let outcome = run(variables, "tree");
        assert!(outcome.contains("The head would be w2."), "{variables:?}: {outcome}");
    }
    let outcome = run(&[("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/index")], ".");
    assert!(outcome.contains("The head would be w2."), "{outcome}");
    // A commit in the middle of which the hook runs has an index of its own.
    fs::copy(project.path(".git/index"), project.path(".git/next-index")).unwrap();
    let outcome = run(&[("GIT_INDEX_FILE", ".git/next-index")], "scripts");
    assert!(outcome.contains("alembic.ini"), "{outcome}");
    let outcome = run(&[("GIT_INDEX_FILE", ".git/next-index"), ("ALEMBIC_CONFIG", "../alembic.ini")], "scripts");
    assert!(outcome.contains("The head would be w2."), "{outcome}");
}

#[test]
fn the_base_is_taken_from_ci() {
    let project = two_branches();
    project.git(&["merge", "-q", "main"]);
    project.git(&["branch", "-q", "-m", "main", "trunk"]);
    assert_snapshot!(project.limbec(&["rebase"]), @r"
    exit 1
    ---- stderr
    error: nothing says which revisions are published: there is neither a base branch nor a lock file
    caused by: there is no base branch: neither origin/HEAD, origin/main, origin/master nor another branch main or master
    hint: name it by `--base REF`, or by `base` in [tool.limbec.lint]
    hint: `limbec rebase w2 --onto b1` puts one on top of the other
    hint: `limbec merge heads` joins them by a new revision
    ");
    project.write("limbec.toml", "lint.base = \"trunk\"\n");
    assert!(project.limbec(&["rebase", "--dry-run"]).contains("The head would be w2."));
    fs::remove_file(project.path("limbec.toml")).unwrap();
    let run = |branch: &str| {
        let mut command = project.command(&["rebase", "--dry-run"]);
        project.outcome(command.env("GITHUB_BASE_REF", branch))
    };
    assert!(run("trunk").contains("The head would be w2."), "{}", run("trunk"));
    assert_snapshot!(run("gone"), @r"
    exit 1
    ---- stderr
    error: nothing says which revisions are published: there is neither a base branch nor a lock file
    caused by: the base 'origin/gone' (GITHUB_BASE_REF) is no commit of this repository
    hint: `git fetch origin gone` brings it; in CI, check out with `fetch-depth: 0`
    hint: `limbec rebase w2 --onto b1` puts one on top of the other
    hint: `limbec merge heads` joins them by a new revision
    ");
}
