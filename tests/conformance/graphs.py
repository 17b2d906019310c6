"""Random revision graphs, and what may be asked of them.

A graph is a list of revisions in the order of loading. Everything is drawn from one `random.Random`, so a seed is
enough to make a graph and its questions again.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field

# Not "head", "heads" and "base": Alembic looks revisions up by their ids again and again, and takes these for symbols.
HOSTILE_IDS = (
    "current",
    "None",
    "123456",
    "with blank",
    " lead",
    "quo'te",
    'dou"ble',
    "back\\slash",
    "ünïcödé",
    "日本語の改訂",
    "semi;colon",
    "per%cent",
    "a" * 40,
    "Abcd1234",
    "abcd1234",
    "tab\there",
    "<base>",
    "x.y",
    "()",
)
HOSTILE_LABELS = ("lib-2", "head-1", "a@b", "with blank", "Ünï", "heads", "x+1", "pre", "L'abel")
DOCS = (
    "add users",
    "",
    "two\nlines",
    "first paragraph\n\nsecond paragraph",
    "  blanks around  ",
    "trailing comma, ",
    "ünïcode — dash",
    "tab\tinside",
    "%s %(here)s",
    "a\x0cb",
)


@dataclass
class Revision:
    """One revision file."""

    revision: str
    down: list[str] = field(default_factory=list)
    depends_on: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    doc: str = ""


@dataclass
class Question:
    """One thing to ask of both; `kind` is `command` or a direction of a plan."""

    kind: str
    argv: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


@dataclass
class Graph:
    """Revisions in the order of loading."""

    seed: int
    revisions: list[Revision]

    def to_json(self) -> dict:
        return asdict(self)

    def ids(self) -> list[str]:
        return [revision.revision for revision in self.revisions]

    def labels(self) -> list[str]:
        return [label for revision in self.revisions for label in revision.labels]


def graph(seed: int) -> Graph:
    """The graph of a seed."""
    rng = random.Random(seed)
    return _Maker(rng, seed).make()


class _Maker:
    """Draws the traits of a graph first, then its revisions."""

    def __init__(self, rng: random.Random, seed: int) -> None:
        self.rng = rng
        self.seed = seed
        self.size = rng.choice((1, 2, 3, 5, 8, 8, 12, 12, 20, 35))
        self.fork = rng.choice((0.0, 0.0, 0.15, 0.4))
        self.merge = rng.choice((0.0, 0.1, 0.3)) if self.fork else rng.choice((0.0, 0.0, 0.2))
        self.new_base = rng.choice((0.0, 0.0, 0.1, 0.3))
        self.depends = rng.choice((0.0, 0.0, 0.15, 0.4))
        self.label = rng.choice((0.0, 0.1, 0.3))
        self.hostile = rng.choice((0.0, 0.0, 0.0, 0.15, 0.5))
        self.style = rng.choice(("hex", "hex", "counted", "shared_prefix"))

    def make(self) -> Graph:
        rng = self.rng
        made: list[Revision] = []
        for number in range(self.size):
            made.append(self.revision(number, made))
        if rng.random() < 0.35:
            rng.shuffle(made)
        if rng.random() < 0.12:
            self.spoil(made)
        return Graph(self.seed, made)

    def revision(self, number: int, made: list[Revision]) -> Revision:
        rng = self.rng
        new = Revision(self.new_id(number, made), doc=self.doc(number))
        ids = [revision.revision for revision in made]
        children = {down for revision in made for down in revision.down}
        tips = [revision.revision for revision in made if revision.revision not in children]
        if ids and rng.random() >= self.new_base:
            new.down = [rng.choice(ids) if rng.random() < self.fork else rng.choice(tips)]
            if rng.random() < self.merge:
                others = [other for other in (tips if rng.random() < 0.7 else ids) if other not in new.down]
                new.down += rng.sample(others, min(len(others), rng.choice((1, 1, 2))))
        if ids and rng.random() < self.depends:
            names = ids + [label for revision in made for label in revision.labels]
            new.depends_on = rng.sample(names, min(len(names), rng.choice((1, 1, 2, 3))))
        if rng.random() < self.label:
            taken = {label for revision in made for label in revision.labels} | set(ids)
            names = [f"branch{number}", f"lib{number}", f"pre{number}x"]
            if rng.random() < self.hostile:
                names.append(rng.choice(HOSTILE_LABELS))
            names = [name for name in names if name not in taken]
            new.labels = rng.sample(names, rng.choice((1, 1, 1, 2)))
        return new

    def new_id(self, number: int, made: list[Revision]) -> str:
        rng = self.rng
        taken = {revision.revision for revision in made} | {label for revision in made for label in revision.labels}
        if rng.random() < self.hostile:
            name = rng.choice(HOSTILE_IDS)
            if name not in taken:
                return name
        while True:
            if self.style == "hex":
                name = f"{rng.getrandbits(48):012x}"
            elif self.style == "counted":
                name = f"r{number}"
            else:
                name = rng.choice(("abc", "abcd", "abcde", "pre")) + rng.choice(("", "1", "12", "x")) + str(number)
            if name not in taken:
                return name

    def doc(self, number: int) -> str:
        return self.rng.choice(DOCS) if self.rng.random() < 0.4 else f"revision number {number}"

    def spoil(self, made: list[Revision]) -> None:
        """Breaks the graph in one of the ways that Alembic complains about, or dies of."""
        rng = self.rng
        victim = rng.choice(made)
        other = rng.choice(made)
        way = rng.choice(
            ("down", "cycle", "dependency cycle", "self", "duplicate", "label", "id", "illegal", "depends")
        )
        if way == "down":
            victim.down = [*victim.down, rng.choice(("missing0", *(label for one in made for label in one.labels)))]
        elif way == "cycle":
            victim.down = [*victim.down, other.revision]
        elif way == "dependency cycle":
            victim.depends_on = [*victim.depends_on, other.revision]
        elif way == "self":
            setattr(victim, rng.choice(("down", "depends_on")), [victim.revision])
        elif way == "duplicate":
            twin = Revision(victim.revision, [down for down in other.down if down != victim.revision], doc="the twin")
            if rng.random() < 0.4:
                twin.labels = ["twin"]
            made.insert(rng.randrange(len(made) + 1), twin)
        elif way == "label":
            victim.labels = [*victim.labels, "same"]
            other.labels = [*other.labels, "same"]
        elif way == "id":
            victim.labels = [*victim.labels, other.revision]
        elif way == "illegal":
            victim.revision += rng.choice("@-+:") + rng.choice(("x", "+", ""))
        else:
            victim.depends_on = [rng.choice(("missing0", "heads", other.revision[:2]))]


def questions(graph_: Graph) -> list[Question]:
    """What is asked of a graph."""
    rng = random.Random(graph_.seed * 2 + 1)
    asker = _Asker(rng, graph_)
    fixed = [
        ["heads"],
        ["heads", "-v"],
        ["heads", "--resolve-dependencies"],
        ["branches"],
        ["branches", "-v"],
        ["history"],
        ["history", "-v"],
    ]
    asked = [Question("command", argv) for argv in fixed]
    for _ in range(4):
        asked.append(Question("command", ["history", f"-r{asker.end()}:{asker.end()}", *asker.verbose()]))
        asked.append(Question("command", ["show", asker.positional()]))
        asked.append(Question("upgrade", rows=asker.rows_to_plan_from(), targets=[asker.target()]))
        asked.append(Question("downgrade", rows=asker.rows_to_plan_from(), targets=[asker.target()]))
        asked.append(Question("stamp", rows=asker.rows_to_plan_from(), targets=asker.stamp_targets()))
    return asked


def questions_about_rows(graph_: Graph) -> tuple[list[str], list[Question]]:
    """Rows for the version table of a graph's project, and questions that read them."""
    asker = _Asker(random.Random(graph_.seed * 2 + 2), graph_)
    fixed = [
        ["current"],
        ["current", "--check-heads"],
        ["history", "-i"],
        ["history", "-r:current"],
        ["history", "-rcurrent:"],
        ["history", f"-r-{asker.rng.choice((1, 2, 30))}:current"],
        ["history", f"-r{asker.end()}:current", "-i"],
        ["history", f"-rcurrent:{asker.end()}"],
        ["show", "current"],
    ]
    return asker.rows(), [Question("command", argv) for argv in fixed]


