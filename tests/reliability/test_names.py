"""Hostile names of the database, the schema and the version table: no injection, and the right objects."""

import uuid

import pytest
from reliability import targets, witness
from support import databases
from support.projects import run

# PostgreSQL cuts a name after 63 bytes.
LONGEST = "é" * 30 + "xyz"
NAMES = {
    "quotes": 'it\'s "quoted"',
    "injection": '"; DROP TABLE witness; --',
    "unicode": "schéma 数据 🙂",
    "63 bytes": LONGEST,
    "percent": "100%s %(name)s %",
    "colon": "a:b ::c :name",
    "backslash": "back\\slash $$ $1",
    "case": "MixedCase Table",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def rows_of(target, schema: str, table: str) -> list:
    return sorted(row[0] for row in target.rows(f"SELECT version_num FROM {quoted(schema)}.{quoted(table)}"))


@pytest.fixture
def hostile_database(postgres_server):
    """A function that makes a database of that name, with a witness table, and drops all of them afterwards."""
    made = []

    def create(name: str):
        target = targets.PostgresTarget(postgres_server, name)
        databases.run_on_server(postgres_server, f"CREATE DATABASE {quoted(name)}")
        made.append(name)
        target.url = target.url.rpartition("/")[0] + "/" + percent_encoded(name)
        target.execute(targets.WITNESS)
        return target

    yield create
    for name in made:
        databases.run_on_server(postgres_server, f"DROP DATABASE {quoted(name)} WITH (FORCE)")


def percent_encoded(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


def table_of(name: str) -> str:
    """Alembic names the table's key after it, with four bytes more."""
    return name.encode()[:59].decode(errors="ignore")


def hostile_project(folder, name: str, settings: str):
    configure = f", version_table={table_of(name)!r}, version_table_schema={name!r}"
    return witness.Project(folder, witness.History(length=4), settings=settings, configure=configure)


@pytest.mark.parametrize("kind", list(NAMES))
def test_postgresql(kind, hostile_database, tmp_path, limbec_bin):
    name = NAMES[kind]
    method = "row" if list(NAMES).index(kind) % 2 else "advisory"
    database = name if kind == "63 bytes" else f"{name} {uuid.uuid4().hex[:6]}"
    target = hostile_database(database)
    target.execute(f"CREATE SCHEMA {quoted(name)}")
    history = f"[history]\nschema = {toml(name + '_h' if kind != '63 bytes' else name)}\ntable = {toml(name[:20])}\n"
    project = hostile_project(tmp_path / "project", name, f'lock = "{method}"\n{history}')
    project.point_at(target.url)
    before = target.tables()

    def limbec(*arguments: str):
        return run(limbec_bin, *arguments, cwd=project.folder)

    assert target.tables() == before
    limbec("upgrade", "002abc002").ok()
    assert rows_of(target, name, table_of(name)) == ["002abc002"]
    assert "002abc002" in limbec("current").ok().out
    limbec("stamp", "001abc001").ok()
    limbec("stamp", "002abc002").ok()
    limbec("upgrade", "head").ok()
    assert rows_of(target, name, table_of(name)) == ["004abc004"]
    assert target.tables() - before == project.history.tables()
    assert target.applications() == dict.fromkeys(project.history.revisions, 1)


@pytest.mark.parametrize("kind", list(NAMES))
def test_sqlite(kind, tmp_path, limbec_bin):
    name = NAMES[kind]
    target = targets.SqliteTarget(tmp_path)
    hostile = target.folder / f"{name}.db"
    target.file.rename(hostile)
    target.file, target.url = hostile, f"sqlite:///{hostile}"
    settings = f"[history]\ntable = {toml(name)}\n"
    project = witness.Project(
        tmp_path / "project", witness.History(length=4), settings=settings, configure=f", version_table={name + 'v'!r}"
    )
    project.point_at(target.url)

    def limbec(*arguments: str):
        return run(limbec_bin, *arguments, cwd=project.folder)

    limbec("upgrade", "002abc002").ok()
    limbec("stamp", "001abc001").ok()
    limbec("stamp", "002abc002").ok()
    limbec("upgrade", "head").ok()
    assert target.rows(f"SELECT * FROM {quoted(name + 'v')}") == [("004abc004",)]
    assert target.applications() == dict.fromkeys(project.history.revisions, 1)


def toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
