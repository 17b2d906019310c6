"""Generated templates, messages and file names: what limbec writes without Python is what Mako and Alembic write."""

from __future__ import annotations

import random
import re
import unicodedata
from pathlib import Path

import pytest
from mako.template import Template

pytest.register_assert_rewrite("twins")

from twins import Twins  # noqa: E402

INI = "[alembic]\nscript_location = %(here)s/migrations\n"
NO_PYTHON = {"VIRTUAL_ENV": "/nowhere", "PATH": "/nowhere"}
HEAD = "revision = ${repr(up_revision)}\ndown_revision = None\nMESSAGE = ${repr(message)}\n"

VALUES = [
    "message",
    "up_revision",
    "down_revision",
    "branch_labels",
    "nobody",
    "None",
    "True",
    "7",
    "'a'",
    '"b}|"',
    "''",
]
PIECES = ["text", " ", "\n", "\n\n", "\r\n", "  ", "\t", "\\\n", "\\", "%", "%%", "#", "##", "$", "{", "}"]
RARER = ["<", "'", '"', "é", "|", "\n% ", "\n%% ", "\n  %%% ", "\n## comment\n", "  ## comment\n", "$${", "<% %>", "</"]
RARER += ["<%doc>\n x ${\n</%doc>", "<%text>${x}\n% y\n</%text>", "\\\r\n", "\n\t%%"]


def expression(pick: random.Random, depth: int = 0) -> str:
    if depth > 2 or pick.random() < 0.35:
        return pick.choice(VALUES)

    def inner() -> str:
        return expression(pick, depth + 1)

    return pick.choice(
        [
            lambda: f"repr({inner()})",
            lambda: f"str({inner()})",
            lambda: f"{inner()} if {inner()} else {inner()}",
            lambda: f"({inner()} or {inner()})",
            lambda: f"({inner()} and {inner()})",
            lambda: f"not {inner()}",
            lambda: f"({inner()} {pick.choice(['==', '!=', 'is', 'is not', 'in', 'not in'])} {inner()})",
            lambda: f"[{inner()}, {inner()}]",
            lambda: f"({inner()},)",
            lambda: f"'%s:%r' % ({inner()}, {inner()})",
            lambda: f"', '.join([{inner()}, {inner()}])",
            lambda: f"(message + {inner()})",
            lambda: f"comma({inner()})",
            lambda: f"len({inner()})",
            lambda: f"message.{pick.choice(['upper', 'lower', 'strip', 'title'])}()",
        ]
    )()


def template(pick: random.Random, depth: int = 0) -> str:
    parts = []
    for _ in range(pick.randint(1, 7)):
        kind = pick.random()
        if kind < 0.45:
            parts.append("".join(pick.choice(PIECES) for _ in range(3)) + pick.choice(PIECES + RARER))
        elif kind < 0.75:
            filters = pick.choice(["", "", "", " | n", " | h", "|comma,n", " | comma", " | trim, x"])
            parts.append("${" + pick.choice(["", " "]) + expression(pick) + filters + "}")
        elif kind < 0.85 and depth < 2:
            other = f"\n% else:\n{template(pick, depth + 1)}" if pick.random() < 0.5 else ""
            parts.append(f"\n% if {expression(pick)}:\n{template(pick, depth + 1)}{other}\n% endif\n")
        elif kind < 0.92 and depth < 2:
            parts.append(f"\n  % for item in [{expression(pick)}, {expression(pick)}]:\n${{item}}\n% endfor\n")
        else:
            parts.append(f"<%\n    name_{depth} = {expression(pick)}\n%>${{name_{depth}}}")
    return "".join(parts)


def comma(value) -> str:
    """Alembic's format_as_comma."""
    if value is None:
        return ""
    return value if isinstance(value, str) else ", ".join(value)


@pytest.fixture
def project(tmp_path: Path, limbec_bin: Path) -> Twins:
    pair = Twins(tmp_path, limbec_bin)
    pair.write("alembic.ini", INI)
    for root in pair.roots:
        (root / "migrations/versions").mkdir(parents=True)
    return pair


