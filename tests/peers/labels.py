"""The labels of tests/lint: `# expect: rule[, rule]`, each counting for the statement that its line belongs to."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

SKIPPED = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)


@dataclass
class Statements:
    """First and last line of every logical line of a file."""

    spans: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> Statements:
        spans, first = [], None
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE:
                spans.append((first or token.start[0], token.start[0]))
                first = None
            elif token.type not in SKIPPED and first is None:
                first = token.start[0]
        return cls(spans)

    def at(self, line: int) -> int:
        """The first line of the statement that a line belongs to; the line itself where there is none."""
        return next((first for first, last in self.spans if first <= line <= last), line)


def expectations(path: Path) -> set[tuple[int, str]]:
    """(first line of a statement, name of a rule) of everything that is to be found in a file."""
    text = path.read_text()
    statements, expected = Statements.of(text), set()
    for number, line in enumerate(text.splitlines(), 1):
        names = line.partition("# expect: ")[2]
        expected |= {(statements.at(number), name.strip()) for name in names.split(",") if name.strip()}
    return {(line, name) for line, name in expected if name != "none"}
