"""Renders the SQL of revision files, each on its own, as `alembic upgrade --sql` would.

Run by the interpreter of a virtualenv with Alembic. Reads file names from standard input and writes one line of JSON
for each: the statements with the line of the file that issued them, and why rendering stopped, where it did.
"""

import importlib.util
import io
import json
import logging
import os
import sys
import warnings

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.operations.batch import BatchOperationsImpl
from alembic.runtime.environment import EnvironmentContext


class Buffer(io.StringIO):
    """What is written, with the line of the revision file that it comes from."""

    def __init__(self, path):
        super().__init__()
        self.path, self.pieces, self.queued = path, [], None

    def write(self, text):
        self.pieces.append((text, self.queued or self.line()))
        return len(text)

    def line(self):
        """The line of the revision file that is being run."""
        frame = sys._getframe(1)
        while frame and frame.f_code.co_filename != self.path:
            frame = frame.f_back
        return frame.f_lineno if frame else 0


class Queue(list):
    """The operations of a batch, which run when it ends: each is written as of the line that asked for it."""

    def __init__(self, buffer):
        super().__init__()
        self.buffer, self.lines = buffer, []

    def append(self, item):
        super().append(item)
        self.lines.append(self.buffer.line())

    def __iter__(self):
        for item, line in zip(list(super().__iter__()), self.lines):
            self.buffer.queued = line
            yield item
        self.buffer.queued = None


def render(path):
    """The statements of `upgrade()`, and what stopped it."""
    buffer, stopped = Buffer(path), None
    context = MigrationContext.configure(
        dialect_name="postgresql",
        opts={"as_sql": True, "output_buffer": buffer, "literal_binds": True, "transactional_ddl": True},
    )
    initialise = BatchOperationsImpl.__init__

    def with_queue(self, *arguments, **keywords):
        initialise(self, *arguments, **keywords)
        self.batch = Queue(buffer)

    BatchOperationsImpl.__init__ = with_queue
    try:
        environment = EnvironmentContext(Config(), None, as_sql=True)
        environment._migration_context = context
        with environment, Operations.context(context):
            spec = importlib.util.spec_from_file_location("rendered", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            context.impl.emit_begin()
            module.upgrade()
            context.impl.emit_commit()
    except BaseException as error:
        stopped = f"{type(error).__name__}: {error}"
    finally:
        BatchOperationsImpl.__init__ = initialise
    return {"path": path, "statements": buffer.pieces, "stopped": stopped}


def main():
    warnings.simplefilter("ignore")
    logging.disable()
    # What revisions print is not part of the answer.
    answers, sys.stdout = sys.stdout, open(os.devnull, "w")
    sys.path[:0] = sys.argv[1:]
    for line in sys.stdin:
        print(json.dumps(render(line.rstrip("\n"))), file=answers, flush=True)


if __name__ == "__main__":
    main()
