"""The API in real applications: the examples of docs/python.md and README.md, and migrations inside a package."""

import os
import re
import subprocess

import pytest
from support.paths import ROOT
from support.projects import Project, run

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))'


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    project.add("aaaa", up=USERS, undo='op.drop_table("users")')
    return project


def example(name, page="docs/python.md"):
    """The Python block of a page below the comment of that name."""
    text = (ROOT / page).read_text().partition(f"<!-- {name} -->\n")[2]
    return re.match(r"```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL).group(1)


def python(interpreter, project, code, **environment):
    """Runs code in the project's folder, without anything that would tell it of limbec."""
    clean = {"VIRTUAL_ENV": "", "PATH": "/usr/bin:/bin", **environment}
    return run(interpreter, "-c", code, cwd=project.folder, environment=clean)


def test_fastapi_checks_in_its_lifespan(installed, project):
    (project.folder / "main.py").write_text(example("fastapi"))
    code = """
from fastapi.testclient import TestClient
from main import app, migrations
import limbec
try:
    with TestClient(app):
        print("it started")
except limbec.NotAtHead as error:
    print(error.pending)
migrations.upgrade("head")
with TestClient(app) as client:
    print(client.get("/health").json())
"""
    assert python(installed, project, code).ok().out == "('aaaa',)\n{'at_head': True}\n"


def test_fastapi_upgrades_in_its_lifespan_under_uvicorn(installed, project):
    """Several servers start at once: one migrates."""
    blocks = re.findall(r"```python\n(.*?)^```$", (ROOT / "docs/python.md").read_text(), re.MULTILINE | re.DOTALL)
    (lifespan,) = [block for block in blocks if "migrations.upgrade(" in block and "lifespan" in block]
    whole = re.sub(r"^@asynccontextmanager\n.*?yield\n", lambda _: lifespan, example("fastapi"), flags=re.M | re.S)
    assert "migrations.upgrade(" in whole and "check_at_head" not in whole
    (project.folder / "main.py").write_text(whole)
    command = [installed, "-m", "uvicorn", "main:app", "--port", "0"]
    environment = {**os.environ, "VIRTUAL_ENV": "", "PATH": "/usr/bin:/bin"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    servers = [subprocess.Popen(command, cwd=project.folder, env=environment, text=True, **pipes) for _ in range(3)]
    said = []
    for server in servers:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if "Uvicorn running" in line or "Application startup failed" in line:
                break
        said.append("".join(lines))
    for server in servers:
        server.terminate()
        server.communicate(timeout=60)
    assert all("Application startup complete" in text for text in said), said
    code = 'import limbec; print([r.revision for r in limbec.Project("alembic.ini").current()])'
    assert python(installed, project, code).ok().out == "['aaaa']\n"


def test_flask_migrates_by_a_command_and_tells_its_health(installed, project):
    (project.folder / "shop.py").write_text(example("flask"))
    code = f"""
from shop import create_app
app = create_app({project.url!r})
client = app.test_client()
print(client.get("/health").json)
result = app.test_cli_runner().invoke(args=["migrate"])
print(result.output, end="")
print(client.get("/health").json)
"""
    lines = python(installed, project, code).ok().out.splitlines()
    assert lines[0] == "{'at_head': False}" and lines[-1] == "{'at_head': True}"
    assert "upgrade aaaa" in lines and "1 revisions applied" in lines


def test_the_readmes_example(installed, project):
    """Its parts are put together as its comments say."""
    section = (ROOT / "README.md").read_text().partition("\n## From Python\n")[2]
    block = re.search(r"```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL).group(1)
    code = f"""
from contextlib import asynccontextmanager
import anyio.to_thread, limbec
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask
{block}
print(create_app().name)
with TestClient(FastAPI(lifespan=lifespan)):
    print(migrations.is_at_head())
"""
    assert python(installed, project, code).ok().out == "myapp\nTrue\n"