class _Asker:
    """Draws symbols, targets and rows that have something to do with a graph."""

    def __init__(self, rng: random.Random, graph_: Graph) -> None:
        self.rng = rng
        self.graph = graph_
        self.ids = graph_.ids()
        self.labels = graph_.labels() or ["nolabel"]
        self.edges = self.all_down()

    def all_down(self) -> dict[str, list[str]]:
        by_name = {label: revision.revision for revision in self.graph.revisions for label in revision.labels}
        edges: dict[str, list[str]] = {}
        for revision in self.graph.revisions:
            names = [*revision.down, *(by_name.get(name, name) for name in revision.depends_on)]
            edges[revision.revision] = [name for name in names if name in self.ids]
        return edges

    def verbose(self) -> list[str]:
        return ["-v"] if self.rng.random() < 0.2 else []

    def identifier(self) -> str:
        """A revision or a label, whole or begun, or nothing at all."""
        rng = self.rng
        kind = rng.random()
        name = rng.choice(self.ids) if kind < 0.75 else rng.choice(self.labels)
        if rng.random() < 0.15:
            name = name[: rng.randint(1, len(name))]
        if rng.random() < 0.05:
            name = rng.choice(("nope", "abcd", "ABC", "a", "", " ", "None", "0", "1"))
        return name

    def symbol(self) -> str:
        """An absolute symbol."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.35:
            return self.identifier()
        if kind < 0.6:
            return rng.choice(("head", "heads", "base"))
        if kind < 0.93:
            branch = rng.choice(self.labels) if rng.random() < 0.7 else self.identifier()
            return f"{branch}@{rng.choice(('head', 'heads', 'base', self.identifier(), '-1', '-2'))}"
        return rng.choice(
            ("@head", "@heads", "head@", "@-1", "-1", "-2", "-30", " -1", "-0", "1", "-1_0", "a@b@c", "@")
        )

    def relative(self) -> str:
        rng = self.rng
        distance = rng.choice((0, 1, 1, 1, 2, 2, 3, 5, 30))
        sign = rng.choice("+-")
        start = rng.choice(("", "", "", self.identifier(), "head", "heads", "base"))
        branch = rng.choice(("", "", f"{rng.choice(self.labels)}@", f"{self.identifier()}@"))
        tail = rng.choice(("", "", "", "", "", "x", "@head", "_1"))
        return f"{branch}{start}{sign}{distance}{tail}"

    def target(self) -> str:
        """A target of upgrade or downgrade."""
        target = self.relative() if self.rng.random() < 0.45 else self.symbol()
        return target.replace(":", "")

    def end(self) -> str:
        """An end of a range."""
        if self.rng.random() < 0.25:
            return ""
        return self.target()

    def positional(self) -> str:
        """A symbol that argparse takes for a positional."""
        symbol = self.symbol()
        if symbol.startswith("-") and not symbol[1:].isdigit():
            return "head"
        return symbol

    def stamp_targets(self) -> list[str]:
        return [self.symbol() for _ in range(self.rng.choice((1, 1, 1, 2, 3)))]

    def rows_to_plan_from(self) -> list[str]:
        """Rows as `plan --from` takes them: it knows no others, and blanks around them are not theirs."""
        return [row for row in self.rows() if row in self.ids and row == row.strip() and "," not in row]

    def rows(self) -> list[str]:
        """Mostly a state that upgrades lead to; sometimes what a hand has made of it."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.15:
            return []
        if kind < 0.22:
            made = rng.sample(self.ids, min(len(self.ids), rng.choice((1, 2, 3))))
            return made + rng.choice(([], [], ["unknown0"]))
        todo = rng.sample(self.ids, min(len(self.ids), rng.choice((1, 1, 1, 2, 3, 6))))
        if rng.random() < 0.3:
            todo = list(self.ids)
        applied: set[str] = set()
        while todo:
            name = todo.pop()
            if name not in applied:
                applied.add(name)
                todo += self.edges[name]
        below = {down for name in applied for down in self.edges[name]}
        rows = sorted(applied - below)
        rng.shuffle(rows)
        return rows
