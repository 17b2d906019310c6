"""limbec beside Alembic, on generated and on real histories. Standard library only.

    cargo build --release
    python3 benches/run.py --alembic .tools/oracle/bin/alembic
    python3 benches/run.py --alembic .tools/oracle/bin/alembic --sizes 1000 --shapes linear --runs 15
    python3 benches/run.py --projects airflow langflow --sizes

Both programs run in turns, in the same run, on the same files and copies of the same database. The result is a
Markdown document on standard output, or in --output.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benches"), str(ROOT / "tests")]

import applications  # noqa: E402
import histories  # noqa: E402

# A program that is slower than this in its first run is not run as often as --runs says.
SLOW, VERY_SLOW = 5.0, 30.0
# The status of a run that took longer than --limit.
KILLED = -9


@dataclass
class Case:
    """One command on one project. `database` is copied into place before every run, where there is one."""

    project: str
    name: str
    arguments: "list[str]"
    folder: Path
    environment: "dict[str, str]" = field(default_factory=dict)
    database: "tuple[Path, Path] | None" = None
    bytecode: bool = True
    reads: "Path | None" = None


@dataclass
class Sample:
    """The medians of one program on one case; `ended` is False when it did not end within the limit."""

    wall: float
    cpu: float
    peak: int
    runs: int
    ended: bool = True


def clear_bytecode(folder: Path) -> None:
    for found in list(folder.rglob("__pycache__")):
        shutil.rmtree(found)


def measure(command, case, limit):
    """(exit status, wall seconds, CPU seconds, peak bytes) of one run."""
    if case.database:
        shutil.copyfile(*case.database)
    environment = {**os.environ, **case.environment}
    environment["MEASURE_ERRORS"] = str(Path(tempfile.gettempdir()) / f"limbec-bench-{os.getpid()}")
    # Whatever is set on this machine.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not case.bytecode:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    measurer = [sys.executable, "-I", "-S", str(ROOT / "benches/measure.py"), str(limit), *command]
    done = subprocess.run(measurer, cwd=case.folder, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    status, wall, cpu, peak = done.stdout.split()
    if int(status) not in (0, KILLED):
        said = Path(environment["MEASURE_ERRORS"]).read_text()
        raise SystemExit(f"{' '.join(command)} in {case.folder} ended with {status}\n{said}")
    return int(status), float(wall), float(cpu), int(peak)


def compare(case, programs, runs, limit):
    """{program: Sample} after running all of them in turns."""
    samples = {name: [] for name in programs}
    dropped = set()
    for name, program in programs.items():
        # Not counted: fills the caches of the file system, and Python's of bytecode.
        first = measure([*program, *case.arguments], case, limit)
        if first[0] == KILLED or first[1] > VERY_SLOW:
            samples[name].append(first)
            dropped.add(name)
    for turn in range(runs):
        for name, program in programs.items():
            slow = turn >= 3 and samples[name] and samples[name][0][1] > SLOW
            if name not in dropped and not slow:
                samples[name].append(measure([*program, *case.arguments], case, limit))
    return {name: summary(found) for name, found in samples.items()}


def summary(found):
    columns = list(zip(*found))
    ended = all(status == 0 for status in columns[0])
    return Sample(*(statistics.median(column) for column in columns[1:]), runs=len(found), ended=ended)


def generated(folder, shape, size):
    """The cases of one generated history."""
    project = folder / f"{shape}-{size}"
    head, before = histories.write(project, shape, size)
    histories.write_database(project / "at-head.db", head)
    histories.write_database(project / "one-pending.db", before)
    here = project / "bench.db"
    at_head, pending = (project / "at-head.db", here), (project / "one-pending.db", here)
    versions = project / "migrations/versions"
    title = f"{shape}, {size:,}"
    return [
        Case(title, "heads", ["heads"], project, reads=versions),
        Case(title, "history", ["history"], project, reads=versions),
        Case(title, "current", ["current"], project, database=at_head, reads=versions),
        Case(title, "upgrade, nothing to do", ["upgrade", "head"], project, database=at_head, reads=versions),
        Case(title, "upgrade, one pending", ["upgrade", "head"], project, database=pending),
        Case(
            title, "upgrade, one pending, no bytecode", ["upgrade", "head"], project, database=pending, bytecode=False
        ),
    ]


def reading(case, runs):
    """The wall time of `cat` over the files that a case has to read: the floor for whoever reads them all."""
    files = sorted(str(path) for path in case.reads.glob("*.py"))
    bare = Case(case.project, "cat", [], case.folder)
    return summary([measure(["cat", *files], bare, 0) for _ in range(max(runs, 3))])


def row(case, found):
    """One line of the table."""
    theirs, ours = found["alembic"], found["limbec"]
    more = "" if theirs.ended else "> "

    def pair(figure, scale):
        high, low = figure(theirs) * scale, figure(ours) * scale
        return f"{more}{high:,.{0 if high >= 20 else 1}f} | {low:,.1f} | {more}{high / max(low, 0.01):,.1f}"

    cells = [
        case.project,
        case.name,
        pair(lambda sample: sample.wall, 1e3),
        pair(lambda sample: sample.cpu, 1e3),
        pair(lambda sample: sample.peak, 1e-6),
        f"{theirs.runs}, {ours.runs}",
    ]
    return "| " + " | ".join(cells) + " |"


COLUMNS = [
    "wall, ms: alembic",
    "limbec",
    "ratio",
    "CPU, ms: alembic",
    "limbec",
    "ratio",
    "MB: alembic",
    "limbec",
    "ratio",
]
HEADER = "\n".join(
    [f"| history | command | {' | '.join(COLUMNS)} | runs |", f"| --- | --- |{' ---: |' * (len(COLUMNS) + 1)}"]
)


def machine():
    """What a figure depends on, one line each."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        processor = platform.processor()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[0]
    system = f"{platform.system()} {platform.release()}"
    yield f"{processor or platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, {system}"
    yield f"load average when it began: {load:.1f} (everything over 1 means that something else was running too)"


