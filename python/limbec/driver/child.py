"""The ``python -c`` text of a child: the line to limbec is two inherited pipes, whose numbers are the arguments."""

import _signal  # `signal` imports more than many an env.py
import json
import os
import sys
import time


def open_line(read_end, write_end):
    reader = open(read_end, "rb")
    writer = open(write_end, "wb", buffering=0)

    def exchange(text):
        data = memoryview(text.encode("utf-8") + b"\n")
        while data:
            data = data[writer.write(data) :]
        reply = reader.readline()
        if not reply:
            raise EOFError("limbec is gone")
        return reply.decode("utf-8")

    return exchange


ONE_KEY = 0.5
interrupted = float("-inf")


def interrupt(number, frame):
    """A terminal tells the whole group, limbec included, which passes it on: twice in a moment is once."""
    global interrupted
    before, interrupted = interrupted, time.monotonic()
    if interrupted - before > ONE_KEY:
        _signal.default_int_handler(number, frame)


if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, interrupt)
if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] == "":
    # `-c` puts the current directory there, a console script does not.
    del sys.path[0]
exchange = open_line(int(sys.argv[1]), int(sys.argv[2]))
scope = {"__name__": "_limbec_boot", "exchange": exchange}
try:
    exec(compile(json.loads(exchange('{"boot": null}')), "<limbec>/boot.py", "exec"), scope)
except KeyboardInterrupt:
    os._exit(130)  # between requests, or for the second time
except EOFError:
    os._exit(1)
# Finalisation takes longer than many a migration; `finish` has done what could be noticed of it.
os._exit(0 if scope["flushed"] else 120)
