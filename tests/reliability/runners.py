"""Runners of one command in a project, and how some of them are ended."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time
from pathlib import Path

from reliability.targets import Target
from reliability.witness import Project

REASON = re.compile(r"(error|FAILED|[\w.]+(Error|Exception|Violation)): |\S+Error\) ")


class Runner:
    """One process of a round."""

    def __init__(self, command: list[str], project: Project, output: Path):
        self.output = output
        self.terminated = self.killed = False
        with open(output, "wb") as file:
            self.process = subprocess.Popen(
                command,
                cwd=project.folder,
                env={**os.environ, **project.environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def last_words(self) -> str:
        """The line that says why it failed."""
        lines = [line for line in self.output.read_text(errors="replace").splitlines() if line.strip()]
        told = [line for line in lines if REASON.match(line)]
        return (told or lines or ["nothing"])[-1][:160]


def kill_some(runners: list[Runner], target: Target, trace: Path, rng: random.Random, horizon: float) -> None:
    """Ends a quarter of the runners within `horizon` seconds; the one that runs a revision just then, or any."""
    began = time.monotonic()
    moments = sorted(rng.uniform(0, horizon) for _ in range(max(1, len(runners) // 4)))
    for number, moment in enumerate(moments):
        while (left := began + moment - time.monotonic()) > 0:
            if all(runner.process.poll() is not None for runner in runners):
                return
            time.sleep(min(left, 0.05))
        choice = rng.randrange(1 << 30)
        if hasattr(target, "terminate") and number % 2 == 1:
            if target.terminate(choice):
                for runner in runners:
                    runner.terminated = True
            continue
        alive = [runner for runner in runners if runner.process.poll() is None]
        working = working_process(trace) if choice % 2 else None
        victim = next((runner for runner in alive if runner.process.pid == working), None)
        if victim is None and alive:
            victim = alive[choice % len(alive)]
        if victim:
            victim.killed = True
            victim.process.kill()


def working_process(trace: Path) -> int | None:
    """The process that wrote the last line of the trace."""
    lines = trace.read_text().splitlines() if trace.exists() else []
    return int(lines[-1].split()[0]) if lines else None


def overlapping(trace: Path) -> int:
    """How often a process began a revision while another one was within one (and ended it later)."""
    running: dict[str, int] = {}
    lines = [line.split() for line in (trace.read_text().splitlines() if trace.exists() else [])]
    found = 0
    for number, (pid, what, *_) in enumerate(lines):
        if what == "begin":
            for other in [pid_ for pid_ in running if pid_ != pid]:
                found += any(line[0] == other for line in lines[number:])
            running[pid] = number
        elif what == "end":
            running.pop(pid, None)
    return found


def wait_for_line(trace: Path, line: str) -> None:
    """Returns as soon as a revision has left that line in the trace."""
    deadline = time.monotonic() + 120
    while not trace.exists() or line not in trace.read_text():
        assert time.monotonic() < deadline, f"{line!r} never came"
        time.sleep(0.02)