def versions(limbec, alembic):
    def ask(*command):
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()

    python = alembic.parent / "python"
    code = "import sys, sqlalchemy, alembic; print(sys.version.split()[0], sqlalchemy.__version__, alembic.__version__)"
    found = ask(str(python), "-c", code).split()
    commit = ask("git", "describe", "--always", "--dirty")
    yield "alembic {2} with SQLAlchemy {1} on Python {0}".format(*found) if len(found) == 3 else str(alembic)
    yield f"{ask(str(limbec), '--version')} (commit {commit}), {limbec.parent.name} build"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbec", type=Path, default=ROOT / "target/release/limbec")
    parser.add_argument("--alembic", type=Path, default=ROOT / ".tools/oracle/bin/alembic")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000, 10000])
    parser.add_argument("--shapes", nargs="*", choices=list(histories.SHAPES), default=list(histories.SHAPES))
    parser.add_argument("--projects", nargs="*", choices=list(applications.APPLICATIONS), default=[])
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a run is ended")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


def run_cases(cases, limbec, alembic, options):
    """The lines of the table for some cases of one project."""
    for case in cases:
        clear_bytecode(case.folder)
        venv = alembic.parent.parent
        case.environment = {**case.environment, "VIRTUAL_ENV": str(venv)}
        case.environment["PATH"] = os.pathsep.join([str(alembic.parent), os.environ["PATH"]])
        found = compare(case, {"alembic": [str(alembic)], "limbec": [str(limbec)]}, options.runs, options.limit)
        print(row(case, found), file=sys.stderr, flush=True)
        yield row(case, found)


def main():
    options = arguments()
    limbec, alembic = options.limbec.absolute(), options.alembic.absolute()
    began, lines, floors = time.monotonic(), [], []
    about = [*machine(), *versions(limbec, alembic)]
    with tempfile.TemporaryDirectory(prefix="limbec-bench-") as name:
        folder = Path(name)
        for shape in options.shapes:
            for size in options.sizes:
                cases = generated(folder, shape, size)
                lines += run_cases(cases, limbec, alembic, options)
                floor = reading(cases[0], options.runs)
                floors.append(f"| {cases[0].project} | {floor.wall * 1e3:.1f} ms | {floor.cpu * 1e3:.1f} ms |")
        for project in options.projects:
            cases, program = applications.cases(project, folder, limbec, Case)
            lines += run_cases(cases, limbec, program, options)
    text = document(about, lines, floors, time.monotonic() - began)
    if options.output:
        options.output.write_text(text)
    else:
        print(text)


def document(about, lines, floors, seconds):
    facts = "\n".join(f"- {line}" for line in about)
    read = "\n".join(["| history | wall | CPU |", "| --- | ---: | ---: |", *floors]) if floors else ""
    command = " ".join(["python3", "benches/run.py", *sys.argv[1:]])
    template = (ROOT / "benches/template.md").read_text()
    table = "\n".join([HEADER, *lines])
    return template.format(command=command, facts=facts, table=table, read=read, minutes=seconds / 60)


if __name__ == "__main__":
    main()
