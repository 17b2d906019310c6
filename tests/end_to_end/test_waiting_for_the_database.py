"""A database that is not there yet (`--wait-for-db`), and one that goes away in the middle of a run."""

import pytest
from support import databases, postgres
from support.projects import Project, run_and_react

IDS = ["1111", "2222", "3333"]


@pytest.fixture
def stopped_server():
    """A PostgreSQL that is stopped; and a function that starts it."""
    programs = postgres.find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed")
    server = postgres.start(postgres.Programs(programs.postgres, None))
    data = str(server.folder / "data")
    try:
        server.run("pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
        yield server, lambda: server.spawn([str(server.programs.postgres / "postgres"), "-D", data], "late.log")
    finally:
        server.stop()


def hide_url(project):
    """An env.py that says nothing of its URL before it is run."""
    env = project.folder / "migrations" / "env.py"
    hidden = f"bytes.fromhex({project.url.encode().hex()!r}).decode()"
    text = env.read_text().replace('context.config.get_main_option("sqlalchemy.url")', hidden)
    env.write_text(text)
    project.write_ini("")


@pytest.mark.parametrize("known", ["the URL is known", "only env.py knows the URL"])
@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_a_database_that_comes_later(dialect, known, request, tmp_path, limbec_bin):
    if dialect == "postgresql":
        server, start = request.getfixturevalue("stopped_server")
        url = server.trusted_url.replace("postgresql://", "postgresql+psycopg2://")
    else:
        url, start = f"sqlite:///{tmp_path}/volume/test.db", (tmp_path / "volume").mkdir
    project = Project(tmp_path / "project", url)
    project.add(IDS[0], up='op.execute("CREATE TABLE t (id int)")')
    if known != "the URL is known":
        hide_url(project)
    project.run(limbec_bin, "upgrade", "head").failed(status=1)
    project.run(limbec_bin, "upgrade", "--wait-for-db", "100ms", "head").failed("Waiting up to 0.1 s", status=1)
    upgrade = [limbec_bin, "upgrade", "--wait-for-db", "60s", "head"]
    done = run_and_react(*upgrade, cwd=project.folder, sign="Waiting up to 60 s for the database: ", react=start).ok()
    assert done.err.count("Waiting up to") == 1
    assert databases.versions(url) == [IDS[0]]


@pytest.mark.parametrize("known", [True, False])
def test_a_database_that_does_not_exist_is_not_waited_for(known, postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url + "_not")
    project.add(IDS[0])
    if not known:
        hide_url(project)
    failed = project.run(limbec_bin, "upgrade", "--wait-for-db", "1h", "head").failed(f"{postgres_url[-10:]}_not")
    assert "Waiting" not in failed.err


@pytest.mark.parametrize(
    ("mode", "committed", "steps"),
    [("", "nothing", 0), (", transaction_per_migration=True", IDS[0], 1)],
    ids=["per-run", "per-revision"],
)
def test_a_connection_that_is_lost(mode, committed, steps, postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url, mode)
    project.add(IDS[0])
    project.add(IDS[1], IDS[0], up='op.execute("SELECT pg_terminate_backend(pg_backend_pid())")')
    project.add(IDS[2], IDS[1])
    failed = project.run(limbec_bin, "upgrade", "--retries", "3", "head")
    failed.failed(
        f"the connection to the database was lost; the version table holds {committed}: {steps} of 3 steps are",
        f"{IDS[1]}_.py",
        status=1,
    )
    assert "trying again" not in failed.err


def test_an_invalid_index_is_named(postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url)
    project.add(IDS[0], up='op.execute("CREATE TABLE orders AS SELECT 1 AS id FROM generate_series(1, 2)")')
    project.run(limbec_bin, "upgrade", "head").ok()
    build = 'op.create_index("ix", "orders", ["id"], unique=True, postgresql_concurrently=True)'
    project.add(IDS[1], IDS[0], up=f"with op.get_context().autocommit_block():\n    {build}")
    sentence = (
        "the index public.ix on orders is invalid, as a concurrent build that failed leaves it; "
        f"revision {IDS[1]} builds one of this name"
    )
    first = project.run(limbec_bin, "upgrade", "head").failed(sentence, "could not create unique index", status=1)
    again = project.run(limbec_bin, "upgrade", "head").failed(sentence, "already exists", status=1)
    assert first.err.count(sentence) == again.err.count(sentence) == 1
    databases.run_on_server(postgres_url.replace("+psycopg2", ""), 'DROP INDEX CONCURRENTLY "public"."ix"')
    databases.execute(postgres_url, "DELETE FROM orders")
    assert "invalid" not in project.run(limbec_bin, "upgrade", "head").ok().err
