"""After all fixes, unsafe ones too, real Alembic loads the labelled revisions and renders what it rendered before."""

import subprocess

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from test_labelled_set import CHAINS, LINT, SINGLE, files_of

# Offline: nothing is connected to.
ENV = """
from alembic import context

context.configure(dialect_name="postgresql", literal_binds=True)
with context.begin_transaction():
    context.run_migrations()
"""


def configuration(folder, files):
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENV)
    (versions.parent / "script.py.mako").write_text("")
    for path in files:
        (versions / path.name).write_text(path.read_text())
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    return Config(folder / "alembic.ini")


def rendered(config, folder):
    """The directions that offline mode can render."""
    script = ScriptDirectory.from_config(config)
    head = script.get_heads()[0]
    done = set()
    for direction, run, range_ in [
        ("up", command.upgrade, head),
        ("down", command.downgrade, f"{head}:{script.get_revision(head).down_revision or 'base'}"),
    ]:
        with (folder / "sql").open("w") as output:
            config.output_buffer = output
            try:
                run(config, range_, sql=True)
            except Exception:  # whatever the revision raises
                continue
        done.add(direction)
    return done


def validate(limbec_bin, folder, *options):
    arguments = [limbec_bin, "validate", "--all", *options]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", SINGLE + CHAINS, ids=lambda path: path.stem)
def test_alembic_runs_what_was_fixed(path, tmp_path, limbec_bin):
    config = configuration(tmp_path, files_of(path))
    ids = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    before = rendered(config, tmp_path)
    fixed = validate(limbec_bin, tmp_path, "--fix", "--unsafe-fixes")
    assert fixed.returncode in (0, 1), fixed.stderr
    again = validate(limbec_bin, tmp_path, "--diff", "--unsafe-fixes")
    assert (again.returncode, again.stdout) == (0, ""), again.stdout
    after = ScriptDirectory.from_config(config)
    assert {revision.revision for revision in after.walk_revisions()} == ids
    assert rendered(config, tmp_path) >= before


def test_the_set_has_fixes(tmp_path, limbec_bin):
    configuration(tmp_path, [LINT / "initial.py", LINT / "locks/foreign_key.py"])
    assert "VALIDATE CONSTRAINT" in validate(limbec_bin, tmp_path, "--diff", "--unsafe-fixes").stdout
