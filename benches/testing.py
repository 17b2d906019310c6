"""`limbec test` beside pytest-alembic: one history, one PostgreSQL, one after the other. Standard library only.

    cargo build --release
    scripts/with-servers python3 benches/testing.py --revisions 100 --runs 3 --write

pytest-alembic runs its four default tests, each on an empty database, as its documentation has it. limbec runs its
checks with nothing kept from earlier (`--no-cache`), then with a cache that is empty, then with one that is full, then
with one more revision.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import revisions
from support.page import table, write_part
from support.paths import ROOT, limbec_binary
from support.venvs import ensure

ENV = """from alembic import context
from sqlalchemy import MetaData, create_engine, pool

# Nothing is compared, so that both find that nothing differs.
options = {"target_metadata": MetaData(), "include_object": lambda *_: False}
given = context.config.attributes.get("connection")


def run(connection):
    context.configure(connection=connection, transaction_per_migration=True, **options)
    with context.begin_transaction():
        context.run_migrations()


if given is not None:
    with given.connect() as connection:
        run(connection)
else:
    engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    with engine.connect() as connection:
        run(connection)
"""
CONFTEST = """import os
import uuid

import pytest
from sqlalchemy import create_engine, pool, text

SERVER = os.environ["SERVER"].replace("postgresql://", "postgresql+psycopg2://")


@pytest.fixture
def alembic_engine():
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=pool.NullPool)
    name = "peer_" + uuid.uuid4().hex
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE " + name))
    yield create_engine(SERVER.rpartition("/")[0] + "/" + name, poolclass=pool.NullPool)
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE " + name + " WITH (FORCE)"))
"""
TESTS = """from pytest_alembic.tests import (
    test_model_definitions_match_ddl,
    test_single_head_revision,
    test_up_down_consistency,
    test_upgrade,
)
"""


def write(folder: Path, count: int) -> None:
    revisions.write(folder, count)
    (folder / "migrations/env.py").write_text(ENV)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_history.py").write_text(TESTS)
    ini = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\n"
    (folder / "alembic.ini").write_text(ini + "sqlalchemy.url = postgresql+psycopg2://nobody@127.0.0.1:1/none\n")


def timed(command: list, folder: Path, variables: dict) -> float:
    """Seconds; a failure ends the benchmark with what was said."""
    began = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env={**os.environ, "CI": "", **variables},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return seconds


def one_round(count: int, server: str, venv: Path, limbec: Path) -> dict:
    """Seconds, by what ran."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, count)
        variables = {"SERVER": server, "VIRTUAL_ENV": str(venv), "XDG_CACHE_HOME": str(folder / "cache")}
        ours = [limbec, "test", "--server", server]
        seconds = {
            "pytest-alembic, its four tests": timed([venv / "bin/python", "-m", "pytest", "-q"], folder, variables),
            "limbec test --no-cache": timed([*ours, "--no-cache"], folder, variables),
            "limbec test --no-cache --jobs 2": timed([*ours, "--no-cache", "--jobs", "2"], folder, variables),
            "limbec test, first time": timed(ours, folder, variables),
            "limbec test, again": timed(ours, folder, variables),
        }
        (folder / "migrations/versions" / revisions.name(count)).write_text(revisions.text(count))
        seconds["limbec test, one new revision"] = timed(ours, folder, variables)
        return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--revisions", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    arguments = parser.parse_args()
    server = os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"]
    venv, limbec = ensure("pytest-alembic"), limbec_binary()
    rounds = []
    for number in range(arguments.runs):
        rounds.append(one_round(arguments.revisions, server, venv, limbec))
        print(number + 1, {name: round(seconds, 2) for name, seconds in rounds[-1].items()}, flush=True)
    medians = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    peer = next(iter(medians.values()))
    rows = [[name, round(seconds, 2), round(peer / seconds, 1)] for name, seconds in medians.items()]
    build = "release" if "release" in limbec.parts else "debug"
    load = os.getloadavg()[0]
    text = (
        f"{arguments.revisions} revisions on PostgreSQL, medians of {arguments.runs} rounds; limbec's {build} build; "
        f"load average {load:.0f} on {os.cpu_count()} cores at the end.\n\n"
        + table(["", "seconds", "times as fast"], rows)
    )
    print(text)
    if arguments.write:
        write_part(ROOT / "docs/benchmarks.md", "testing", text)


if __name__ == "__main__":
    main()
