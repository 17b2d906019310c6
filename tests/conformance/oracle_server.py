"""Real Alembic, imported once: reads one JSON request a line, answers one JSON line.

A request is one graph's folder and all questions about it, answered in a forked child, so that nothing stays behind.
Order that Alembic leaves to a Python set is made the one that limbec documents (declared order of dependencies, map
order of children, sorted labels): each is an outcome that Alembic itself has under some PYTHONHASHSEED. Nothing else is
changed.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import signal
import sys
import warnings

import alembic.command  # noqa: F401  (imported before forking)
from alembic import config, util
from alembic.runtime import migration
from alembic.script import base, revision

# Alembic overlooks some cycles, and then turns in them for ever.
PATIENCE_SECONDS = 4


class Hang(BaseException):
    """A question was not answered in time."""


def give_up(_signal, _frame):
    raise Hang


class OrderedNames(frozenset):
    """A frozenset that is iterated in a given order."""

    order: list[str]

    def __iter__(self):
        return iter(self.order)


def ordered(names: frozenset, rank: dict[str, int]) -> OrderedNames:
    made = OrderedNames(names)
    made.order = sorted(names, key=lambda name: rank[name])
    return made


def make_deterministic() -> None:
    """Replaces the orders of sets; see the module's documentation."""
    load_revisions = base.ScriptDirectory._load_revisions
    map_labels = revision.RevisionMap._map_branch_labels
    normalize = revision.RevisionMap._normalize_depends_on
    add_branches = revision.RevisionMap._add_branches
    format_as_comma = util.format_as_comma

    def numbered(self):
        for number, script in enumerate(load_revisions(self)):
            script._number = number
            # Alembic asks for both when it makes a plan; files that have only one are not what is compared here.
            for name in ("upgrade", "downgrade"):
                vars(script.module).setdefault(name, lambda: None)
            yield script

    def map_labels_in_order(self, revisions, map_):
        return map_labels(self, sorted(revisions, key=lambda script: script._number), map_)

    def normalize_in_order(self, revisions, map_):
        normalize(self, revisions, map_)
        for script in revisions:
            script._normalized_resolved_dependencies = tuple(
                sorted(script._normalized_resolved_dependencies, key=script._resolved_dependencies.index)
            )

    def add_branches_in_order(self, revisions, map_):
        rank = {name: number for number, name in enumerate(map_)}
        for script in map_.values():
            if script is not None:
                script.nextrev = ordered(script.nextrev, rank)
                script._all_nextrev = ordered(script._all_nextrev, rank)
        add_branches(self, sorted(revisions, key=lambda script: script._number), map_)

    def format_sorted(value):
        if isinstance(value, (set, frozenset)) and not isinstance(value, OrderedNames):
            value = sorted(value)
        return format_as_comma(value)

    init = config.Config.__init__

    def init_with_current_stdout(self, *args, **kwargs):
        # Alembic takes the stdout of the time when it was imported.
        init(self, *args, **{"stdout": sys.stdout, **kwargs})

    config.Config.__init__ = init_with_current_stdout
    base.ScriptDirectory._load_revisions = numbered
    revision.RevisionMap._map_branch_labels = map_labels_in_order
    revision.RevisionMap._normalize_depends_on = normalize_in_order
    revision.RevisionMap._add_branches = add_branches_in_order
    util.format_as_comma = format_sorted


class Rows(migration.HeadMaintainer):
    """Alembic's own head transitions, without a database."""

    def __init__(self, heads) -> None:
        super().__init__(None, heads)

    def _insert_version(self, version):
        assert version not in self.heads
        self.heads.add(version)

    def _delete_version(self, version):
        self.heads.remove(version)

    def _update_version(self, from_, to_):
        assert to_ not in self.heads
        self.heads.remove(from_)
        self.heads.add(to_)


def plan(directory: str, question: dict) -> dict:
    """The steps of an upgrade, a downgrade or a stamp, with the rows before and after each."""
    script = base.ScriptDirectory.from_config(config.Config(os.path.join(directory, "alembic.ini")))
    rows = tuple(question["rows"])
    targets = question["targets"]
    if question["kind"] == "upgrade":
        steps = script._upgrade_revs(targets[0], rows)
    elif question["kind"] == "downgrade":
        steps = script._downgrade_revs(targets[0], rows)
    else:
        steps = script._stamp_revs(tuple(targets), rows)
    maintainer = Rows(rows)
    answers = []
    for step in steps:
        before = sorted(maintainer.heads)
        maintainer.update_to_step(step)
        if question["kind"] == "stamp":
            name = (step.to_ or step.from_)[0]
        else:
            name = step.revision.revision
        after = sorted(maintainer.heads)
        answers.append({"revision": name, "direction": question["kind"], "from_heads": before, "to_heads": after})
    return {"steps": answers}


def written(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode()


def answer(directory: str, question: dict) -> dict:
    """Status 0, 255 or 2 as the command's; 1 and the exception if it dies."""
    # Not a StringIO: Alembic asks the stream for its encoding.
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
            if question["kind"] == "command":
                argv = ["-c", os.path.join(directory, "alembic.ini"), *question["argv"]]
                config.CommandLine(prog="alembic").main(argv)
                return {"status": 0, "stdout": written(stdout)}
            return {"status": 0, "plan": plan(directory, question)}
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else 1
        return {"status": code & 255, "stdout": written(stdout)}
    except Hang:
        return {"status": 1, "stdout": "", "exception": "it never ends"}
    except util.CommandError as error:
        return {"status": 255, "stdout": f"FAILED: {error}\n"}
    except Exception as error:
        return {"status": 1, "stdout": written(stdout), "exception": f"{type(error).__name__}: {error}"}


def answer_all(request: dict, writing: int) -> None:
    # Revision files of one folder are executed once for all questions: they are constants.
    load = util.load_python_file
    load_once = functools.lru_cache(maxsize=None)(load)

    def load_env_each_time(directory, name):
        return load(directory, name) if name == "env.py" else load_once(str(directory), str(name))

    util.load_python_file = load_env_each_time
    os.chdir(request["directory"])
    answers = []
    signal.signal(signal.SIGALRM, give_up)
    for question in request["questions"]:
        signal.alarm(PATIENCE_SECONDS)
        answers.append(answer(request["directory"], question))
        signal.alarm(0)
    with os.fdopen(writing, "w") as out:
        json.dump(answers, out)


def serve() -> None:
    make_deterministic()
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                answer_all(request, writing)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answers:
            text = answers.read()
        os.waitpid(child, 0)
        print(text or "null", flush=True)


if __name__ == "__main__":
    serve()
