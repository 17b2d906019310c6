"""`limbec test --tenants`: sample tenants, migrated by the fleet run, back by one revision and up again."""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from support import databases
from support.projects import Project, run
from support.sample import copy_to

# Alembic's cookbook: a schema for each tenant, and its version table in there.
SCHEMA_ENV = """from alembic import context
from sqlalchemy import create_engine, pool, text

tenant = context.get_x_argument(as_dictionary=True)["schema"]
url = context.config.get_main_option("sqlalchemy.url")
with create_engine(url, poolclass=pool.NullPool).connect() as connection:
    connection.execute(text(f'SET search_path TO "{tenant}"'))
    connection.commit()
    connection.dialect.default_schema_name = tenant
    context.configure(connection=connection, version_table_schema=tenant)
    with context.begin_transaction():
        context.run_migrations()
"""


class Sample:
    """A copy of the sample project, on databases of one dialect."""

    def __init__(self, folder: Path, limbec: Path, server: "str | None"):
        self.folder, self.limbec, self.server = folder, limbec, server
        self.alembic = copy_to(folder)
        self.options = ["--server", server] if server else ["--dialect", "sqlite"]
        self.environment = {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
            "CI": "",
        }

    def run(self, *words: str):
        arguments = ["-c", "alembic/alembic.ini", "test", "--tenants", "acme,foo", *self.options, *words]
        return run(self.limbec, *arguments, cwd=self.folder, environment=self.environment)

    def outcomes(self, *words: str) -> dict:
        """{(check, tenant): outcome}"""
        document = json.loads(self.run("--format", "json", *words).out)
        return {(check["check"], check["tenant"]): check for check in document["checks"]}

    def revision(self, stamp: str) -> Path:
        (path,) = self.alembic.glob(f"tenant/versions/{stamp}*")
        return path

    def undo_with(self, statement: str) -> None:
        """Another downgrade of the last revision."""
        path = self.revision("20260203")
        text = path.read_text().partition("def downgrade")[0]
        path.write_text(f"{text}def downgrade():\n    {statement}\n")


@pytest.fixture(params=["sqlite", "postgresql"])
def sample(request, tmp_path, limbec_bin):
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    return Sample(tmp_path, limbec_bin, server)


def left_on(server: "str | None") -> list:
    return (
        databases.fetch(server, "SELECT datname FROM pg_database WHERE datname LIKE 'limbec\\_test\\_%'")
        if server
        else []
    )


def test_the_sample_passes_and_leaves_nothing(sample, tmp_path):
    before = left_on(sample.server)
    done = sample.run("--junit", str(tmp_path / "junit.xml")).ok()
    lines = [line.split() for line in done.out.splitlines()]
    assert lines == [
        ["single-head", "passed"],
        ["common", "passed"],
        ["upgrade", "2", "passed"],
        ["up-down-up", "2", "passed"],
        ["models", "2", "passed"],
    ]
    assert "8 revisions for 2 tenants" in done.err
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert [case.get("name") for case in cases] == ["single-head", "common", *["acme", "foo"] * 3]
    assert left_on(sample.server) == before
    assert not list(tmp_path.rglob("*.db"))


def test_each_tenant_is_told_what_is_wrong(sample):
    sample.undo_with("pass")
    outcomes = sample.outcomes()
    for tenant in ("acme", "foo"):
        check = outcomes["up-down-up", tenant]
        assert (check["revision"], check["outcome"]) == ("c4f92b61e835", "skipped")
    sample.undo_with('op.execute("SELECT 1")')
    outcomes = sample.outcomes()
    for tenant in ("acme", "foo"):
        check = outcomes["up-down-up", tenant]
        assert check["outcome"] == "failed"
        assert "leaves index `journal_lines.ix_journal_lines_account_id` behind" in check["findings"][0]
    assert outcomes["models", "acme"]["outcome"] == "passed"


def test_a_common_database_that_cannot_be_migrated_is_named(sample):
    (path,) = sample.alembic.glob("common/versions/20260202*")
    path.write_text(
        path.read_text().replace("def upgrade() -> None:", "def upgrade() -> None:\n    raise OSError('no')")
    )
    outcomes = sample.outcomes()
    assert "OSError: no" in outcomes["common", None]["findings"][0]
    assert outcomes["upgrade", "foo"]["outcome"] == "passed"


