"""What the next deployment does after a run that was killed, and what its operator is told to type."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from support.paths import limbec_binary

NAMED = re.compile(r"[`'](limbec [^`']+)[`']")
# Each answer may lead to one more question.
ROUNDS = 4


@dataclass
class Aftermath:
    """How head was reached: `continued`, `named` (by what the hints say to type), or not at all: `broken`."""

    result: str
    # Commands with their exit statuses and what they said.
    said: list[str] = field(default_factory=list)


def reach_head(run, upgrade: list[str]) -> Aftermath:
    """Upgrades, doing what limbec says to type. `run` takes a command and returns (exit status, output)."""
    said, typed = [], 0
    for _ in range(ROUNDS):
        status, output = run(upgrade)
        said.append(f"upgrade [{status}] {output.strip()[-1500:]}")
        if status == 0:
            return Aftermath("named" if typed else "continued", said)
        command = command_named(output)
        if command is None or "Traceback" in output:
            break
        typed += 1
        status, output = run(command)
        said.append(f"{shlex.join(command[1:])} [{status}] {output.strip()[-1500:]}")
    return Aftermath("broken", said)


def command_named(output: str) -> list[str] | None:
    """The first command that a hint names; where it asks something, the answer is yes."""
    hints = " ".join(line for line in output.splitlines() if line.lstrip().startswith("hint:"))
    found = NAMED.search(hints)
    if not found:
        return None
    words = shlex.split(found[1])[1:]
    yes = ["--yes"] if words[0] == "repair" and "--yes" not in words else []
    return [str(limbec_binary()), *words, *yes]