def test_generated_templates(project: Twins) -> None:
    """Whatever is rendered without Python is what Mako renders, and most of what Mako can render is."""
    pick = random.Random(7)
    folder = project.limbec_root / "migrations"
    rendered, of = 0, 0
    for number in range(250):
        message = pick.choice(["it's <a> & b", "plain", " padded ", "two\nlines"])
        # A comment that never ends in the middle of a line of Python.
        source = HEAD + 'TEXT = r"""' + template(pick).replace('"""', "''") + "\n" + '"""\n'
        (folder / "script.py.mako").write_bytes(source.encode())
        arguments = dict(up_revision=f"r{number}", down_revision=None, branch_labels=("l",), depends_on=None)
        try:
            expected = Template(source.encode()).render_unicode(message=message, comma=comma, **arguments)
        except Exception as error:
            expected = error
        of += not isinstance(expected, Exception)
        ours = project.run_limbec(
            "revision", "-m", message, "--rev-id", f"r{number}", "--branch-label", "l", "--head", "base", **NO_PYTHON
        )
        if "would not be a valid revision file" in ours.stderr:
            rendered += not isinstance(expected, Exception)
        elif path := next((folder / "versions").glob("*.py"), None):
            text = path.read_bytes().decode()
            path.unlink()
            assert not isinstance(expected, Exception), (source, expected)
            assert text == expected, source
            rendered += 1
        elif "does not have them" not in ours.stdout:
            assert "no Python" in ours.stderr or "interpreter" in ours.stderr, ours
    assert of > 60 and rendered > 0.7 * of, (rendered, of)


def test_every_character(project: Twins) -> None:
    """`\\w`, lower() and repr() agree with Python's on every character that it knows."""
    project.write("alembic.ini", INI + "file_template = x-%%(slug)s\ntruncate_slug_length = 1000\n")
    project.write("migrations/script.py.mako", HEAD)
    folder = project.limbec_root / "migrations/versions"
    pick = random.Random(3)
    known = [chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) not in ("Cs", "Cn")]
    large = ("CJK UNIFIED", "HANGUL SYLLABLE", "TANGUT", "EGYPTIAN", "CUNEIFORM", "ANATOLIAN", "NUSHU", "KHITAN")
    known = [c for c in known if unicodedata.category(c) != "Co" and not unicodedata.name(c, "").startswith(large)]
    sample = pick.sample(known, 8000)
    size = 40
    for start in range(0, len(sample), size):
        message = "".join(sample[start : start + size])
        ours = project.run_limbec("revision", "-m", message, "--rev-id", "x", **NO_PYTHON)
        assert ours.status == 0, (message, ours)
        (path,) = folder.iterdir()
        text = path.read_bytes().decode()
        assert f"\nMESSAGE = {message!r}\n" in text
        assert path.name == "x-" + "_".join(re.findall(r"\w+", message)).lower() + ".py"
        path.unlink()


def test_generated_file_names(project: Twins) -> None:
    pick = random.Random(5)
    project.write("migrations/script.py.mako", HEAD + "DATE = '''\nCreate Date: ${create_date}\n'''\n")
    keys = ["rev", "slug", "epoch", "year", "month", "day", "hour", "minute", "second", "nope"]
    for number in range(60):
        parts = []
        for _ in range(pick.randint(1, 4)):
            flags = "".join(pick.sample("-+ 0#", pick.randint(0, 2)))
            width = pick.choice(["", "", "3", "12"]) + pick.choice(["", "", ".2", ".", ".9"])
            kind = pick.choice("ddddddssssrxXoiul%")
            parts.append(f"(%%({pick.choice(keys[: 9 if pick.random() < 0.97 else 10])}){flags}{width}{kind}")
        timezone = pick.choice(["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu"])
        project.write("alembic.ini", f"{INI}timezone = {timezone}\nfile_template = x{number}{'_'.join(parts)}\n")
        project.both("revision", "-m", "Some words", "--rev-id", f"i{number}")
