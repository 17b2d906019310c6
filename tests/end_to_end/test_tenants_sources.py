"""Where tenants are listed: by what PostgreSQL says, and by what happens when it does not."""

import json

import pytest
from support.databases import execute
from support.projects import run


def listed(limbec_bin, folder, settings, **environment):
    (folder / "limbec.toml").write_text(settings)
    return run(limbec_bin, "tenant", "list", "--format", "json", cwd=folder, environment=environment)


@pytest.fixture
def project(tmp_path, limbec_bin):
    run(limbec_bin, "init", "migrations", cwd=tmp_path).ok()
    return tmp_path


def plain(url):
    return url.replace("postgresql+psycopg2", "postgresql")


def test_a_query_on_the_common_database(project, limbec_bin, postgres_url):
    execute(
        postgres_url,
        "CREATE TABLE tenants (id int, name varchar, url text, schema name, tags text[], more jsonb, active bool)",
        "INSERT INTO tenants VALUES (1, 'acme', 'sqlite:///a.db', NULL, '{eu,big}', NULL, true), "
        "(2, 'ü \" ''; DROP TABLE tenants; --', 'env:NOWHERE', 's', NULL, '[\"eu\"]', true), "
        "(3, 'gone', NULL, NULL, NULL, NULL, false)",
    )
    query = "SELECT * FROM tenants WHERE active ORDER BY id; "
    settings = f"[tenants]\ncommon = 'env:COMMON'\nsource = {{ query = \"{query}\" }}\n"
    done = listed(limbec_bin, project, settings, COMMON=plain(postgres_url)).ok()
    acme, other = json.loads(done.out)["tenants"]
    assert (acme["tenant"], acme["tags"], acme["database"]) == ("acme", ["big", "eu"], "sqlite:///a.db")
    assert other["tenant"] == "ü \" '; DROP TABLE tenants; --"
    assert other["error"].endswith("the environment variable NOWHERE is not set")
    json_tags = "SELECT name, url, more AS tags FROM tenants WHERE id = 2 -- the second"
    settings = f"[tenants]\ncommon = 'env:COMMON'\nsource = {{ query = \"{json_tags}\" }}\n"
    done = listed(limbec_bin, project, settings, COMMON=plain(postgres_url)).ok()
    assert json.loads(done.out)["tenants"][0]["tags"] == ["eu"]


def test_a_query_that_cannot_be_run(project, limbec_bin, postgres_url):
    settings = '[tenants]\nsource = { query = "SELECT name FROM nowhere" }\n'
    listed(limbec_bin, project, settings).failed("the query of tenants needs `common` in [tenants]", status=2)
    settings = "[tenants]\ncommon = 'env:COMMON'\nsource = { query = \"SELECT name FROM nowhere\" }\n"
    missing = listed(limbec_bin, project, settings, COMMON=plain(postgres_url))
    missing.failed("cannot read the tenants from the query on postgresql://", "nowhere", status=2)
    away = listed(limbec_bin, project, settings, COMMON="postgresql://u:s3cret@127.0.0.1:1/d")
    away.failed("postgresql://u:***@127.0.0.1:1/d", "cannot reach PostgreSQL", status=2)
    assert "s3cret" not in away.out + away.err
    absent = listed(limbec_bin, project, settings, COMMON=f"sqlite:///{project}/absent.db")
    absent.failed("there is no file", status=2)
    assert not (project / "absent.db").exists()


def test_schemas_that_match(project, limbec_bin, postgres_url):
    execute(postgres_url, "CREATE SCHEMA t_acme", 'CREATE SCHEMA "t_F""oo"', "CREATE SCHEMA other")
    settings = f"url = '{plain(postgres_url)}'\n[tenants]\nsource = {{ schemas = \"t_*\" }}\n"
    tenants = json.loads(listed(limbec_bin, project, settings).ok().out)["tenants"]
    assert [(tenant["tenant"], tenant["schema"]) for tenant in tenants] == [
        ('t_F"oo', 't_F"oo'),
        ("t_acme", "t_acme"),
    ]
    settings = settings.replace("t_*", "*") + 'schema = "t_{name}"\n'
    tenants = json.loads(listed(limbec_bin, project, settings).ok().out)["tenants"]
    assert [tenant["tenant"] for tenant in tenants] == ["other", "public", 'F"oo', "acme"]
    settings = "url = 'sqlite:///a.db'\n[tenants]\nsource = { schemas = \"*\" }\n"
    listed(limbec_bin, project, settings).failed("only PostgreSQL's databases have schemas", status=2)


def test_schemas_are_listed_where_they_are_migrated(project, limbec_bin, postgres_databases):
    own, theirs = postgres_databases(), postgres_databases()
    execute(own, "CREATE SCHEMA t_own")
    execute(theirs, "CREATE SCHEMA t_theirs")
    settings = f"url = '{plain(own)}'\n[tenants]\nurl = 'env:THEIRS'\nsource = {{ schemas = \"t_*\" }}\n"
    tenants = json.loads(listed(limbec_bin, project, settings, THEIRS=plain(theirs)).ok().out)["tenants"]
    assert [tenant["tenant"] for tenant in tenants] == ["t_theirs"]
    settings = settings.replace("env:THEIRS", "postgresql://h/{name}")
    listed(limbec_bin, project, settings).failed("`url` in [tenants]", "no placeholder", status=2)


def test_a_command_runs_in_the_folder_of_the_settings(project, limbec_bin):
    (project / "list").write_text('#!/bin/sh\necho "why not" >&2\ncat names.json\n')
    (project / "list").chmod(0o755)
    settings = "[tenants]\nurl = 'sqlite:///{name}.db'\nsource = { command = './list' }\n"
    listed(limbec_bin, project, settings).failed("`./list` that lists the tenants failed", "why not", status=2)
    (project / "names.json").write_text('["acme"]')
    assert json.loads(listed(limbec_bin, project, settings).ok().out)["tenants"][0]["tenant"] == "acme"
    (project / "names.json").write_text('["acme",\n"acme"]')
    listed(limbec_bin, project, settings).failed("two tenants have the name 'acme'", status=2)
