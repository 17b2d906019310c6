"""Finds the migrations that an installed package brings along, without importing anything of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .errors import UsageError

__all__ = ["Bundled", "find", "resource"]

#: How deep below the package a script directory is looked for.
DEPTH = 3

_ALEMBIC_TABLE = re.compile(r"^\s*\[tool\.alembic\]", re.MULTILINE)


class Bundled(NamedTuple):
    """Where a package's migrations are."""

    #: The file for `--config`. It need not exist: limbec's own settings are looked for beside it.
    config: Path
    #: The script directory, where no configuration names it.
    script_location: Path | None


def find(package: str, directory: str | None) -> Bundled:
    """The configuration or the script directory of a package (dotted name), or of a directory in it.

    Raises `UsageError` where there is none, and where there are several.
    """
    folders = _folders(package)
    for folder in folders:
        place = folder / directory if directory else folder
        found = _configured(place) or _bare(place, folder)
        if found:
            return found
    candidates = [] if directory else sorted(path for folder in folders for path in _script_directories(folder, DEPTH))
    if len(candidates) == 1:
        (only,) = candidates
        return _configured(only) or Bundled(_config_beside(only, folders), only)
    if candidates:
        names = ", ".join(str(path) for path in candidates)
        hint = f'name one of them: limbec.Project.of_package("{package}", "DIRECTORY")'
        raise UsageError(f"the package {package} has several script directories: {names}", hints=[hint])
    where = ", ".join(str(folder / directory if directory else folder) for folder in folders)
    raise UsageError(
        f"the package {package} brings no migrations along: there is no alembic.ini and no env.py in {where}",
        hints=["are they listed in the package's data, so that they are installed with it?"],
    )


def resource(location: str) -> Path:
    """The directory of `package:directory`, of whose parts there may be several, as in Alembic.

    Raises `UsageError` where there is none.
    """
    package, *parts = location.split(":")
    found = [folder for folder in (root.joinpath(*parts) for root in _folders(package)) if folder.is_dir()]
    if not found:
        raise UsageError(f"the package {package} has no directory {'/'.join(parts)}")
    return found[0]


def _folders(package: str) -> list[Path]:
    """The directories of a package. Only the top package is asked for, because that imports nothing."""
    from importlib.util import find_spec

    top, *rest = package.split(".")
    try:
        spec = find_spec(top) if top else None
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise UsageError(f"there is no package {package}", hints=["is it installed for this Python?"])
    roots = [Path(location).absolute() for location in spec.submodule_search_locations or []]
    folders = [folder for folder in (root.joinpath(*rest) for root in roots) if folder.is_dir()]
    if not folders:
        raise UsageError(f"{package} is no package with a directory of its own")
    return folders


def _configured(place: Path) -> Bundled | None:
    """By an alembic.ini, or a pyproject.toml with Alembic's table."""
    for path in (place / "alembic.ini", place / "pyproject.toml"):
        if path.is_file() and (path.name == "alembic.ini" or _ALEMBIC_TABLE.search(path.read_text("utf-8", "replace"))):
            return Bundled(path, None)
    return None


def _bare(place: Path, package: Path) -> Bundled | None:
    return Bundled(_config_beside(place, [package]), place) if (place / "env.py").is_file() else None


def _config_beside(place: Path, packages: list[Path]) -> Path:
    """Beside the nearest limbec.toml from the script directory up to the package."""
    for folder in (place, *place.parents):
        if (folder / "limbec.toml").is_file():
            return folder / "alembic.ini"
        if folder in packages:
            break
    return place / "alembic.ini"


def _script_directories(folder: Path, depth: int) -> Iterator[Path]:
    """Directories with an env.py and with what only Alembic has beside it; or with an ini file of their own."""
    for path in folder.iterdir():
        if not path.is_dir() or path.name.startswith((".", "__")):
            continue
        is_alembics = (path / "versions").is_dir() or (path / "script.py.mako").is_file()
        if _configured(path) or (is_alembics and (path / "env.py").is_file()):
            yield path
        elif depth > 1:
            yield from _script_directories(path, depth - 1)
