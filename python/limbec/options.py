"""How a change is made: the keyword arguments of `upgrade`, `downgrade` and `stamp`, as the command line has them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, TypedDict, Union

from .errors import UsageError

__all__ = ["ChangeOptions", "Duration"]

#: A time: a `timedelta`, seconds, or a text such as "5s", "500ms", "2m".
Duration = Union[timedelta, float, str]


class ChangeOptions(TypedDict, total=False):
    """`limbec upgrade --help` says more of each; what is left out is as the project's settings have it."""

    #: How runners of one database exclude each other.
    lock: Literal["auto", "advisory", "row", "off"]
    #: How long another runner is waited for.
    lock_wait: Duration
    #: How long a statement of a script waits for a lock.
    lock_timeout: Duration
    #: How long a statement of a script may take.
    statement_timeout: Duration
    #: How often a step is tried again after a lock time-out, a deadlock or a serialization failure.
    retries: int
    #: How long a database that does not answer yet is waited for.
    wait_for_db: Duration
    #: Yes to every question; nobody is asked from here.
    yes: bool
    #: Agree to the loss of data that the plan brings.
    allow_destructive: bool
    #: A copy of the database before a plan that destroys data: in this folder, or where the settings say.
    backup: bool | str | os.PathLike[str]
    #: For env.py, as `--tag`.
    tag: str


_DURATIONS = ("lock_wait", "lock_timeout", "statement_timeout", "wait_for_db")


def words(options: ChangeOptions) -> Iterator[str]:
    """The options in the words of the command line.

    Raises `UsageError` for one that there is none of.
    """
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if name not in ChangeOptions.__annotations__:
            raise UsageError(f"there is no option {name!r}", hints=[f"there are {', '.join(_names())}"])
        if value is None or value is False:
            continue
        if value is True:
            yield option
        elif name in _DURATIONS:
            yield f"{option}={duration(value)}"
        elif name == "backup":
            yield f"{option}={os.fspath(value)}"  # type: ignore[call-overload]
        else:
            yield f"{option}={value}"


def duration(value: object) -> str:
    """As limbec reads it; shorter than a millisecond is nothing to it."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, (int, float)):
        return f"{round(value * 1000)}ms"
    return str(value)


def _names() -> list[str]:
    return list(ChangeOptions.__annotations__)
