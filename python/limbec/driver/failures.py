"""Exceptions as values."""

import sys
import traceback

DRIVER_FILES = ("<limbec>/", "<frozen importlib")
OUTER_FILES = ("_limbec_driver/session.py", "_limbec_driver/commands.py", "_limbec_driver/modules.py")


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
    }


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
