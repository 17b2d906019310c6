"""command: Alembic's own functions, on limbec's scripts."""

import subprocess

import pytest

MODELS = """
from alembic import context
from sqlalchemy import Column, Integer, MetaData, Table, create_engine
metadata = MetaData()
Table("t1", metadata, Column("id", Integer))
Table("t9", metadata, Column("id", Integer, primary_key=True))

def directives(context, revision, directives):
    print("directives", revision)

with create_engine("sqlite:///test.db").connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, process_revision_directives=directives)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.mark.parametrize(
    "argv",
    [["heads"], ["history", "-v"], ["current"], ["show", "r2"], ["branches"], ["history", "-r", "r1:r2"]],
    ids=" ".join,
)
def test_output_is_alembics(make_project, python, argv):
    project = make_project(3)
    project.run_env("upgrade", "r2")
    expected = subprocess.run(
        [str(python), "-m", "alembic.config", *argv], cwd=project.folder, capture_output=True, text=True
    )
    assert project.command(*argv).stdout == expected.stdout


def test_no_module_is_imported_for_reading(make_project):
    project = make_project(3)
    for number in (1, 2, 3):
        project.revision(number, "pass", head="raise RuntimeError('imported')")
    assert project.command("history").stdout.count("\n") == 3


def test_autogenerate_and_check(make_project):
    project = make_project(1, env=MODELS)
    template = "revision = ${repr(up_revision)}\ndown_revision = 'r1'\ndef upgrade():\n    ${upgrades}\n"
    project.write("migrations/script.py.mako", "from alembic import op\nimport sqlalchemy as sa\n" + template)
    project.run_env("upgrade", "head")
    outcome = project.command("revision", "--autogenerate", "-m", "second", "--rev-id", "r2")
    assert outcome.value is None
    assert "directives ('r1',)" in outcome.stdout
    assert "op.create_table('t9'" in (project.folder / "migrations/versions/r2_second.py").read_text()
    project.scripts = None
    failure = project.command("check").failure
    # The command came with 1.9.
    assert (failure["kind"], failure["exit_code"], failure["message"]) in [
        ("command_error", None, "Target database is not up to date."),
        ("system_exit", 2, "2"),
    ]


def test_a_request_without_scripts_loads_them_as_alembic_does(make_project):
    project = make_project(2)
    project.scripts = None
    assert project.command("heads").stdout == "r2 (head)\n"


LOOKS_AT_MAKO = """
import sys
from alembic import context

print("imported", "mako.exceptions" in sys.modules, "mako.template" in sys.modules)
from mako.template import Template
from mako import exceptions

print(isinstance(Template("${1 + 1}"), Template), Template("${1 + 1}").render(), exceptions.MakoException.__name__)
"""


def test_mako_is_imported_when_somebody_uses_it(make_project):
    outcome = make_project(1, env=LOOKS_AT_MAKO).run_env("upgrade", "head")
    assert outcome.stdout == "imported False False\nTrue 2 MakoException\n"


def test_a_template_that_fails_is_reported_by_mako(make_project):
    project = make_project(1)
    project.write("alembic.ini", (project.folder / "alembic.ini").read_text() + "revision_environment = true\n")
    project.write("migrations/script.py.mako", "${nobody.knows}\n")
    outcome = project.command("revision", "-m", "x")
    assert outcome.failure["message"].startswith("Template rendering failed")
