"""The short form of kill_points.py: a few SIGKILLs in each situation."""

import pytest
from reliability.kill_points import SITUATIONS, play

SHORT = [case for case in SITUATIONS if (case.database == "postgresql" and not case.outside) or case.per_revision]


@pytest.mark.parametrize("situation", SHORT, ids=lambda situation: situation.name)
def test_the_next_run_continues_or_names_the_state(situation, request):
    if situation.database == "postgresql":
        request.getfixturevalue("postgres_server")
    verdicts = play(situation, kills=4, seed=2)
    assert [verdict for verdict in verdicts if verdict.result == "broken"] == []
