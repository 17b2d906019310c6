"""Runs many Alembic command lines in one process: `python alembic_in_process.py < cases.json > results.json`.

A case is `{"cwd", "argv", "environment"}`, a result `{"exit", "stdout"}`; a crash is exit 1 without output.
"""

import io
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path


class Swappable(io.TextIOBase):
    """Alembic binds `sys.stdout` when it is imported, so the object has to stay and its buffer has to change."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.buffer_ = io.StringIO()

    def write(self, text: str) -> int:
        return self.buffer_.write(text)

    def take(self) -> str:
        taken, self.buffer_ = self.buffer_.getvalue(), io.StringIO()
        return taken


def ask(cases: list[dict]) -> list[dict]:
    """What this interpreter's Alembic answers to each case."""
    process = subprocess.run(
        [sys.executable, __file__], input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=300
    )
    return json.loads(process.stdout)


def ask_limbec(binary: Path, case: dict) -> dict:
    """What limbec answers to a case, in the shape of a result, with its standard error."""
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8", **case["environment"]}
    process = subprocess.run(
        [binary, *case["argv"]],
        cwd=case["cwd"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return {"exit": process.returncode, "stdout": process.stdout, "stderr": process.stderr}


def answer(case: dict, output: Swappable) -> dict:
    from alembic.config import CommandLine

    os.chdir(case["cwd"])
    os.environ.update(case["environment"])
    path = list(sys.path)
    try:
        CommandLine(prog="alembic").main(case["argv"])
        code = 0
    except SystemExit as stop:
        code = stop.code % 256 if isinstance(stop.code, int) else 1
    except Exception:
        code = 1
    finally:
        sys.path[:] = path
        for name in case["environment"]:
            del os.environ[name]
    stdout = output.take()
    return {"exit": code, "stdout": "" if code == 1 else stdout}


def main() -> None:
    cases = json.load(sys.stdin)
    original, sys.stdout = sys.stdout, Swappable()
    warnings.simplefilter("ignore")
    results = [answer(case, sys.stdout) for case in cases]
    json.dump(results, original)


if __name__ == "__main__":
    main()
