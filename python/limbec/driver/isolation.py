"""Each request in a process of its own, forked from this one: what one leaves behind in Python, the next does not find.

The fork has the pipes to limbec while it lives, and its own process group: a terminal's Ctrl-C reaches this process
alone, which passes it on once, however it came.
"""

import gc
import mmap
import os
import signal
import sys

from .session import finish, flush_streams

TOLD = b"\1"


def answer_in_fork(request, tell):
    """Calls ``tell()``, which sends the outcome, in a fork. One that dies before that takes this process along."""
    prepare(request)
    told = mmap.mmap(-1, 1)  # shared with the fork
    interrupts = Interrupts()
    with interrupts:
        flush_streams()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            serve_alone(parent, interrupts, tell, told)
        interrupts.pass_on_to(child)
        status = os.waitpid(child, 0)[1]
    if told[:1] != TOLD:
        end_like(status)


def serve_alone(parent, interrupts, tell, told):
    """The fork's life."""
    status = 1
    try:
        os.setpgid(0, 0)
        die_with(parent)
        interrupts.restore()
        tell()
        told[:1] = TOLD
        finish()
        status = 0
    except KeyboardInterrupt:
        status = 130
    finally:
        # Nothing of what the parent would do afterwards.
        os._exit(status)


class Interrupts:
    """Passes SIGINT on to the fork."""

    def __init__(self):
        self.child = None
        self.missed = False
        self.before = None

    def __enter__(self):
        self.before = signal.signal(signal.SIGINT, self.handle)
        return self

    def __exit__(self, *_):
        signal.signal(signal.SIGINT, self.before)

    def handle(self, *_):
        if self.child is None:
            self.missed = True
        else:
            tell_child(self.child)

    def pass_on_to(self, child):
        try:
            os.setpgid(child, child)
        except OSError:
            pass  # it has done so itself, or is over
        self.child = child
        if self.missed:
            tell_child(child)

    def restore(self):
        """In the fork: what came before it could hear it is the parent's to pass on."""
        signal.signal(signal.SIGINT, self.before)


def tell_child(child):
    try:
        os.kill(child, signal.SIGINT)
    except ProcessLookupError:
        pass


def die_with(parent):
    """The kernel ends the fork when its parent dies; elsewhere than on Linux it notices that at its next word."""
    if sys.platform.startswith("linux"):
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def end_like(status):
    """limbec sees this process end as the fork did, and starts another one."""
    flush_streams()
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else os.WEXITSTATUS(status))


prepared = set()


def prepare(request):
    """What every fork needs, and is nobody's own: Alembic, SQLAlchemy, and the driver of the database."""
    url = (request.get("overrides") or {}).get("url") or ""
    scheme = url.partition(":")[0]
    if scheme in prepared:
        return
    prepared.add(scheme)
    try:
        import ctypes  # noqa: F401 (compiled once)

        import alembic.autogenerate
        import alembic.command  # noqa: F401
        from sqlalchemy.engine import make_url

        from . import commands, environment, limits, steps, transactions  # noqa: F401

        dialect = make_url(url).get_dialect()
        getattr(dialect, "import_dbapi", getattr(dialect, "dbapi", None))()
    except Exception:  # the fork will meet it again, and tell it
        pass
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