def test_a_tenant_that_fails_does_not_stop_the_other(sample):
    path = sample.revision("20260203")
    broken = 'def upgrade() -> None:\n    if op.get_context().config.cmd_opts.x == ["tenant=foo"]: raise OSError("foo")'
    path.write_text(path.read_text().replace("def upgrade() -> None:", broken))
    outcomes = sample.outcomes()
    assert outcomes["upgrade", "acme"]["outcome"] == "passed"
    assert outcomes["up-down-up", "acme"]["outcome"] == "passed"
    assert outcomes["upgrade", "foo"]["findings"] == ["revision c4f92b61e835 cannot be run: OSError: foo"]
    assert ("models", "foo") not in outcomes


def test_the_smoke_test_is_told_where_the_tenant_is(sample, tmp_path):
    script = tmp_path / "smoke.py"
    script.write_text(
        "import os, sys\n"
        "import sqlalchemy\n"
        "name = os.environ['LIMBEC_TENANT']\n"
        "for variable in ('LIMBEC_TENANT_URL', 'LEDGER_TENANT_URL'):\n"
        "    engine = sqlalchemy.create_engine(os.environ[variable])\n"
        "    assert sqlalchemy.inspect(engine).has_table('opening_balances')\n"
        "assert os.environ['LIMBEC_TENANT_SCHEMA'] == ''\n"
        "sys.exit(0 if name == 'acme' else f'no {name}')\n"
    )
    outcomes = sample.outcomes("--smoke", f"{sys.executable} '{script}'")
    assert outcomes["smoke", "acme"]["outcome"] == "passed"
    (finding,) = outcomes["smoke", "foo"]["findings"]
    assert finding.endswith("failed (exit status: 1)\nno foo")
    assert sample.outcomes("--smoke", "not-a-program")["smoke", "acme"]["findings"][0].startswith("`not-a-program` can")


def test_schemas_of_one_database(tmp_path, limbec_bin, postgres_server):
    project = Project(tmp_path / "project", "postgresql+psycopg2://nobody@127.0.0.1:1/never")
    (project.folder / "migrations/env.py").write_text(SCHEMA_ENV)
    settings = '[tenants]\nmode = "schema"\nschema = "t-{name}"\nsource = ["never"]\n'
    (project.folder / "limbec.toml").write_text(settings)
    project.environment = {"VIRTUAL_ENV": str(Path(sys.executable).parent.parent)}
    project.add("aaaa", up='op.create_table("users", sa.Column("id", sa.Integer))', undo='op.drop_table("users")')
    project.add(
        "bbbb", "aaaa", up='op.add_column("users", sa.Column("a", sa.Integer))', undo='op.drop_column("users", "a")'
    )
    words = ["test", "--tenants", "acme,Ä x", "--server", postgres_server, "--no-cache", "--format", "json"]
    document = json.loads(project.run(limbec_bin, *words).ok().out)
    tried = [(check["check"], check["tenant"], check["outcome"]) for check in document["checks"]]
    assert ("up-down-up", "acme", "passed") in tried
    assert ("up-down-up", "Ä x", "passed") in tried
    assert ("models", "acme", "skipped") in tried
    project.add("bbbb", "aaaa", up='op.add_column("users", sa.Column("a", sa.Integer))', undo='op.execute("SELECT 1")')
    document = json.loads(project.run(limbec_bin, *words).out)
    findings = [check["findings"] for check in document["checks"] if check["check"] == "up-down-up"]
    assert [finding[0] for finding in findings] == ["the downgrade leaves column `users.a` behind"] * 2


@pytest.mark.parametrize(
    ("names", "sentence"),
    [("acme,acme", "two tenants have the name 'acme'"), ("a/b", "it has a slash"), ("", "it is empty")],
)
def test_names_that_cannot_be_tenants(names, sentence, tmp_path, limbec_bin):
    sample = Sample(tmp_path, limbec_bin, None)
    done = run(
        limbec_bin,
        "-c",
        "alembic/alembic.ini",
        "test",
        "--tenants",
        names,
        cwd=tmp_path,
        environment=sample.environment,
    )
    done.failed(sentence, status=2)


def test_schemas_need_postgresql(tmp_path, limbec_bin):
    sample = Sample(tmp_path, limbec_bin, None)
    settings = sample.alembic / "limbec.toml"
    settings.write_text(settings.read_text().replace("[tenants]", '[tenants]\nmode = "schema"', 1))
    sample.run().failed("SQLite has no schemas", "--dialect postgresql", status=2)
