"""A copy of the database before something in it is destroyed."""

import json
import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest
from support import databases
from support.projects import Project

FIRST, SECOND = "a" * 12, "b" * 12


@pytest.fixture(autouse=True)
def client_programs(monkeypatch):
    """pg_dump of the server under test is the first on PATH."""
    folder = os.environ.get("LIMBEC_TEST_POSTGRES_BIN")
    if folder:
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def project(url, tmp_path, limbec_bin):
    """A table with a row, at the first revision; the second drops the table."""
    project = Project(tmp_path / "project", url)
    create = 'op.execute("CREATE TABLE kept (id INTEGER)")\nop.execute("INSERT INTO kept VALUES (7)")'
    project.add(FIRST, None, up=create, undo='op.drop_table("kept")')
    project.add(SECOND, FIRST, up='op.drop_table("kept")', undo='op.execute("CREATE TABLE kept (id INTEGER)")')
    project.run(limbec_bin, "upgrade", FIRST).ok()
    return project


def rows_of(backup, postgres_databases=None):
    """The rows of the table in a backup."""
    if backup.suffix == ".db":
        with sqlite3.connect(backup) as connection:
            return connection.execute("SELECT id FROM kept").fetchall()
    restored = postgres_databases()
    program = str(Path(os.environ.get("LIMBEC_TEST_POSTGRES_BIN", "")) / "pg_restore")
    target = restored.replace("postgresql+psycopg2://", "postgresql://")
    subprocess.run([program, "--no-owner", f"--dbname={target}", str(backup)], check=True)
    return databases.fetch(restored, "SELECT id FROM kept")


def test_a_destructive_plan_is_preceded_by_a_backup(project, request, tmp_path, limbec_bin):
    folder = tmp_path / "the backups"
    arguments = ("--log-format", "json", "upgrade", f"--backup={folder}", "head")
    done = project.run(limbec_bin, *arguments).ok()
    assert "kept" not in databases.tables(project.url)
    (backup,) = list(folder.iterdir())
    (told,) = [event for event in map(json.loads, done.err.splitlines()) if event["event"] == "backed_up"]
    assert told["path"] == str(backup)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    make = request.getfixturevalue("postgres_databases") if backup.suffix == ".dump" else None
    assert rows_of(backup, make) == [(7,)]


def test_a_plan_that_destroys_nothing_has_none(project, tmp_path, limbec_bin):
    folder = tmp_path / "backups"
    project.run(limbec_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "downgrade", f"--backup={folder}", FIRST).ok()
    assert not folder.exists()


def test_the_setting_and_the_hooks_know_of_it(project, tmp_path, limbec_bin):
    (project.folder / "limbec.toml").write_text(
        f'backup = "kept here"\nhistory = true\n[hooks]\nafter-upgrade = ["sh", "-c", "cat > {tmp_path}/heard"]\n'
    )
    project.run(limbec_bin, "upgrade", "head").ok()
    (backup,) = list((project.folder / "kept here").iterdir())
    assert json.loads((tmp_path / "heard").read_text())["backup"] == str(backup)
    log = json.loads(project.run(limbec_bin, "log", "--format", "json").ok().out)
    assert str(backup) in json.dumps(log)


def test_without_a_backup_nothing_is_run(project, tmp_path, limbec_bin):
    occupied = tmp_path / "file"
    occupied.write_text("")
    project.run(limbec_bin, "upgrade", f"--backup={occupied}", "head").failed(
        "cannot write the backup", "nothing was run", status=1
    )
    assert "kept" in databases.tables(project.url)


def test_without_pg_dump_nothing_is_run(project, tmp_path, limbec_bin):
    if project.url.startswith("sqlite"):
        pytest.skip("SQLite needs no program")
    python = Path(os.environ["VIRTUAL_ENV"]) / "bin"
    done = project.run(limbec_bin, "upgrade", "--backup", "head", PATH=str(python))
    done.failed("cannot run pg_dump", "nothing was run", status=1)
    assert "kept" in databases.tables(project.url)


def test_the_password_is_on_no_command_line(project, tmp_path, limbec_bin):
    if project.url.startswith("sqlite"):
        pytest.skip("SQLite has no password")
    program = tmp_path / "bin/pg_dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\nenv > {tmp_path}/environment\nexit 1\n')
    program.chmod(0o755)
    done = project.run(limbec_bin, "upgrade", "--backup", "head", PATH=f"{program.parent}:{os.environ['PATH']}")
    done.failed("pg_dump failed", status=1)
    assert "ss: word" not in (tmp_path / "arguments").read_text()
    assert "PGDATABASE=" in (tmp_path / "environment").read_text()
