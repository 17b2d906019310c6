"""A proxy before PostgreSQL that kills a client at its nth message."""

from __future__ import annotations

import re
import socket
import threading

# A message is not cut apart: what psycopg2 and limbec send for these histories is shorter.
PIECE = 1 << 20


class KillingProxy:
    """Listens on `port`; counts what clients send, over all connections, and calls `kill` at message number `at`.

    `after`: the message is passed on and answered first, but the answer never reaches the client.
    """

    def __init__(self, server: tuple[str, int]):
        self.server = server
        self.kill = None
        self.at, self.after = 0, False
        self.messages: list[bytes] = []
        self._lock = threading.Lock()
        self._fatal: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, at: int, after: bool, kill) -> None:
        """Begins to count anew."""
        with self._lock:
            self.at, self.after, self.kill, self.messages, self._fatal = at, after, kill, [], None

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.server)
            threading.Thread(target=self._from_client, args=(client, server), daemon=True).start()
            threading.Thread(target=self._from_server, args=(client, server), daemon=True).start()

    def _from_client(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := client.recv(PIECE):
                with self._lock:
                    self.messages.append(data)
                    fatal = len(self.messages) == self.at
                    if fatal and self.after:
                        self._fatal = server
                if fatal and not self.after:
                    self.kill()
                    break
                server.sendall(data)
        except OSError:
            pass
        finally:
            self._end(client, server)

    def _from_server(self, client: socket.socket, server: socket.socket) -> None:
        try:
            while data := server.recv(PIECE):
                if self._fatal is server:
                    self.kill()
                    break
                client.sendall(data)
        except OSError:
            pass
        finally:
            self._end(client, server)

    @staticmethod
    def _end(*sockets: socket.socket) -> None:
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()


def describe(message: bytes) -> str:
    """What a message of PostgreSQL's protocol is about, in a word."""
    text = message.decode("utf-8", "replace")
    if re.search(r"\bCOMMIT\b", text):
        return "commit"
    if "limbec" in text and "alembic_version" not in text:
        return "limbec's own"
    if "alembic_version" in text:
        return "version table"
    return "script" if re.search(r"witness|CREATE TABLE t\d|CREATE INDEX", text) else "other"
