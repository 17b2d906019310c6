"""The hooks of .pre-commit-hooks.yaml, run by the real pre-commit in a real git repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

REVISION = '''"""{message}

Revision ID: {revision}
Revises: {down}
Create Date: 2026-01-0{day} 12:00:00

"""

from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = {declared}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''
IDS = ["3f9d1c7a52be", "8a64e0b7d913", "c15b72f08e4a"]


class Repository:
    """A project with a published revision, on a branch of its own."""

    def __init__(self, folder: Path, hooks: Path, limbec: Path):
        self.folder = folder
        path = f"{limbec.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LIMBEC_", "CI"))},
            "PATH": path,
            "PRE_COMMIT_HOME": str(folder.parent / "pre-commit"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        for key in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{key}_NAME": "Tester", f"GIT_{key}_EMAIL": "tester@example.org"}
        (folder / "migrations/versions").mkdir(parents=True)
        (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
        head = self.git("rev-parse", "HEAD", cwd=hooks).stdout.strip()
        (folder / ".pre-commit-config.yaml").write_text(
            f"repos:\n- repo: {hooks}\n  rev: {head}\n  hooks:\n  - id: limbec-validate-system\n"
        )
        self.git("init", "-q", "-b", "main")
        self.revision(1, 'op.create_table("users", sa.Column("id", sa.Integer()))', 'op.drop_table("users")')
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "first")
        self.git("checkout", "-q", "-b", "work")

    def git(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess:
        command = ["git", *words]
        return subprocess.run(
            command, cwd=cwd or self.folder, env=self.environment, check=True, capture_output=True, text=True
        )

    def revision(self, number: int, upgrade: str, downgrade: str) -> Path:
        """Writes the revision of this number, on top of the one before."""
        revision, down = IDS[number - 1], IDS[number - 2] if number > 1 else None
        text = REVISION.format(
            message=f"step {number}",
            revision=revision,
            down=down or "",
            declared=f'"{down}"' if down else None,
            day=number,
            upgrade=upgrade,
            downgrade=downgrade,
        )
        path = self.folder / f"migrations/versions/2026010{number}_120000_step_{number}.py"
        path.write_text(text)
        return path

    def pre_commit(self, *words: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "pre_commit", "run", "--color", "never", *words]
        return subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)


@pytest.fixture
def repository(tmp_path, limbec_bin):
    """Hooks are taken from a repository that holds nothing else, as `language: system` installs nothing."""
    hooks, folder = tmp_path / "hooks", tmp_path / "project"
    hooks.mkdir()
    folder.mkdir()
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "hooks"]):
        subprocess.run(["git", *words], cwd=hooks, check=True)
    return Repository(folder, hooks, limbec_bin)


SAFE = ('op.add_column("users", sa.Column("email", sa.Text()))', 'op.drop_column("users", "email")')
UNSAFE = ('op.create_index("ix_users_id", "users", ["id"])', 'op.drop_index("ix_users_id", "users")')


def test_green(repository):
    repository.revision(2, *SAFE)
    (repository.folder / "app.py").write_text("print('no revision')\n")
    repository.git("add", "-A")
    run = repository.pre_commit()
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Passed" in run.stdout


def test_red(repository):
    repository.revision(2, *UNSAFE)
    repository.git("add", "-A")
    run = repository.pre_commit()
    assert run.returncode == 1, run.stdout + run.stderr
    assert "index-without-concurrently" in run.stdout and "step_2.py:" in run.stdout
    assert "step_1.py" not in run.stdout
    # The hook of `git commit` itself, which gives limbec git's own variables.
    hook = [sys.executable, "-m", "pre_commit", "install"]
    subprocess.run(hook, cwd=repository.folder, env=repository.environment, check=True, capture_output=True)
    with pytest.raises(subprocess.CalledProcessError) as failure:
        repository.git("commit", "-q", "-m", "second")
    assert "index-without-concurrently" in failure.value.stdout + failure.value.stderr


def test_several_heads_are_seen_whatever_is_committed(repository):
    repository.revision(2, *SAFE)
    other = repository.revision(3, "op.execute('SELECT 1')", "op.execute('SELECT 1')")
    other.write_text(other.read_text().replace(IDS[1], IDS[0]))
    repository.git("add", "-A")
    run = repository.pre_commit("--files", "migrations/versions/20260102_120000_step_2.py")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "several-heads" in run.stdout


def test_all_files_judges_what_is_not_published(repository):
    repository.revision(2, *UNSAFE)
    repository.git("add", "-A")
    assert repository.pre_commit("--all-files").returncode == 1
    repository.git("commit", "-q", "-m", "second", "--no-verify")
    repository.git("branch", "-f", "main", "work")
    run = repository.pre_commit("--all-files")
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_published_revision_must_not_change(repository):
    repository.revision(1, 'op.drop_table("users")', "pass")
    repository.git("add", "-A")
    run = repository.pre_commit()
    assert run.returncode == 1 and "published-revision-changed" in run.stdout, run.stdout + run.stderr
