"""limbec beside other linters of Alembic revisions: on the labelled files of tests/lint, and on real histories.

    cargo build
    python3 tests/peers/compare.py --corpus FOLDER            prints the tables
    python3 tests/peers/compare.py --corpus FOLDER --write    puts them into docs/rules-evaluation.md
    python3 tests/peers/compare.py --corpus FOLDER --misses   findings of others on real histories without one of limbec

The others come from PyPI, in the versions of tests/support/requirements/peers.txt, into .tools/peers. Without --corpus
only the labelled files are compared. Standard library only.
"""

from __future__ import annotations

import argparse
import configparser
import csv
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from labels import Statements, expectations
from support.page import table, write_part
from support.paths import ROOT
from tools import TOOLS, Finding, History, limbec

LINT = ROOT / "tests/lint"
SETS = {"destructive": "destructive revisions", "locks": "locks and compatibility"}
PAGE = ROOT / "docs/rules-evaluation.md"
VERDICTS = Path(__file__).with_name("verdicts.tsv")
# The real histories, with the virtualenv whose SQLAlchemy can import them.
HISTORIES = {"apache-airflow": "oracle", "apache-superset": "superset-reader"}
INI = "[alembic]\nscript_location = %(here)s\nversion_locations = %(here)s/versions\npath_separator = os\n"


def labelled_files(folder: Path) -> list[Path]:
    """Without those about consent: the comments that give it are limbec's."""
    return sorted(path for path in folder.rglob("*.py") if not path.name.startswith(("consent_", "ignored_")))


def limbec_on_labelled(folder: Path, rules: set[str]) -> list[Finding]:
    """A project for every single file behind initial.py, and one for every chain."""
    single = [[LINT / "initial.py", path] for path in sorted(folder.glob("*.py"))]
    chains = [sorted(chain.glob("*.py")) for chain in sorted(folder.iterdir()) if chain.is_dir()]
    found = []
    for files in [*single, *filter(None, chains)]:
        with tempfile.TemporaryDirectory() as name:
            versions = Path(name).resolve() / "versions"
            versions.mkdir()
            for path in files:
                shutil.copy(path, versions)
            (versions.parent / "alembic.ini").write_text(INI)
            originals = {versions / path.name: path for path in files}
            for item in limbec(History("", files, versions.parent / "alembic.ini", []), rules):
                if item.path in originals:
                    found.append(Finding(originals[item.path], item.line, item.rules, item.said))
    return found


def judge(findings: list[Finding], expected: dict[Path, set], judged: set[str]) -> tuple[set, set]:
    """(expectations that were found, false findings) of one tool on one set."""
    statements = {path: Statements.of(path.read_text()) for path in expected}
    found, false = set(), set()
    for item in findings:
        if item.path not in expected:
            continue
        line = statements[item.path].at(item.line)
        meant = {rule for at, rule in expected[item.path] if at == line and rule in item.rules}
        found |= {(item.path, line, rule) for rule in meant}
        # What could also mean a rule that this set does not label is neither.
        if not meant and set(item.rules) <= judged:
            false.add((item.path, line, item.said))
    return found, false


def compare_labelled() -> tuple[str, str]:
    """Two tables: totals of each tool on each set, and what each finds of each rule."""
    totals, by_rule, expected_by_rule = [], defaultdict(Counter), Counter()
    for name, words in SETS.items():
        files = labelled_files(LINT / name)
        expected = {path: expectations(path) for path in files}
        judged = {rule for labels in expected.values() for _, rule in labels}
        wanted = {(path, line, rule) for path, labels in expected.items() for line, rule in labels}
        expected_by_rule.update(rule for _, _, rule in wanted)
        history = History(name, files, ROOT / "alembic.ini", [])
        for tool, run in TOOLS.items():
            findings = limbec_on_labelled(LINT / name, judged) if tool == "limbec" else run(history)
            found, false = judge(findings, expected, judged)
            by_rule[tool].update(rule for _, _, rule in found)
            totals.append([words, tool, len(wanted), len(found), len(wanted - found), len(false)])
            print(f"{words}: {tool}: {len(found)} of {len(wanted)}, {len(false)} false", file=sys.stderr, flush=True)
    header = ["set", "tool", "expected", "found", "missed", "false"]
    rules = [
        [rule, count, *(by_rule[tool][rule] for tool in TOOLS)] for rule, count in sorted(expected_by_rule.items())
    ]
    return table(header, totals), table(["rule", "expected", *TOOLS], rules)


def real_history(corpus: Path, project: str, venv: str) -> History:
    ini = (corpus / project / "graph.ini").resolve()
    settings = configparser.ConfigParser(defaults={"here": str(ini.parent)})
    settings.read(ini)
    folders = settings["alembic"]["version_locations"].split(":")
    files = sorted(path for folder in folders for path in Path(folder).glob("*.py") if path.name != "__init__.py")
    return History(project, files, ini, settings["alembic"]["prepend_sys_path"].split(":"), venv)


def verdicts() -> dict[tuple, str]:
    """(project, tool, file, line, the tool's rule): `true`, `false` or `outside`, as a person judged it."""
    if not VERDICTS.exists():
        return {}
    with VERDICTS.open(newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {(r["project"], r["tool"], r["file"], int(r["line"]), r["rule"]): r["verdict"] for r in rows}


def compare_real(corpus: Path) -> tuple[str, list[list]]:
    """The table, and the findings of others that limbec does not have."""
    rows, misses, judged = [], [], verdicts()
    for project, venv in HISTORIES.items():
        history = real_history(corpus, project, venv)
        root = history.ini.parent
        statements = {path.resolve(): Statements.of(path.read_text()) for path in history.files}
        ours = defaultdict(set)
        for tool, run in TOOLS.items():
            findings = [item for item in run(history) if item.path in statements]
            if tool == "limbec":
                for item in findings:
                    ours[item.path, statements[item.path].at(item.line)] |= set(item.rules)
                rows.append([project, tool, len(findings), "", "", "", ""])
                continue
            lacking = [
                item for item in findings if not ours[item.path, statements[item.path].at(item.line)] & set(item.rules)
            ]
            said = Counter()
            for item in lacking:
                key = (project, tool, str(item.path.relative_to(root)), item.line, item.said)
                said[judged.get(key, "not judged")] += 1
                misses.append([*key, judged.get(key, "")])
            rows.append([project, tool, len(findings), len(findings) - len(lacking), said["true"], said["false"]])
            rows[-1].append(said["outside"] + said["not judged"])
            print(f"{project}: {tool}: {len(findings)}, {len(lacking)} not limbec's {dict(said)}", file=sys.stderr)
    header = ["history", "tool", "findings", "limbec's too", "missed by limbec", "false", "outside of limbec's rules"]
    return table(header, rows), misses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    parts = {}
    if not options.misses:
        parts["labelled"], parts["labelled-rules"] = compare_labelled()
    if options.corpus:
        parts["real"], misses = compare_real(options.corpus)
        if options.misses:
            csv.writer(sys.stdout, delimiter="\t", lineterminator="\n").writerows(misses)
            return
    for name, text in parts.items():
        if options.write:
            write_part(PAGE, name, text)
        else:
            print(f"\n{text}")


if __name__ == "__main__":
    main()
