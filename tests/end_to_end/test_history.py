"""The history table: in the step's own transaction, seen after a kill, and unseen by Alembic."""

import json
import subprocess
import time
from pathlib import Path

import alembic
import pytest
import tomllib
from support import databases
from support.projects import Project, run

ROOT = Path(__file__).parents[2]

MODES = {"per-run": "", "per-revision": ", transaction_per_migration=True"}
IDS = ["one", "two", "three", "four"]


@pytest.fixture
def project(tmp_path, url):
    return build(tmp_path / "p", url)


def build(folder, url, configure="", broken="pass"):
    """Four revisions, each creating a table; `broken` runs in the third, after its table."""
    project = Project(folder, url, configure)
    for number, revision in enumerate(IDS):
        create = f'op.create_table("t{number}", sa.Column("id", sa.Integer))'
        down = IDS[number - 1] if number else None
        last = broken if revision == "three" else "pass"
        project.add(revision, down, up=f"{create}\n{last}", undo=f'op.drop_table("t{number}")')
    (folder / "limbec.toml").write_text("history = true\n")
    return project


def log(project, limbec_bin):
    """(revision, direction, outcome), oldest first."""
    done = project.run(limbec_bin, "log", "--format", "json")
    entries = json.loads(done.out)["entries"]
    return [(entry["revision"], entry["direction"], entry["outcome"]) for entry in reversed(entries)]


def ups(*outcomes):
    return [(revision, "upgrade", outcome) for revision, outcome in zip(IDS, outcomes)]


def test_what_ran_is_in_the_history(project, limbec_bin):
    project.run(limbec_bin, "upgrade", "three").ok()
    project.run(limbec_bin, "downgrade", "-1", "--yes").ok()
    project.run(limbec_bin, "stamp", "three").ok()
    assert log(project, limbec_bin) == [
        *ups("done", "done", "done"),
        ("three", "downgrade", "done"),
        ("three", "stamp", "done"),
    ]
    status = json.loads(project.run(limbec_bin, "status", "--format", "json").out)
    assert [revision["state"] for revision in status["revisions"]] == ["applied"] * 3 + ["pending"]
    assert all(revision["applied_at"] for revision in status["revisions"][:2])
    assert status["revisions"][2]["applied_at"] is None
    assert status["totals"] == {"revisions": 4, "applied": 3, "pending": 1, "missing": 0, "unknown": 0}
    assert status["heads"] == ["three"]
    assert project.run(limbec_bin, "status", "--check").status == 1
    project.run(limbec_bin, "upgrade", "head").ok()
    assert project.run(limbec_bin, "status", "--check").status == 0


@pytest.mark.parametrize("mode", list(MODES))
def test_a_step_that_failed_has_no_done_row(mode, url, tmp_path, limbec_bin):
    project = build(tmp_path / "p", url, MODES[mode], 'raise RuntimeError("boom")')
    assert project.run(limbec_bin, "upgrade", "head").status == 1
    undone = mode == "per-run" and url.startswith("postgresql")
    expected = ups("rolled-back", "rolled-back", "failed") if undone else ups("done", "done", "failed")
    assert log(project, limbec_bin) == expected
    failed = json.loads(project.run(limbec_bin, "log", "--outcome", "failed", "--format", "json").out)["entries"]
    assert [entry["error"] for entry in failed] == ["RuntimeError: boom"]
    assert databases.versions(url) == (None if undone else ["two"])


@pytest.mark.parametrize("mode", list(MODES))
def test_a_killed_run_leaves_a_row_that_is_started(mode, url, tmp_path, limbec_bin):
    ready = tmp_path / "ready"
    wait = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    project = build(tmp_path / "p", url, MODES[mode], wait)
    with subprocess.Popen(
        [str(limbec_bin), "upgrade", "head"], cwd=project.folder, stderr=subprocess.DEVNULL
    ) as runner:
        deadline = time.monotonic() + 50
        while not ready.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        runner.kill()
    assert ready.exists()
    undone = mode == "per-run" and url.startswith("postgresql")
    expected = ("started", "planned", "planned", "planned") if undone else ("done", "done", "started", "planned")
    assert log(project, limbec_bin) == ups(*expected)


