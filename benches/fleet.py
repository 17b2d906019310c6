"""Fleet runs beside a loop of `alembic`, once a tenant: many schemas of one database, many databases of one server.

    cargo build --release
    scripts/with-servers .tools/oracle/bin/python benches/fleet.py --limbec target/release/limbec --write

The loop is sampled: some tenants, spread over all of them, between the runs of limbec; its total is the median of a
tenant times their number. Both use one env.py.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benches"), str(ROOT / "tests")]

from run import machine, versions  # noqa: E402
from support.page import table, write_part  # noqa: E402
from tenants import Tenants  # noqa: E402


@dataclass
class Row:
    """One operation: seconds of limbec for all, and of Alembic for one tenant at a time."""

    kind: str
    name: str
    count: int
    ours: float
    loop: "list[float]"

    def cells(self) -> list:
        each = statistics.median(self.loop)
        total = each * self.count
        return [
            f"{self.count:,} {self.kind}",
            self.name,
            round(self.ours, 2),
            round(each, 2),
            round(total),
            round(total / self.ours),
        ]


class Bench:
    """One kind of tenant."""

    def __init__(self, tenants: Tenants, options):
        self.tenants, self.options = tenants, options
        self.rows = []
        venv = options.alembic.parent.parent
        self.environment = {**os.environ, "VIRTUAL_ENV": str(venv), "CI": ""}

    def ours(self, *words: str, status: int = 0) -> "tuple[float, str]":
        """Wall seconds, and what was said."""
        command = [str(self.options.limbec), "tenant", *words]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=self.tenants.folder, env=self.environment, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        if done.returncode != status:
            sys.exit(f"{command} ended with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return seconds, done.stdout + done.stderr

    def loop(self, *words: str) -> "list[float]":
        """Wall seconds of Alembic, for some tenants."""
        step = max(1, self.tenants.count // self.options.sample)
        seconds = []
        for name in self.tenants.names[::step][: self.options.sample]:
            command = [str(self.options.alembic), *words]
            environment = {**self.environment, "TENANT_URL": self.tenants.url_of(name)}
            began = time.perf_counter()
            done = subprocess.run(command, cwd=self.tenants.folder, env=environment, capture_output=True)
            seconds.append(time.perf_counter() - began)
            if done.returncode:
                sys.exit(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return seconds

    def compare(self, name: str, ours: "list[str]", theirs: "list[str]", pending: bool) -> None:
        """Median of several runs, each from the same state, and the loop in between."""
        runs, loop = [], []
        for _ in range(self.options.runs):
            self.tenants.all_at(self.tenants.before if pending else self.tenants.head)
            loop += self.loop(*theirs)
            self.tenants.all_at(self.tenants.before if pending else self.tenants.head)
            runs.append(self.ours(*ours)[0])
            self.expect_heads()
        self.rows.append(Row(self.tenants.kind, name, self.tenants.count, statistics.median(runs), loop))
        print(self.rows[-1].cells(), f"runs {[round(run, 2) for run in runs]}", file=sys.stderr, flush=True)

    def expect_heads(self, but: "str | None" = None) -> None:
        """Every tenant is at the head, but for one that fails."""
        behind = {name for name, standing in self.tenants.standings().items() if standing != self.tenants.head}
        if behind != ({but} if but else set()):
            sys.exit(f"not at the head: {sorted(behind)[:10]}")

    def run(self) -> None:
        self.tenants.make()
        everything = [f"--jobs={self.options.jobs}", "--all"]
        upgrade = ["upgrade", "head"]
        self.compare("one pending revision, in Python", ["migrate", *self.python_way, *everything], upgrade, True)
        if self.python_way:
            self.compare("one pending revision, rendered", ["migrate", *everything], upgrade, True)
        self.fails_for_one(everything)
        self.compare("status", ["status", "--format=json"], ["current"], False)
        self.compare("nothing to do", ["migrate", *everything], upgrade, False)

    @property
    def python_way(self) -> "list[str]":
        return ["--no-render"] if "--no-render" in self.ours("migrate", "--help")[1] else []

    def fails_for_one(self, everything: "list[str]") -> None:
        """One tenant has the table already: it alone stays behind, and is named."""
        self.tenants.all_at(self.tenants.before)
        victim = self.tenants.names[self.tenants.count // 2]
        last = f"table_{self.tenants.revisions - 1}"
        loop = self.loop("upgrade", "head")
        self.tenants.all_at(self.tenants.before)
        self.tenants.on(victim, f"CREATE TABLE {last} (id int)")
        on_error = ["--on-error=continue"] if "--on-error" in self.ours("migrate", "--help")[1] else []
        seconds, said = self.ours("migrate", *on_error, *everything, status=1)
        if victim not in said:
            sys.exit(f"{victim} is not named:\n{said[-3000:]}")
        self.expect_heads(but=victim)
        self.rows.append(Row(self.tenants.kind, "one pending revision, one fails", self.tenants.count, seconds, loop))
        print(self.rows[-1].cells(), file=sys.stderr, flush=True)
        self.tenants.on(victim, f"DROP TABLE {last}")


HEADER = ["tenants", "", "limbec, s", "alembic, s a tenant", "its loop, s", "times as fast"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbec", type=Path, default=ROOT / "target/release/limbec")
    parser.add_argument("--alembic", type=Path, default=Path(sys.executable).parent / "alembic")
    parser.add_argument("--schemas", type=int, default=1000)
    parser.add_argument("--databases", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--sample", type=int, default=5, help="tenants of the loop, before each run of limbec")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    options.limbec, options.alembic = options.limbec.absolute(), options.alembic.absolute()
    server = os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"]
    about = [*machine(), *versions(options.limbec, options.alembic)]
    rows = []
    for kind, count in (("schemas", options.schemas), ("databases", options.databases)):
        if not count:
            continue
        with tempfile.TemporaryDirectory(prefix="limbec-bench-") as name:
            tenants = Tenants(Path(name) / "project", kind, server, options.alembic, count)
            bench = Bench(tenants, options)
            try:
                bench.run()
            finally:
                tenants.drop()
            rows += [row.cells() for row in bench.rows]
    about.append(f"load average at the end: {os.getloadavg()[0]:.1f}; --jobs {options.jobs}")
    about.append(f"medians of {options.runs} runs; the loop is {options.sample} tenants before each of them")
    text = "\n".join(f"- {line}" for line in about) + "\n\n" + table(HEADER, rows)
    print(text)
    if options.write:
        write_part(ROOT / "docs/benchmarks.md", "fleet", text)


if __name__ == "__main__":
    main()
