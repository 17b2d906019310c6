"""The sample project's common database and its tenants: migrated together, beside plain alembic on each of them."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import databases
from support.projects import Run, run
from support.sample import command, copy_to

HEAD, BEFORE = "c4f92b61e835", "b3e81a50d724"
NAMES = ["acme", "foo", "Müller & Söhne"]


@dataclass
class Ledger:
    """A copy of the sample project; the settings name a database, or a schema, for each tenant."""

    folder: Path
    limbec: Path
    common: str
    urls: "dict[str, str]"
    settings: str = ""
    environment: "dict[str, str]" = field(default_factory=dict)

    def __post_init__(self):
        self.alembic = copy_to(self.folder)
        source = ",\n  ".join(
            f"{{ name = {json.dumps(name)}, url = {json.dumps(url)} }}" for name, url in self.urls.items()
        )
        (self.alembic / "limbec.toml").write_text(
            f'{self.settings}\n[tenants]\nsection = "tenant"\ncommon = "section:common"\nsource = [{source}]\n'
            'variables = { LEDGER_TENANT_URL = "{url}" }\n'
        )
        self.environment = {
            "LEDGER_COMMON_URL": self.common,
            "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *words: str) -> Run:
        return run(self.limbec, "-c", "alembic/alembic.ini", *words, cwd=self.folder, environment=self.environment)

    def states(self) -> dict:
        document = json.loads(self.run("tenant", "status", "--format", "json").ok().out)
        return {tenant["tenant"]: (tenant["state"], tenant["pending"]) for tenant in document["tenants"]}

    def back_by_one(self) -> None:
        """Every tenant, by the same program that one database would be taken back with."""
        for url in self.urls.values():
            words = ["-c", "alembic/alembic.ini", "-n", "tenant", "downgrade", "--yes", "-1"]
            run(self.limbec, *words, cwd=self.folder, environment={**self.environment, "LEDGER_TENANT_URL": url}).ok()


@pytest.fixture
def ledger(tmp_path, limbec_bin, databases_of):
    return Ledger(tmp_path, limbec_bin, databases_of(), {name: databases_of() for name in NAMES})


def accounts(url: str) -> list:
    return databases.fetch(url, "SELECT code, name, kind, normal_side FROM accounts ORDER BY code")


def snapshot(url: str) -> tuple:
    """What has to be the same."""
    return databases.versions(url), databases.schema(url), accounts(url)


@pytest.mark.parametrize("way", [[], ["--no-render"]], ids=["rendered", "python"])
def test_every_tenant_is_what_alembic_makes_of_it(way, ledger, alembic_bin, databases_of):
    ledger.run("-n", "common", "upgrade", "head").ok()
    assert databases.versions(ledger.common) == ["19e7f4a60bd8"]
    # No file is there, while the databases are.
    absent = "missing" if ledger.urls["foo"].startswith("sqlite") else "behind"
    assert set(ledger.states().values()) == {(absent, 8)}
    # One of them was begun by Alembic.
    command(alembic_bin, "tenant", ledger.urls["foo"], "upgrade", "7fa4d61c93e0", folder=ledger.alembic).ok()
    assert ledger.states()["foo"][1] < 8
    ledger.run("tenant", "migrate", "--all", *way).ok()
    ledger.run("tenant", "status", "--check").ok()

    reference = databases_of()
    command(alembic_bin, "tenant", reference, "upgrade", "head", folder=ledger.alembic).ok()
    at_head = snapshot(reference)
    assert at_head[0] == [HEAD]
    assert [snapshot(url) == at_head for url in ledger.urls.values()] == [True] * len(NAMES)

    ledger.back_by_one()
    command(alembic_bin, "tenant", reference, "downgrade", "-1", folder=ledger.alembic).ok()
    below = snapshot(reference)
    assert below[0] == [BEFORE]
    assert [snapshot(url) == below for url in ledger.urls.values()] == [True] * len(NAMES)

    assert set(ledger.states().values()) == {("behind", 1)}
    ledger.run("tenant", "migrate", "--all", *way).ok()
    assert [snapshot(url) == at_head for url in ledger.urls.values()] == [True] * len(NAMES)
    # And Alembic finds nothing to do.
    for url in ledger.urls.values():
        command(alembic_bin, "tenant", url, "upgrade", "head", folder=ledger.alembic).ok()
        assert (
            "No new upgrade operations detected."
            in command(alembic_bin, "tenant", url, "check", folder=ledger.alembic).ok().out
        )


@pytest.mark.parametrize("way", [[], ["--no-render"]], ids=["rendered", "python"])
def test_tenants_that_are_schemas(way, tmp_path, limbec_bin, alembic_bin, postgres_databases):
    url = postgres_databases()
    ledger = Ledger(tmp_path, limbec_bin, postgres_databases(), dict.fromkeys(NAMES, url), "search-path = true")
    settings = ledger.alembic / "limbec.toml"
    settings.write_text(settings.read_text().replace("[tenants]", '[tenants]\nmode = "schema"', 1))
    databases.execute(url, *(f'CREATE SCHEMA "{name}"' for name in NAMES))
    ledger.run("tenant", "migrate", "--all", *way).ok()
    assert set(ledger.states().values()) == {("current", 0)}

    reference = postgres_databases()
    command(alembic_bin, "tenant", reference, "upgrade", "head", folder=ledger.alembic).ok()
    columns = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default IS NULL "
        "FROM information_schema.columns "
        "WHERE table_schema = '{}' ORDER BY 1, 2"
    )
    expected = databases.fetch(reference, columns.format("public"))
    for name in NAMES:
        assert databases.fetch(url, columns.format(name)) == expected
        assert len(databases.fetch(url, f'SELECT * FROM "{name}".accounts')) == len(accounts(reference))
    assert databases.fetch(url, columns.format("public")) == []


def test_a_worker_leaves_no_connection_behind(tmp_path, limbec_bin, postgres_server, postgres_databases):
    """Its user may have so few connections that one for each tenant would be too many."""
    made = [postgres_databases() for _ in range(8)]
    role = f"few_{made[0].rpartition('_')[2]}"
    databases.run_on_server(postgres_server, f"CREATE ROLE {role} LOGIN PASSWORD 'few' CONNECTION LIMIT 5")
    try:
        for url in made:
            databases.run_on_server(postgres_server, f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO {role}")
        urls = {f"tenant{number}": url.replace("limbec_trusted@", f"{role}:few@") for number, url in enumerate(made)}
        ledger = Ledger(tmp_path, limbec_bin, postgres_databases(), urls)
        ledger.run("tenant", "migrate", "--all", "--no-render", "--jobs", "1").ok()
        assert [databases.versions(url) for url in made] == [[HEAD]] * len(made)
    finally:
        for url in made:
            databases.execute(url, f"REASSIGN OWNED BY {role} TO CURRENT_USER", f"DROP OWNED BY {role}")
        databases.run_on_server(postgres_server, f"DROP ROLE {role}")
