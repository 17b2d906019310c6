"""limbec's own tables, hidden from autogenerate and `check`.

An Alembic plugin (1.18 and newer find it by its entry point), and a part of limbec's driver for every version.
"""

from contextlib import contextmanager

NAMES = frozenset({"limbec_bootstrap", "limbec_history", "limbec_lock", "limbec_seed"})


def is_foreign(name, type_, parent_names):
    """Alembic's `include_name`: whether something in the database is none of limbec's."""
    table = name if type_ == "table" else parent_names.get("table_name")
    return table not in NAMES


def setup(plugin):
    """Called by Alembic; its name has to match `alembic.autogenerate.*`, which is what env.py uses by default."""
    from alembic.util import DispatchPriority, PriorityDispatchResult

    def hide(autogen_context, upgrade_ops):
        autogen_context._name_filters = [*autogen_context._name_filters, is_foreign]
        return PriorityDispatchResult.CONTINUE

    plugin.add_autogenerate_comparator(hide, "autogenerate", priority=DispatchPriority.FIRST)


@contextmanager
def hidden(hides_version_table=False):
    """The same for Alembic without plugins, and without this package in the project's environment.

    The version table is hidden by Alembic itself, but not where its schema is named and is the connection's default.
    """
    from alembic.autogenerate.api import AutogenContext

    run_name_filters = AutogenContext.run_name_filters

    def filtered(self, name, type_, parent_names):
        if hides_version_table and type_ == "table" and parent_names.get("schema_name") is None:
            migration = self.migration_context
            default = self.dialect.default_schema_name
            if name == migration.version_table and migration.version_table_schema == default:
                return False
        return is_foreign(name, type_, parent_names) and run_name_filters(self, name, type_, parent_names)

    AutogenContext.run_name_filters = filtered
    try:
        yield
    finally:
        AutogenContext.run_name_filters = run_name_filters
