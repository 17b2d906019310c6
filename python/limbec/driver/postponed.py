"""Mako, which Alembic imports and no migration uses, is imported only when somebody does use it.

It brings pygments along where that is installed, a sixth of what importing Alembic costs.
"""

import importlib
import sys
import types
from contextlib import contextmanager

MODULES = ("mako.exceptions", "mako.template")


@contextmanager
def mako_postponed():
    """While it lasts, Alembic is to be imported; afterwards everybody else's `import mako.template` is the real one."""
    stubs = {name: Postponed(name) for name in MODULES if name not in sys.modules}
    if "mako.template" in stubs:
        stubs["mako.template"].Template = template
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name, stub in stubs.items():
            if sys.modules.get(name) is stub:
                del sys.modules[name]


class Postponed(types.ModuleType):
    """Stands in for a module until one of its names is asked for."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def template(*args, **options):
    """Alembic calls the class and does nothing else with it."""
    from mako.template import Template

    return Template(*args, **options)
