"""What `Project` answers with. Fields are those of docs/json.md; nothing here can be changed once it is made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from .errors import LimbecError

__all__ = [
    "Completed",
    "Diagnostic",
    "Direction",
    "Event",
    "Level",
    "Outcome",
    "Plan",
    "PlannedStep",
    "Revision",
    "RevisionStatus",
    "State",
    "Status",
    "Step",
]

#: What a step does.
Direction = Literal["upgrade", "downgrade", "stamp"]
#: Where a revision stands: `missing` was applied and has no file, `unknown` is known to neither files nor history.
State = Literal["applied", "pending", "missing", "unknown"]
#: How grave a finding of `validate` is.
Level = Literal["error", "warning", "note"]

_Json = Mapping[str, Any]


@dataclass(frozen=True)
class Revision:
    """A revision file."""

    revision: str
    #: In declared order; empty for a base.
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    #: Its own and those that spread to it, sorted.
    branch_labels: tuple[str, ...]
    is_head: bool
    #: The docstring up to its first blank line.
    message: str
    path: Path

    @classmethod
    def from_json(cls, document: _Json) -> Revision:
        return cls(
            revision=document["revision"],
            down_revisions=tuple(document["down_revisions"]),
            depends_on=tuple(document["depends_on"]),
            branch_labels=tuple(document["branch_labels"]),
            is_head=document["is_head"],
            message=document["message"],
            path=Path(document["path"]),
        )


@dataclass(frozen=True)
class RevisionStatus:
    """A revision, and where it stands in a database."""

    revision: str
    message: str
    #: `None`: no file has it.
    path: Path | None
    state: State
    #: When its script ended, in UTC, where the history has it.
    applied_at: datetime | None
    duration: timedelta | None

    @classmethod
    def from_json(cls, document: _Json) -> RevisionStatus:
        return cls(
            revision=document["revision"],
            message=document["message"],
            path=_path(document["path"]),
            state=document["state"],
            applied_at=_time(document["applied_at"]),
            duration=_milliseconds(document["duration_ms"]),
        )


@dataclass(frozen=True)
class Status:
    """Where a database stands."""

    #: Its URL, password hidden; empty where env.py alone knows it.
    database: str
    #: Rows of the version table, sorted; empty: base.
    heads: tuple[str, ...]
    #: Oldest first, then those that no file has.
    revisions: tuple[RevisionStatus, ...]

    @property
    def pending(self) -> tuple[RevisionStatus, ...]:
        """Those that are not applied, oldest first."""
        return tuple(revision for revision in self.revisions if revision.state == "pending")

    @property
    def ahead(self) -> tuple[str, ...]:
        """Rows of the version table that no file has."""
        files = {revision.revision for revision in self.revisions if revision.path is not None}
        return tuple(head for head in self.heads if head not in files)

    @property
    def is_at_head(self) -> bool:
        """Whether every revision file is applied, and the database is not ahead of them."""
        return not self.pending and not self.ahead

    @classmethod
    def from_json(cls, document: _Json) -> Status:
        return cls(
            database=document["database"],
            heads=tuple(document["heads"]),
            revisions=tuple(map(RevisionStatus.from_json, document["revisions"])),
        )


@dataclass(frozen=True)
class PlannedStep:
    """What would be run."""

    revision: str
    direction: Direction
    #: Rows of the version table before and after it, sorted.
    from_heads: tuple[str, ...]
    to_heads: tuple[str, ...]

    @classmethod
    def from_json(cls, document: _Json) -> PlannedStep:
        return cls(
            revision=document["revision"],
            direction=document["direction"],
            from_heads=tuple(document["from_heads"]),
            to_heads=tuple(document["to_heads"]),
        )


class _OfRevision(Protocol):
    @property
    def revision(self) -> str: ...


_S = TypeVar("_S", bound=_OfRevision, covariant=True)


@dataclass(frozen=True)
class _Steps(Generic[_S]):
    """Steps in their order; false if there are none."""

    steps: tuple[_S, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The identifiers of its steps."""
        return tuple(step.revision for step in self.steps)


