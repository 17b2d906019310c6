"""Pages of docs/ that are written by people except for parts that scripts write. Standard library only."""

from __future__ import annotations

from pathlib import Path


def write_part(page: Path, name: str, text: str) -> None:
    """Put `text` between the comments `<!-- NAME -->` and `<!-- end of NAME -->` of a page."""
    before, begin, rest = page.read_text().partition(f"<!-- {name} -->")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not end:
        raise SystemExit(f"{page} has no part {name}")
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


def table(header: list, rows: list[list]) -> str:
    """A Markdown table; columns of numbers are set to the right."""
    numbers = [bool(rows) and all(isinstance(row[index], (int, float)) for row in rows) for index in range(len(header))]
    rule = ["---:" if number else "---" for number in numbers]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
