"""A temporary PostgreSQL cluster with a PgBouncer in front of it. Standard library only.

The cluster lives in a folder of its own under the system's folder for temporary files, on ports of its own, with
fsync off. It knows two superusers: `postgres`, who needs a password on TCP as everybody does, and `limbec_trusted`, who
needs none. TLS is on, with a self-signed certificate for the name localhost, where the server can do it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TRUSTED_ROLE = "limbec_trusted"
# With what is awkward in a URL.
PASSWORD = "p@ss: word"
PASSWORD_IN_URL = "p%40ss%3A%20word"

POSTGRES_SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 64MB
logging_collector = off
timezone = 'UTC'
password_encryption = 'scram-sha-256'
"""
TLS_SETTINGS = """
ssl = on
ssl_cert_file = '{folder}/server.crt'
ssl_key_file = '{folder}/server.key'
"""
HOST_BASED_ACCESS = f"""
local all all trust
host all {TRUSTED_ROLE} 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""
BOUNCER_SETTINGS = """
[databases]
* = host=127.0.0.1 port={postgres_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
pool_mode = transaction
max_client_conn = 500
default_pool_size = 10
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


class Unavailable(Exception):
    """A server that this machine cannot provide; the text says what was tried."""


@dataclass
class Programs:
    """Where the server's programs are. `bouncer` is None where PgBouncer cannot be had."""

    postgres: Path
    bouncer: Path | None


def find_programs() -> Programs | None:
    """The PostgreSQL that is installed already: PG_BIN, Debian's versioned folders, then PATH."""
    candidates = [Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(debian, key=lambda path: -int("0" + path.parent.name.partition(".")[0]))
    on_path = shutil.which("initdb")
    if on_path:
        candidates.append(Path(on_path).resolve().parent)
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return Programs(folder, find_bouncer())
    return None


def find_bouncer() -> Path | None:
    """PgBouncer, which Debian keeps in a folder that is not on everybody's PATH."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    return Path(found) if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged_user() -> str | None:
    """PostgreSQL and PgBouncer refuse to run as root: the user who runs them then; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Unavailable("running as root, and there is neither a user postgres nor a user nobody")


@dataclass
class Servers:
    """A running cluster. `url` and the others are what tests connect to; None where the machine has no such server."""

    folder: Path
    programs: Programs
    port: int
    user: str | None
    tls: bool = False
    bouncer_url: str | None = None
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{PASSWORD_IN_URL}@127.0.0.1:{self.port}/postgres"

    @property
    def trusted_url(self) -> str:
        return f"postgresql://{TRUSTED_ROLE}@127.0.0.1:{self.port}/postgres"

    def environment(self) -> dict[str, str]:
        """What the test suites read."""
        variables = {
            "LIMBEC_TEST_POSTGRES": self.url,
            "LIMBEC_TEST_POSTGRES_TRUSTED": self.trusted_url,
            "LIMBEC_TEST_POSTGRES_SOCKET": str(self.folder),
            "LIMBEC_TEST_POSTGRES_BIN": str(self.programs.postgres),
        }
        if self.tls:
            variables["LIMBEC_TEST_POSTGRES_TLS"] = f"{self.url}?sslmode=require"
            variables["LIMBEC_TEST_POSTGRES_CERT"] = str(self.folder / "server.crt")
        if self.bouncer_url:
            variables["LIMBEC_TEST_PGBOUNCER"] = self.bouncer_url
        return variables

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the user who owns the cluster."""
        command = [str(self.programs.postgres / program), *arguments]
        done = subprocess.run(self._as_user(command), capture_output=True, text=True, cwd=self.folder)
        if done.returncode:
            raise Unavailable(f"{program} failed: {(done.stderr or done.stdout).strip()}")

    def _as_user(self, command: list[str]) -> list[str]:
        return ["runuser", "-u", self.user, "--", *command] if self.user else command

    def spawn(self, command: list[str], log: str) -> subprocess.Popen:
        with open(self.folder / log, "ab") as output:
            process = subprocess.Popen(
                self._as_user(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """End every server and remove the folder. Safe to call twice."""
        if (self.folder / "data/postmaster.pid").exists():
            command = [str(self.programs.postgres / "pg_ctl"), "-D", f"{self.folder}/data", "-m", "immediate", "stop"]
            subprocess.run(self._as_user(command), capture_output=True, cwd="/")
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(programs: Programs) -> Servers:
    """Start a cluster, and a PgBouncer where there is one. Call `stop` on what comes back."""
    user = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="limbec-pg-"))
    servers = Servers(folder, programs, free_port(), user)
    try:
        if user:
            if programs.postgres.is_relative_to(Path.home()):
                # The user who runs the server cannot look into root's home.
                shutil.copytree(programs.postgres.parent, folder / "install")
                programs.postgres = folder / "install/bin"
            subprocess.run(["chown", "-R", user, str(folder)], check=True)
        start_postgres(servers)
        if programs.bouncer:
            start_bouncer(servers)
    except BaseException:
        servers.stop()
        raise
    return servers


def start_postgres(servers: Servers) -> None:
    data = servers.folder / "data"
    servers.run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    servers.tls = make_certificate(servers)
    settings = POSTGRES_SETTINGS + (TLS_SETTINGS if servers.tls else "")
    with open(data / "postgresql.conf", "a") as file:
        file.write(settings.format(port=servers.port, folder=servers.folder))
    (data / "pg_hba.conf").write_text(HOST_BASED_ACCESS)
    postgres = str(servers.programs.postgres / "postgres")
    wait_for_port(servers.spawn([postgres, "-D", str(data)], "postgres.log"), servers.port, servers.folder)
    wait_until_ready(servers)
    roles = f"CREATE ROLE {TRUSTED_ROLE} SUPERUSER LOGIN; ALTER ROLE postgres PASSWORD '{PASSWORD}'"
    servers.run("psql", "-h", str(servers.folder), "-p", str(servers.port), "-U", "postgres", "-qc", roles)


def wait_until_ready(servers: Servers) -> None:
    """It listens before it lets anybody in."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return servers.run(
                "psql", "-h", str(servers.folder), "-p", str(servers.port), "-U", "postgres", "-qc", "SELECT 1"
            )
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def make_certificate(servers: Servers) -> bool:
    """A self-signed certificate for localhost. False where openssl is missing or the server was built without TLS."""
    configuration = subprocess.run(
        [str(servers.programs.postgres / "pg_config"), "--configure"], capture_output=True, text=True
    )
    if not shutil.which("openssl") or "openssl" not in configuration.stdout + linked_libraries(servers):
        return False
    key, certificate = servers.folder / "server.key", servers.folder / "server.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    key.chmod(0o600)
    if servers.user:
        shutil.chown(key, servers.user)
        shutil.chown(certificate, servers.user)
    return True


def linked_libraries(servers: Servers) -> str:
    """What the server is linked with; "openssl" is in it when libssl is."""
    if not shutil.which("ldd"):
        return ""
    listed = subprocess.run(["ldd", str(servers.programs.postgres / "postgres")], capture_output=True, text=True)
    return "openssl" if "libssl" in listed.stdout else ""


def start_bouncer(servers: Servers) -> None:
    port, folder = free_port(), servers.folder
    settings = BOUNCER_SETTINGS.format(port=port, postgres_port=servers.port, folder=folder)
    (folder / "pgbouncer.ini").write_text(settings)
    (folder / "userlist.txt").write_text(f'"postgres" "{PASSWORD}"\n')
    process = servers.spawn([str(servers.programs.bouncer), str(folder / "pgbouncer.ini")], "pgbouncer-output.log")
    wait_for_port(process, port, folder)
    servers.bouncer_url = f"postgresql://postgres:{PASSWORD_IN_URL}@127.0.0.1:{port}/postgres"


def wait_for_port(process: subprocess.Popen, port: int, folder: Path) -> None:
    """Return as soon as something listens on the port; raise with the logs if it does not within 30 seconds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    logs = "\n".join(path.read_text(errors="replace") for path in sorted(folder.glob("*.log")))
    raise Unavailable(f"the server on port {port} did not come up:\n{logs}")


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
