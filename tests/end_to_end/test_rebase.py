"""Two branches of a git repository, one history: what `limbec rebase` leaves is what real Alembic runs."""

import subprocess
import sys

import pytest
from support.projects import ENV, run

MAKO = '''"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
Create Date: ${create_date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

revision: str = ${repr(up_revision)}
down_revision: Union[str, Sequence[str], None] = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    op.create_table("t_${up_revision}", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("t_${up_revision}")
'''

TEMPLATES = {
    "standard": "",
    "alembic": "file_template = %%(rev)s_%%(slug)s\n",
    "dated": "file_template = %%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d%%(second).2d-%%(rev)s\n",
}


class Repository:
    """A git repository with an Alembic project, used by both programs."""

    def __init__(self, folder, alembic, limbec, template):
        self.folder, self.alembic_bin, self.limbec_bin = folder, alembic, limbec
        self.is_standard = template == "standard"
        (folder / "migrations/versions").mkdir(parents=True)
        (folder / "migrations/env.py").write_text(ENV.replace("{configure}", ""), encoding="utf-8")
        (folder / "migrations/script.py.mako").write_text(MAKO, encoding="utf-8")
        ini = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///%(here)s/x.db\n"
        (folder / "alembic.ini").write_text(ini + TEMPLATES[template], encoding="utf-8")
        (folder / ".gitignore").write_text("__pycache__/\n*.db\n", encoding="utf-8")
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments, may_fail=False):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=not may_fail, capture_output=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def alembic(self, *arguments):
        return run(self.alembic_bin, *arguments, cwd=self.folder).ok().out

    def limbec(self, *arguments):
        environment = {"LIMBEC_PYTHON": sys.executable}
        return run(self.limbec_bin, *arguments, cwd=self.folder, environment=environment).ok().out

    def add(self, name):
        """A revision, made by limbec under a name with a time, or by Alembic under that of the template."""
        if self.is_standard:
            self.limbec("new", name, "--no-autogenerate", "--rev-id", name)
        else:
            self.alembic("revision", "-m", name, "--rev-id", name)
        self.commit()

    def files(self):
        return sorted(path.name for path in (self.folder / "migrations/versions").glob("*.py"))


@pytest.fixture(params=TEMPLATES)
def repository(request, tmp_path, alembic_bin, limbec_bin):
    return Repository(tmp_path, alembic_bin, limbec_bin, request.param)


def test_two_branches_become_one_history(repository):
    """Each branch adds revisions; after the merge and the rebase there is one head, and both ways work."""
    repository.add("first")
    repository.git("checkout", "-q", "-b", "work")
    repository.add("mine")
    repository.add("later")
    repository.git("checkout", "-q", "main")
    repository.add("theirs")
    repository.alembic("upgrade", "head")
    repository.git("checkout", "-q", "work")
    repository.git("merge", "-q", "main", "-m", "merge")
    assert len(repository.alembic("heads").splitlines()) == 2

    repository.limbec("rebase")
    for heads in (repository.alembic("heads"), repository.limbec("heads")):
        assert heads == "later (head)\n"
    lines = [line.split(",")[0] for line in repository.alembic("history").splitlines()]
    assert lines == ["mine -> later (head)", "theirs -> mine", "first -> theirs", "<base> -> first"]
    names = repository.files()
    if repository.is_standard or names[0].startswith("20"):
        order = [next(word for word in ("first", "theirs", "mine", "later") if word in name) for name in names]
        assert order == ["first", "theirs", "mine", "later"]
    # The database was at the head of main: the rest runs on top.
    repository.alembic("upgrade", "head")
    assert repository.alembic("current") == "later (head)\n"
    repository.alembic("downgrade", "base")
    repository.limbec("upgrade", "head")
    assert repository.limbec("current") == "later (head)\n"
    show = repository.alembic("show", "mine")
    assert "Parent: theirs\n" in show
    assert "Revises: theirs\n" in show


def test_a_conflict_of_the_lock_file_is_repaired(repository):
    """Two branches that freeze conflict in git; rebase and freeze repair it, and Alembic does not see the lock file."""
    repository.add("first")
    repository.limbec("freeze")
    repository.commit()
    repository.git("checkout", "-q", "-b", "work")
    repository.add("mine")
    repository.limbec("freeze")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.add("theirs")
    repository.limbec("freeze")
    repository.commit()
    repository.git("checkout", "-q", "work")
    repository.git("merge", "-q", "main", "-m", "merge", may_fail=True)
    lock = repository.folder / "migrations/versions/limbec.lock"
    assert "<<<<<<<" in lock.read_text(encoding="utf-8")
    repository.limbec("rebase")
    repository.limbec("freeze")
    repository.limbec("freeze", "--check")
    assert "heads 3 mine\n" in lock.read_text(encoding="utf-8")
    assert repository.alembic("heads") == "mine (head)\n"
    repository.alembic("upgrade", "head")
