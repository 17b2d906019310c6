"""A headless Chromium, driven by the DevTools protocol over two pipes. Standard library only.

https://chromedevtools.github.io/devtools-protocol/ has the methods and events.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from support.paths import TOOLS

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
# Debian's smallest one that takes pictures.
PACKAGE = "chromium-headless-shell"
UNPACKED = TOOLS / "chromium"


def find_browser() -> Path | None:
    """What LIMBEC_TEST_CHROMIUM names, what is on PATH, else Debian's package, unpacked below .tools."""
    named = os.environ.get("LIMBEC_TEST_CHROMIUM")
    candidates = [named] if named else [shutil.which(name) for name in NAMES]
    for candidate in filter(None, candidates):
        if works(Path(candidate)):
            return Path(candidate)
    return None if named else unpacked_browser()


def unpacked_browser() -> Path | None:
    """Debian's package and what it needs besides the installed ones, unpacked but not installed; once a checkout."""
    wrapper = UNPACKED / "chromium"
    if not works(wrapper) and shutil.which("apt-get") and shutil.which("dpkg"):
        unpack()
    return wrapper if works(wrapper) else None


def unpack() -> None:
    """Downloads about 80 MB, in seconds where a mirror is near."""
    UNPACKED.mkdir(parents=True, exist_ok=True)
    program = UNPACKED / "usr/lib/chromium" / PACKAGE
    download()
    if not program.exists() and os.geteuid() == 0:
        # The lists of packages are old, or were never fetched.
        subprocess.run(["apt-get", "update", "-q"], capture_output=True)
        download()
    if not program.exists():
        return
    folders = [*UNPACKED.glob("usr/lib/*-linux-*"), *UNPACKED.glob("usr/lib/*-linux-*/pulseaudio")]
    # By its own place, which a checkout that borrows these tools names in another way.
    libraries = ":".join(f"$here/{folder.relative_to(UNPACKED)}" for folder in folders)
    wrapper = UNPACKED / "chromium"
    lines = ['here=$(dirname "$(readlink -f "$0")")']
    lines += [f'LD_LIBRARY_PATH="{libraries}" exec "$here/{program.relative_to(UNPACKED)}" "$@"']
    wrapper.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    wrapper.chmod(0o755)


def download() -> None:
    names = needed_packages()
    if not names:
        return
    with tempfile.TemporaryDirectory(dir=UNPACKED) as folder:
        # apt's own user may not be able to write here; root downloads then, and apt warns of it.
        subprocess.run(["apt-get", "download", "-q", *names], cwd=folder, capture_output=True)
        for package in Path(folder).glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(UNPACKED)], capture_output=True)


def needed_packages() -> list[str]:
    """The package and those that it needs and this machine has not."""
    simulate = ["apt-get", "install", "--simulate", "--no-install-recommends", PACKAGE]
    told = subprocess.run(simulate, capture_output=True, text=True)
    words = [line.split() for line in told.stdout.splitlines()]
    return [line[1] for line in words if len(line) > 1 and line[0] == "Inst"]


def works(program: Path) -> bool:
    try:
        return subprocess.run([str(program), "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class Page:
    """One tab. `requests` are all URLs that it asked for, `complaints` whatever went to the console or was thrown."""

    def __init__(self, program: Path):
        self.profile = tempfile.TemporaryDirectory(prefix="limbec-chromium-")
        ours, theirs = os.pipe(), os.pipe()
        # The browser reads commands from 3 and writes answers to 4.
        words = [
            str(program),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-pipe",
            "--no-first-run",
        ]
        words += [
            "--disable-background-networking",
            "--disable-component-update",
            f"--user-data-dir={self.profile.name}",
        ]
        ends = f"exec 3<&{ours[0]} 4>&{theirs[1]}; exec " + ' "$@"'
        nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = ["bash", "-c", ends, "bash", *words, "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(ours[0], theirs[1]), **nowhere)
        os.close(ours[0])
        os.close(theirs[1])
        self.commands, self.answers = ours[1], theirs[0]
        self.buffer, self.number, self.session = b"", 0, None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.loaded = 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.profile.name, ignore_errors=True)
        self.profile.cleanup()

    def call(self, method: str, **parameters):
        """Call a method of the protocol and return its result; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _next(self) -> dict:
        deadline = time.monotonic() + 60
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(self.answers, 1 << 20) if ready else b""
            assert piece, "the browser ended, or does not answer"
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict) -> None:
        method, parameters = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(parameters["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])

    def open(self, url: str) -> None:
        """Go somewhere, and come back when it is loaded."""
        seen = self.loaded
        self.call("Page.navigate", url=url)
        while self.loaded == seen:
            self._note(self._next())

    def evaluate(self, expression: str):
        """The value of a JavaScript expression, as JSON has it."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def media(self, scheme: str = "light", kind: str = "screen") -> None:
        """Light or dark, on a screen or on paper (`print`)."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    def resize(self, width: int, height: int = 900) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def press(self, key: str) -> None:
        """A key without a character, such as Tab."""
        codes = {"Tab": 9, "Enter": 13}
        parameters = {"key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
        if key == "Enter":
            parameters["text"] = "\r"
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **parameters)

    def type(self, text: str) -> None:
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))
