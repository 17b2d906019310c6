"""The examples of docs/ci are well formed, and every command in them works in a project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # pre-commit of requirements/oracle.txt brings it
from support.paths import ROOT
from support.projects import Project

EXAMPLES = ROOT / "docs/ci"
# These take a network and a release build; tests/packaging does that once for all that has to be said about it.
INSTALLATION = ["pip install -r requirements.txt", 'pip install "limbec @ git+https://github.com/limbec/limbec"']


def github() -> dict:
    return yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())["jobs"]


def gitlab() -> dict:
    return yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["migrations"]


def commands_of(example: str) -> "list[str]":
    """What the example runs, line by line."""
    if example == "jenkins":
        return re.findall(r"^\s*sh '(.+)'$", (EXAMPLES / "Jenkinsfile").read_text(), re.MULTILINE)
    if example == "gitlab":
        return gitlab()["before_script"] + gitlab()["script"]
    steps = github()[example.partition(" ")[2]]["steps"]
    return [line for step in steps for line in step.get("run", "").splitlines()]


@pytest.fixture
def project(tmp_path, limbec_bin, alembic_bin):
    """One that is in git, with its published revisions."""
    made = Project(tmp_path / "project", "postgresql+psycopg2://nobody@127.0.0.1:1/never")
    made.add(
        "aaaa",
        up='op.create_table("users", sa.Column("id", sa.BigInteger, primary_key=True))',
        undo='op.drop_table("users")',
    )
    (made.versions / "aaaa_.py").rename(made.versions / "20260105_090000_create_users.py")
    folders = [limbec_bin.parent, alembic_bin.parent]
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    made.environment = {"PATH": path, "VIRTUAL_ENV": str(Path(sys.executable).parent.parent), "CI": "true"}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], cwd=made.folder, check=True)
    return made


@pytest.mark.parametrize("example", ["github migrations", "github on-a-service", "gitlab", "jenkins"])
def test_every_command_works(example, project, postgres_server):
    commands = commands_of(example)
    assert commands[:2] == INSTALLATION
    assert [command.split()[1] for command in commands[2:]] == ["validate", "test", "test"]
    # A service of the example is the server of the tests here.
    has_service = example in ("github on-a-service", "gitlab")
    environment = {**os.environ, **project.environment, **({"LIMBEC_TEST_URL": postgres_server} if has_service else {})}
    for command in commands[2:]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert {path.name for path in project.folder.glob("*.xml")} == {"history.xml", "tenants.xml"}


def test_the_services_are_what_limbec_is_told_of():
    job = github()["on-a-service"]
    postgres = job["services"]["postgres"]
    password = postgres["env"]["POSTGRES_PASSWORD"]
    assert job["env"]["LIMBEC_TEST_URL"] == f"postgresql://postgres:{password}@localhost:5432/postgres"
    assert postgres["ports"] == ["5432:5432"]
    variables = gitlab()["variables"]
    host = gitlab()["services"][0]["alias"]
    assert (
        variables["LIMBEC_TEST_URL"] == f"postgresql://postgres:{variables['POSTGRES_PASSWORD']}@{host}:5432/postgres"
    )


def test_git_has_the_whole_history():
    for job in github().values():
        assert [step["with"]["fetch-depth"] for step in job["steps"] if "checkout" in step.get("uses", "")] == [0]
    assert gitlab()["variables"]["GIT_DEPTH"] == 0
