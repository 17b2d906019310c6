"""Run before anything else, as the body of a script, with ``exchange`` among its globals.

``exchange(text) -> text`` is the line to limbec: JSON both ways, see session.py. Modules of the driver are compiled
when they are first imported, from the texts that limbec sends.
"""

import json
import sys
from importlib.machinery import ModuleSpec

PACKAGE = "_limbec_driver"


class SourceLoader:
    """Finds and loads the driver's modules from their texts; tracebacks can show their lines."""

    def __init__(self, sources):
        self.sources = {f"{PACKAGE}.{name}": text for name, text in sources.items()}
        self.sources[PACKAGE] = ""

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in self.sources:
            return None
        origin = "<limbec>/" + fullname.replace(".", "/") + ".py"
        return ModuleSpec(fullname, self, origin=origin, is_package=fullname == PACKAGE)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        spec = module.__spec__
        exec(compile(self.sources[spec.name], spec.origin, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, fullname):
        return self.sources[fullname]


if PACKAGE not in sys.modules:
    # Last, so that no other import has to pass it.
    sys.meta_path.append(SourceLoader(json.loads(exchange('{"sources": null}'))))  # noqa: F821 (given by the host)

from _limbec_driver import session  # noqa: E402 (only findable from here on)

flushed = session.serve(exchange)  # noqa: F821 (given by the host)
