"""The pytest plugin: migrated databases as fixtures, the checks of `limbec test` as tests. See docs/pytest.md."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from .testing import Database, Databases, Limbec


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, each of which is a setting of pytest's configuration too."""
    group = parser.getgroup("limbec", "databases migrated by limbec")
    group.addoption("--limbec-checks", action="store_true", help="run the checks of `limbec test` as tests")
    texts = {
        "server": ("URL", "PostgreSQL server to make databases on (else: LIMBEC_TEST_URL, or one that limbec starts)"),
        "config": ("FILE", "configuration file, as of `limbec --config`"),
        "name": ("NAME", "section of the ini file, as of `limbec --name`"),
        "binary": ("FILE", "limbec program (else: the one of this environment)"),
        "options": ("OPTIONS", "further options of `limbec test`: --dialect sqlite, --url-variable NAME, …"),
    }
    for name, (metavar, text) in texts.items():
        group.addoption(f"--limbec-{name}", metavar=metavar, default=None, help=text)
        parser.addini(f"limbec_{name}", text, default="")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Adds the checks, before `-k` and `-m` look at what there is."""
    if not config.getoption("limbec_checks"):
        return
    from . import pytest as checks

    module: Any = _ChecksModule.from_parent(session, path=Path(checks.__file__), name="limbec", nodeid="limbec")
    for name in checks.__all__:
        items.append(pytest.Function.from_parent(module, name=name, callobj=getattr(checks, name)))


class _ChecksModule(pytest.Module):
    """Stands above the checks that no test module imports."""

    def collect(self) -> list[Any]:
        return []

    def _getobj(self) -> Any:
        from . import pytest as checks

        return checks


class Checks:
    """The outcome of `limbec test`, which is run when the first check asks for it."""

    def __init__(self, limbec: Limbec) -> None:
        self._limbec = limbec
        self._found: list[dict[str, Any]] | None = None
        self._failure: str | None = None

    def require(self, *names: str) -> None:
        """Fails the test with what is wrong, or skips it where nothing could be told."""
        found = [check for check in self._all() if check["check"] in names]
        failed = [check for check in found if check["outcome"] == "failed"]
        if failed:
            pytest.fail("\n".join(map(_words, failed)), pytrace=False)
        reasons = [check["reason"] for check in found if check["outcome"] == "skipped"]
        if len(reasons) == len(found):
            pytest.skip("; ".join(dict.fromkeys(reasons)) or "there is nothing to check")

    def _all(self) -> list[dict[str, Any]]:
        from .testing import Failure, checks

        if self._found is None and self._failure is None:
            try:
                self._found = checks(self._limbec)
            except Failure as failure:
                self._failure = str(failure)
        if self._found is None:
            pytest.fail(str(self._failure), pytrace=False)
        return self._found


def _words(check: dict[str, Any]) -> str:
    """A line for each finding, with the revision and its file."""
    place = ""
    if check["revision"]:
        path = os.path.relpath(check["path"]) if check["path"] else ""
        place = f"{check['revision']} ({check['path'] if path.startswith(os.pardir) else path}): "
    return "\n".join(place + finding.replace("\n", "\n  ") for finding in check["findings"])


def _setting(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"limbec_{name}")
    return str(config.getini(f"limbec_{name}") if given is None else given)


@pytest.fixture(scope="session")
def limbec_server(pytestconfig: pytest.Config) -> str | None:
    """URL of the PostgreSQL server to make databases on; override it for a server that another fixture starts."""
    return _setting(pytestconfig, "server") or None


@pytest.fixture(scope="session")
def limbec_project(pytestconfig: pytest.Config, limbec_server: str | None) -> Limbec:
    """Which binary is asked, and for which project."""
    from .testing import Limbec

    # What a configuration file names is found from anywhere; the command line means the folder it is typed in.
    folder = pytestconfig.rootpath
    config = pytestconfig.getoption("limbec_config")
    if config is not None:
        config = os.path.join(pytestconfig.invocation_params.dir, config)
    return Limbec(
        binary=_setting(pytestconfig, "binary"),
        folder=str(folder),
        config=config or str(pytestconfig.getini("limbec_config")),
        name=_setting(pytestconfig, "name"),
        server=limbec_server or "",
        options=tuple(shlex.split(_setting(pytestconfig, "options"))),
    )


@pytest.fixture(scope="session")
def limbec_checks(limbec_project: Limbec) -> Checks:
    """What the four checks ask."""
    return Checks(limbec_project)


@pytest.fixture(scope="session")
def limbec_databases(limbec_project: Limbec) -> Iterator[Databases]:
    """Where databases are made: `make(revision)`, `migrate(database, revision)`, `drop(database)`."""
    from .testing import Databases

    databases = Databases(limbec_project)
    yield databases
    databases.close()


class _Lent:
    """The database of one test, made when it is first asked for."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._database: Database | None = None

    def at(self, revision: str | None) -> str:
        """Its URL, in the state of a revision; `None`: as it is, or at the heads."""
        from .testing import Failure

        try:
            if self._database is None:
                self._database = self._databases.make("heads" if revision is None else revision)
            elif revision is not None:
                self._database = self._databases.migrate(self._database, revision)
        except Failure as failure:
            pytest.fail(str(failure), pytrace=False)
        return self._database.url

    def give_back(self) -> None:
        from .testing import Failure

        if self._database is not None:
            try:
                self._databases.drop(self._database)
            except Failure as failure:
                pytest.fail(str(failure), pytrace=False)


@pytest.fixture
def _limbec_lent(limbec_databases: Databases) -> Iterator[_Lent]:
    lent = _Lent(limbec_databases)
    yield lent
    lent.give_back()


@pytest.fixture
def limbec_database(_limbec_lent: _Lent) -> str:
    """SQLAlchemy's URL of a fresh database at the heads, which is this test's own."""
    return _limbec_lent.at(None)


@pytest.fixture
def limbec_migrate_to(_limbec_lent: _Lent) -> Callable[[str], str]:
    """A function that brings this test's database up or down to a revision and returns its URL."""
    return _limbec_lent.at


@pytest.fixture(scope="session")
def limbec_session_database(limbec_databases: Databases) -> Iterator[str]:
    """As `limbec_database`, but one for all tests of the run (of the worker, with pytest-xdist)."""
    lent = _Lent(limbec_databases)
    yield lent.at(None)
    lent.give_back()


@pytest.fixture
def limbec_engine(limbec_database: str) -> Iterator[Engine]:
    """SQLAlchemy's Engine on `limbec_database`."""
    engine = _engine(limbec_database)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def limbec_session_engine(limbec_session_database: str) -> Iterator[Engine]:
    """SQLAlchemy's Engine on `limbec_session_database`."""
    engine = _engine(limbec_session_database)
    yield engine
    engine.dispose()


def _engine(url: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    if getattr(make_url(url).get_dialect(), "is_async", False):
        driver = make_url(url).drivername
        pytest.fail(f"the project's driver {driver} is asynchronous: use limbec_async_engine", pytrace=False)
    return create_engine(url)


@pytest.fixture
def limbec_async_engine(limbec_database: str) -> AsyncEngine:
    """SQLAlchemy's AsyncEngine on `limbec_database`, without a pool: its connections end with the test's event loop."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    return create_async_engine(limbec_database, poolclass=NullPool)
