"""Runs the limbec binary as a child process and reads both of its streams to their ends.

Everything that waits here waits outside of the interpreter's lock. The child stays in this process's group, so that
Ctrl-C on a terminal reaches both, whichever thread waits.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Callable

from .errors import LimbecError, NotInstalled

__all__ = ["run"]

#: Bytes taken from a pipe at a time: as much as Linux keeps in one.
CHUNK = 65536

#: How long a child that is given up is waited for, in seconds, after each signal; a terminal has sent SIGINT already.
PATIENCE: tuple[tuple[int, float], ...] = ((0, 0.5), (signal.SIGINT, 10.0), (signal.SIGTERM, 5.0))


def run(
    command: Sequence[str],
    *,
    directory: str | None,
    environment: Mapping[str, str],
    told: Callable[[str], object],
) -> tuple[int, str]:
    """Exit status and standard output; `told` gets each line of standard error as it comes, without its end.

    Whatever `told` raises, and Ctrl-C, ends the child first. Raises `NotInstalled` where there is nothing to run, and
    `LimbecError` where it cannot be told how the child ended.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        what = f"{error.filename or command[0]}: {error.strerror}"
        raise NotInstalled(f"{command[0]} cannot be run", causes=[what]) from None
    try:
        assert process.stdout is not None and process.stderr is not None
        with process.stdout, process.stderr:
            output = _read(process.stdout, process.stderr, told)
        return _status(process), output
    except BaseException:
        _end(process)
        raise


def _read(out: IO[bytes], err: IO[bytes], told: Callable[[str], object]) -> str:
    """Reads whichever pipe has something, so that neither is ever full for long."""
    output = bytearray()
    # What has come of a line; joined once, because a line may be very long.
    begun: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        for pipe in (out, err):
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is out:
                    output += chunk
                else:
                    first, *others = chunk.split(b"\n")
                    begun.append(first)
                    for other in others:
                        told(_text(b"".join(begun)))
                        begun = [other]
    if any(begun):
        told(_text(b"".join(begun)))
    return _text(bytes(output))


def _status(process: subprocess.Popen[bytes]) -> int:
    """How the child ended. Popen takes a child whose status somebody else has taken for one that succeeded."""
    if hasattr(os, "waitid"):
        try:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            process.wait()
            raise LimbecError(
                "limbec has ended, and another part of this process has taken its exit status",
                causes=["SIGCHLD is ignored, or something waits for every child, as os.wait() does"],
            ) from None
    return process.wait()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Lets the child roll back, and ends it the hard way where it does not, or where Ctrl-C comes once more."""
    try:
        for number, seconds in PATIENCE:
            if number:
                process.send_signal(number)
            try:
                process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue
        process.kill()
        process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
