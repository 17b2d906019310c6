"""What reading commands say about the rows of a database, and on a terminal: the same as Alembic."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import alembic
import pytest

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "LIMBEC_PYTHON": sys.executable}

# a1 <- b1 and b2 (a branch) <- c1 (their merge) <- e1, which depends on d1, which stands alone.
GRAPH = [
    ("a1", "first\n\nwith more", "down_revision = None"),
    ("b1", "left", "down_revision = 'a1'"),
    ("b2", "right", "down_revision = 'a1'\nbranch_labels = ('side',)"),
    ("c1", "join", "down_revision = ('b1', 'b2')"),
    ("d1", "alone", "down_revision = None"),
    ("e1", "needs d1", "down_revision = 'c1'\ndepends_on = 'd1'"),
]

READS = [
    "current",
    "current -v",
    "current --check-heads",
    "history -i",
    "history -iv",
    "history -r current:",
    "history -r :current",
    "history -r current:current",
    "history -r-1:current",
    "history -r current:+1",
    "history -r current:c1",
    "history -r current:nope",
    "history -i -r a1:c1",
    "show current",
]

# Their lines come out in the order of a set, which is another one in each run of Alembic.
SETS_INVOLVED = {"current", "current -v", "history -iv", "show current"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scripts = tmp_path / "scripts"
    (scripts / "versions").mkdir(parents=True)
    template = Path(alembic.__file__).parent / "templates/generic/env.py"
    shutil.copy(template, scripts)
    # Only the stock ini has a logging configuration to be read.
    source = (scripts / "env.py").read_text().replace("if config.config_file_name is not None:", "if False:")
    (scripts / "env.py").write_text(source)
    ini = "[alembic]\nscript_location = %(here)s/scripts\nsqlalchemy.url = sqlite:///%(here)s/rows.db\n"
    (tmp_path / "alembic.ini").write_text(ini)
    for revision, doc, rest in GRAPH:
        text = f'"""{doc}"""\nrevision = "{revision}"\n{rest}\n'
        (scripts / f"versions/{revision}.py").write_text(text)
    return tmp_path


def run(program: Path, words: list[str], folder: Path, stdin: int = subprocess.DEVNULL) -> tuple[int, str]:
    done = subprocess.run([program, *words], cwd=folder, env=ENVIRONMENT, stdin=stdin, capture_output=True)
    return done.returncode, done.stdout.decode()


def comparable(result: tuple[int, str]) -> tuple[int, list[str]]:
    """Without the order of sets."""
    status, text = result
    text = re.sub("(Branches into: )(.*)", lambda match: match[1] + ", ".join(sorted(match[2].split(", "))), text)
    return status, sorted(text.splitlines())


@pytest.mark.parametrize("stamp", ["", "b2 b1", "heads"])
def test_reads_know_the_rows(stamp: str, project: Path, alembic_bin: Path, limbec_bin: Path) -> None:
    if stamp:
        assert run(alembic_bin, ["stamp", *stamp.split()], project)[0] == 0
    for words in READS:
        expected = run(alembic_bin, words.split(), project)
        found = run(limbec_bin, words.split(), project)
        if words in SETS_INVOLVED:
            found, expected = comparable(found), comparable(expected)
        assert found == expected, words


@pytest.mark.parametrize("width", [0, 1, 10, 40])
def test_messages_are_wrapped_to_the_terminal_on_standard_input(
    width: int, project: Path, alembic_bin: Path, limbec_bin: Path
) -> None:
    for words in (["show", "nope"], ["show", "head"], ["init", "scripts"]):
        results = []
        for program in (alembic_bin, limbec_bin):
            ours, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            results.append(run(program, words, project, theirs))
            os.close(ours)
            os.close(theirs)
        assert results[1] == results[0], words
