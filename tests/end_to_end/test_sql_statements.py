"""The Python text of SQL revisions finds the statements that limbec's own reader finds (tests/sqlfile/*.cases)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BODY = ROOT / "src" / "script" / "sql_revision" / "body.py"


def cases(dialect):
    """Name, text and statements of every case that has no error."""
    file = ROOT / "tests" / "sqlfile" / ("sqlite.cases" if dialect == "sqlite" else "postgres.cases")
    for source in file.read_text(encoding="utf-8").split("\n### ")[1:]:
        name, _, rest = source.partition("\n")
        text, *marks = re.split(r"(?m)^(?==>|=!)", rest)
        if not any(mark.startswith("=!") for mark in marks):
            yield pytest.param(
                dialect, text, [mark.partition("\n")[2].strip() for mark in marks], id=f"{dialect}: {name}"
            )


class Migration:
    """Stands in for `alembic.op`, of which nothing but the dialect is asked here."""

    def __init__(self, dialect):
        self.dialect, self.name = self, dialect

    def get_context(self):
        return self


def split(dialect, text, **values):
    body = {"re": re, "Path": Path, "op": Migration(dialect), "revision": "a1"}
    exec(compile(BODY.read_text(encoding="utf-8"), str(BODY), "exec"), body)
    return list(body["split"](dialect, text, values))


@pytest.mark.parametrize("dialect, text, expected", [*cases("postgresql"), *cases("sqlite")])
def test_statements(dialect, text, expected):
    assert split(dialect, text) == expected


def test_there_are_enough_cases():
    assert len(list(cases("postgresql"))) >= 75
    assert len(list(cases("sqlite"))) >= 24


@pytest.mark.parametrize(
    "text, expected",
    [
        ("SELECT ${a}, ${b:literal}, '${a}', t.${a} -- ${a}", """SELECT "x""y", E'o''b\\\\', '${a}', t."x""y\""""),
        ("DO $$ ${a} ${other} ${a:x} $$", """DO $$ "x""y" ${other} ${a:x} $$"""),
    ],
)
def test_variables(text, expected):
    assert split("postgresql", text, a='x"y', b="o'b\\") == [expected]


@pytest.mark.parametrize("value", ["o'brien", "a\\", "a\nb", "a $q$ b"])
def test_a_value_that_could_end_the_text_around_it(value):
    with pytest.raises(RuntimeError, match="the value of a cannot stand in a text in"):
        split("postgresql", "DO $q$ ${a} $q$", a=value)


@pytest.mark.parametrize("text", ["e${a:literal}", "U&${a}", "${a}${a}", "'x'${a:literal}", "${a}b"])
def test_a_variable_is_a_whole_token(text):
    """What is joined to something stays as it is, which no database takes; limbec's own reader says so."""
    assert split("postgresql", f"SELECT {text}", a="v") == [f"SELECT {text}"]
