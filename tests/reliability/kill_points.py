"""SIGKILL at every point of a run: what does the next run do?

    cargo build
    python3 tests/reliability/kill_points.py              every situation, 40 kills each
    python3 tests/reliability/kill_points.py --situation "postgresql, a transaction a run" --kills 100 --seed 7
    python3 tests/reliability/kill_points.py --page       the same, with the figures put into docs/reliability.md

Points are found by a run that nobody kills: each begin, middle and end of a revision (the script kills itself there);
on PostgreSQL each message of each connection, limbec's own included, by a proxy that kills before it is passed on, or
after it has been carried out and before the answer is; on SQLite each write, sync, truncation and removal of the
database file and its journal, by a preloaded library. Of these a seeded sample is taken.
Each kill has a fresh database.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reliability import targets, witness
from reliability.aftermath import reach_head
from reliability.beside_servers import ensure_environment
from reliability.proxy import KillingProxy, describe
from reliability.results import keep, kept
from reliability.witness import faults
from support.page import table, write_part
from support.paths import ROOT, limbec_binary

LIMIT = 120
PAGE = ROOT / "docs/reliability.md"
SOURCE = Path(__file__).with_name("killing.c")


@dataclass(frozen=True)
class Situation:
    """How a history is run while kills happen."""

    database: str
    per_revision: bool = False
    # limbec's history table is kept.
    history: bool = False
    # One revision leaves its trace outside of the transaction.
    outside: bool = False
    hidden: bool = False
    # Python runs in a process of its own; limbec is the one that is killed.
    child: bool = False

    @property
    def name(self) -> str:
        default = "as pysqlite commits" if self.database == "sqlite" else "a transaction a run"
        parts = [self.database, "a transaction a revision" if self.per_revision else default]
        parts += ["an autocommit block"] * self.outside + ["URL in env.py alone"] * self.hidden
        return ", ".join(parts + ["history"] * self.history + ["Python in a child"] * self.child)


SITUATIONS = [
    Situation("postgresql"),
    Situation("postgresql", history=True),
    Situation("postgresql", hidden=True, history=True),
    Situation("postgresql", per_revision=True),
    Situation("postgresql", per_revision=True, history=True),
    Situation("postgresql", outside=True, history=True),
    Situation("postgresql", per_revision=True, child=True),
    Situation("sqlite", per_revision=True),
    Situation("sqlite", per_revision=True, history=True),
    Situation("sqlite", per_revision=True, history=True, hidden=True),
    Situation("sqlite"),
    Situation("sqlite", history=True),
]


@dataclass(frozen=True)
class Kill:
    """One point. `way`: `script`, `message`, `answer` or `call`; `about`: what the point is, for the statistics."""

    way: str
    at: str
    about: str


@dataclass
class Verdict:
    """What came after a kill."""

    kill: Kill
    # `continued`, `named` (it stopped, said what to type, and that led to head), or `broken`.
    result: str
    details: list[str] = field(default_factory=list)


class Bench:
    """One project, and the means to run and to kill limbec in it."""

    def __init__(self, situation: Situation, folder: Path):
        self.situation, self.folder = situation, folder
        history = witness.History(length=5, outside=situation.outside)
        settings = f"history = {str(situation.history).lower()}\n"
        self.project = witness.Project(folder / "project", history, situation.hidden, settings)
        self.trace = folder / "trace.txt"
        self.proxy = None
        if situation.database == "postgresql":
            parts = urlsplit(os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"])
            self.proxy = KillingProxy((parts.hostname, parts.port))
        else:
            self.library = folder / "killing.so"
            command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(self.library), str(SOURCE), "-ldl"]
            subprocess.run(command, check=True)

    def target(self):
        """A fresh database that the project points at, through the proxy where there is one."""
        target = targets.create(self.situation.database, self.folder)
        url = target.url
        if self.proxy:
            port = urlsplit(url).port
            url = url.replace(f":{port}/", f":{self.proxy.port}/") + "?sslmode=disable"
        self.project.point_at(url)
        return target

    def command(self) -> list[str]:
        mode = ["--transaction", "per-revision"] if self.situation.per_revision else []
        return [str(limbec_binary()), "upgrade", "--lock-wait", "30s", *mode, "head"]

    def run(self, target, kill: Kill | None, *, arguments: list[str] | None = None) -> subprocess.CompletedProcess:
        """One run, killed at a point or not."""
        environment = {**os.environ, "WITNESS_TRACE": str(self.trace)}
        if self.situation.child:
            environment["LIMBEC_PYTHON_MODE"] = "child"
        calls = self.folder / "calls.txt"
        calls.unlink(missing_ok=True)
        if kill and kill.way == "script":
            environment["WITNESS_KILL_AT"] = kill.at
        if not self.proxy and (kill is None or kill.way == "call") and arguments is None:
            environment |= {"LD_PRELOAD": str(self.library), "KILL_PATH": str(target.file), "KILL_TRACE": str(calls)}
            if kill:
                environment["KILL_AT"] = kill.at
        if self.proxy:
            self.proxy.arm(0, False, lambda: None)
        process = subprocess.Popen(
            arguments or self.command(),
            cwd=self.project.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if kill and kill.way in ("message", "answer"):
            self.proxy.arm(int(kill.at), kill.way == "answer", process.kill)
        try:
            out, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out = process.communicate()[0] + "\nHUNG"
        return subprocess.CompletedProcess(process.args, process.returncode, out, "")

    def points(self) -> list[Kill]:
        """Every point of a run that nobody kills."""
        target = self.target()
        self.trace.unlink(missing_ok=True)
        done = self.run(target, None)
        assert done.returncode == 0, done.stdout
        lines = [] if self.situation.child else self.trace.read_text().splitlines()
        found = [Kill("script", line.split(" ", 1)[1], "script") for line in lines]
        if self.proxy:
            for number, message in enumerate(self.proxy.messages, start=1):
                found.append(Kill("message", str(number), describe(message)))
                found.append(Kill("answer", str(number), describe(message)))
        else:
            for number, line in enumerate((self.folder / "calls.txt").read_text().splitlines(), start=1):
                found.append(Kill("call", str(number), line.split()[0]))
        target.drop()
        return found

    def close(self) -> None:
        if self.proxy:
            self.proxy.close()


def judge(bench: Bench, kill: Kill) -> Verdict:
    """Kills one run, then does what the next deployment would do, and what it is told to type."""
    target = bench.target()
    try:
        first = bench.run(target, kill)
        if first.returncode != -9:
            # The point lies behind the end of this run: as good as no kill.
            return Verdict(kill, "missed", [f"status {first.returncode}", first.stdout[-300:]])
        return after_kill(bench, target, kill)
    finally:
        target.drop()


def after_kill(bench: Bench, target, kill: Kill) -> Verdict:
    def run(command: list[str]) -> tuple[int, str]:
        done = bench.run(target, None, arguments=command)
        return done.returncode, done.stdout

    after = reach_head(run, bench.command())
    found = faults(target, bench.project.history)
    return Verdict(kill, "broken" if found else after.result, found + after.said)


def play(situation: Situation, kills: int, seed: int) -> list[Verdict]:
    """A seeded sample of the points of a situation."""
    folder = Path(tempfile.mkdtemp(prefix="limbec-kills-"))
    bench = Bench(situation, folder)
    try:
        points = bench.points()
        rng = random.Random(f"{seed} {situation.name}")
        chosen = sorted(rng.sample(range(len(points)), min(kills, len(points))))
        return [judge(bench, points[index]) for index in chosen]
    finally:
        bench.close()
        shutil.rmtree(folder, ignore_errors=True)


def save(situation: Situation, verdicts: list[Verdict]) -> None:
    """Keeps the figures of a situation for the page."""
    results = Counter(verdict.result for verdict in verdicts)
    ways = Counter(verdict.kill.way for verdict in verdicts if verdict.result != "missed")
    keep("kill_points", situation.name, {"results": results, "ways": ways})


def write_page() -> None:
    """Puts the saved figures into the page."""
    known = kept("kill_points")
    columns = ["continued", "named", "broken"]
    rows = []
    for situation in SITUATIONS:
        if found := known.get(situation.name):
            counts = [found["results"].get(column, 0) for column in columns]
            rows.append([situation.name, sum(counts), *counts])
    rows.append(["all", *[sum(row[index] for row in rows) for index in range(1, 5)]])
    header = [
        "situation",
        "kills",
        "the next run continued",
        "it stopped, and what it said to type led to head",
        "neither",
    ]
    write_part(PAGE, "kill points", table(header, rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--situation", help="one alone, by its name")
    parser.add_argument("--kills", type=int, default=40, help="in each situation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="show what was said and typed")
    parser.add_argument("--page", action="store_true", help="write the figures into docs/reliability.md")
    arguments = parser.parse_args()
    ensure_environment(__file__)
    chosen = [s for s in SITUATIONS if arguments.situation in (None, s.name)]
    if not chosen:
        parser.error("no such situation; there are: " + "; ".join(s.name for s in SITUATIONS))
    broken = 0
    for situation in chosen:
        verdicts = play(situation, arguments.kills, arguments.seed)
        save(situation, verdicts)
        print(f"{situation.name}: {dict(Counter(verdict.result for verdict in verdicts))}", flush=True)
        for verdict in verdicts:
            if verdict.result == "broken" or arguments.verbose and verdict.result == "named":
                print(f"  {verdict.result} {verdict.kill}", *verdict.details, sep="\n    ", flush=True)
        broken += sum(verdict.result == "broken" for verdict in verdicts)
    if arguments.page:
        write_page()
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
