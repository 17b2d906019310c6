"""The linters that are compared: how each is run, and which of limbec's rules each of its own stands for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.paths import limbec_binary
from support.venvs import ensure

RENDER = Path(__file__).with_name("render.py")

# One of a peer's rules may stand for several of limbec's, which tell apart what the peer does not.
CHECKS = ["foreign-key-validated-at-once", "check-validated-at-once", "validate-in-same-transaction"]
TYPES = ["type-rewrite", "type-narrowed"]
RULES = {
    "alembic-guard": {
        "AG001": ["not-null-without-default"],
        "AG002": ["index-without-concurrently"],
        "AG003": ["concurrently-in-transaction"],
        "AG004": ["table-renamed", "column-renamed"],
        "AG005": ["table-dropped", "column-dropped", "destructive-downgrade"],
        "AG006": TYPES,
        "AG007": ["set-not-null"],
        "AG008": CHECKS,
        "AG009": ["volatile-default"],
        "AG010": ["unique-constraint-builds-index"],
    },
    "lockcheck": {
        "LC001": ["not-null-without-default"],
        "LC002": ["index-without-concurrently", "drop-index-without-concurrently"],
        "LC003": ["concurrently-in-transaction"],
        "LC004": ["set-not-null"],
        "LC005": TYPES,
        "LC006": CHECKS,
        "LC007": ["unique-constraint-builds-index"],
    },
    "zdm": {
        "R001": ["index-without-concurrently"],
        "R002": ["unique-constraint-builds-index"],
        "R003": ["index-without-concurrently"],
        "R004": ["concurrently-in-transaction"],
        "R005": ["column-dropped", "destructive-downgrade"],
        "R006": ["foreign-key-validated-at-once"],
        "R010": ["not-null-without-default"],
        "R011": ["column-renamed"],
        "R015": ["set-not-null", *TYPES],
        "R016": ["drop-index-without-concurrently"],
        "R017": CHECKS,
        "R018": ["index-without-concurrently"],
        "R019": ["table-dropped", "table-renamed", "destructive-downgrade"],
    },
    "squawk": {
        "adding-field-with-default": ["volatile-default"],
        "adding-foreign-key-constraint": ["foreign-key-validated-at-once"],
        "adding-not-nullable-field": ["set-not-null"],
        "adding-required-field": ["not-null-without-default"],
        "adding-serial-primary-key-field": ["volatile-default"],
        "ban-concurrent-index-creation-in-transaction": ["concurrently-in-transaction"],
        "ban-drop-column": ["column-dropped"],
        "ban-drop-schema": ["schema-dropped"],
        "ban-drop-table": ["table-dropped"],
        "ban-truncate-cascade": ["truncate"],
        "changing-column-type": TYPES,
        "constraint-missing-not-valid": [*CHECKS, "unique-constraint-builds-index"],
        "disallowed-unique-constraint": ["unique-constraint-builds-index"],
        "identifier-too-long": ["identifier-too-long"],
        "prefer-robust-stmts": ["not-robust-outside-transaction"],
        "renaming-column": ["column-renamed"],
        "renaming-table": ["table-renamed"],
        "require-concurrent-index-creation": ["index-without-concurrently"],
        "require-concurrent-index-deletion": ["drop-index-without-concurrently"],
        "require-enum-value-ordering": ["unordered-enum-value"],
        "transaction-nesting": ["commit-in-revision"],
    },
}
RULES["alembic-guard with downgrades"] = RULES["alembic-guard"]


@dataclass(frozen=True)
class Finding:
    """One finding. `rules` are limbec's names of what it may mean; a finding outside of limbec's rules is not kept."""

    path: Path
    line: int
    rules: tuple[str, ...]
    said: str


@dataclass
class History:
    """Revision files and how they are loaded."""

    name: str
    files: list[Path]
    ini: Path
    import_path: list[str]
    venv: str = "oracle"


def program(name: str) -> str:
    return str(ensure("peers") / "bin" / name)


def run(command: list[str], folder: Path, allowed: tuple[int, ...] = (0, 1)) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode not in allowed:
        raise SystemExit(f"{' '.join(command[:4])} … ended with {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def finding(tool: str, path: str | Path, line: int, rule: str) -> Finding | None:
    rules = RULES[tool].get(rule)
    return Finding(Path(path).resolve(), line, tuple(rules), rule) if rules else None


def limbec(history: History, rules: Iterable[str] = ()) -> list[Finding]:
    """As PostgreSQL's files, in a project of their own; `rules` are switched on where they are off."""
    here = history.ini.resolve().parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "alembic.ini").write_text(history.ini.read_text().replace("%(here)s", str(here)))
        levels = "".join(f'{rule} = "warning"\n' for rule in rules)
        (folder / "limbec.toml").write_text(f'[lint]\ndialects = ["postgresql"]\n[lint.rules]\n{levels}')
        answer = json.loads(run([str(limbec_binary()), "validate", "--all", "--format", "json"], folder))
    worth = [found for found in answer["findings"] if found["level"] != "note"]
    return [
        Finding((folder / found["path"]).resolve(), found["line"], (found["rule"],), found["rule"]) for found in worth
    ]


