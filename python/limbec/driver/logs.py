"""Log records of env.py, Alembic and the application as lines of limbec's JSON log."""

import json
import logging
import sys
import traceback
from contextlib import contextmanager
from datetime import datetime, timezone

LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))


@contextmanager
def json_records(wanted):
    """While it lasts, what handlers of any configuration write to standard error is one JSON object a record."""
    if not wanted:
        yield
        return
    original = logging.StreamHandler.format

    def formatted(self, record):
        stream = getattr(self, "stream", None)
        return line(record) if stream in (sys.stderr, sys.__stderr__) else original(self, record)

    logging.StreamHandler.format = formatted
    try:
        yield
    finally:
        logging.StreamHandler.format = original


def line(record):
    fields = {
        "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z",
        "level": next((name for number, name in LEVELS if record.levelno >= number), "debug"),
        "event": "log",
        "message": record.getMessage(),
        "logger": record.name,
    }
    if record.exc_info:
        fields["traceback"] = "".join(traceback.format_exception(*record.exc_info))
    return json.dumps(fields)
