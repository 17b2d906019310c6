"""``metadata`` and ``locate``: small questions that only importing can answer."""

import os
import sys
from contextlib import ExitStack

# Never closed: a resource unpacked from an archive must stay for as long as this process lives.
unpacked = ExitStack()


def metadata(session, request):
    """What revision files declare, by importing them, in the order of the paths; the first failure ends it."""
    from alembic import util

    extend_path(request["sys_path"])
    return [declared(util, util.load_python_file(*os.path.split(path))) for path in request["paths"]]


def declared(util, module):
    return {
        "revision": getattr(module, "revision", None),
        "down_revision": strings(some(util.to_tuple(module.down_revision, default=()))),
        "branch_labels": strings(util.to_tuple(getattr(module, "branch_labels", None), default=())),
        "depends_on": strings(some(util.to_tuple(getattr(module, "depends_on", None), default=()))),
        "doc": module.__doc__,
    }


def some(ids):
    """Alembic takes a lone None for nothing."""
    return () if ids == (None,) else ids


def strings(values):
    return [str(value) for value in values]


def locate(session, request):
    """The directory of a ``package:dir`` resource, as Alembic resolves it."""
    from importlib import resources

    extend_path(request["sys_path"])
    package, *parts = request["resource"].split(":")
    place = resources.files(package)
    for part in parts:
        place = place / part
    return os.path.abspath(unpacked.enter_context(resources.as_file(place)))


def extend_path(folders):
    """prepend_sys_path of the configuration."""
    missing = [folder for folder in folders if folder not in sys.path]
    sys.path[:0] = missing
