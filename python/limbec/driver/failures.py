"""Exceptions as values."""

import sys
import traceback

DRIVER_FILES = ("<limbec>/", "<frozen importlib")
OUTER_FILES = (
    "_limbec_driver/session.py",
    "_limbec_driver/commands.py",
    "_limbec_driver/modules.py",
    "_limbec_driver/seeding.py",
)


def describe(error):
    """The failure for limbec: kind, type, message, traceback, frames (outermost first), exit code."""
    tb = beyond_driver(error.__traceback__)
    return {
        "kind": kind_of(error),
        "type": type_name(error),
        "message": message_of(error),
        "traceback": text_of(error, tb),
        "frames": [
            {"file": frame.filename, "line": frame.lineno, "function": frame.name}
            for frame in traceback.extract_tb(tb)
            if not frame.filename.startswith(DRIVER_FILES)
        ],
        "exit_code": exit_code(error) if isinstance(error, SystemExit) else None,
        "database": database_failure(error),
    }


def database_failure(error):
    """What the database said, wherever in the chain of exceptions it is told; None if it said nothing."""
    try:
        return told_by_database(error)
    except Exception:  # an exception whose attributes misbehave
        return None


def told_by_database(error):
    found = None
    for cause in causes(error):
        statement, lost = getattr(cause, "statement", None), getattr(cause, "connection_invalidated", False)
        code = code_of(cause)
        if found is None and (code is not None or lost is True or isinstance(statement, str)):
            found = {"code": None, "statement": None, "lost": False, "reason": None, "position": None}
        if found is not None:
            if code is not None and found["reason"] is None:
                found["reason"], found["position"] = reason_of(cause), position_of(cause)
            found["code"] = found["code"] or code
            found["lost"] = found["lost"] or lost is True
            if found["statement"] is None and isinstance(statement, str):
                found["statement"] = statement[:LONGEST_STATEMENT]
    return found


LONGEST_STATEMENT = 10_000


def reason_of(error):
    """The driver's sentence, without the lines about the statement behind it."""
    lines = str(error).splitlines()
    return lines[0] if lines else None


def position_of(error):
    """Where in the statement, counted in characters from 1."""
    told = getattr(getattr(error, "diag", None), "statement_position", None) or getattr(error, "position", None)
    return int(told) if isinstance(told, (str, int)) and str(told).isdigit() else None


def causes(error):
    """The exception, what it wraps and what it came of, from near to far."""
    seen, waiting = [], [error]
    while waiting:
        error = waiting.pop(0)
        if not isinstance(error, BaseException) or any(error is known for known in seen):
            continue
        seen.append(error)
        yield error
        context = None if error.__suppress_context__ else error.__context__
        waiting += [getattr(error, "orig", None), error.__cause__, context]


def code_of(error):
    """PostgreSQL's SQLSTATE, SQLite's name of the error, MySQL's number: as text, whichever driver it is."""
    for name in ("sqlstate", "pgcode", "sqlite_errorname"):
        code = getattr(error, name, None)
        if isinstance(code, str) and code:
            return code
    first = error.args[0] if getattr(error, "args", None) else None
    if isinstance(first, dict) and isinstance(first.get("C"), str):
        return first["C"]  # pg8000
    module = type(error).__module__.partition(".")[0]
    if module == "sqlite3" and str(error).startswith("database is locked"):
        return "SQLITE_BUSY"  # Python 3.10 and older have no name for it
    if module in MYSQL_DRIVERS and isinstance(first, int):
        return str(first)
    return None


MYSQL_DRIVERS = ("pymysql", "MySQLdb", "mysql", "mariadb", "asyncmy", "aiomysql")


def beyond_driver(tb):
    """The traceback from where the driver left the work to Alembic."""
    start = tb
    while tb is not None:
        if tb.tb_frame.f_code.co_filename.endswith(OUTER_FILES) and tb.tb_next is not None:
            start = tb.tb_next
        tb = tb.tb_next
    return start


def kind_of(error):
    if isinstance(error, KeyboardInterrupt):
        return "interrupt"
    if isinstance(error, SystemExit):
        return "system_exit"
    # No import of Alembic for its own sake: if it is not loaded, the error is not one of its errors.
    util = sys.modules.get("alembic.util.exc")
    if util is None or not isinstance(error, util.CommandError):
        return "exception"
    refusal = sys.modules.get(__package__ + ".refusal")
    return "refused" if refusal is not None and isinstance(error, refusal.Refused) else "command_error"


def type_name(error):
    kind = type(error)
    if kind.__module__ in ("builtins", "__main__"):
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def message_of(error):
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)
    except Exception:
        return "(its text cannot be shown)"


def text_of(error, tb):
    try:
        return "".join(traceback.format_exception(type(error), error, tb))
    except Exception:  # an exception whose __str__ or __cause__ misbehaves
        return "".join(traceback.format_tb(tb))


def exit_code(error):
    """As the interpreter maps SystemExit's argument to a status; a text is printed by it with status 1."""
    code = error.code
    if code is None:
        return 0
    return code if isinstance(code, int) else 1
