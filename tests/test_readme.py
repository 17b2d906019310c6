"""Every command in README.md, and of the pages that were once part of it, works as it stands there."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from support import databases
from support.paths import ROOT
from support.sample import copy_to

README = (ROOT / "README.md").read_text()
PUBLISHED = (ROOT / "docs/published.md").read_text()

# Commands that set something up in the checkout. `scripts/test` is what runs this file, and it cannot run itself;
# `pip install .` takes a release build, and tests/packaging does that once for all that has to be said about it.
IN_THE_CHECKOUT = ["pip install .", "scripts/demo", "scripts/test"]

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
users = sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True))
"""

FIRST_REVISION = '''"""create users"""

import sqlalchemy as sa
from alembic import op

revision = "3f7c0e92b1d4"
down_revision = None


def upgrade():
    op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("users")
'''


def blocks(heading: str) -> "list[str]":
    """The `sh` blocks under one heading."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


def commands(heading: str) -> "list[str]":
    return [line for block in blocks(heading) for line in block.splitlines() if line]


def environment(limbec: Path, alembic: Path) -> "dict[str, str]":
    folders = [str(limbec.parent), str(alembic.parent), os.environ["PATH"]]
    return {**os.environ, "PATH": os.pathsep.join(folders), "VIRTUAL_ENV": str(alembic.parent.parent)}


def shell(command: str, cwd: Path, variables: "dict[str, str]") -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture
def project(tmp_path, limbec_bin, alembic_bin):
    """Somebody's project: made by Alembic itself, with one revision and a model."""
    variables = environment(limbec_bin, alembic_bin)
    shell("alembic init migrations", tmp_path, variables)
    ini = tmp_path / "alembic.ini"
    ini.write_text(ini.read_text().replace("driver://user:pass@localhost/dbname", "sqlite:///app.db"))
    (tmp_path / "models.py").write_text(MODELS)
    env = tmp_path / "migrations" / "env.py"
    env.write_text(env.read_text().replace("target_metadata = None", "from models import metadata as target_metadata"))
    (tmp_path / "migrations" / "versions" / "20260105_090000_create_users.py").write_text(FIRST_REVISION)
    return tmp_path


def test_every_block_of_the_readme_is_run_here():
    tested = blocks("Install") + blocks("Try it") + blocks("Five minutes with a project of yours")
    tested += blocks("Plain SQL") + blocks("Tenants")
    assert re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) == tested
    assert commands("Install") + commands("Try it") == IN_THE_CHECKOUT


def test_the_tour(project, limbec_bin, alembic_bin):
    variables = environment(limbec_bin, alembic_bin)
    said = {command: shell(command, project, variables) for command in commands("Five minutes with a project of yours")}
    assert said["limbec heads"] == "3f7c0e92b1d4 (head)\n"
    assert said["limbec history"] == "<base> -> 3f7c0e92b1d4 (head), create users\n"
    assert "3f7c0e92b1d4 (head)" in said["limbec current"]
    assert "add user preferences" in said["limbec list"]
    # One revision was gone up and down again, so Alembic finds the first, and then goes up by itself.
    assert "3f7c0e92b1d4" in said["alembic current"]
    assert "(head)" in shell("limbec current", project, variables)


def test_plain_sql(tmp_path, limbec_bin, alembic_bin):
    migrations = tmp_path / "db" / "migrations"
    (migrations / "rollbacks").mkdir(parents=True)
    for name, up, down in [
        ("001_users", "CREATE TABLE users (id integer PRIMARY KEY);", "DROP TABLE users;"),
        (
            "002_orders",
            "CREATE TABLE orders (id integer, user_id integer REFERENCES users (id));",
            "DROP TABLE orders;",
        ),
    ]:
        (migrations / f"{name}.sql").write_text(up)
        (migrations / "rollbacks" / f"{name}.sql").write_text(down)
    export, *lines = commands("Plain SQL")
    variables = {**environment(limbec_bin, alembic_bin), "DATABASE_URL": export.partition("=")[2]}
    assert export.startswith("export DATABASE_URL=")
    for line in lines:
        if "upgrade --step" in line:
            sql = next(tmp_path.rglob("*_add_index_on_orders.up.sql"))
            sql.write_text("CREATE INDEX orders_user ON orders (user_id);")
            sql.with_name(sql.name.replace(".up.", ".down.")).write_text("DROP INDEX orders_user;")
        shell(line, tmp_path, variables)
    schemas = [databases.schema(f"sqlite:///{tmp_path}/{name}.db") for name in ("shop", "other")]
    assert "orders_user" in schemas[0] and schemas[0] == schemas[1]
    assert "(head)" in shell("alembic current", tmp_path, variables)


def test_tenants(tmp_path, limbec_bin, alembic_bin):
    copy_to(tmp_path)
    variables = {**environment(limbec_bin, alembic_bin), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    said = {command: shell(command, tmp_path, variables) for command in commands("Tenants")}
    assert len(said) == 4
    outputs = list(said.values())
    assert "0 of 2 current, 0 behind, 2 missing" in outputs[0]
    assert "2 of 2 current, 0 behind" in outputs[2]
    assert sorted(path.name for path in (tmp_path / "alembic").glob("*.db")) == ["acme.db", "foo.db"]


def test_two_branches(project, limbec_bin, alembic_bin):
    variables = environment(limbec_bin, alembic_bin)
    variables |= {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}

    def sh(*lines: str) -> str:
        return "".join(shell(line, project, variables) for line in lines)

    commit = "git add -A; git commit -qm change"
    sh("git init -qb main", "echo __pycache__ > .gitignore", commit, "git checkout -qb work")
    sh("limbec new mine --no-autogenerate --rev-id mine", commit, "git checkout -q main")
    sh("limbec new theirs --no-autogenerate --rev-id theirs", commit, "git checkout -q work")
    (block,) = re.findall(r"^```sh\n(.*?)^```$", PUBLISHED, re.MULTILINE | re.DOTALL)
    said = {command: sh(command) for command in block.splitlines()}
    assert len(said) == 3
    assert sh("limbec heads", "alembic heads") == "mine (head)\nmine (head)\n"
    assert sh("limbec history") == "theirs -> mine (head), mine\n3f7c0e92b1d4 -> theirs, theirs\n" + (
        "<base> -> 3f7c0e92b1d4, create users\n"
    )
    sh("limbec freeze --check")


def test_the_demo(limbec_bin, alembic_bin):
    said = shell("scripts/demo", ROOT, environment(limbec_bin, alembic_bin))
    assert "19e7f4a60bd8 (head)" in said
    assert "c4f92b61e835 (head)" in said


def test_scripts_that_the_readme_names_are_there_and_executable():
    for command in IN_THE_CHECKOUT[1:]:
        assert os.access(ROOT / command, os.X_OK)


def test_links_lead_to_files():
    for document in [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
