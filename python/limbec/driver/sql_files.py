"""Revisions whose work is SQL, run by Python: which statement of the file runs, and what of it stays when it fails."""

import hashlib
import re
from contextlib import contextmanager
from functools import wraps

# What may hold a backslash; of plain strings, their content.
STRINGS = re.compile(
    r"""--[^\n]* | /\*.*?\*/ | "(?:[^"]|"")*" | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    | [eE]'(?:[^'\\]|\\.|'')*' | '(?P<plain>(?:[^']|'')*)'?""",
    re.DOTALL | re.VERBOSE,
)


def numbered(session, migration, index, step, described):
    """The function of a step whose statements are counted; ``described`` is what limbec knows of its file."""
    run, module = step.migration_fn, step.revision.module

    @wraps(run)  # Alembic names the function in its log
    def counted(**options):
        statements = Statements(migration, described)
        with statements.of(module):
            try:
                run(**options)
            except BaseException:
                statements.tell(session, index)
                session.call("statement_failed", {"index": index, "number": statements.at})
                raise
        statements.tell(session, index)

    return counted


class Statements:
    """Those of one run of one file."""

    def __init__(self, migration, described):
        self.migration = migration
        self.is_outside = described["outside_transaction"]
        self.behind = described["committed"] or {"statements": 0, "sha256": None}
        # Of those, what a new session has to be told again.
        self.again = frozenset(described["again"])
        self.digest = hashlib.sha256()
        # The statement that runs or, between two, is read.
        self.at = 1
        # The first statement of the file's own transaction that is open.
        self.begun = None
        self.committed = None

    @contextmanager
    def of(self, module):
        """While it lasts, the statements of the module's file pass through here."""
        split = module.split
        module.split = lambda *given: self.passed(split(*given))
        try:
            yield
        finally:
            module.split = split

    def passed(self, statements):
        for number, statement in enumerate(statements, 1):
            self.at = number
            self.digest.update(statement.encode("utf-8") + b"\0")
            if number == self.behind["statements"]:
                self.compare()
            if number > self.behind["statements"]:
                self.read(statement)
                yield statement
            elif number in self.again:
                yield statement
            if number >= self.behind["statements"]:
                self.ran(number)
            self.at = number + 1
        if self.at <= self.behind["statements"]:
            self.compare(None)
        if self.begun is not None:
            self.at = self.begun
            self.leave()
            raise RuntimeError("the transaction that begins here is not ended; it was rolled back")

    def compare(self, now=""):
        """What an earlier run has committed must be what the file begins with."""
        known = self.behind["sha256"]
        if now is None or known is not None and known != self.digest.hexdigest():
            self.committed = None
            self.is_outside = False
            raise RuntimeError(
                f"the first {self.behind['statements']} statements of the file are not those any more that an earlier "
                "run has committed; put them back as they were, or say how many statements of the file are done: "
                "`limbec repair --continue REVISION:NUMBER`"
            )

    def read(self, statement):
        """A backslash in a plain string is a backslash, for the file is read so."""
        if self.migration.dialect.name != "postgresql" or "\\" not in statement:
            return
        if any("\\" in (found["plain"] or "") for found in STRINGS.finditer(statement)):
            shown = self.migration.connection.exec_driver_sql("SHOW standard_conforming_strings").scalar()
            if shown == "off":
                raise RuntimeError(
                    "standard_conforming_strings is off here, so that the backslash in a plain string escapes, while "
                    "the file is read as if it were on; write E'…', or `SET standard_conforming_strings = on` before"
                )

    def ran(self, number):
        if not self.is_outside:
            return
        if number > self.behind["statements"] and is_within(self.migration.connection):
            self.begun = self.begun or number
            return
        self.begun = None
        self.committed = {"statements": number, "sha256": self.digest.hexdigest()}

    def leave(self):
        """What the file has begun itself does not stay open."""
        self.migration.connection.exec_driver_sql("ROLLBACK")

    def tell(self, session, index):
        if self.committed is not None:
            session.call("part_committed", {"index": index, "part": self.committed})


def is_within(connection):
    """Whether the driver's connection is in a transaction, as far as it tells."""
    pooled = connection.connection
    driver = getattr(pooled, "dbapi_connection", None) or pooled
    driver = getattr(driver, "driver_connection", None) or driver
    status = getattr(getattr(driver, "info", None), "transaction_status", None)
    if status is not None:
        idle, unknown = 0, 4  # libpq's PQTRANS_IDLE, PQTRANS_UNKNOWN
        return int(status) not in (idle, unknown)
    asked = getattr(driver, "is_in_transaction", None)
    return bool(asked()) if callable(asked) else bool(getattr(driver, "in_transaction", False))
