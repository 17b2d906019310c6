"""What a run on one of many schemas must not get wrong: whose tables the revisions make."""

from .limits import show
from .refusal import TenantMismatch


def check_schema(connection, wanted):
    """Stops before anything runs if names without a schema would lead to another schema than the tenant's."""
    if not wanted or connection.dialect.name != "postgresql":
        return
    # By SHOW: a query would be too late for the script's own SET TRANSACTION.
    began = not connection.in_transaction()
    path = show(connection, "search_path")
    if began:
        connection.connection.rollback()
    translated = connection.get_execution_options().get("schema_translate_map") or {}
    if wanted in (first_name(path), translated.get(None)):
        return
    raise TenantMismatch(
        f"env.py leaves the search_path of its connection at {path}, so that revisions would not make their tables in "
        f"the tenant's schema {wanted}; nothing was run. Let env.py set it (from `-x schema=…`), or set "
        "`search-path = true` in limbec's settings"
    )


def first_name(path):
    """The first schema of a search_path as PostgreSQL shows it."""
    if path.startswith('"'):
        name = ""
        rest = path[1:]
        while '"' in rest:
            part, rest = rest.split('"', 1)
            name += part
            if not rest.startswith('"'):
                return name
            name, rest = name + '"', rest[1:]
        return name
    return path.split(",", 1)[0].strip()
