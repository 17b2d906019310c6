"""`limbec validate --all` on the full histories of real projects, and how many of its findings are right.

    cargo build
    python3 tests/lint/evaluate.py --corpus FOLDER             prints the tables
    python3 tests/lint/evaluate.py --corpus FOLDER --write     puts them into docs/rules-evaluation.md
    python3 tests/lint/evaluate.py --corpus FOLDER --sample 20 findings that wait for a verdict, up to 20 a rule

Verdicts are a person's: verdicts.tsv holds one line for each finding that somebody opened the file for: `true` where
the rule says something about that file that is so and that its author would want to know, else `false`; and why.
Standard library only.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.page import table, write_part
from support.paths import ROOT, limbec_binary

PAGE = ROOT / "docs/rules-evaluation.md"
VERDICTS = Path(__file__).with_name("verdicts.tsv")
COLUMNS = ["project", "path", "line", "rule", "verdict", "why"]


@dataclass
class Answer:
    """What limbec said of one project."""

    project: str
    findings: list[dict]
    summary: dict

    def worth_judging(self) -> list[dict]:
        return [found for found in self.findings if found["level"] != "note"]


def validate(folder: Path) -> Answer:
    """Run limbec on a project's files, as PostgreSQL's; whatever is not a clean answer ends the evaluation."""
    folder = folder.resolve()
    with tempfile.TemporaryDirectory() as name:
        ini = (folder / "graph.ini").read_text().replace("%(here)s", str(folder))
        (Path(name) / "graph.ini").write_text(ini)
        (Path(name) / "limbec.toml").write_text('[lint]\ndialects = ["postgresql"]\n')
        command = [str(limbec_binary()), "-c", "graph.ini", "validate", "--all", "--format", "json"]
        done = subprocess.run(command, cwd=name, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "panicked" in done.stderr:
        raise SystemExit(f"{folder.name}: ended with {done.returncode}\n{done.stderr[-4000:]}")
    answer = json.loads(done.stdout)
    for found in answer["findings"]:
        found["path"] = str((Path(name) / found["path"]).resolve().relative_to(folder))
    return Answer(folder.name, answer["findings"], answer["summary"])


def key(project: str, found: dict) -> tuple:
    return project, found["path"], found["line"], found["rule"]


def read_verdicts() -> dict[tuple, str]:
    if not VERDICTS.exists():
        return {}
    with VERDICTS.open(newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {(row["project"], row["path"], int(row["line"]), row["rule"]): row["verdict"] for row in rows}


def chance(project: str, found: dict) -> str:
    """An order that is the same every time and has nothing to do with the files."""
    return hashlib.sha256(repr(key(project, found)).encode()).hexdigest()


def samples(answers: list[Answer], size: int) -> dict[str, list[tuple[str, dict]]]:
    """Up to `size` findings of each rule, from as many projects as there are."""
    by_rule = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        for found in answer.worth_judging():
            by_rule[found["rule"]][answer.project].append(found)
    chosen = {}
    for rule, projects in sorted(by_rule.items()):
        lines = [sorted(found, key=lambda item, name=name: chance(name, item)) for name, found in projects.items()]
        turns = itertools.zip_longest(*([(name, item) for item in line] for name, line in zip(projects, lines)))
        chosen[rule] = [pair for turn in turns for pair in turn if pair][:size]
    return chosen


def projects_table(answers: list[Answer]) -> str:
    rows = []
    for answer in [*answers, None]:
        of = [answer] if answer else answers
        calls = sum(one.summary["calls"] for one in of)
        missing = sum(one.summary["not_analysed"] for one in of)
        levels = Counter(found["level"] for one in of for found in one.findings)
        rows.append(
            [
                answer.project if answer else "all",
                sum(one.summary["files"] for one in of),
                calls,
                f"{100 * (calls - missing) / max(calls, 1):.1f} %",
                levels["error"],
                levels["warning"],
                levels["note"],
            ]
        )
    return table(["project", "revisions", "operations", "understood", "errors", "warnings", "notes"], rows)


def precision_table(answers: list[Answer], verdicts: dict[tuple, str]) -> str:
    counts, judged = Counter(), defaultdict(Counter)
    for answer in answers:
        for found in answer.worth_judging():
            counts[found["rule"]] += 1
            verdict = verdicts.get(key(answer.project, found))
            if verdict:
                judged[found["rule"]][verdict] += 1
    rows = []
    for rule, count in sorted(counts.items()):
        right, wrong = judged[rule]["true"], judged[rule]["false"]
        share = f"{100 * right / (right + wrong):.0f} %" if right + wrong else ""
        rows.append([f"`{rule}`", count, right + wrong, right, wrong, share])
    right = sum(counter["true"] for counter in judged.values())
    wrong = sum(counter["false"] for counter in judged.values())
    share = f"{100 * right / (right + wrong):.1f} %" if right + wrong else ""
    rows.append(["all", sum(counts.values()), right + wrong, right, wrong, share])
    return table(["rule", "findings", "judged", "true", "false", "precision"], rows)


def print_samples(answers: list[Answer], size: int, corpus: Path, rules: list[str]) -> None:
    """What is to be judged, with the lines around it."""
    verdicts = read_verdicts()
    for rule, found in samples(answers, size).items():
        if rules and rule not in rules:
            continue
        for project, item in found:
            if key(project, item) in verdicts:
                continue
            print("\t".join(map(str, key(project, item))))
            print(f"    {item['message']}")
            lines = (corpus / project / item["path"]).read_text(errors="replace").splitlines()
            for number in range(max(1, item["line"] - 3), min(len(lines), item["line"] + 6) + 1):
                print(f"    {'>' if number == item['line'] else ' '} {number:4} {lines[number - 1][:150]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--rule", action="append", default=[])
    options = parser.parse_args()
    answers = [validate(folder) for folder in sorted(options.corpus.iterdir()) if (folder / "graph.ini").exists()]
    if options.sample:
        print_samples(answers, options.sample, options.corpus, options.rule)
        return
    for name, text in (
        ("projects", projects_table(answers)),
        ("precision", precision_table(answers, read_verdicts())),
    ):
        if options.write:
            write_part(PAGE, name, text)
        else:
            print(f"\n{text}")


if __name__ == "__main__":
    main()
