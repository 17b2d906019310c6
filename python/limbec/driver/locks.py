"""MySQL's named locks, each on a connection of its own until the run is over."""

import time

from sqlalchemy import text

PAUSE = 1
"""Seconds that one attempt waits on the server; between two of them the holder is looked at."""


class NamedLocks:
    """The locks of one run. Its connections come from env.py's engine, so that they get in as env.py does."""

    def __init__(self, session):
        self._session = session
        self._held = {}

    def take(self, engine, wanted):
        """Takes the lock that limbec wants, if any; raises limbec's refusal when its holder does not let go in time."""
        key = wanted and (str(engine.url), wanted["name"])
        if not wanted or key in self._held:
            return
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            self._wait(connection, wanted["name"], wanted["wait_seconds"])
        except BaseException:
            connection.close()
            raise
        self._held[key] = (connection, wanted["name"])

    def _wait(self, connection, name, limit):
        began = time.monotonic()
        told = None
        pause = 0
        while not scalar(connection, "SELECT GET_LOCK(:name, :seconds)", name=name, seconds=pause):
            holder = holder_of(connection, name)
            waited = time.monotonic() - began
            if waited >= limit:
                self._session.call("lock_refused", {"holder": holder, "waited_seconds": limit})
            if holder != told:
                told = holder
                wait = {"holder": holder, "waited_seconds": waited, "limit_seconds": limit, "is_news": True}
                self._session.call("lock_waiting", wait)
            pause = min(PAUSE, limit - waited)

    def check(self):
        """Raises limbec's refusal when a lock is not held any more."""
        for connection, name in self._held.values():
            try:
                if scalar(connection, "SELECT IS_USED_LOCK(:name) = CONNECTION_ID()", name=name):
                    continue
                reason = "the server says that this connection does not have it"
            except Exception as error:
                reason = str(getattr(error, "orig", None) or error)
            self._session.call("lock_lost", {"reason": reason})

    def release(self):
        """Ends the connections, and the locks with them."""
        for connection, name in self._held.values():
            try:
                scalar(connection, "SELECT RELEASE_LOCK(:name)", name=name)
                connection.close()
            except Exception:
                pass  # it is gone already, or belongs to an event loop that is: it ends with this process
        self._held.clear()


def scalar(connection, statement, **parameters):
    return connection.execute(text(statement), parameters).scalar()


def holder_of(connection, name):
    """What the server tells: another user's connection only to those with the PROCESS privilege."""
    query = (
        "SELECT id, user, host FROM information_schema.processlist WHERE id = IS_USED_LOCK(:name) "
        "UNION ALL SELECT IS_USED_LOCK(:name), NULL, NULL"
    )
    row = connection.execute(text(query), {"name": name}).first()
    if row is None or row[0] is None:
        return {}
    host = row[2] and row[2].rpartition(":")[0] or row[2]
    return {"pid": int(row[0]), "user": row[1], "host": host}
