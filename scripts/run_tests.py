"""Runs every check of the repository, one after the other, and says at the end which failed. Standard library only.

`scripts/test` calls this, with the virtualenvs made and the servers running.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.paths import ROOT, TOOLS
from support.venvs import other_interpreters

VENVS = {
    "LIMBEC_TEST_ORACLE": TOOLS / "oracle",
    "LIMBEC_TEST_OLD": TOOLS / "old",
    "LIMBEC_TEST_MIDDLE": TOOLS / "middle",
    "LIMBEC_TEST_SUPERSET_READER": TOOLS / "superset-reader",
    "LIMBEC_TEST_PYTHON_API": TOOLS / "python-api",
}
# Suites that mostly wait for programs of their own, run beside the others: two cores are otherwise half idle.
BESIDE = ["tests/conformance", "tests/engine", "tests/packaging", "tests/end_to_end/test_applications.py"]
CLOSING_LINES = ("test result:", "passed in", "failed in", "error in", "errors in", "Found ", "All checks passed")


def environment():
    """The environment of every step: the oracle's `python3` and `alembic` are the first on PATH."""
    oracle = VENVS["LIMBEC_TEST_ORACLE"]
    variables = {name: str(path) for name, path in VENVS.items()}
    variables["LIMBEC_TEST_PYTHONS"] = os.pathsep.join(other_interpreters())
    variables["VIRTUAL_ENV"] = str(oracle)
    variables["PATH"] = os.pathsep.join([str(oracle / "bin"), os.environ["PATH"]])
    # Everything that a suite may skip for want of something is a failure where this is set.
    variables["LIMBEC_REQUIRE_POSTGRES"] = "1"
    # What would point limbec somewhere else than the tests expect.
    strange = (
        "LIMBEC_URL",
        "LIMBEC_SCHEMA",
        "LIMBEC_PYTHON",
        "ALEMBIC_CONFIG",
        "LEDGER_COMMON_URL",
        "LEDGER_TENANT_URL",
    )
    return {**{key: value for key, value in os.environ.items() if key not in strange}, **variables}


def steps(chosen, pytest_arguments):
    """(name, command) of every step that was asked for, in the order in which they fail fastest."""
    python = str(VENVS["LIMBEC_TEST_ORACLE"] / "bin/python")
    if "python" in chosen:
        yield "ruff check", [python, "-m", "ruff", "check", "."]
        yield "ruff format", [python, "-m", "ruff", "format", "--check", "."]
    if "rust" in chosen:
        yield "cargo fmt", ["cargo", "fmt", "--all", "--check"]
        yield "cargo clippy", ["cargo", "clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]
    yield "cargo build", ["cargo", "build"]
    if "rust" in chosen:
        yield "cargo test", ["cargo", "test", "--workspace", "--no-fail-fast"]
    if "python" in chosen:
        apart = [] if pytest_arguments else [f"--ignore={path}" for path in BESIDE]
        yield "pytest", [python, "-m", "pytest", *pytest_arguments, *apart]


def run(name, command, variables):
    """Run one step with its output passed on as it comes; returns (ok, seconds, its closing lines)."""
    print(f"\n==> {name}: {' '.join(command)}", flush=True)
    began, output = time.monotonic(), b""
    process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    # Whoever ends this process ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: (process.terminate(), sys.exit(143)))
    # In pieces and not in lines, so that the dots of a running test suite are seen.
    while piece := os.read(process.stdout.fileno(), 65536):
        os.write(1, piece)
        output += piece
    lines = output.decode(errors="replace").splitlines()
    closing = [line.strip() for line in lines if any(mark in line for mark in CLOSING_LINES)]
    return process.wait() == 0, time.monotonic() - began, closing


def run_both(step, variables):
    """Run pytest on the suites of BESIDE at the same time; what it says comes when both are over."""
    name, command = "pytest beside", [step[1][0], "-m", "pytest", *BESIDE]
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        beside = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield (step[0], *run(*step, variables))
            status = beside.wait()
        finally:
            # Nothing that was started here goes on alone.
            beside.terminate()
        output.seek(0)
        text = output.read().decode(errors="replace")
    print(f"\n==> {name}: {' '.join(command)}\n{text}", flush=True)
    closing = [line.strip() for line in text.splitlines() if any(mark in line for mark in CLOSING_LINES)]
    yield name, status == 0, time.monotonic() - began, closing


def main():
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    chosen = arguments[:split] or ["rust", "python"]
    unknown = set(chosen) - {"rust", "python"}
    if unknown:
        sys.exit(f"no such part: {' '.join(sorted(unknown))}; there are rust and python")
    variables, results = environment(), []
    pytest_arguments = arguments[split + 1 :]
    for name, command in steps(chosen, pytest_arguments):
        if name == "pytest" and not pytest_arguments:
            results.extend(run_both((name, command), variables))
        else:
            results.append((name, *run(name, command, variables)))
    print("\n==> summary")
    for name, ok, seconds, closing in results:
        print(f"{'ok    ' if ok else 'FAILED'} {name} ({seconds:.0f} s)")
        for line in closing:
            print(f"           {line}")
    failed = [name for name, ok, *_ in results if not ok]
    if failed:
        sys.exit(f"FAILED: {', '.join(failed)}")
    print("all checks passed")


if __name__ == "__main__":
    main()
