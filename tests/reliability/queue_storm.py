"""Several runners on one shared run, some killed, some frozen beyond their lease: is each tenant migrated exactly once?

    cargo build
    python3 tests/reliability/queue_storm.py --rounds 20 --seed 1
    python3 tests/reliability/queue_storm.py --rounds 5 --tenants 200 --runners 6

Each round has two fresh databases, one of them with a schema a tenant, and a run that one runner begins and the
others join. A third of the runners, at least one, is ended by SIGKILL at a random moment, Python included; another
third is frozen by SIGSTOP for longer than the lease, and then goes on. Afterwards one more runner joins, as the next
one of a job queue would. The figures are those of docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reliability.beside_servers import ensure_environment
from support.databases import run_on_server
from support.paths import limbec_binary
from support.queues import QueueProject, schema_queue

LEASE = 1.0
REVISIONS = 3


@dataclass
class Figures:
    """What came of all rounds."""

    rounds: int = 0
    tenants: int = 0
    runners: int = 0
    killed: int = 0
    frozen: int = 0
    # Tenants that more than one runner had.
    taken_over: int = 0
    # Runners that nobody killed, and that ended with an error.
    failed: int = 0
    hung: int = 0
    # Faults of the tenants, each in words.
    wrong: int = 0
    seconds: float = 0


def disturb(project: QueueProject, chance: random.Random, figures: Figures) -> set[int]:
    """Kills some runners and freezes others, the first one not excepted. The numbers of those that were killed."""
    count = len(project.runners)
    numbers = chance.sample(range(count), count)
    killed, frozen = numbers[: max(1, count // 3)], numbers[max(1, count // 3) : 2 * max(1, count // 3)]
    moments = sorted((chance.uniform(0.3, 4), number) for number in [*killed, *frozen])
    began = time.monotonic()
    waking = []
    for moment, number in moments:
        time.sleep(max(0, began + moment - time.monotonic()))
        runner = project.runners[number]
        if runner.process.poll() is not None:
            continue
        if number in killed:
            runner.signal(signal.SIGKILL)
            figures.killed += 1
        else:
            runner.signal(signal.SIGSTOP)
            waking.append((time.monotonic() + chance.uniform(1.2, 3) * LEASE, runner))
            figures.frozen += 1
    for moment, runner in waking:
        time.sleep(max(0, moment - time.monotonic()))
        runner.signal(signal.SIGCONT)
    return set(killed)


def play(options: argparse.Namespace, chance: random.Random, urls: tuple[str, str], figures: Figures) -> list[str]:
    """One round; its faults."""
    with tempfile.TemporaryDirectory() as folder:
        project = schema_queue(Path(folder), limbec_binary(), options.tenants, urls)
        revisions = project.add_revisions(REVISIONS)
        pause = {"LEDGER_PAUSE": str(chance.choice([0, 0.01, 0.05]))}
        jobs = ["--jobs", str(options.jobs)]
        try:
            project.start("--all", "--start-run=r", "--lease", f"{LEASE}s", *jobs, **pause)
            project.wait_until("r", lambda _: True)
            for _ in range(options.runners - 1):
                project.start("--join", "r", *jobs, **pause)
            killed = disturb(project, chance, figures)
            for number, runner in enumerate(project.runners):
                ended = runner.end(300)
                if ended.status != 0 and number not in killed:
                    figures.failed += 1
                    print(ended.err, file=sys.stderr)
            last = project.start("--join", "r", *jobs).end(300)
            figures.failed += last.status != 0
        except (AssertionError, subprocess.TimeoutExpired) as error:
            figures.hung += 1
            return [str(error)]
        finally:
            project.end_all()
        figures.taken_over += sum(tenant["runners"] > 1 for tenant in project.run("r")["tenants"])
        return project.faults(revisions)


def main() -> None:
    ensure_environment(__file__)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tenants", type=int, default=40)
    parser.add_argument("--runners", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    figures = Figures()
    server = os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"]
    base = server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0]
    began = time.monotonic()
    for number in range(options.rounds):
        names = [f"limbec_{uuid.uuid4().hex[:16]}" for _ in range(2)]
        for name in names:
            run_on_server(server, f"CREATE DATABASE {name}")
        faults = play(options, chance, (f"{base}/{names[0]}", f"{base}/{names[1]}"), figures)
        for name in names:
            run_on_server(server, f"DROP DATABASE {name} WITH (FORCE)")
        figures.rounds += 1
        figures.tenants += options.tenants
        figures.runners += options.runners
        figures.wrong += len(faults)
        print(f"round {number + 1}: {faults or 'nothing wrong'}", flush=True)
    figures.seconds = round(time.monotonic() - began, 1)
    print(json.dumps(asdict(figures)))
    sys.exit(bool(figures.wrong or figures.failed or figures.hung))


if __name__ == "__main__":
    main()