def test_adopting_records_what_is_applied(project, limbec_bin, alembic_bin):
    project.run(alembic_bin, "upgrade", "two").ok()
    (project.folder / "limbec.toml").unlink()
    assert project.run(limbec_bin, "log").status == 1
    project.run(limbec_bin, "adopt", "--yes", "--history").ok()
    assert "history = true\n" in (project.folder / "limbec.toml").read_text()
    adopted = [("one", "stamp", "adopted"), ("two", "stamp", "adopted")]
    assert log(project, limbec_bin) == adopted
    project.run(limbec_bin, "upgrade", "three").ok()
    assert log(project, limbec_bin) == [*adopted, ("three", "upgrade", "done")]


HOSTILE = "h\"i's; :x %s é"


def test_hostile_names_are_names(project, url, limbec_bin):
    place = {"table": HOSTILE} | ({"schema": HOSTILE + "2"} if url.startswith("postgresql") else {})
    settings = ", ".join(f"{key} = {json.dumps(value)}" for key, value in place.items())
    (project.folder / "limbec.toml").write_text(f"history = {{ {settings} }}\n")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert log(project, limbec_bin) == ups("done", "done", "done", "done")


def test_a_row_without_a_file_is_told(project, limbec_bin):
    project.run(limbec_bin, "upgrade", "head").ok()
    (project.versions / "four_.py").unlink()
    done = project.run(limbec_bin, "status", "--check", "--format", "json")
    assert done.status == 3
    states = {revision["revision"]: revision["state"] for revision in json.loads(done.out)["revisions"]}
    assert states == {"one": "applied", "two": "applied", "three": "applied", "four": "missing"}


COMPARED = ", target_metadata=__import__('sqlalchemy').MetaData(), include_schemas=True"


@pytest.fixture
def plugin(tmp_path):
    """A folder with limbec's Python package and its entry points, as an installation has them."""
    site = tmp_path / "site"
    (site / "limbec-0.dist-info").mkdir(parents=True)
    (site / "limbec").symlink_to(ROOT / "python" / "limbec")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = [
        line
        for group, points in groups.items()
        for line in [f"[{group}]", *[f"{name} = {module}" for name, module in points.items()]]
    ]
    (site / "limbec-0.dist-info" / "entry_points.txt").write_text("\n".join(lines) + "\n")
    (site / "limbec-0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: limbec\nVersion: 0\n")
    return {"PYTHONPATH": str(site)}


def test_limbecs_own_check_does_not_see_it(url, tmp_path, limbec_bin):
    project = build(tmp_path / "p", url, COMPARED)
    project.run(limbec_bin, "upgrade", "head").ok()
    done = project.run(limbec_bin, "check")
    assert "t0" in done.out + done.err
    assert "limbec_history" not in done.out + done.err


def test_plain_alembic_does_not_see_it(url, tmp_path, limbec_bin, alembic_bin, plugin):
    if tuple(map(int, alembic.__version__.split(".")[:2])) < (1, 18):
        pytest.skip("Alembic has plugins since 1.18")
    project = build(tmp_path / "p", url, COMPARED)
    project.run(limbec_bin, "upgrade", "head").ok()
    done = run(alembic_bin, "check", cwd=project.folder, environment=plugin)
    assert "t0" in done.out + done.err
    assert "limbec_history" not in done.out + done.err
    run(alembic_bin, "revision", "--autogenerate", "-m", "x", cwd=project.folder, environment=plugin).ok()
    assert [path for path in project.versions.glob("*.py") if "limbec" in path.read_text()] == []


def test_on_postgresql_it_is_unseen_without_a_plugin(url, tmp_path, limbec_bin, alembic_bin):
    """Alembic looks at the default schema alone; on SQLite, which has one place, docs/history.md says what to do."""
    project = build(tmp_path / "p", url, COMPARED.replace(", include_schemas=True", ""))
    project.run(limbec_bin, "upgrade", "head").ok()
    done = project.run(alembic_bin, "check")
    assert ("limbec_history" in done.out + done.err) == url.startswith("sqlite")
