"""Command lines and what Alembic's own parser makes of them.

Run with a Python that has Alembic to write argparse_cases.json, which src/cli/argparse.rs is tested against.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import pathlib
import random
import sys

from alembic.config import CommandLine

FILE = pathlib.Path(__file__).with_name("argparse_cases.json")

VALUES = ["", "-", "--", "-x", "--sql", "-1", "-3:", "-3:x", "-1.5", "-.5", "-1_0", "-a b"]
VALUES += ["a", "a b", "a=b", "=", ":x", "+2", "é"]


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return parser._subparsers._group_actions[0].choices


def option_words(parser: argparse.ArgumentParser) -> list[list[str]]:
    """Every option in every spelling: abbreviated, glued, with a value, without."""
    words = []
    for action in parser._actions:
        for name in action.option_strings:
            spellings = [name]
            if name.startswith("--"):
                spellings += [name[:length] for length in range(3, len(name))]
            for spelling in spellings:
                words.append([spelling])
                words.append([spelling + "=a"])
                words.append([spelling, "a"])
                if not name.startswith("--"):
                    words.append([spelling + "a"])
    return words


def systematic(parser: argparse.ArgumentParser) -> list[list[str]]:
    cases: list[list[str]] = [[], ["--"], ["-"], ["--=x"], ["nonsense"], ["ensure-version"]]
    cases += [["--", "heads"], ["heads", "--"]]
    for name, sub in commands(parser).items():
        positionals = ["p"] if sub._get_positional_actions() else []
        cases += [[name], [name, *positionals], [name, "p", "q"]]
        cases += [[name, "--", *positionals], [name, *positionals, "--"]]
        for words in option_words(sub):
            cases += [[name, *words], [name, *words, *positionals], [name, *positionals, *words]]
        for value in VALUES:
            cases += [[name, value], [name, "--", value], [name, value, value]]
            for action in sub._actions:
                if action.option_strings and action.nargs is None:
                    long = action.option_strings[-1]
                    cases += [[name, long, value, *positionals], [name, f"{long}={value}", *positionals]]
                    cases += [[name, action.option_strings[0] + value, *positionals]]
    for words in option_words(parser):
        cases += [words, [*words, "heads"], ["heads", *words]]
    for value in VALUES:
        cases += [["-x", value, "heads"], ["-x" + value, "heads"], ["-c" + value, "heads"], [value, "heads"], [value]]
    cases += [["history", f"-{''.join(letters)}"] for letters in itertools.permutations("virh")]
    bundles = ["-vi", "-iv", "-vv", "-vir:", "-v=", "-v=i", "-vx", "-vi=", "-vr", "-r-3:", "-vr-1:"]
    cases += [["history", bundle] for bundle in bundles]
    cases += [["history", "-r", "-3"], ["history", "-r", "-3:x"], ["history", "-r", ":x"], ["history", "-r", "-3 :x"]]
    cases += [["-x", "a", "-x", "b", "-xc", "heads"], ["-qx", "-1", "heads"]]
    cases += [["-c", "a.ini", "-c", "pyproject.toml", "-qn", "s", "heads"]]
    return cases


def generated(parser: argparse.ArgumentParser, count: int) -> list[list[str]]:
    """Random mixtures, the same in every run."""
    random_ = random.Random(20260101)
    cases = []
    for _ in range(count):
        name, sub = random_.choice(list(commands(parser).items()))
        before = random_.choices(option_words(parser), k=random_.choice([0, 0, 1, 2]))
        after = random_.choices(option_words(sub), k=random_.choice([0, 1, 1, 2, 3]))
        positionals = [[value] for value in random_.choices(VALUES, k=random_.choice([0, 1, 1, 2]))]
        tail = after + positionals
        random_.shuffle(tail)
        cases.append([*itertools.chain(*before), name, *itertools.chain(*tail)])
    return cases


def understood(parser: argparse.ArgumentParser, arguments: list[str]) -> dict:
    """What the parser makes of a command line: exit class, command, values of what differs from the default."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            namespace = parser.parse_args(arguments)
        except SystemExit as stop:
            return {"argv": arguments, "exit": "usage" if stop.code else "printed"}
    if not hasattr(namespace, "cmd"):
        return {"argv": arguments, "exit": "usage"}
    name = namespace.cmd[0].__name__
    values: dict[str, list[str]] = {}
    positionals: list[str] = []
    for action in [*parser._actions, *commands(parser)[name]._actions]:
        value = getattr(namespace, action.dest, None)
        if value is None or value == action.default:
            continue
        given = [] if value is True else value if isinstance(value, list) and value else [value]
        if action.option_strings:
            values[action.option_strings[-1]] = given
        else:
            positionals = given
    return {"argv": arguments, "exit": "run", "command": name, "options": values, "positionals": positionals}


def is_sound(case: dict) -> bool:
    """False where this Python's argparse loses a value: `--tag=--` gives it as an empty list."""
    return all(isinstance(value, str) for values in case.get("options", {}).values() for value in values)


def cases(count: int | None = None) -> list[dict]:
    parser = CommandLine(prog="alembic").parser
    found = {tuple(arguments): arguments for arguments in systematic(parser) + generated(parser, 1500)}
    chosen = list(found.values())
    if count is not None:
        chosen = random.Random(count).sample(chosen, count)
    return [case for case in (understood(parser, arguments) for arguments in chosen) if is_sound(case)]


def text(count: int | None = 1200) -> str:
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases(count))
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    FILE.write_text(text(None if "--all" in sys.argv else 1200), encoding="utf-8")
