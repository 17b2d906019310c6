"""Time limits on the script's own connection, and what happens when they are reached."""

import re
import sqlite3
import threading
import time
from contextlib import contextmanager
from functools import partial

import psycopg2
import pytest
from support import databases
from support.projects import Project, run_and_react

IDS = ["1111", "2222", "3333"]
MODES = {"per-run": "", "per-revision": ", transaction_per_migration=True"}
ADD_COLUMN = 'op.add_column("orders", sa.Column("note", sa.Text))'
NOTE_LIMITS = (
    'for name in ("lock_timeout", "statement_timeout"):\n'
    '    value = op.get_bind().exec_driver_sql(f"SHOW {name}").scalar()\n'
    "    print(context.get_context().connection.in_transaction(), name, value)"
)


def plain(url):
    return re.sub(r"\+\w+", "", url)


@contextmanager
def session(url, *statements, name="blocker"):
    """Another session in a transaction of its own, in which these statements have run."""
    connection = psycopg2.connect(plain(url), application_name=name)
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        yield connection
    finally:
        connection.close()


def released_when(condition, connection):
    """Ends the other session's transaction as soon as the condition holds."""

    def wait():
        deadline = time.monotonic() + 60
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        connection.rollback()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@pytest.fixture
def shop(postgres_url, tmp_path, limbec_bin):
    """A project of two revisions of which the first, a table, is applied; the second adds a column."""
    project = Project(tmp_path / "project", postgres_url)
    project.add(IDS[0], up='op.execute("CREATE TABLE orders (id int)")')
    project.run(limbec_bin, "upgrade", "head").ok()
    project.add(IDS[1], IDS[0], up=ADD_COLUMN)
    return project


@pytest.mark.parametrize("mode", list(MODES))
def test_limits_hold_in_every_revision_and_autocommit_block(mode, postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url, MODES[mode])
    head = "from alembic import context\n"
    block = NOTE_LIMITS.replace("\n", "\n    ")
    own = 'op.execute("SET LOCAL lock_timeout = 77")\n'
    project.add(IDS[0], up=head + NOTE_LIMITS)
    project.add(IDS[1], IDS[0], up=head + f"with op.get_context().autocommit_block():\n    {block}\n" + NOTE_LIMITS)
    project.add(IDS[2], IDS[1], up=head + own + NOTE_LIMITS)
    done = project.run(limbec_bin, "upgrade", "--lock-timeout", "5s", "--statement-timeout", "90s", "head").ok()
    shown = [line.split(" ", 1)[1] for line in done.out.splitlines()]
    limits = ["lock_timeout 5s", "statement_timeout 90s"]
    assert shown == limits * 3 + ["lock_timeout 77ms", "statement_timeout 90s"]
    project.run(limbec_bin, "downgrade", "base").ok()
    untouched = project.run(limbec_bin, "upgrade", "head").ok().out
    assert "lock_timeout 5s" not in untouched and "statement_timeout 0" in untouched


def test_a_lock_that_is_released_is_waited_for_by_retries(shop, limbec_bin):
    upgrade = [limbec_bin, "upgrade", "--lock-timeout", "300ms", "head"]
    with session(shop.url, "LOCK TABLE orders") as other:
        done = run_and_react(*upgrade, cwd=shop.folder, sign="trying again", react=other.rollback).ok()
    assert re.search(
        r"a lock was not to be had in time; rolled back, trying again in \d\.\d s \(retry 1 of 3\)", done.err
    )
    assert databases.versions(shop.url) == [IDS[1]]


def test_a_lock_that_is_never_released_is_named(shop, limbec_bin):
    with session(shop.url, "SELECT * FROM orders", name="a lazy report"), session(shop.url, "SELECT 1"):
        failed = shop.run(limbec_bin, "upgrade", "--lock-timeout", "100ms", "--retries", "1", "head")
    failed.failed("lock timeout", f"{IDS[1]}_.py", "retry 1 of 1", status=1)
    assert re.search(
        r"locked: orders: a lazy report \(process \d+, user \w+, 127.0.0.1\), idle in transaction, for", failed.err
    )
    assert failed.err.count("locked:") == 2, "who holds no lock there is not named"
    assert databases.versions(shop.url) == [IDS[0]]


def test_without_a_limit_nothing_is_tried_again(shop, limbec_bin):
    shop.add(IDS[1], IDS[0], up='op.execute("SET LOCAL lock_timeout = 50")\n' + ADD_COLUMN)
    with session(shop.url, "LOCK TABLE orders"):
        failed = shop.run(limbec_bin, "upgrade", "head").failed("lock timeout", status=1)
    assert "trying again" not in failed.err and "locked: orders: blocker" in failed.err


FAILS_ONCE = """
CREATE SEQUENCE tried;
CREATE FUNCTION fail_once() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tried') = 1 THEN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END IF;
END $$
"""


@pytest.mark.parametrize("code", ["40001", "40P01"])
@pytest.mark.parametrize("mode", list(MODES))
def test_serialization_failures_are_tried_again_from_where_they_were(code, mode, postgres_url, tmp_path, limbec_bin):
    databases.execute(postgres_url, FAILS_ONCE.format(code=code))
    project = Project(tmp_path / "project", postgres_url, MODES[mode])
    project.add(IDS[0], up='print("first")')
    project.add(
        IDS[1], IDS[0], up='print("second")\nop.execute("CREATE TABLE t (id int)")\nop.execute("SELECT fail_once()")'
    )
    done = project.run(limbec_bin, "upgrade", "--retries", "2", "head").ok()
    again = ["second"] if mode == "per-revision" else ["first", "second"]
    assert done.out.splitlines() == ["first", "second", *again]
    assert "retry 1 of 2" in done.err and "retry 2" not in done.err


