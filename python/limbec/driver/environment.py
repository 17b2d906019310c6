"""limbec's overrides of what env.py says to ``context.configure``."""

from contextlib import contextmanager

from alembic.runtime.environment import EnvironmentContext

from . import transactions
from .refusal import UrlMismatch
from .search_path import SearchPaths
from .session import resume_collector


@contextmanager
def overridden_environment(request):
    """While it lasts, every EnvironmentContext obeys the request's overrides."""
    overrides = request["overrides"]
    initialise, configure = EnvironmentContext.__init__, EnvironmentContext.configure
    is_probe = request["kind"] == "probe"
    paths = SearchPaths([] if is_probe else overrides.get("search_path") or [], not request["dont_mutate"])

    def overridden_init(self, *args, **options):
        if request["dont_mutate"]:
            options["dont_mutate"] = True
        initialise(self, *args, **options)

    def overridden_configure(self, connection=None, url=None, *args, **options):
        resume_collector()
        if overrides["url"] is not None:
            check_url(overrides["url"], connection, url)
        if overrides["schema"] is not None:
            options["version_table_schema"] = overrides["schema"]
        if connection is not None and not self.is_offline_mode():
            paths.give(connection, options.get("version_table_schema"))
        mode = overrides["transaction"]
        if mode is not None and connection is not None and not self.is_offline_mode():
            # The two are positional in no env.py: they come after `dialect_opts`.
            options.update(transactions.prepare(connection, mode))
        elif mode is not None and self.is_offline_mode():
            options["transaction_per_migration"] = mode == transactions.PER_REVISION
        configure(self, connection, url, *args, **options)
        if self.is_offline_mode():
            paths.emit(self.get_context())

    EnvironmentContext.__init__, EnvironmentContext.configure = overridden_init, overridden_configure
    try:
        with paths.lasting():
            yield
    finally:
        EnvironmentContext.__init__, EnvironmentContext.configure = initialise, configure


def check_url(wanted, connection, url):
    """Stops before anything runs if env.py connects to another database than the URL given."""
    from sqlalchemy.engine import make_url

    engine = getattr(connection, "engine", None)
    used = engine.url if engine is not None else url
    if used is None:
        return
    used, wanted = make_url(used), make_url(wanted)
    if identity(used) != identity(wanted):
        raise UrlMismatch(
            f"env.py connects to {hidden(used)} although the URL given is {hidden(wanted)}; nothing was run. "
            "Let env.py take its URL from config.get_main_option('sqlalchemy.url'), or run without the URL given."
        )


def hidden(url):
    return url.render_as_string(hide_password=True)


def identity(url):
    """What makes two URLs the same database: drivers, passwords and most of the query may differ."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return backend, sqlite_file(url.database)
    port = str(url.port or first(url.query.get("port")) or DEFAULT_PORTS.get(backend, ""))
    host = url.host or first(url.query.get("host")) or ""
    user = url.username or first(url.query.get("user")) or ""
    database = url.database or first(url.query.get("dbname")) or ""
    return backend, user, host.lower(), port, database


DEFAULT_PORTS = {"postgresql": "5432", "mysql": "3306", "mariadb": "3306", "mssql": "1433", "oracle": "1521"}


def first(value):
    return value[0] if isinstance(value, (tuple, list)) and value else value


def sqlite_file(database):
    import os

    if not database or database == ":memory:":
        return ":memory:"
    if database.startswith("file:"):
        database = database[len("file:") :].split("?")[0]
    return os.path.realpath(database)
