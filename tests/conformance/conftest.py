"""Fixtures of the conformance tests: the oracle, and the score printed at the end."""

import os
from pathlib import Path

import pytest
from oracle import Oracle
from score import Score

SCORE = pytest.StashKey()


@pytest.fixture(scope="session")
def oracle():
    """Real Alembic, in a process of its own."""
    oracle = Oracle()
    yield oracle
    oracle.close()


@pytest.fixture(scope="session")
def score(request, tmp_path_factory) -> Score:
    """Shared by all conformance tests."""
    given = os.environ.get("LIMBEC_DISAGREEMENTS")
    kept = Path(given) if given else tmp_path_factory.getbasetemp() / "disagreements"
    score = request.config.stash.setdefault(SCORE, Score(kept))
    return score


def pytest_terminal_summary(terminalreporter, config):
    """Says `N of M equal`, and where the rest can be read."""
    score = config.stash.get(SCORE, None)
    if score is None or not score.asked:
        return
    terminalreporter.section("conformance with real Alembic")
    terminalreporter.write_line(f"{score.equal} of {score.asked} equal")
    for disagreement in score.disagreements[:20]:
        terminalreporter.write_line(disagreement)
    if score.disagreements:
        terminalreporter.write_line(f"All {len(score.disagreements)} disagreements, with their projects: {score.kept}")
