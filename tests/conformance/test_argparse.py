"""The recorded command lines are what this Alembic says, and their canonical form means the same."""

from __future__ import annotations

import json
import sys

import alembic
import argparse_cases
import pytest
from alembic.config import CommandLine

CASES = json.loads(argparse_cases.FILE.read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="recorded with Python 3.11: argparse changes with Python")
@pytest.mark.skipif(not alembic.__version__.startswith("1.20."), reason="recorded with Alembic 1.20")
def test_recorded_cases_are_current() -> None:
    assert argparse_cases.FILE.read_text(encoding="utf-8") == argparse_cases.text()


def canonical(case: dict) -> list[str]:
    """As src/cli/argparse.rs writes the line that the engine gives to Alembic's parser."""
    parser = CommandLine(prog="alembic").parser
    globals_ = {action.option_strings[-1] for action in parser._actions if action.option_strings}
    words: dict[bool, list[str]] = {True: [], False: []}
    for name, values in case["options"].items():
        words[name in globals_] += [f"{name}={value}" for value in values] or [name]
    separator = ["--"] if any(value.startswith("-") for value in case["positionals"]) else []
    return [*words[True], case["command"], *words[False], *separator, *case["positionals"]]


def test_canonical_lines_mean_the_same() -> None:
    parser = CommandLine(prog="alembic").parser
    for case in CASES:
        if case["exit"] == "run":
            line = canonical(case)
            assert argparse_cases.understood(parser, line) == case | {"argv": line}
