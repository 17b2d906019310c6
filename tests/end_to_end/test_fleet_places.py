"""Tenants that are not there, not there yet, or there twice."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.databases import execute, fetch, tables
from support.fleets import FleetProject, schema_fleet, sqlite_fleet
from support.projects import Project
from test_rendered import ENV


def states(fleet):
    done = fleet.limbec("tenant", "status", "--format", "json").ok()
    status = json.loads(done.out)
    return {tenant["tenant"]: tenant["state"] for tenant in status["tenants"]}, status["totals"]["missing"]


def understood(fleet):
    (fleet.project.folder / "migrations" / "env.py").write_text(ENV.format(configure="", head="", metadata="None"))
    return fleet


def test_a_schema_that_is_not_there_is_missing_and_set_apart(tmp_path, limbec_bin, postgres_url):
    fleet = understood(schema_fleet(tmp_path, limbec_bin, ["a", "b", "c"], postgres_url))
    fleet.write_settings(f'url = "{postgres_url}"')
    settings = fleet.project.folder / "limbec.toml"
    settings.write_text("search-path = true\n" + settings.read_text())
    fleet.add_witnessed(1)
    execute(postgres_url, "DROP SCHEMA b")
    assert states(fleet) == ({"a": "behind", "b": "missing", "c": "behind"}, 1)
    assert "there is no schema b" in fleet.limbec("tenant", "status").ok().out
    assert "b" in fleet.limbec("tenant", "status", "--only", "missing").ok().out
    done = fleet.migrate("--all").failed("tenant b: there is no schema b", "limbec tenant create", status=1)
    assert "2 of 3 tenants migrated, 1 missing" in done.out
    assert fleet.head("a") == ["r000"]
    report = fleet.project.folder / "fleet.html"
    fleet.migrate("--all", "--report", str(report)).failed(status=1)
    assert "missing" in report.read_text()
    fleet.limbec("tenant", "create", "b").ok()
    fleet.migrate("--resume").ok()
    assert fleet.head("b") == ["r000"]


def test_an_env_py_that_may_make_the_schema_is_run(tmp_path, limbec_bin, postgres_url):
    fleet = schema_fleet(tmp_path, limbec_bin, ["a", "b"], postgres_url)
    env = fleet.project.folder / "migrations" / "env.py"
    makes = "connection.execute(text('create schema if not exists \"%s\"' % current_tenant))"
    sets = "connection.execute(text('set"
    env.write_text(env.read_text().replace(sets, f"{makes}\n    {sets}"))
    fleet.write_settings(f'url = "{postgres_url}"')
    fleet.add_witnessed(1)
    execute(postgres_url, "DROP SCHEMA b")
    assert states(fleet)[0] == {"a": "behind", "b": "missing"}
    fleet.migrate("--all").ok()
    assert states(fleet)[0] == {"a": "current", "b": "current"}


def test_databases_and_files_that_are_not_there(tmp_path, limbec_bin, postgres_url):
    fleet = FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, ["file", "base"])
    fleet.urls = {"file": f"sqlite:///{tmp_path}/a.db", "base": f"{postgres_url}_gone"}
    fleet.configure()
    fleet.add_witnessed(1)
    assert states(fleet)[0] == {"file": "missing", "base": "missing"}
    done = fleet.migrate("--all").failed("tenant base: there is no database", status=1)
    # As Alembic, limbec makes the file.
    assert "1 of 2 tenants migrated, 1 missing" in done.out


def test_one_file_by_two_paths_is_refused(tmp_path, limbec_bin):
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b"])
    fleet.add_witnessed(1)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    for one, other in [
        (f"{tmp_path}/folder/a.db", f"{tmp_path}/link/a.db"),
        (f"{tmp_path}/project/a.db", "a.db"),
        (f"{tmp_path}/folder/a.db", f"{tmp_path}/folder/../folder/a.db"),
    ]:
        fleet.urls = {"a": f"sqlite:///{one}", "b": f"sqlite:///{other}"}
        fleet.configure()
        fleet.migrate("--all").failed("the tenants 'a' and 'b' are one and the same")
        assert not Path(one).exists()
        execute(fleet.urls["a"], "CREATE TABLE x (id integer)")
        fleet.migrate("--all").failed("the tenants 'a' and 'b' are one and the same")
        Path(one).unlink()


def test_one_database_by_two_names_of_its_server_is_refused(tmp_path, limbec_bin, postgres_databases):
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b"])
    fleet.add_witnessed(1)
    url, another = postgres_databases(), postgres_databases()
    host = urlsplit(url).hostname
    assert host == "127.0.0.1"
    fleet.urls = {"a": url, "b": url.replace(host, "localhost")}
    fleet.configure()
    fleet.migrate("--all").failed("the tenants 'a' and 'b' are one and the same", "localhost")
    assert tables(url) == []
    execute(url, "CREATE SCHEMA one")
    fleet.urls = {"a": url, "b": url.replace(host, "localhost") + "?options=-csearch_path%3Done"}
    fleet.configure()
    fleet.migrate("--all").ok()
    fleet.urls = {"a": url, "b": another.replace(host, "localhost")}
    fleet.configure()
    fleet.migrate("--all").ok()


def test_a_server_that_is_not_up_yet_is_waited_for(tmp_path, limbec_bin):
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b"])
    fleet.urls["b"] = f"sqlite:///{tmp_path}/volume/b.db"
    fleet.configure()
    fleet.add_witnessed(1)
    fleet.migrate("b").failed("tenant b", status=1)
    command = [str(limbec_bin), "tenant", "migrate", "--all", "--wait-for-db", "60s"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    with subprocess.Popen(command, cwd=fleet.project.folder, env=environment) as process:
        time.sleep(1)
        assert process.poll() is None
        (tmp_path / "volume").mkdir()
        assert process.wait(60) == 0
    assert fleet.heads() == {"a": ["r000"], "b": ["r000"]}


@pytest.mark.parametrize("render", [True, False])
def test_ctrl_c_ends_the_wait_for_a_lock(tmp_path, limbec_bin, postgres_url, render):
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a"])
    fleet.urls["a"] = postgres_url
    fleet.configure("" if render else "render = false")
    fleet.add_witnessed(1)
    fleet.project.add("r001", "r000", up="import time\nprint('begun', flush=True)\ntime.sleep(600)")
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [str(limbec_bin), "tenant", "migrate", "--all", "--lock-wait", "10m"]
    with subprocess.Popen(command, cwd=fleet.project.folder, env=environment, stderr=subprocess.DEVNULL) as holder:
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        locks = f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = {here}"
        while not fetch(postgres_url, locks):
            assert holder.poll() is None
            time.sleep(0.05)
        waiter = subprocess.Popen(command, cwd=fleet.project.folder, env=environment, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        began = time.monotonic()
        waiter.send_signal(signal.SIGINT)
        waiter.wait(60)
        assert time.monotonic() - began < 30
        assert waiter.returncode == 130
        holder.send_signal(signal.SIGINT)
        holder.wait(60)
