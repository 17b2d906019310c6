"""`limbec squash`: databases before, at and after a baseline, under both programs."""

import json
from pathlib import Path

import pytest
from support import databases
from support.projects import Project
from support.squashing import content, without_rewritten


def test_every_database_goes_on(squashing):
    """Empty, before, at and after the baseline; by limbec, by plain Alembic, and by both in turn."""
    reference = without_rewritten(content(squashing.database("upgrade head")))
    before = squashing.files()
    at_baseline = squashing.database("upgrade eeee")
    at_head = squashing.database("upgrade head")
    squashing.database()
    squashing.squash("--with-data").ok()
    after = squashing.files()
    archived = [f"squashed/eeee/{name}_.py" for name in ("aaaa", "bbbb", "cccc", "dddd", "eeee")]
    assert sorted(set(after) - set(before)) == sorted([*archived, "squashed/eeee/alembic.ini", "versions/eeee_.up.sql"])
    for name in archived:
        assert after[name] == before["versions/" + Path(name).name]
    assert squashing.alembic("history").ok().out.splitlines()[-1].startswith("<base> -> eeee (core)")

    empty = {"limbec": squashing.limbec, "alembic": squashing.alembic}
    for run in empty.values():
        url = squashing.database()
        run("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference
    for url in (at_baseline, at_head):
        squashing.point_at(url)
        squashing.limbec("upgrade", "head").ok()
        squashing.alembic("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference
    # In the middle of the archive, where two branches are half done.
    for step in ("bbbb", "aaaa", "dddd"):
        url = squashing.database(f"-c {squashing.archive_ini} upgrade {step}")
        squashing.alembic("upgrade", "head").failed(f"Can't locate revision identified by '{step}'")
        told = squashing.limbec("upgrade", "head").ok().err
        assert f"{step} was squashed into eeee; its file is in migrations/squashed/eeee" in told
        assert without_rewritten(content(url)) == reference
        url = squashing.database(
            f"-c {squashing.archive_ini} upgrade {step}", f"-c {squashing.archive_ini} upgrade eeee"
        )
        assert databases.versions(url) == ["eeee"]
        squashing.alembic("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference


def test_the_project_stays_clean(squashing):
    """git, the lock file, validate and what is written next."""
    squashing.limbec("freeze").ok()
    squashing.commit()
    squashing.git("checkout", "-q", "-b", "work")
    squashing.squash("--with-data").ok()
    squashing.limbec("freeze", "--check").ok()
    found = json.loads(squashing.limbec("validate", "--base", "main", "--format", "json").out)
    rules = {finding["rule"] for finding in found["findings"]}
    assert not {rule for rule in rules if rule.startswith("published")}, rules
    squashing.commit()
    squashing.limbec("new", "more", "--no-autogenerate", "--rev-id", "gggg").ok()
    squashing.limbec("new", "again", "--no-autogenerate", "--rev-id", "bbbb").failed("squashed into eeee")
    squashing.limbec("new", "again", "--no-autogenerate", "--head", "bbbb").failed("squashed into eeee")
    squashing.limbec("revision", "-m", "again", "--rev-id", "aaaa").failed("squashed into eeee")
    url = squashing.database()
    squashing.alembic("upgrade", "head").ok()
    assert databases.versions(url) == ["gggg"]


def test_old_identifiers_resolve(squashing):
    squashing.squash("--with-data").ok()
    shown = squashing.limbec("show", "bbbb").ok()
    assert "Parent: aaaa" in shown.out and "squashed/eeee/bbbb_.py" in shown.out
    assert "bbbb was squashed into eeee" in shown.err
    assert squashing.limbec("history", "-r", "aaaa:bbbb").ok().out.splitlines()[0].startswith("aaaa -> bbbb")
    url = squashing.database(f"-c {squashing.archive_ini} upgrade bbbb")
    assert squashing.limbec("current").ok().out == "bbbb\n"
    status = json.loads(squashing.limbec("status", "--format", "json").ok().out)
    assert status["totals"] == {"revisions": 6, "applied": 2, "pending": 4, "missing": 0, "unknown": 0}
    assert [
        step["revision"]
        for step in json.loads(squashing.limbec("plan", "upgrade", "head", "--format", "json").out)["steps"]
    ][-2:] == ["eeee", "ffff"]
    squashing.limbec("verify").ok()
    assert databases.versions(url) == ["bbbb"]


def test_the_history_table_agrees(squashing):
    """Rows of squashed revisions are neither missing nor changed, and a database in the middle records what it runs."""
    (squashing.project.folder / "limbec.toml").write_text("history = true\n")
    whole, part = squashing.database(), squashing.databases_of()
    squashing.limbec("upgrade", "eeee").ok()
    squashing.point_at(part)
    squashing.limbec("upgrade", "bbbb").ok()
    squashing.squash("--with-data", "--ignore-databases").ok()
    for url in (whole, part):
        squashing.point_at(url)
        squashing.limbec("upgrade", "head").ok()
        assert databases.versions(url) == ["ffff"]
        totals = json.loads(squashing.limbec("status", "--format", "json").ok().out)["totals"]
        assert totals == {"revisions": 2, "applied": 2, "pending": 0, "missing": 0, "unknown": 0}
        findings = json.loads(squashing.limbec("verify", "--format", "json").out)["databases"][0]["findings"]
        assert [finding for finding in findings if finding["code"] in ("changed-revision", "unknown-revision")] == []


def test_rows_are_never_lost_silently(squashing):
    before = squashing.files()
    squashing.squash().failed("the revisions put rows into tables: roles (2)", "--with-data", status=2)
    squashing.squash("--with-data", "--dry-run").ok()
    assert squashing.files() == before
    squashing.squash("--without-data").ok()
    url = squashing.database("upgrade head")
    assert databases.fetch(url, "SELECT * FROM roles") == []


def test_what_is_known_to_be_before_it_refuses(squashing):
    before = squashing.files()
    squashing.database("upgrade bbbb")
    squashing.squash("--with-data").failed("a known database is before eeee", "is at bbbb", status=1)
    assert squashing.files() == before
    squashing.squash("--with-data", "--ignore-databases").ok()
    squashing.limbec("upgrade", "head").ok()
    told = squashing.squash().ok().err
    assert "There is nothing before eeee to squash." in told


def test_a_second_squash_takes_the_first_along(squashing):
    reference = without_rewritten(content(squashing.database("upgrade head")))
    middle = squashing.database("upgrade aaaa")
    squashing.database()
    squashing.squash("--with-data", to="dddd").ok()
    squashing.squash("--with-data", to="ffff").ok()
    url = squashing.database("upgrade head")
    assert without_rewritten(content(url)) == reference
    squashing.point_at(middle)
    told = squashing.limbec("upgrade", "head").ok().err
    assert "squashed into ffff" in told and "squashed into dddd" in told
    assert without_rewritten(content(middle)) == reference


def test_a_history_that_goes_around_it_is_refused(squashing):
    before = squashing.files()
    squashing.squash(to="bbbb").failed("cccc builds on aaaa, which comes before bbbb", status=2)
    squashing.project.add("gggg", "ffff", depends="bbbb")
    squashing.squash().failed("gggg depends on bbbb", 'write "eeee" instead of "bbbb"', status=2)
    (squashing.project.versions / "gggg_.py").unlink()
    squashing.project.add("hhhh", labels=("own",))
    squashing.squash("--with-data").ok()
    assert len(squashing.alembic("heads").ok().out.splitlines()) == 2
    assert before != squashing.files()


def test_what_cannot_be_written_changes_nothing(squashing):
    (squashing.scripts / "squashed").write_text("a file, not a folder")
    before = squashing.files()
    squashing.squash("--with-data").failed("squashed", status=1)
    assert squashing.files() == before


def test_an_env_py_that_nobody_understands(squashing):
    """Where the database is known to env.py alone, its rows are seen only when it has been run."""
    env = squashing.scripts / "env.py"
    env.write_text(env.read_text().replace("url = context", "url = (lambda: None)() or context"))
    squashing.squash("--with-data").ok()
    url = squashing.database(f"-c {squashing.archive_ini} upgrade bbbb")
    squashing.limbec("upgrade", "head").ok()
    assert databases.versions(url) == ["ffff"]
    assert squashing.limbec("current").ok().out == "ffff (head)\n"


def test_tenants_before_it_refuse_and_find_their_way(squashing):
    """Each tenant has a database of its own: one is at the baseline, one in the middle, one is empty."""
    reference = without_rewritten(content(squashing.database("upgrade head")))
    urls = {"done": squashing.database("upgrade eeee"), "middle": squashing.database("upgrade bbbb")}
    urls["empty"] = squashing.database()
    listed = ", ".join(f'{{ name = "{name}", url = "{url}" }}' for name, url in urls.items())
    (squashing.project.folder / "limbec.toml").write_text(f"[tenants]\nsource = [{listed}]\n")
    before = squashing.files()
    told = squashing.squash("--with-data").failed(
        "a known database is before eeee", "tenant middle is at bbbb", status=1
    )
    assert "tenant done" not in told.err and "tenant empty" not in told.err
    assert squashing.files() == before
    squashing.squash("--with-data", "--ignore-databases").ok()
    squashing.limbec("tenant", "migrate", "--all").ok()
    for url in urls.values():
        assert without_rewritten(content(url)) == reference


def test_a_baseline_needs_no_python(squashing):
    reference = without_rewritten(content(squashing.database("upgrade eeee")))
    squashing.squash("--with-data", "--ignore-databases").ok()
    url = squashing.database()
    squashing.limbec("upgrade", "eeee", LIMBEC_PYTHON="/nowhere").ok()
    assert without_rewritten(content(url)) == reference


def test_a_baseline_is_not_taken_back(squashing):
    """Neither by its own identifier nor by one of those that it stands for."""
    squashing.squash("--with-data").ok()
    url = squashing.database("upgrade head")
    before = content(url)
    for target in ("dddd", "aaaa", "bbbb"):
        squashing.limbec("downgrade", target, "--yes", "--allow-destructive").failed(
            "eeee is a baseline, which cannot be downgraded",
            "nothing was changed",
            "migrations/squashed/eeee/alembic.ini",
        )
        assert content(url) == before
        for asked in (("downgrade", target, "--dry-run"), ("plan", "downgrade", target)):
            squashing.limbec(*asked).failed("eeee is a baseline, which cannot be downgraded")
    squashing.limbec("downgrade", "eeee", "--yes", "--allow-destructive").ok()
    before = content(url)
    for target in ("base", "-1"):
        squashing.limbec("downgrade", target, "--yes", "--allow-destructive").failed("eeee")
        assert content(url) == before
    # The old files go both ways before the baseline.
    url = squashing.database(f"-c {squashing.archive_ini} upgrade dddd")
    squashing.limbec("downgrade", "aaaa", "--yes", "--allow-destructive").ok()
    assert databases.versions(url) == ["aaaa"]


def test_passwords_are_not_copied(squashing):
    ini = squashing.project.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "[other]\nsqlalchemy.url = postgresql://u:s3cret@db/x\n[third]\ntoken = s3cret\n")
    told = squashing.squash("--with-data", "--ignore-databases", "--format", "json").ok()
    assert "s3cret" not in told.out + told.err
    assert {"sqlalchemy.url", "token"} <= set(json.loads(told.out)["left_out"])
    archived = squashing.files()["squashed/eeee/alembic.ini"].decode()
    assert "s3cret" not in archived and "# token =" in archived


KILLED_AFTER = ("the archive", "the SQL", "the baseline", "two removals")


@pytest.mark.parametrize("when", KILLED_AFTER)
def test_a_squash_that_was_killed_is_finished(squashing, when):
    """The files as they are after each part of a squash, in its order."""
    before = squashing.files()
    squashing.limbec("freeze").ok()
    squashing.squash("--with-data").ok()
    after = squashing.files()
    baseline = squashing.scripts / "versions/eeee_.py"
    removed = 2 if when == "two removals" else 0
    for name in ["aaaa", "bbbb", "cccc", "dddd"][: 4 - removed]:
        (squashing.scripts / f"versions/{name}_.py").write_bytes(before[f"versions/{name}_.py"])
    if when in ("the archive", "the SQL"):
        baseline.write_bytes(before["versions/eeee_.py"])
    if when == "the archive":
        (squashing.scripts / "versions/eeee_.up.sql").unlink()
    if removed or when == "the baseline":
        squashing.limbec("upgrade", "heads").failed(
            "was squashed into eeee, but its file is there", "limbec squash --to eeee"
        )
        half = squashing.files()
        squashing.squash("--dry-run").ok()
        assert squashing.files() == half
        told = squashing.squash().ok().err
        assert "A squash into eeee was interrupted" in told and "versions/aaaa_.py" in told
    else:
        squashing.limbec("history").ok()
        told = squashing.squash("--with-data").ok().err
        assert "interrupted before it changed a revision file" in told
    archived = {name: text for name, text in squashing.files().items() if not name.endswith(".up.sql")}
    assert archived == {name: text for name, text in after.items() if not name.endswith(".up.sql")}
    squashing.limbec("freeze", "--check").ok()
    url = squashing.database()
    squashing.limbec("upgrade", "head").ok()
    assert databases.versions(url) == ["ffff"]


def test_a_file_that_came_back_changed_is_kept(squashing):
    squashing.squash("--with-data").ok()
    squashing.project.add("bbbb", "aaaa", up="pass  # changed since")
    before = squashing.files()
    squashing.squash().failed("versions/bbbb_.py is not in the archive", "as it is", "nothing was removed", status=1)
    assert squashing.files() == before


def test_what_sqlite_keeps_beside_the_rows(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/old.db")

    def new(name, text):
        path = project.run(limbec_bin, "new", "--sql", name).ok().out.split()[1]
        Path(path).write_text(text)

    counted = "CREATE TABLE a (id integer PRIMARY KEY AUTOINCREMENT, t text);"
    counted += "INSERT INTO a (t) VALUES ('x' || char(0) || 'y');"
    new("counted", counted + "INSERT INTO a (t) VALUES ('z'); DELETE FROM a WHERE id = 2; PRAGMA user_version = 7;")
    new("more", "CREATE TABLE b (x);")
    project.run(limbec_bin, "squash", "--to", "head", "--with-data").ok()
    url = f"sqlite:///{tmp_path}/new.db"
    project.run(limbec_bin, "--url", url, "upgrade", "head", LIMBEC_PYTHON="/nowhere").ok()
    assert databases.fetch(url, "SELECT id, t FROM a") == [(1, "x\0y")]
    assert databases.fetch(url, "SELECT name, seq FROM sqlite_sequence") == [("a", 2)]
    assert databases.fetch(url, "PRAGMA user_version") == [(7,)]


def test_rows_of_a_virtual_table_are_not_lost(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/old.db")
    for name, text in [("f", "CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('x');"), ("b", "SELECT 1;")]:
        path = project.run(limbec_bin, "new", "--sql", name).ok().out.split()[1]
        Path(path).write_text(text)
    before = sorted(path.name for path in project.versions.iterdir())
    project.run(limbec_bin, "squash", "--to", "head").failed("f", status=2)
    project.run(limbec_bin, "squash", "--to", "head", "--with-data").failed("virtual table f", status=1)
    assert sorted(path.name for path in project.versions.iterdir()) == before
