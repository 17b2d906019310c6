"""Commands at the points of a run, and standard error as a log of JSON objects."""

import json
import stat

import pytest
from support import databases
from support.postgres import PASSWORD, PASSWORD_IN_URL
from support.projects import Project

FIRST, SECOND = "a" * 12, "b" * 12


def listen(folder, name="listen", status=0):
    """A program that keeps what it reads and ends with that status."""
    program = folder / name
    program.write_text(f"#!/bin/sh\ncat >> {folder}/heard.jsonl\necho >> {folder}/heard.jsonl\nexit {status}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def heard(folder):
    path = folder / "heard.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def build(folder, url, settings, body="pass"):
    project = Project(folder, url)
    project.add(FIRST, None, up='op.execute("CREATE TABLE one (id INTEGER)")', undo='op.execute("DROP TABLE one")')
    project.add(SECOND, FIRST, up=body, undo="pass")
    (folder / "limbec.toml").write_text(settings)
    return project


def test_hooks_hear_of_a_run(url, tmp_path, limbec_bin):
    points = ("before-upgrade", "before-step", "after-step", "after-upgrade", "before-downgrade", "after-downgrade")
    program = listen(tmp_path)
    settings = "[hooks]\n" + "".join(f'{point} = "{program}"\n' for point in points)
    project = build(tmp_path / "project", url, settings)
    project.run(limbec_bin, "upgrade", "head").ok()
    said = heard(tmp_path)
    around = ["before-step", "after-step"]
    assert [fact["point"] for fact in said] == ["before-upgrade", *around, *around, "after-upgrade"]
    assert [fact["step"] for fact in said] == [None, 1, 1, 2, 2, None]
    assert said[0]["steps"][1] == {
        "revision": SECOND,
        "direction": "upgrade",
        "from_heads": [FIRST],
        "to_heads": [SECOND],
    }
    assert said[0]["version_table"] == "alembic_version"
    assert "p@ss" not in json.dumps(said) and "p%40ss" not in json.dumps(said)
    # Nothing to do is nothing to tell.
    project.run(limbec_bin, "upgrade", "head").ok()
    assert len(heard(tmp_path)) == len(said)
    project.run(limbec_bin, "downgrade", "base").ok()
    assert [fact["point"] for fact in heard(tmp_path)][len(said) :][0] == "before-downgrade"


def test_a_hook_that_says_no_before_the_run_stops_it(url, tmp_path, limbec_bin):
    settings = f'[hooks]\nbefore-upgrade = "{listen(tmp_path, status=3)}"\non-failure = "{listen(tmp_path, "other")}"\n'
    project = build(tmp_path / "project", url, settings)
    project.run(limbec_bin, "upgrade", "head").failed("the before-upgrade hook", "nothing was run", status=1)
    assert "one" not in databases.tables(url)
    assert [fact["point"] for fact in heard(tmp_path)] == ["before-upgrade", "on-failure"]
    assert "before-upgrade hook" in heard(tmp_path)[1]["error"]


def test_a_failure_is_told_and_comes_first(url, tmp_path, limbec_bin):
    settings = f'[hooks]\non-failure = "{listen(tmp_path, status=1)}"\n'
    project = build(tmp_path / "project", url, settings, body='raise RuntimeError("half way")')
    done = project.run(limbec_bin, "upgrade", "head").failed("half way", "warning: the on-failure hook", status=1)
    assert done.err.rindex("warning: the on-failure hook") < done.err.rindex("error: ")
    assert "half way" in heard(tmp_path)[0]["error"]


def test_after_the_run_everything_is_done_whatever_the_hook_says(url, tmp_path, limbec_bin):
    project = build(tmp_path / "project", url, '[hooks]\nafter-upgrade = ["sh", "-c", "exit 9"]\n')
    project.run(limbec_bin, "upgrade", "head").failed("every step is done and committed", status=1)
    assert databases.versions(url) == [SECOND]


def test_a_hook_has_a_time_limit(url, tmp_path, limbec_bin):
    settings = '[hooks]\nbefore-upgrade = { command = "sleep 600", timeout = "300ms" }\n'
    project = build(tmp_path / "project", url, settings)
    project.run(limbec_bin, "upgrade", "head").failed("was stopped after 0.3 s", status=1)


def events(text):
    """Every line of the log, each of them an object with a time, a level, an event and a message."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        assert {"time", "level", "event", "message"} <= set(line)
        assert line["level"] in ("debug", "info", "warning", "error")
    return found


@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_log_is_json_python_s_records_included(way, url, tmp_path, limbec_bin):
    project = build(tmp_path / "project", url, "", body='print("printed by a script")')
    env = (tmp_path / "project/migrations/env.py").read_text()
    loud = (
        'import logging\n\nlogging.basicConfig(level="INFO")\nlogging.getLogger("app").warning("from %s", "env.py")\n'
    )
    (tmp_path / "project/migrations/env.py").write_text(loud + env)
    options = ["--log-format", "json"] if way == "option" else []
    environment = {"LIMBEC_LOG_FORMAT": "json"} if way == "variable" else {}
    done = project.run(limbec_bin, *options, "upgrade", "head", **environment).ok()
    assert done.out == "printed by a script\n"
    log = events(done.err)
    names = [line["event"] for line in log if line["event"] != "log"]
    assert names == ["planned", *["step_started", "step_finished"] * 2, "finished"]
    records = [line["message"] for line in log if line["event"] == "log"]
    assert "from env.py" in records
    assert any(record.startswith("Running upgrade") for record in records)
    started = [line for line in log if line["event"] == "step_started"]
    assert [(line["revision"], line["step"], line["of"]) for line in started] == [(FIRST, 1, 2), (SECOND, 2, 2)]


def test_a_failure_in_the_log_has_its_causes_and_hints(url, tmp_path, limbec_bin):
    project = build(tmp_path / "project", url, "", body='raise RuntimeError("half way")')
    done = project.run(limbec_bin, "--log-format", "json", "-q", "upgrade", "head")
    assert done.status == 1
    (failure,) = [line for line in events(done.err) if line["level"] == "error"]
    assert "half way" in failure["message"] and failure["hints"]
    unknown = project.run(limbec_bin, "--log-format", "json", "upgrade", "nope")
    assert (unknown.status, unknown.out) == (255, "FAILED: Can't locate revision identified by 'nope'\n")
    assert events(unknown.err)[-1]["message"] == "Can't locate revision identified by 'nope'"


@pytest.mark.parametrize("options", [[], ["--log-format", "json"]], ids=["text", "json"])
def test_the_password_is_in_no_line_of_limbec_s(options, postgres_databases, tmp_path, limbec_bin):
    url = postgres_databases().replace("limbec_trusted@", f"postgres:{PASSWORD_IN_URL}@")
    body = f'print(op.get_bind().scalar(sa.text("SELECT 1")))\nraise RuntimeError("{PASSWORD} {PASSWORD_IN_URL}")'
    settings = f'[hooks]\non-failure = "{listen(tmp_path)}"\n'
    project = build(tmp_path / "project", url, settings, body=body)
    done = project.run(limbec_bin, *options, "upgrade", "head").failed("RuntimeError: *** ***", status=1)
    assert done.out == "1\n"
    for text in (done.err, json.dumps(heard(tmp_path))):
        assert PASSWORD not in text and PASSWORD_IN_URL not in text


def test_a_wrong_log_format_is_wrong_usage(tmp_path, limbec_bin):
    project = build(tmp_path / "project", "sqlite:///x.db", "")
    project.run(limbec_bin, "heads", LIMBEC_LOG_FORMAT="xml").failed("LIMBEC_LOG_FORMAT", status=2)
