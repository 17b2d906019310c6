"""The request loop.

Messages to limbec, each answered by one JSON value:
``{"next": null}`` a request, ``{"kind": "return"}`` to leave the loop or ``{"kind": "finish"}`` to end Python;
``{"call": method, "params": value}`` ``{"result": value}`` or ``{"refused": sentence}``;
``{"outcome": {"value": …} | {"failure": …}}`` anything.
"""

import gc
import json
import os
import sys
import threading

from . import failures


class Session:
    """The line to limbec, and what was said on it during one request."""

    def __init__(self, exchange):
        self._exchange = exchange
        self._lock = threading.Lock()
        self.refused = None
        self.watch = None
        self.recorder = None
        self.fresh_steps = False
        self.tenant_schema = None

    def send(self, message):
        with self._lock:
            return json.loads(self._exchange(json.dumps(message)))

    def call(self, method, params):
        """Asks limbec; a refusal is raised as one of Alembic's command errors."""
        flush_streams()
        answer = self.send({"call": method, "params": params})
        if "refused" in answer:
            from .refusal import Refused

            self.refused = Refused(answer["refused"])
            raise self.refused
        return answer["result"]


def serve(exchange):
    """Answers requests until limbec says to return or to finish; false if Python's last output was lost."""
    session = Session(exchange)
    while True:
        request = session.send({"next": None})
        kind = request["kind"]
        if kind == "return":
            return True
        if kind == "finish":
            flushed = finish()
            session.send({"outcome": {"value": {"flushed": flushed}}})
            return flushed
        if request.get("isolated"):
            from .isolation import answer_in_fork

            answer_in_fork(request, lambda request=request: tell(session, request))
        else:
            tell(session, request)


def tell(session, request):
    """Answers one request."""
    session.refused = None
    session.fresh_steps = False
    session.tenant_schema = schema_to_check(request)
    session.recorder = None
    outcome = answer(session, request)
    flush_streams()
    session.send({"outcome": outcome})


def schema_to_check(request):
    """The tenant's, unless limbec itself sets the search_path, which behind a pooler shows in transactions alone."""
    sets_path = (request.get("overrides") or {}).get("search_path")
    return None if sets_path else request.get("tenant_schema")


def answer(session, request):
    """The outcome of one request; nothing that user code raises gets past this."""
    # No garbage is made by importing, only a great many objects: collecting would cost a sixth of the time.
    gc.disable()
    try:
        value = handler(request["kind"])(session, request)
        if session.refused is not None:
            raise session.refused  # env.py swallowed it
        return {"value": value}
    except BaseException as error:
        return {"failure": failures.describe(session.refused or error)}
    finally:
        resume_collector()


def handler(kind):
    """The function for a kind of request; its module is compiled only now."""
    if kind in ("run_env", "command"):
        from . import commands

        return getattr(commands, kind)
    if kind == "probe":
        from . import probe

        return probe.probe
    if kind == "render":
        from . import rendering

        return rendering.render
    if kind == "rehearse":
        from . import rehearsal

        return rehearsal.rehearse
    if kind == "seed":
        from . import seeding

        return seeding.seed
    from . import modules

    return getattr(modules, kind)


def resume_collector():
    """Called before user code runs in earnest; what was imported so far is never looked at again."""
    if not gc.isenabled():
        freeze = getattr(gc, "freeze", None)  # not in PyPy
        if freeze is not None:
            freeze()
        gc.enable()


def flush_streams():
    """Keeps the order of lines right between Python and limbec."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            divert(stream)
        except (ValueError, AttributeError):
            pass  # closed or absent


lost_output = False


def divert(stream):
    """Nobody takes this output any more. Without this the next print() would raise, in the middle of a migration."""
    global lost_output
    lost_output = True
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()
    except (OSError, ValueError):
        pass  # not a file: it is up to whoever put it there


def finish():
    """What finalisation would do that anybody can notice; false if some output could not be written."""
    import atexit

    threading._shutdown()
    atexit._run_exitfuncs()
    flush_streams()
    return not lost_output


def set_arguments(argv):
    """Makes `sys.argv` and `sys.path` what they are when the `alembic` script of this environment runs."""
    folder = os.path.dirname(sys.executable or "")
    sys.argv[:] = [os.path.join(folder, "alembic"), *argv]
    if not getattr(sys.flags, "safe_path", False) and folder not in sys.path[:1]:
        sys.path.insert(0, folder)
