"""Which of a tenant's environment variables and ``-x`` arguments the application asks for."""

import os
from contextlib import contextmanager

from alembic.runtime.environment import EnvironmentContext

# What stands for the -x arguments among the names of variables.
ARGUMENTS = "-x"


class EnvironmentReads:
    """Listens to ``os.environ`` and to ``context.get_x_argument()``."""

    def __init__(self, variables):
        self.variables = frozenset(variables)
        self.names = set()

    def note(self, name):
        if name in self.variables:
            self.names.add(name)

    @contextmanager
    def watched(self):
        reads, plain, asked = self, type(os.environ), EnvironmentContext.get_x_argument

        class Watched(plain):
            def __getitem__(self, name):
                reads.note(name)
                return plain.__getitem__(self, name)

            def __iter__(self):
                reads.names.update(reads.variables)
                return plain.__iter__(self)

            def copy(self):
                reads.names.update(reads.variables)
                return plain.copy(self)

        def get_x_argument(self, *positional, **named):
            reads.names.add(ARGUMENTS)
            return asked(self, *positional, **named)

        os.environ.__class__ = Watched
        EnvironmentContext.get_x_argument = get_x_argument
        try:
            yield
        finally:
            os.environ.__class__ = plain
            EnvironmentContext.get_x_argument = asked
