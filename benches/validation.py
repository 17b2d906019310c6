"""`limbec validate` beside other linters, on generated histories and on one new file in a git repository.

    cargo build --release
    python3 benches/validation.py                     prints the table
    python3 benches/validation.py --write             puts it into docs/rules-evaluation.md

All programs run in turns, in the same run, on the same files. The others come from PyPI into .tools/peers, in the
versions of tests/support/requirements/peers.txt. Standard library only.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benches"), str(ROOT / "tests")]

import revisions  # noqa: E402
from run import machine  # noqa: E402
from support.page import table, write_part  # noqa: E402
from support.venvs import ensure  # noqa: E402

PAGE = ROOT / "docs/rules-evaluation.md"
SETTINGS = '[tool.zdm]\nalembic-version-locations = ["migrations/versions"]\n'


def git(folder, *arguments):
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def project(folder, size):
    """A history of `size` revisions on the branch main, and one more on the branch that is checked out."""
    versions = revisions.write(folder, size)
    (folder / "pyproject.toml").write_text(SETTINGS)
    git(folder, "init", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--message=history")
    git(folder, "checkout", "-b", "feature")
    (versions / revisions.name(size)).write_text(revisions.text(size))
    git(folder, "add", ".")
    git(folder, "commit", "--message=one more")


def commands(limbec):
    """What is measured: {case: {program: command}}."""
    bin_ = ensure("peers") / "bin"
    guard, zdm, lockcheck = (str(bin_ / name) for name in ("alembic-guard", "zdm", "lockcheck"))
    versions = "migrations/versions"
    return {
        "every revision": {
            "limbec": [limbec, "validate", "--all"],
            "zdm": [zdm, "."],
            "alembic-guard": [guard, versions],
            "lockcheck": [lockcheck, versions],
        },
        "one new revision": {
            "limbec": [limbec, "validate", "--changed", "--base", "main"],
            "zdm": [zdm, "--diff", "main", "."],
            "alembic-guard": [guard, "--diff-base", "main", versions],
        },
    }


def measure(command, folder):
    """(wall seconds, CPU seconds, peak bytes) of one run; findings are no failure."""
    measurer = [sys.executable, "-I", "-S", str(ROOT / "benches/measure.py"), "0", *command]
    done = subprocess.run(measurer, cwd=folder, stdout=subprocess.PIPE, text=True, check=True)
    status, *figures = done.stdout.split()
    if int(status) not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return tuple(map(float, figures))


def compare(programs, folder, runs):
    """{program: medians} after running all of them in turns; a first run of each is not counted."""
    samples = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, command in programs.items():
            figures = measure(command, folder)
            if turn:
                samples[name].append(figures)
    return {name: [statistics.median(column) for column in zip(*found)] for name, found in samples.items()}


def rows(size, limbec, runs):
    with tempfile.TemporaryDirectory(prefix="limbec-bench-") as name:
        folder = Path(name)
        project(folder, size)
        for case, programs in commands(limbec).items():
            found = compare(programs, folder, runs)
            ours = found["limbec"][0]
            for program, (wall, cpu, peak) in found.items():
                ratio = "" if program == "limbec" else f"{wall / ours:.1f}"
                row = [f"{size:,}", case, program, f"{wall * 1e3:.1f}", ratio, f"{cpu * 1e3:.1f}", f"{peak / 1e6:.0f}"]
                print("  ".join(row), file=sys.stderr, flush=True)
                yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limbec", type=Path, default=ROOT / "target/release/limbec")
    parser.add_argument("--sizes", type=int, nargs="*", default=[100, 1000, 10000])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    facts = "\n".join(f"- {line}" for line in machine())
    found = [row for size in options.sizes for row in rows(size, str(options.limbec.absolute()), options.runs)]
    header = ["revisions", "judged", "program", "wall, ms", "times limbec's", "CPU, ms", "MB"]
    text = f"{facts}\n\n{table(header, found)}"
    if options.write:
        write_part(PAGE, "speed", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
