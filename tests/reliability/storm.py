"""Many runners of `upgrade head` on one fresh database at once, some killed: is each revision applied exactly once?

    cargo build
    python3 tests/reliability/storm.py --program limbec --database postgresql --processes 8 --rounds 20 --seed 1 --kill
    python3 tests/reliability/storm.py --program alembic --database sqlite --processes 8
    python3 tests/reliability/storm.py --every --rounds 20 --page      all figures of docs/reliability.md

With --kill a quarter of the runners, at least one, is ended at a random moment: by SIGKILL, and on PostgreSQL every
other time by pg_terminate_backend of one of the connections. Afterwards
one more runner does what the next deployment would do.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reliability import targets, witness
from reliability.aftermath import reach_head
from reliability.beside_servers import ensure_environment
from reliability.results import keep, kept
from reliability.runners import Runner, kill_some, overlapping
from support.page import table, write_part
from support.paths import ROOT, alembic_binary, limbec_binary

# Longer than any wait that limbec is told to make; in seconds.
LIMIT = 300
LOCK_WAIT = 240
COUNTED = ("rounds", "runners", "killed", "failed", "hung", "overlaps", "named", "stuck", "wrong")
HEADER = ["database", "program", "kills", "at once", "rounds", "runners", "killed", "failed", "hung", "overlaps"]
HEADER += ["rounds named", "rounds stuck", "rounds wrong", "s a round"]
PAGE = ROOT / "docs/reliability.md"


@dataclass(frozen=True)
class Storm:
    """What is done."""

    program: str
    database: str
    processes: int
    kill: bool = False
    # Only env.py knows the URL.
    hidden: bool = False
    # `per-revision`: limbec's option, and `transaction_per_migration` of env.py for Alembic.
    per_revision: bool = False
    # limbec's settings, as the text of limbec.toml.
    settings: str = ""

    def title(self) -> str:
        parts = [self.program, self.database, f"{self.processes} processes"]
        parts += ["URL in env.py alone"] * self.hidden + ["a transaction a revision"] * self.per_revision
        return ", ".join(parts + ["kills"] * self.kill)

    def command(self) -> list[str]:
        if self.program == "alembic":
            return [str(alembic_binary()), "upgrade", "head"]
        mode = ["--transaction", "per-revision"] if self.per_revision else []
        return [str(limbec_binary()), "upgrade", "--lock-wait", f"{LOCK_WAIT}s", *mode, "head"]


@dataclass
class Outcome:
    """What came of all rounds of a storm."""

    rounds: int = 0
    runners: int = 0
    killed: int = 0
    # Exit statuses of the runners that nobody killed, and of those whose connection was ended.
    statuses: dict = field(default_factory=dict)
    hung: int = 0
    # Runners that nothing was done to, and that failed.
    failed: int = 0
    # Rounds after which the next deployment did not get to head, and neither what it said to type.
    stuck: int = 0
    # Rounds after which it got there by what it said to type.
    named: int = 0
    # Rounds with a revision that was applied twice, or not at all, or a wrong version table.
    wrong: int = 0
    overlaps: int = 0
    seconds: float = 0.0
    sentences: dict = field(default_factory=dict)
    faults: list = field(default_factory=list)


def play_round(storm: Storm, project, folder: Path, rng: random.Random, outcome: Outcome, horizon: float) -> None:
    """One fresh database and all runners on it."""
    target = targets.create(storm.database, folder)
    trace = folder / f"trace-{outcome.rounds}.txt"
    project.environment["WITNESS_TRACE"] = str(trace)
    project.point_at(target.url)
    began = time.monotonic()
    runners = [Runner(storm.command(), project, folder / f"output-{n}.txt") for n in range(storm.processes)]
    killer = threading.Thread(target=kill_some, args=(runners, target, trace, rng, horizon))
    if storm.kill:
        killer.start()
    for runner in runners:
        try:
            runner.process.wait(timeout=max(0.1, began + LIMIT - time.monotonic()))
        except subprocess.TimeoutExpired:
            outcome.hung += 1
            runner.process.kill()
            runner.process.wait()
    if storm.kill:
        killer.join()
    outcome.seconds += time.monotonic() - began
    count(runners, outcome)
    outcome.overlaps += overlapping(trace)
    after = reach_head(lambda command: run_alone(command, project, folder), storm.command())
    if after.result != "continued":
        outcome.stuck += after.result == "broken"
        outcome.named += after.result == "named"
        tally(outcome.sentences, f"next: {after.said[0][:300]}")
    found = witness.faults(target, project.history)
    if found:
        outcome.wrong += 1
        outcome.faults.append(found)
    outcome.rounds += 1
    target.drop()


def run_alone(command: list[str], project: witness.Project, folder: Path) -> tuple[int, str]:
    """A run after the storm: the next deployment, or what it says to type."""
    runner = Runner(command, project, folder / "following.txt")
    return runner.process.wait(timeout=LIMIT), runner.output.read_text(errors="replace")


def tally(counts: dict, key: str) -> None:
    counts[key] = counts.get(key, 0) + 1


def count(runners: list[Runner], outcome: Outcome) -> None:
    for runner in runners:
        outcome.runners += 1
        if runner.killed:
            outcome.killed += 1
            continue
        status = runner.process.returncode
        tally(outcome.statuses, str(status))
        if status != 0:
            outcome.failed += not runner.terminated
            tally(outcome.sentences, runner.last_words())


def play(storm: Storm, rounds: int, seed: int) -> Outcome:
    """All rounds of a storm."""
    folder = Path(tempfile.mkdtemp(prefix="limbec-storm-"))
    outcome, rng = Outcome(), random.Random(f"{seed} {storm}")
    settings = storm.settings
    configure = ", transaction_per_migration=True" if storm.per_revision and storm.program == "alembic" else ""
    # What is committed at once cannot be applied once alone by a runner that is killed before it says so.
    history = witness.History(outside=storm.database == "postgresql" and not storm.kill)
    project = witness.Project(folder / "project", history, storm.hidden, settings, configure=configure)
    try:
        for _ in range(rounds):
            average = outcome.seconds / outcome.rounds if outcome.rounds else 0.5 + 0.3 * storm.processes
            play_round(storm, project, folder, rng, outcome, average)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def every_storm(program: str) -> list[Storm]:
    """The storms of docs/reliability.md, of one program."""
    found = []
    for processes in (2, 8, 32):
        for database in ("postgresql", "sqlite"):
            for kill in (False, True):
                settings = "history = true\n" if program == "limbec" else ""
                storm = Storm(program, database, processes, kill, settings=settings)
                found.append(storm)
                if program == "limbec":
                    found.append(replace(storm, hidden=True))
                if database == "sqlite" and kill:
                    found.append(replace(storm, per_revision=True))
    return found


def save(storm: Storm, outcome: Outcome) -> None:
    """Keeps a result for the page, in place of an earlier one of the same storm."""
    keep("storm", storm.title(), {"storm": asdict(storm), "outcome": asdict(outcome)})


def write_page() -> None:
    """Puts the saved figures into the page."""
    known = kept("storm")
    rows = []
    for storm in sorted((s for program in ("limbec", "alembic") for s in every_storm(program)), key=order):
        if found := known.get(storm.title()):
            rows.append(row_of(Storm(**found["storm"]), found["outcome"]))
    write_part(PAGE, "storm", table(HEADER, rows))


def order(storm: Storm) -> tuple:
    return storm.database, storm.kill, storm.per_revision, storm.program == "alembic", storm.hidden, storm.processes


def row_of(storm: Storm, outcome: dict) -> list:
    how = ["URL in env.py alone"] * storm.hidden + ["a transaction a revision"] * storm.per_revision
    counts = [outcome.get(key, 0) for key in COUNTED]
    title = ", ".join([storm.program, *how, *["history"] * ("history" in storm.settings)])
    kills = "yes" if storm.kill else "no"
    return [storm.database, title, kills, storm.processes, *counts, round(outcome["seconds"] / outcome["rounds"], 1)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", choices=["limbec", "alembic"], help="limbec unless said otherwise")
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true", help="end some of the runners")
    parser.add_argument("--hidden", action="store_true", help="only env.py knows the URL")
    parser.add_argument("--per-revision", action="store_true", help="one transaction a revision")
    parser.add_argument("--settings", default="", help="the text of limbec.toml")
    parser.add_argument("--every", action="store_true", help="every storm of the page, with its figures saved")
    parser.add_argument("--page", action="store_true", help="write the saved figures into docs/reliability.md")
    arguments = parser.parse_args()
    ensure_environment(__file__)
    chosen = Storm(
        arguments.program or "limbec",
        arguments.database,
        arguments.processes,
        arguments.kill,
        arguments.hidden,
        arguments.per_revision,
        arguments.settings,
    )
    bad = 0
    programs = [arguments.program] if arguments.program else ["limbec", "alembic"]
    every = [storm for program in programs for storm in every_storm(program)]
    for storm in every if arguments.every else [chosen]:
        outcome = play(storm, arguments.rounds, arguments.seed)
        save(storm, outcome)
        print(f"{storm.title()}: {json.dumps(asdict(outcome))}", flush=True)
        bad += storm.program == "limbec" and bool(outcome.wrong or outcome.hung or outcome.failed)
    if arguments.page:
        write_page()
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
