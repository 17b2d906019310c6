"""The other end of `oracle_server.py`: real Alembic as an object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from graphs import Question

SERVER = Path(__file__).with_name("oracle_server.py")


class Oracle:
    """One process with Alembic imported, used for all graphs. Close it at the end."""

    def __init__(self, python: str = sys.executable, hash_seed: int = 0) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "COLUMNS": "1000"}
        environment.pop("ALEMBIC_CONFIG", None)
        self.process = subprocess.Popen(
            [python, str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def ask(self, directory: Path, questions: list[Question]) -> list[dict]:
        """The answers to all questions about one folder, in their order."""
        request = {"directory": str(directory), "questions": [asdict(question) for question in questions]}
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answers = json.loads(self.process.stdout.readline() or "null")
        assert answers is not None, f"real Alembic gave no answer about {directory}"
        return answers

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
