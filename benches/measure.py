"""Runs one command and prints its wall time, CPU time and peak memory. Standard library only.

A process of its own, because Linux counts the memory of whoever starts a program as that program's: the floor of
what can be measured is then this small interpreter (about 9 MB) and not the one that runs the benchmark.
"""

import os
import sys
import time

limit, *command = sys.argv[1:]
null = os.open(os.devnull, os.O_RDWR)
errors = os.open(os.environ.get("MEASURE_ERRORS", os.devnull), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
began = time.perf_counter()
child = os.posix_spawnp(
    command[0],
    command,
    os.environ,
    file_actions=[
        (os.POSIX_SPAWN_DUP2, null, 0),
        (os.POSIX_SPAWN_DUP2, null, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
    ],
)
if float(limit):
    import signal

    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, float(limit))
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - began
peak = usage.ru_maxrss / (1 if sys.platform == "darwin" else 1 / 1024)
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, int(peak))
