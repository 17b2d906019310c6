"""Generated graphs: every read command and every plan, beside real Alembic.

LIMBEC_GRAPHS says how many graphs (300), LIMBEC_GRAPHS_FROM the first seed (0).
"""

import os

import graphs
import projects
import pytest
from compare import ask_limbec, difference

COUNT = int(os.environ.get("LIMBEC_GRAPHS", "300"))
FIRST = int(os.environ.get("LIMBEC_GRAPHS_FROM", "0"))
AT_ONCE = 25


def batches(count):
    """Seeds in groups, each a test."""
    return [range(start, min(start + AT_ONCE, FIRST + count)) for start in range(FIRST, FIRST + count, AT_ONCE)]


def name_of(seeds):
    return f"{seeds[0]}-{seeds[-1]}"


def compare_all(seed, questions, directory, limbec_bin, oracle, score, kind):
    """Asks both about a written graph and counts the answers."""
    # Reads the graph and shows nothing of it.
    probe = graphs.Question("command", ["show", "base"])
    wanted = oracle.ask(directory, [probe, *questions])
    broken = wanted[0]["status"] != 0
    got = ask_limbec(limbec_bin, directory, questions)
    for question, want, have in zip(questions, wanted[1:], got):
        why = difference(question, want, have, broken=broken)
        score.count(question, why, want, have, directory, f"{kind}-{seed}")


@pytest.mark.parametrize("seeds", batches(COUNT), ids=name_of)
def test_read_commands_and_plans(seeds, limbec_bin, oracle, score, tmp_path):
    before = len(score.disagreements)
    for seed in seeds:
        graph = graphs.graph(seed)
        directory = projects.write(graph, tmp_path / str(seed))
        compare_all(seed, graphs.questions(graph), directory, limbec_bin, oracle, score, "graph")
        score.keep_graph(graph, f"graph-{seed}")
    assert score.disagreements[before:] == []


# Fewer: each question runs env.py on both sides.
@pytest.mark.parametrize("seeds", batches(max(COUNT // 30, 1)), ids=name_of)
def test_commands_that_read_the_version_table(seeds, limbec_bin, oracle, score, tmp_path):
    before = len(score.disagreements)
    for seed in seeds:
        graph = graphs.graph(seed)
        directory = projects.write(graph, tmp_path / str(seed))
        rows, questions = graphs.questions_about_rows(graph)
        projects.write_rows(directory, rows)
        compare_all(seed, questions, directory, limbec_bin, oracle, score, "rows")
        score.keep_graph(graph, f"rows-{seed}")
    assert score.disagreements[before:] == []
