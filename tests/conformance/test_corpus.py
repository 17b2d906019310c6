"""The histories of real projects, beside real Alembic: every read command, every revision shown, and whole plans.

LIMBEC_CORPUS names the folder that holds them, LIMBEC_REQUIRE_CORPUS makes it an error if there is none.
LIMBEC_TEST_SUPERSET_READER is a virtualenv whose Alembic can load superset's revision files (they need SQLAlchemy 1.4).
"""

import os
from pathlib import Path

import pytest
from compare import ask_limbec, difference
from graphs import Question
from oracle import Oracle

PROJECTS = (
    "apache-airflow",
    "apache-superset",
    "galaxy",
    "jupyterhub",
    "langflow",
    "mlflow",
    "neutron",
    "optuna",
    "prefect-postgresql",
    "zenml",
)
READ = (
    ["heads"],
    ["heads", "-v"],
    ["heads", "--resolve-dependencies"],
    ["branches"],
    ["branches", "-v"],
    ["history"],
    ["history", "-v"],
    ["history", "-r-3:"],
    ["history", "-r:heads"],
    ["show", "heads"],
    ["show", "head"],
    ["show", "-2"],
)


def missing(what: str) -> None:
    """Skips visibly, or fails where the corpus is required."""
    if os.environ.get("LIMBEC_REQUIRE_CORPUS"):
        pytest.fail(f"{what}, and LIMBEC_REQUIRE_CORPUS is set")
    pytest.skip(what)


@pytest.fixture(params=PROJECTS)
def project(request, corpus) -> Path:
    """The folder of one real project."""
    folder = corpus / request.param
    if not (folder / "alembic.ini").exists():
        missing(f"{request.param} is not in {corpus}")
    return folder


@pytest.fixture
def reader(project, oracle):
    """An oracle that can load the revision files of the project."""
    if project.name != "apache-superset":
        yield oracle
        return
    venv = os.environ.get("LIMBEC_TEST_SUPERSET_READER")
    if not venv:
        missing("LIMBEC_TEST_SUPERSET_READER is not set")
    own = Oracle(str(Path(venv) / "bin/python"))
    yield own
    own.close()


def test_project(project, reader, limbec_bin, score):
    before = len(score.disagreements)
    asked = [Question("command", argv) for argv in READ]
    listed = reader.ask(project, [Question("command", ["history"]), Question("command", ["heads", "--resolve"])])
    assert [answer["status"] for answer in listed] == [0, 0], listed
    revisions = [line.partition(" -> ")[2] for line in listed[0]["stdout"].splitlines() if " -> " in line]
    revisions = [text.replace(",", " ").split()[0] for text in revisions]
    assert len(revisions) > 5
    heads = [line.split()[0] for line in listed[1]["stdout"].splitlines()]
    asked += [Question("command", ["show", revision]) for revision in revisions]
    asked += [Question("upgrade", targets=["heads"]), Question("downgrade", rows=heads, targets=["base"])]
    for middle in revisions[:: max(len(revisions) // 8, 1)]:
        asked.append(Question("upgrade", targets=[middle]))
        asked.append(Question("upgrade", rows=[middle], targets=["heads"]))
        asked.append(Question("downgrade", rows=heads, targets=[middle]))
        asked.append(Question("stamp", rows=heads, targets=[middle]))
    wanted = reader.ask(project, asked)
    got = ask_limbec(limbec_bin, project, asked)
    for question, want, have in zip(asked, wanted, got):
        score.count(question, difference(question, want, have), want, have, project, project.name)
    assert score.disagreements[before:] == []
