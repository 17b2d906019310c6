"""The other end of the driver's line: plays limbec, with Python as a child, for any interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.paths import ROOT

DRIVER = ROOT / "python/limbec/driver"
# Shared with the plugin for plain Alembic.
OWN_TABLES = ROOT / "python/limbec/own_tables.py"
NOTHING = {"url": None, "schema": None, "transaction": None, "options": {}}


class Refusal(Exception):
    """Raised by a host to refuse a call."""


@dataclass
class Outcome:
    """What came of one child: outcomes in the order of the requests, the calls made, and the process's output."""

    outcomes: list[dict]
    calls: list[tuple[str, object]]
    status: int
    stdout: str
    stderr: str

    @property
    def value(self):
        assert "value" in self.outcomes[0], self.outcomes[0]["failure"]["traceback"] + self.stderr
        return self.outcomes[0]["value"]

    @property
    def failure(self):
        assert "failure" in self.outcomes[0], self.outcomes[0]
        return self.outcomes[0]["failure"]

    def called(self, method):
        return [params for name, params in self.calls if name == method]


@dataclass
class Line:
    """A child of `python` in `folder`; `host(method, params)` answers its calls."""

    python: Path
    folder: Path
    variables: dict = field(default_factory=dict)

    def run(self, *requests, host=None):
        down, up = os.pipe(), os.pipe()
        arguments = [str(self.python), "-c", text_of("child"), str(down[0]), str(up[1])]
        environment = {**os.environ, "PYTHONHASHSEED": "0", **self.variables}
        environment.pop("PYTHONUNBUFFERED", None)
        with open(self.folder / "out.txt", "w+") as out, open(self.folder / "err.txt", "w+") as err:
            child = subprocess.Popen(
                arguments, cwd=self.folder, pass_fds=(down[0], up[1]), stdout=out, stderr=err, env=environment
            )
            os.close(down[0])
            os.close(up[1])
            outcomes, calls = converse(os.fdopen(up[0], "rb"), os.fdopen(down[1], "wb", 0), list(requests), host)
            status = child.wait(timeout=60)
            out.seek(0)
            err.seek(0)
            return Outcome(outcomes, calls, status, out.read(), err.read())


def converse(reader, writer, requests, host):
    outcomes, calls = [], []
    requests.append({"kind": "finish"})
    with reader, writer:
        for line in reader:
            message = json.loads(line)
            if "boot" in message:
                reply = text_of("boot")
            elif "sources" in message:
                reply = {path.stem: path.read_text() for path in [*DRIVER.glob("*.py"), OWN_TABLES]}
            elif "next" in message:
                reply = requests.pop(0)
            elif "outcome" in message:
                outcomes.append(message["outcome"])
                reply = None
            else:
                calls.append((message["call"], message["params"]))
                try:
                    reply = {"result": host(message["call"], message["params"]) if host else None}
                except Refusal as refusal:
                    reply = {"refused": str(refusal)}
            writer.write(json.dumps(reply).encode() + b"\n")
    return outcomes, calls


def text_of(name):
    return (DRIVER / f"{name}.py").read_text()


def invocation(kind, argv, scripts, dont_mutate=False, **overrides):
    """A `run_env`, `command` or `probe` request."""
    return {
        "kind": kind,
        "argv": argv,
        "scripts": scripts,
        "overrides": {**NOTHING, **overrides},
        "dont_mutate": dont_mutate,
    }
