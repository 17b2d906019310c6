"""limbec: a drop-in for the alembic command line. The program is a binary; this package finds it."""

from __future__ import annotations

import os
import sys
import sysconfig

__all__ = ["__version__", "find_limbec_bin"]


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


def __getattr__(name: str) -> str:
    # Reading the metadata takes longer than everything else here.
    if name == "__version__":
        from importlib.metadata import version

        return version("limbec")
    raise AttributeError(f"module 'limbec' has no attribute {name!r}")
