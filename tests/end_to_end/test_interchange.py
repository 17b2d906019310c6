"""Half by Alembic and half by limbec leaves what Alembic alone leaves, after every single command."""

import random

import pytest
from support import databases, sample
from support.projects import Project

# Every command on a history with a branch, a merge and a dependency, and real changes to the schema. Without
# ensure_version: where each revision has its own transaction, as here, Alembic rolls its own CREATE TABLE back.
WALK = [
    "upgrade 5d20c8e1f7a4",
    "upgrade +1",
    "upgrade chart@head",
    "upgrade a2d7094fc613",
    "current",
    "downgrade a2d7094fc613@-1",
    "upgrade heads",
    "downgrade -1",
    "downgrade -1",
    "upgrade +2",
    "downgrade 6e13b9d0a582",
    "upgrade head",
    "stamp b3e81a50d724",
    "downgrade -2",
    "stamp head",
    "stamp --purge c4f92b61e835",
    "upgrade nonsense",
    "downgrade +1",
    "stamp --purge 7fa4d61c93e0 91c6f83eb502",
    "history -i",
    "current --verbose",
]


class Trio:
    """One database that Alembic alone works on, and two on which Alembic and limbec take turns, one step apart."""

    def __init__(self, create, alembic, limbec):
        self.urls = [create() for _ in range(3)]
        self.programs = [(alembic, alembic), (alembic, limbec), (limbec, alembic)]
        self.turn = 0

    def do(self, words, execute):
        """Run one command on all three, and compare what it said and what it left."""
        results = []
        for url, programs in zip(self.urls, self.programs):
            done = execute(programs[self.turn % 2], url, *words)
            # Alembic prints some lines in the order of a set, and the URL differs by the database's name.
            said = sorted(line for line in done.out.splitlines() if not line.startswith("Current revision"))
            results.append((done.status, said, databases.versions(url)))
        label = f"turn {self.turn}: {' '.join(words)}"
        assert results[1] == results[0], label
        assert results[2] == results[0], label
        self.turn += 1

    def same_schema(self):
        assert databases.schema(self.urls[1]) == databases.schema(self.urls[0])
        assert databases.schema(self.urls[2]) == databases.schema(self.urls[0])


def test_the_sample_in_turns(databases_of, alembic_bin, limbec_bin):
    trio = Trio(databases_of, alembic_bin, limbec_bin)

    def execute(program, url, *words):
        return sample.command(program, "tenant", url, *words)

    for line in WALK:
        trio.do(line.split(), execute)
    trio.same_schema()


def graph(generator, project):
    """A random history: several bases, branch points, merge points, a label and dependencies. Returns the ids."""
    ids, tips = [], []
    for number in range(14):
        revision = f"{generator.randrange(16**12):012x}"
        place = generator.random()
        if not ids or place < 0.12:
            down = None
        elif len(tips) > 1 and place < 0.3:
            down = tuple(generator.sample(tips, 2))
        elif place < 0.5:
            down = generator.choice(ids)
        else:
            down = generator.choice(tips)
        parents = down if isinstance(down, tuple) else (down,) if down else ()
        others = [known for known in ids if known not in parents]
        depends = generator.choice(others) if others and generator.random() < 0.2 else None
        labels = f"line{number}" if down is None else None
        project.add(revision, down, labels=labels, depends=depends)
        ids.append(revision)
        tips = [tip for tip in tips if tip not in parents] + [revision]
    return ids


def commands(generator, ids, count):
    """Commands that make sense about as often as not."""
    for _ in range(count):
        some = generator.choice(ids)
        yield generator.choice(
            [
                ["upgrade", "heads"],
                ["upgrade", some],
                ["upgrade", "+1"],
                ["upgrade", f"{some}+1"],
                ["downgrade", some],
                ["downgrade", "base"],
                ["downgrade", f"{some}@-1"],
                ["stamp", some],
                ["stamp", "heads"],
                ["stamp", "--purge", some],
            ]
        )


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_in_turns(seed, databases_of, tmp_path, alembic_bin, limbec_bin):
    generator = random.Random(seed)
    trio = Trio(databases_of, alembic_bin, limbec_bin)
    project = Project(tmp_path / "project", trio.urls[0])
    ids = graph(generator, project)

    def execute(program, url, *words):
        project.write_ini(url)
        # Where the order within a set decides, Alembic's is to be the same in all three databases.
        return project.run(program, *words, PYTHONHASHSEED="0")

    for words in commands(generator, ids, 12):
        trio.do(words, execute)


def test_rows_that_a_script_writes_itself_stay_and_are_told(tmp_path, alembic_bin, limbec_bin):
    """As a squashed history does; Alembic does not look at the table after a run, and a run is not undone for it."""
    tables = []
    for program in (alembic_bin, limbec_bin):
        url = f"sqlite:///{tmp_path}/{program.name}.db"
        project = Project(tmp_path / program.name, url)
        project.add("aaaa", up="op.execute(\"INSERT INTO alembic_version VALUES ('bbbb')\")")
        done = project.run(program, "upgrade", "head").ok()
        tables.append(databases.versions(url))
    assert tables == [["aaaa", "bbbb"]] * 2
    assert "holds aaaa, bbbb after the run, but the plan leads to aaaa" in done.err
