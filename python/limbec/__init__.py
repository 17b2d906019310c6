"""limbec: a drop-in for the alembic command line. The program is a binary; this package finds and runs it.

    limbec.Project().upgrade("head")

docs/python.md has all of it. Nothing but the standard library is imported, and most of that on first use.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import (
        BackupError,
        DatabaseError,
        HookError,
        Interrupted,
        Killed,
        LimbecError,
        LockError,
        NotAtHead,
        NotInstalled,
        NotReachable,
        Refused,
        RevisionError,
        ScriptError,
        UsageError,
    )
    from .options import ChangeOptions, Duration
    from .project import Project
    from .results import (
        Completed,
        Diagnostic,
        Direction,
        Event,
        Level,
        Outcome,
        Plan,
        PlannedStep,
        Revision,
        RevisionStatus,
        State,
        Status,
        Step,
    )

    __version__: str

__all__ = [
    "BackupError",
    "ChangeOptions",
    "Completed",
    "DatabaseError",
    "Diagnostic",
    "Direction",
    "Duration",
    "Event",
    "HookError",
    "Interrupted",
    "Killed",
    "Level",
    "LimbecError",
    "LockError",
    "NotAtHead",
    "NotInstalled",
    "NotReachable",
    "Outcome",
    "Plan",
    "PlannedStep",
    "Project",
    "Refused",
    "Revision",
    "RevisionError",
    "RevisionStatus",
    "ScriptError",
    "State",
    "Status",
    "Step",
    "UsageError",
    "__version__",
    "find_limbec_bin",
]

#: Where the names above are, which are imported when they are first asked for.
_MODULES = ("project", "errors", "results", "options")


def find_limbec_bin() -> str:
    """The path of the `limbec` binary that was installed with this package."""
    name = "limbec" + (sysconfig.get_config_var("EXE") or "")
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        # `pip install --user`
        sysconfig.get_path("scripts", scheme=_user_scheme()),
        # `pip install --target` and `--prefix`
        os.path.join(os.path.dirname(here), "bin"),
        os.path.abspath(os.path.join(here, *[os.pardir] * 4, "bin")),
        # an editable install, whose engine lies beside this file
        os.path.dirname(sys.executable or ""),
    ]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"no {name} in {', '.join(dict.fromkeys(folders))}")


def _user_scheme() -> str:
    if sys.version_info >= (3, 10):
        return sysconfig.get_preferred_scheme("user")
    return "nt_user" if os.name == "nt" else "posix_user"


# A type checker is not to believe that every name is there.
if not TYPE_CHECKING:

    def __getattr__(name):
        # Reading the metadata takes longer than everything else here.
        if name == "__version__":
            from importlib.metadata import version

            return version("limbec")
        if name in __all__:
            from importlib import import_module

            for module in _MODULES:
                found = import_module(f".{module}", __name__)
                if name in found.__all__:
                    value = globals()[name] = getattr(found, name)
                    return value
        raise AttributeError(f"module 'limbec' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