def test_a_step_that_is_committed_in_part_is_not_tried_again(postgres_url, tmp_path, limbec_bin):
    databases.execute(postgres_url, FAILS_ONCE.format(code="40001"))
    project = Project(tmp_path / "project", postgres_url)
    block = 'with op.get_context().autocommit_block():\n    op.execute("CREATE TABLE t (id int)")\n'
    project.add(IDS[0], up=block + 'op.execute("SELECT fail_once()")')
    failed = project.run(limbec_bin, "upgrade", "--retries", "5", "head")
    failed.failed(f"a part of revision {IDS[0]} is committed already", "not now", status=1)
    assert "trying again" not in failed.err


def test_what_sqlite_keeps_of_a_failed_step_is_told(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/kept.db")
    body = 'op.execute("CREATE TABLE t (id int)")\nraise RuntimeError("half way")'
    project.add(IDS[0], up=body)
    undone = project.run(limbec_bin, "--transaction", "per-revision", "upgrade", "head").failed("half way", status=1)
    assert "is committed already" not in undone.err
    kept = project.run(limbec_bin, "upgrade", "head").failed("half way", status=1)
    assert f"a part of revision {IDS[0]} is committed already" in kept.err
    assert "`--transaction per-revision`" in kept.err
    assert databases.tables(project.url) == ["alembic_version", "t"]


def test_a_deadlock_is_tried_again(shop, limbec_bin):
    databases.execute(shop.url, "CREATE TABLE others (id int)")
    shop.add(IDS[1], IDS[0], up='op.execute("LOCK TABLE orders")\nop.execute("LOCK TABLE others")')
    with session(shop.url, "SET deadlock_timeout = '1h'", "LOCK TABLE others") as other:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'others'::regclass"

        def crossed():
            if databases.fetch(shop.url, waiting)[0][0] == 0:
                return False
            with other.cursor() as cursor:
                cursor.execute("LOCK TABLE orders")
            return True

        thread = released_when(crossed, other)
        done = shop.run(limbec_bin, "upgrade", "--retries", "3", "head").ok()
        thread.join()
    assert "the database ended a deadlock; rolled back, trying again" in done.err
    assert databases.versions(shop.url) == [IDS[1]]


def test_a_statement_that_takes_too_long_is_stopped_and_not_tried_again(shop, limbec_bin):
    shop.add(IDS[1], IDS[0], up='op.execute("SELECT pg_sleep(600)")')
    failed = shop.run(limbec_bin, "upgrade", "--statement-timeout", "100ms", "--retries", "3", "head")
    failed.failed("statement timeout", status=1)
    assert "trying again" not in failed.err


def test_a_concurrent_build_has_no_limit(shop, limbec_bin):
    """It waits for those who have written to the table, and blocks nobody meanwhile."""
    build = 'op.create_index("ix", "orders", ["id"], postgresql_concurrently=True)'
    show = 'print(op.get_bind().exec_driver_sql("SHOW lock_timeout").scalar())'
    shop.add(IDS[1], IDS[0], up=f"with op.get_context().autocommit_block():\n    {show}\n    {build}\n    {show}")
    with session(shop.url, "INSERT INTO orders VALUES (1)") as other:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND now() - query_start > interval '0.5 s'"
        )
        thread = released_when(lambda: databases.fetch(shop.url, waiting)[0][0], other)
        limits = ["--lock-timeout", "50ms", "--statement-timeout", "100ms"]
        done = shop.run(limbec_bin, "upgrade", *limits, "head").ok()
        thread.join()
    assert done.out.splitlines() == ["50ms", "50ms"]


def test_sqlite_waits_as_long_as_it_is_told(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/test.db?timeout=100")
    project.add(IDS[0], up='op.execute("CREATE TABLE t (id INTEGER)")')
    with sqlite3.connect(tmp_path / "test.db", isolation_level=None) as other:
        other.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        other.execute("BEGIN IMMEDIATE")
        failed = project.run(limbec_bin, "upgrade", "--lock-timeout", "100ms", "--retries", "0", "head")
        failed.failed("database is locked", status=1)
        upgrade = [limbec_bin, "upgrade", "--lock-timeout", "100ms", "--retries", "1", "head"]
        release = partial(other.execute, "ROLLBACK")
        done = run_and_react(*upgrade, cwd=project.folder, sign="trying again", react=release).ok()
    assert "another connection is writing to the database; rolled back, trying again" in done.err


def test_settings_are_as_good_as_options(shop, limbec_bin):
    (shop.folder / "limbec.toml").write_text('lock-timeout = "50ms"\nretries = 0\n')
    with session(shop.url, "LOCK TABLE orders"):
        failed = shop.run(limbec_bin, "upgrade", "head").failed("lock timeout", status=1)
        assert "trying again" not in failed.err
        shop.run(limbec_bin, "upgrade", "--retries", "1", "head").failed("retry 1 of 1", status=1)
    for words in (["--lock-timeout", "soon"], ["--retries", "-1"], ["--retries", "many"]):
        shop.run(limbec_bin, "upgrade", *words, "head").failed(words[0], status=2)
