"""A script directory whose revisions limbec has read: a revision's module is imported when somebody asks for it."""

import copy
import os
import re
from contextlib import contextmanager

from alembic import util
from alembic.script import base
from alembic.script.revision import Revision

from .refusal import MetadataMismatch


class LazyScript(base.Script):
    """Alembic's Script from metadata instead of from an imported module."""

    def __init__(self, meta):
        # Script.__init__ takes everything from the module, which is not there yet.
        self.path = meta["path"]
        self._doc = meta["doc"]
        self._module = None
        self._declared = meta["down_revision"]
        Revision.__init__(
            self,
            meta["revision"],
            tuple(meta["down_revision"]) or None,
            branch_labels=util.to_tuple(meta["branch_labels"], default=()),
            dependencies=util.to_tuple(meta["depends_on"], default=()),
        )

    def afresh(self):
        """The same revision, whose module is imported anew."""
        other = copy.copy(self)
        other._module = None
        return other

    @property
    def module(self):
        if self._module is None:
            folder, name = os.path.split(self.path)
            module = util.load_python_file(folder, name)
            self._check(module, name)
            self._module = module
        return self._module

    @property
    def longdoc(self):
        return self._doc if self._module is None else super().longdoc

    def _check(self, module, name):
        legacy = re.match(r"([a-f0-9]+)\.py$", name)
        revision = getattr(module, "revision", legacy.group(1) if legacy else None)
        down = util.to_tuple(module.down_revision, default=())
        if revision != self.revision:
            self._differs("revision", revision, self.revision)
        if set(down) - {None} != set(self._declared):
            self._differs("down_revision", format_ids(down), format_ids(self._declared))

    def _differs(self, name, imported, read):
        raise MetadataMismatch(
            f"{self.path} sets {name} to {imported!r} when it is imported, but its text says {read!r}; "
            f"nothing of it was run. Write {name} as a plain literal."
        )


def format_ids(ids):
    return ", ".join(ids) if ids else None


@contextmanager
def lazy_scripts(metas):
    """While it lasts, every ScriptDirectory has exactly these revisions, in this order; None leaves Alembic alone."""
    if metas is None:
        yield
        return
    original = base.ScriptDirectory._load_revisions
    base.ScriptDirectory._load_revisions = lambda self: (LazyScript(meta) for meta in metas)
    try:
        yield
    finally:
        base.ScriptDirectory._load_revisions = original