def alembic_guard(history: History) -> list[Finding]:
    return guard(history, "alembic-guard")


def alembic_guard_with_downgrades(history: History) -> list[Finding]:
    return guard(history, "alembic-guard with downgrades", "--include-downgrade")


def guard(history: History, name: str, *options: str) -> list[Finding]:
    files = [str(path) for path in history.files]
    answer = run([program("alembic-guard"), "--format", "json", *options, *files], history.ini.parent)
    here = history.ini.resolve().parent
    found = (finding(name, here / item["path"], item["line"], item["rule"]) for item in json.loads(answer))
    return [item for item in found if item]


def lockcheck(history: History) -> list[Finding]:
    answer, found, path = run([program("lockcheck"), *map(str, history.files)], history.ini.parent), [], None
    for line in answer.splitlines():
        place = re.match(r"\s+(\d+)  (LC\d+)  ", line)
        if place:
            found.append(finding("lockcheck", path, int(place[1]), place[2]))
        elif line.endswith(".py"):
            path = line
    return [item for item in found if item]


def zdm(history: History) -> list[Finding]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "versions").mkdir()
        copies = {}
        for number, path in enumerate(history.files):
            copy = folder / "versions" / f"{number:05}_{path.name}"
            copy.write_bytes(path.read_bytes())
            copies[copy.resolve()] = path
        (folder / "pyproject.toml").write_text('[tool.zdm]\nalembic-version-locations = ["versions"]\n')
        answer = json.loads(run([program("zdm"), "--output-format", "json", "."], folder))
        places = ((copies.get(Path(item["path"]).resolve()), item) for item in answer["diagnostics"])
        found = (finding("zdm", path, item["line"], item["rule_id"]) for path, item in places if path)
        return [item for item in found if item]


def rendered(history: History) -> list[dict]:
    """What render.py makes of the files of a history."""
    python = str(ensure(history.venv) / "bin/python")
    done = subprocess.run(
        [python, str(RENDER), *history.import_path],
        input="".join(f"{path}\n" for path in history.files),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def squawk(history: History) -> list[Finding]:
    """On the SQL that Alembic renders for each upgrade; what cannot be rendered without a database is left out."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder, origins = Path(name), {}
        for number, item in enumerate(rendered(history)):
            lines = [(line, at) for text, at in item["statements"] for line in text.split("\n")]
            file = folder / f"{number:05}.sql"
            file.write_text("\n".join(line for line, _ in lines))
            origins[str(file)] = (item["path"], [at for _, at in lines])
        answer = run([program("squawk"), "--reporter", "json", "--pg-version", "15.0", *origins], folder)
        for item in json.loads(answer):
            path, lines = origins[item["file"]]
            # Its lines count from 0 here.
            found.append(finding("squawk", path, lines[item["line"]], item["rule_name"]))
    return [item for item in found if item]


TOOLS = {
    "limbec": limbec,
    "zdm": zdm,
    "alembic-guard": alembic_guard,
    "alembic-guard with downgrades": alembic_guard_with_downgrades,
    "lockcheck": lockcheck,
    "squawk": squawk,
}
