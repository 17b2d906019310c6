"""Asks limbec what real Alembic was asked, and says whether the answers are equal.

Equal is: the same exit status and the same bytes on standard output. Three things are allowed:
- where Alembic dies of a traceback (exit 1), limbec fails with exit 1 and a sentence on standard error;
- a list that Alembic prints in a set's order may be in any order (the lines of `current`, the revisions that overlap);
- a graph that is broken is reported as broken, where Alembic answers before it has read it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from graphs import Question

OVERLAP = re.compile(r"(overlaps with other requested revisions )(.*)")
UNREAD = ("Relative revision", "Ambiguous upgrade from multiple current revisions", "Can't locate revision")


@dataclass
class Answer:
    """What limbec said."""

    status: int
    stdout: str
    stderr: str

    def text(self) -> str:
        return f"status {self.status}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


def ask_limbec(binary: Path, directory: Path, questions: list[Question]) -> list[Answer]:
    """The answers to all questions about one folder, in their order."""
    bin_folder = Path(sys.executable).parent
    environment = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(bin_folder.parent),
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
    }

    def ask(question: Question) -> Answer:
        done = subprocess.run(
            [binary, *arguments(question, directory)],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(ask, questions))


def arguments(question: Question, directory: Path) -> list[str]:
    """limbec's command line for a question."""
    ini = ["-c", str(directory / "alembic.ini")]
    if question.kind == "command":
        return [*ini, *question.argv]
    return [
        *ini,
        "plan",
        "--format",
        "json",
        f"--from={','.join(question.rows)}",
        question.kind,
        "--",
        *question.targets,
    ]


def difference(question: Question, wanted: dict, got: Answer, *, broken: bool = False) -> str | None:
    """Why the two answers are not equal, or nothing. `broken`: Alembic cannot read the graph."""
    unread = wanted["status"] == 0 or any(sentence in wanted.get("stdout", "") for sentence in UNREAD)
    if broken and wanted["status"] in (0, 255) and unread:
        return None if got.status in (1, 255) else "a broken graph is not reported"
    if wanted["status"] == 1:
        said = any(line.startswith("error: ") for line in got.stderr.splitlines()) and not got.stdout.strip()
        return None if got.status == 1 and said else "Alembic dies, and limbec does not fail with a sentence"
    if question.kind != "command":
        return plan_difference(wanted, got)
    if got.status != wanted["status"]:
        return "the exit status"
    if normalized(question, got.stdout) != normalized(question, wanted["stdout"]):
        return "standard output"
    return None


def plan_difference(wanted: dict, got: Answer) -> str | None:
    if wanted["status"] == 0:
        if got.status != 0:
            return "the exit status"
        return None if json.loads(got.stdout) == wanted["plan"] else "the steps"
    sentence = without_order(wanted["stdout"].removeprefix("FAILED: ").strip())
    if got.status == 0:
        return "a plan that Alembic refuses to make"
    return None if sentence in without_order(got.stdout + got.stderr) else "the sentence"


def normalized(question: Question, stdout: str) -> str:
    if question.argv[0] == "current" and not stdout.startswith("FAILED"):
        return "\n".join(sorted(stdout.split("\n")))
    return without_order(stdout)


def without_order(text: str) -> str:
    return OVERLAP.sub(lambda found: found[1] + ", ".join(sorted(found[2].split(", "))), text)
