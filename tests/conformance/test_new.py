"""`limbec new`: files named after the time, read by Alembic like any other."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic
import pytest

pytest.register_assert_rewrite("twins")

from twins import Twins  # noqa: E402

TEMPLATES = Path(alembic.__file__).parent / "templates"
INI = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///%(here)s/x.db\n"
NAME = re.compile(r"(\d{8}_\d{6})_[a-z0-9_]+\.py")


@pytest.fixture
def project(tmp_path: Path, limbec_bin: Path) -> Twins:
    """A project without revisions whose models have one table."""
    pair = Twins(tmp_path, limbec_bin)
    pair.write("alembic.ini", INI)
    models = "import sqlalchemy as sa\ntarget_metadata = sa.MetaData()\nsa.Table('t', target_metadata, sa.Column('x'))"
    env = (TEMPLATES / "generic/env.py").read_text(encoding="utf-8").replace("fileConfig(config", "str(config")
    pair.write("migrations/env.py", env.replace("target_metadata = None", models))
    pair.write("migrations/script.py.mako", (TEMPLATES / "generic/script.py.mako").read_bytes())
    for root in pair.roots:
        (root / "migrations/versions").mkdir()
    return pair


def written(project: Twins) -> list[Path]:
    return sorted((project.limbec_root / "migrations/versions").glob("*.py"))


def heads(project: Twins) -> str:
    """What real Alembic says of limbec's files."""
    return subprocess.run(
        [sys.executable, "-m", "alembic.config", "heads"],
        cwd=project.limbec_root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_name_the_date_and_the_result(project: Twins) -> None:
    before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    done = project.run_limbec("new", "Add   user-Preferences!", "--no-autogenerate")
    assert done.status == 0
    (path,) = written(project)
    assert done.stdout == f"{path}\n"
    assert path.name.endswith("_add_user_preferences.py")
    stamp = NAME.fullmatch(path.name).group(1)
    moment = datetime.datetime.strptime(stamp, "%Y%m%d_%H%M%S").replace(tzinfo=datetime.timezone.utc)
    assert before <= moment <= datetime.datetime.now(datetime.timezone.utc)
    text = path.read_text()
    assert text.startswith('"""Add   user-Preferences!\n')
    created = datetime.datetime.fromisoformat(re.search(r"Create Date: (\S+ \S+)", text).group(1))
    assert created.replace(microsecond=0) == moment
    assert heads(project).endswith(" (head)\n")


@pytest.mark.parametrize(
    ("description", "slug"),
    [
        ("Größe 2.0", "gr_e_2_0"),
        ("a" * 60, "a" * 50),
        ("word " * 20, "word_word_word_word_word_word_word_word_word_word"),
        ("${x} % \"''' it's", "x_it_s"),
    ],
)
def test_descriptions(project: Twins, description: str, slug: str) -> None:
    assert project.run_limbec("new", "--no-autogenerate", description).status == 0
    assert written(project)[0].name[16:] == f"{slug}.py"
    assert len(heads(project).splitlines()) == 1


@pytest.mark.parametrize("description", ["", "   ", "ÄÖ ?!"])
def test_a_description_without_a_name_is_refused(project: Twins, description: str) -> None:
    done = project.run_limbec("new", "--no-autogenerate", description)
    assert done.status == 2 and "the description has no letter" in done.stderr
    assert not written(project)


@pytest.mark.parametrize("description", ["back\\slash \\N{BULLET} \\x", 'x"""; import os #', "broken \\u12"])
def test_a_description_that_would_break_the_file_is_refused(project: Twins, description: str) -> None:
    done = project.run_limbec("new", "--no-autogenerate", description)
    assert done.status == 1 and "would not be a valid revision file" in done.stderr
    assert written(project) == []


def test_the_time_zone_of_the_project(project: Twins) -> None:
    project.write("alembic.ini", INI + "timezone = Asia/Kolkata\n")
    assert project.run_limbec("new", "--no-autogenerate", "x").status == 0
    (path,) = written(project)
    created = datetime.datetime.fromisoformat(re.search(r"Create Date: (\S+ \S+)", path.read_text()).group(1))
    assert created.utcoffset() == datetime.timedelta(hours=5, minutes=30)
    assert created.strftime("%Y%m%d_%H%M%S") == NAME.fullmatch(path.name).group(1)


def test_two_in_one_second_differ(project: Twins) -> None:
    for _ in range(4):
        assert project.run_limbec("new", "--no-autogenerate", "same").status == 0
    stamps = [NAME.fullmatch(path.name).group(1) for path in written(project)]
    assert len(stamps) == 4 and stamps == sorted(set(stamps))
    assert len(heads(project).splitlines()) == 1


def test_several_at_once_lose_nothing(project: Twins) -> None:
    def new(number: int) -> int:
        return project.run_limbec("new", "--no-autogenerate", "same", "--head", "base").status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(new, range(6)))
    assert statuses.count(0) == len(written(project)) >= 1
    assert set(statuses) <= {0, 1}


def test_options(project: Twins) -> None:
    new = ("new", "--no-autogenerate")
    assert project.run_limbec(*new, "one", "--rev-id", "aaaa", "--branch-label", "left").status == 0
    assert project.run_limbec(*new, "two", "--rev-id", "bbbb").status == 0
    assert project.run_limbec(*new, "three", "--rev-id", "cccc", "--head", "base", "--depends-on", "left").status == 0
    refused = project.run_limbec(*new, "four", "--head", "aaaa")
    assert refused.status == 1 and "--splice" in refused.stderr
    done = project.run_limbec(*new, "four", "--head", "aaaa", "--splice", "--rev-id", "dddd", "--format", "json")
    assert json.loads(done.stdout) == {"revision": "dddd", "path": str(written(project)[-1])}
    assert sorted(heads(project).split("\n")) == sorted(["", "bbbb (left) (head)", "cccc (head)", "dddd (left) (head)"])


def test_identifiers(project: Twins) -> None:
    new = ("new", "--no-autogenerate", "x", "--rev-id")
    assert project.run_limbec(*new, "a" * 32).status == 0
    for wrong, sentence in [("a" * 32, "is taken"), ("b" * 33, "room for 32"), ("a-b", "not allowed")]:
        done = project.run_limbec(*new, wrong)
        assert done.status in (1, 2) and sentence in done.stderr, wrong
    assert len(written(project)) == 1


def test_autogenerate_is_the_default(project: Twins) -> None:
    done = project.run_limbec("new", "Table of things", "--format", "json")
    assert done.status == 0, done
    (path,) = written(project)
    assert json.loads(done.stdout)["path"] == str(path)
    assert NAME.fullmatch(path.name) and path.name.endswith("_table_of_things.py")
    assert "op.create_table('t'" in path.read_text()
    behind = project.run_limbec("new", "again")
    assert behind.status == 1 and "Target database is not up to date." in behind.stderr
    assert project.run_limbec("new", "again", "--no-autogenerate").status == 0