@dataclass(frozen=True)
class Plan(_Steps[PlannedStep]):
    """The steps that a change consists of, in their order; false if there are none."""

    @classmethod
    def from_json(cls, document: _Json) -> Plan:
        return cls(steps=tuple(map(PlannedStep.from_json, document["steps"])))


@dataclass(frozen=True)
class Step:
    """What was run."""

    revision: str
    direction: Direction
    duration: timedelta

    @classmethod
    def of(cls, event: Event) -> Step:
        return cls(
            revision=event.fields["revision"],
            direction=event.fields["direction"],
            duration=timedelta(milliseconds=event.fields["duration_ms"]),
        )


@dataclass(frozen=True)
class Outcome(_Steps[Step]):
    """What a change came to; false if there was nothing to do."""

    #: What scripts and Alembic printed on standard output.
    output: str
    #: Sentences that somebody should look at.
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, done: Completed) -> Outcome:
        """From the log of a run: a step that was tried again counts once, when it is finished."""
        steps = [Step.of(event) for event in done.events if event.name == "step_finished"]
        warnings = [event.message for event in done.events if event.level == "warning" and event.name != "log"]
        return cls(steps=tuple(steps), output=done.output, warnings=tuple(warnings))


@dataclass(frozen=True)
class Event:
    """A line of limbec's log (docs/json.md); `output` is one that a script printed on standard error."""

    name: str
    level: Literal["debug", "info", "warning", "error"]
    message: str
    #: In UTC; `None` of `output`.
    time: datetime | None = None
    #: What else there is to say, by event.
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: _Json) -> Event:
        fields = {key: value for key, value in document.items() if key not in ("event", "level", "message", "time")}
        return cls(
            name=document["event"],
            level=document["level"],
            message=document["message"],
            time=_time(document["time"]),
            fields=fields,
        )


@dataclass(frozen=True)
class Diagnostic:
    """A finding of `validate`. Lines and columns count from 1, columns in characters, the end is exclusive."""

    rule: str
    level: Level
    message: str
    #: Absolute.
    path: Path
    line: int
    column: int
    end_line: int
    end_column: int
    revision: str | None
    help: str | None
    #: Whether `limbec validate --fix` mends it.
    is_fixable: bool
    #: An error that became a warning because the revision is published.
    is_grandfathered: bool

    @classmethod
    def from_json(cls, document: _Json, folder: str) -> Diagnostic:
        """Paths of the document are relative to the folder that limbec was run in."""
        return cls(
            rule=document["rule"],
            level=document["level"],
            message=document["message"],
            path=Path(os.path.abspath(os.path.join(folder, document["path"]))),
            line=document["line"],
            column=document["column"],
            end_line=document["end_line"],
            end_column=document["end_column"],
            revision=document["revision"],
            help=document["help"],
            is_fixable=document["fixable"],
            is_grandfathered=document["grandfathered"],
        )


@dataclass(frozen=True)
class Completed:
    """What a command left that was run as it was typed (`Project.run`)."""

    status: int
    output: str
    events: tuple[Event, ...]

    def json(self) -> Any:
        """The document that `--format json` printed; whatever env.py printed around it is left out.

        Raises `LimbecError` where there is none.
        """
        import json
        import re

        # A document over several lines begins with a brace that has a line of its own, as none within it has.
        begins = [found.start() for found in re.finditer(r"^\{$", self.output, re.MULTILINE)]
        try:
            return json.JSONDecoder().raw_decode(self.output, begins[-1] if begins else 0)[0]
        except ValueError:
            raise LimbecError("limbec printed no document", status=self.status, output=self.output) from None


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    # Python 3.10 and older read neither the letter nor a fraction of any length.
    moment, _, fraction = text.rstrip("Z").partition(".")
    microseconds = int(fraction[:6].ljust(6, "0")) if fraction else 0
    return datetime.fromisoformat(moment).replace(microsecond=microseconds, tzinfo=timezone.utc)


def _milliseconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(milliseconds=number)
