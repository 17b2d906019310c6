"""How many answers were equal, and where the others are written."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from compare import Answer, arguments
from graphs import Graph, Question


@dataclass
class Score:
    """One for the session; `kept` is where disagreements are written."""

    kept: Path
    equal: int = 0
    asked: int = 0
    disagreements: list[str] = field(default_factory=list)

    def count(self, question: Question, why: str | None, wanted: dict, got: Answer, directory: Path, name: str) -> None:
        """Adds one answer; a disagreement keeps the project and both answers."""
        self.asked += 1
        if why is None:
            self.equal += 1
            return
        folder = self.kept / name
        if not folder.exists():
            shutil.copytree(directory, folder, symlinks=True)
        command = ["limbec", *arguments(question, directory)]
        self.disagreements.append(f"{name}: {why}: {command}")
        with (folder / "disagreements.txt").open("a", encoding="utf-8") as out:
            out.write(f"=== {why}\n{command}\n{json.dumps(asdict(question), ensure_ascii=False)}\n")
            out.write(f"--- Alembic: {json.dumps(wanted, ensure_ascii=False)}\n{wanted.get('stdout', '')}\n")
            out.write(f"--- limbec: {got.text()}\n\n")

    def keep_graph(self, graph: Graph, name: str) -> None:
        """Writes the graph beside its disagreements, if it has any."""
        folder = self.kept / name
        if folder.exists():
            text = json.dumps(graph.to_json(), indent=1, ensure_ascii=False)
            (folder / "graph.json").write_text(text, encoding="utf-8")
