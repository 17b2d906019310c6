"""What can go wrong, as exceptions: each has limbec's own sentence, its causes, its hints and its exit status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .results import Status

__all__ = [
    "BackupError",
    "DatabaseError",
    "HookError",
    "Interrupted",
    "Killed",
    "LimbecError",
    "LockError",
    "NotAtHead",
    "NotInstalled",
    "NotReachable",
    "Refused",
    "RevisionError",
    "ScriptError",
    "UsageError",
]


#: More pending revisions than these are only counted.
SHOWN = 5


class LimbecError(Exception):
    """limbec did not do what it was asked for. `str()` of it has everything that a person needs."""

    #: What is wrong, and where.
    message: str
    #: How it came about, from near to far.
    causes: tuple[str, ...]
    #: What to do about it.
    hints: tuple[str, ...]
    #: Exit status of the program; negative: the number of the signal that ended it; `None`: it did not run.
    status: int | None
    #: What was printed on standard output before it failed.
    output: str

    def __init__(
        self,
        message: str,
        *,
        causes: Sequence[str] = (),
        hints: Sequence[str] = (),
        status: int | None = None,
        output: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.causes = tuple(causes)
        self.hints = tuple(hints)
        self.status = status
        self.output = output

    @property
    def hint(self) -> str | None:
        """The first of the hints."""
        return self.hints[0] if self.hints else None

    def __str__(self) -> str:
        causes = [f"caused by: {cause}" for cause in self.causes]
        return "\n".join([self.message, *causes, *(f"hint: {hint}" for hint in self.hints)])


class UsageError(LimbecError):
    """The arguments, or the project's configuration."""


class RevisionError(LimbecError):
    """The revision files: an unknown revision, several heads, a file that does not parse."""


class DatabaseError(LimbecError):
    """The database, or the way to it."""


class NotReachable(DatabaseError):
    """No server answers, or it is not ready yet: the same call may succeed later."""


class LockError(LimbecError):
    """Another run has the database's lock, and did not give it back in time."""


class Refused(LimbecError):
    """A gate is shut: data would be lost, or revision files changed after they were applied; nothing was changed."""


class ScriptError(LimbecError):
    """A revision script or env.py failed; what was not committed is rolled back."""


class HookError(LimbecError):
    """A command of the project's `[hooks]` failed."""


class BackupError(LimbecError):
    """The backup that was asked for could not be made; nothing was run."""


class Interrupted(LimbecError):
    """Ctrl-C reached limbec, which has rolled back what was not committed."""


class Killed(LimbecError):
    """A signal ended limbec; what was not committed is rolled back by the database."""


class NotInstalled(LimbecError):
    """There is no limbec binary, or it cannot be run."""


class NotAtHead(LimbecError):
    """The database is not where the revision files lead to (`Project.check_at_head`)."""

    #: Identifiers of the revisions that are not applied, oldest first.
    pending: tuple[str, ...]
    #: Rows of the version table that no file here has: the database is ahead of this code.
    ahead: tuple[str, ...]

    def __init__(self, status: Status) -> None:
        self.pending = tuple(revision.revision for revision in status.pending)
        self.ahead = status.ahead
        self._status = status
        super().__init__(_sentence(status), hints=_hints(status), status=3 if status.ahead else 1)

    def __reduce__(self) -> tuple[type[NotAtHead], tuple[Status]]:
        return type(self), (self._status,)


def _sentence(status: Status) -> str:
    heads = ", ".join(status.heads) or "base"
    place = f"{status.database or 'the database'} is at {heads}"
    if status.ahead:
        return f"{place}, and no file here has {', '.join(status.ahead)}"
    ids = [revision.revision for revision in status.pending]
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    count = "1 revision is" if len(ids) == 1 else f"{len(ids)} revisions are"
    return f"{place}, and {count} pending: {', '.join(ids[:SHOWN])}{more}"


def _hints(status: Status) -> list[str]:
    if status.ahead:
        return ["the database was migrated by newer code than this"]
    return ["`limbec upgrade heads`, or `Project.upgrade()`, applies them"]
