"""The short form of storm.py: eight runners at once, some of them killed, on each database."""

import pytest
from reliability.storm import Storm, play

CASES = {
    "postgresql": Storm("limbec", "postgresql", 8),
    "postgresql, kills": Storm("limbec", "postgresql", 8, kill=True),
    "postgresql, URL in env.py alone, kills": Storm("limbec", "postgresql", 8, kill=True, hidden=True),
    "sqlite": Storm("limbec", "sqlite", 8),
    "sqlite, URL in env.py alone": Storm("limbec", "sqlite", 8, hidden=True),
    "sqlite, a transaction a revision, kills": Storm("limbec", "sqlite", 8, kill=True, per_revision=True),
}


@pytest.mark.parametrize("name", list(CASES))
def test_each_revision_is_applied_exactly_once(name, request):
    if CASES[name].database == "postgresql":
        request.getfixturevalue("postgres_server")
    outcome = play(CASES[name], rounds=2, seed=4)
    assert outcome.runners == 16
    # Those whose connection was ended may fail; nobody else does, and the next run gets to head.
    assert (outcome.failed, outcome.hung, outcome.stuck, outcome.overlaps) == (0, 0, 0, 0), outcome
    assert outcome.faults == []
