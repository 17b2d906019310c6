"""A project whose env.py works on several databases (Alembic's multidb template), beside Alembic."""

import json
import sqlite3

import pytest
from support.projects import Run, run

ENGINES = ("one", "two")


@pytest.fixture
def project(tmp_path, limbec_bin):
    """Two databases; the first is at the head, the second one revision below."""
    folder = tmp_path / "project"
    folder.mkdir()
    run(limbec_bin, "init", "-t", "multidb", "migrations", cwd=folder).ok()
    ini = folder / "alembic.ini"
    text = ini.read_text().replace("engine1", ENGINES[0]).replace("engine2", ENGINES[1])
    text = text.replace("driver://user:pass@localhost/dbname2", "sqlite:///two.db")
    ini.write_text(text.replace("driver://user:pass@localhost/dbname", "sqlite:///one.db"))
    for revision in ("aaaa", "bbbb", "cccc"):
        run(limbec_bin, "revision", "-m", f"add {revision}", "--rev-id", revision, cwd=folder).ok()
    run(limbec_bin, "upgrade", "head", cwd=folder).ok()
    with sqlite3.connect(folder / "two.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'bbbb'")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["current"],
        ["current", "-v"],
        ["history", "-i"],
        ["history", "-i", "-v", "-r", "aaaa:"],
        ["history", "-r", ":current"],
        ["history", "-r", "current:"],
        ["show", "current"],
        ["edit", "current"],
    ],
    ids=" ".join,
)
def test_every_database_has_its_say(words, project, limbec_bin, alembic_bin, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho opened $1\n")
    editor.chmod(0o755)
    environment = {"EDITOR": str(editor)}

    def answer(program) -> Run:
        return run(program, *words, cwd=project, environment=environment).ok()

    expected = answer(alembic_bin).out
    assert answer(limbec_bin).out == expected
    # The project is not one where nothing is said.
    assert expected.count("bbbb") > 0 or words[-1] == "current:"


def test_a_plan_for_every_database(project, limbec_bin):
    text = run(limbec_bin, "plan", "upgrade", "head", cwd=project).ok().out.splitlines()
    assert text[:2] == ["sqlite:///one.db:", "Nothing to do."]
    assert text[2] == "sqlite:///two.db:"
    assert text[-1].split() == ["1", "upgrade", "cccc", "add", "cccc", "bbbb", "→", "cccc"]
    run(limbec_bin, "plan", "upgrade", "head", "--format", "json", cwd=project).failed("--from", status=1)
    given = run(limbec_bin, "plan", "upgrade", "head", "--format", "json", "--from", "bbbb", cwd=project).ok()
    assert [step["revision"] for step in json.loads(given.out)["steps"]] == ["cccc"]
    run(limbec_bin, "upgrade", "head", cwd=project).ok()
    agreed = run(limbec_bin, "plan", "downgrade", "-1", "--format", "json", cwd=project).ok()
    assert [step["revision"] for step in json.loads(agreed.out)["steps"]] == ["cccc"]
