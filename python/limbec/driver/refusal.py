"""Command errors that limbec raises inside env.py; Alembic and env.py handle them as any other."""

from alembic.util import CommandError


class Refused(CommandError):
    """limbec said no to a call; its own error is what gets reported."""


class MetadataMismatch(CommandError):
    """A revision file says something else when it runs than what limbec read in it."""


class UrlMismatch(CommandError):
    """env.py connects elsewhere than to the URL given."""


class TransactionModeRefused(CommandError):
    """The transaction mode asked for cannot be had with the connection that env.py made."""


class SearchPathRefused(CommandError):
    """The search path that the settings ask for cannot be had, or not be kept."""


class RehearsalRefused(CommandError):
    """Something that a rollback would not undo."""


class TenantMismatch(CommandError):
    """env.py works in another schema than the tenant's."""
