"""Databases that a deployment should not meet and does: each is told in a sentence, and left as it is."""

import pytest
from reliability import targets, witness
from support.projects import run


@pytest.fixture(params=["postgresql", "sqlite"])
def target(request, tmp_path):
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
    made = targets.create(request.param, tmp_path)
    yield made
    made.drop()


@pytest.fixture(params=[False, True], ids=["url known", "url in env.py alone"])
def project(request, target, tmp_path, limbec_bin):
    """At the third of five revisions."""
    made = witness.Project(tmp_path / "project", witness.History(length=5), request.param)
    made.point_at(target.url)
    run(limbec_bin, "upgrade", "003abc003", cwd=made.folder).ok()
    return made


def state(target):
    return target.versions(), target.applications(), target.tables()


def stays(project, target, limbec_bin, *sentences: str) -> None:
    """`upgrade head` fails with these words, and changes nothing."""
    before = state(target)
    run(limbec_bin, "upgrade", "head", cwd=project.folder).failed(*sentences)
    assert state(target) == before


def test_a_deleted_file(project, target, limbec_bin):
    next(project.folder.glob("migrations/versions/003abc003*")).unlink()
    stays(project, target, limbec_bin, "003abc003")


def test_a_database_ahead_of_the_code(project, target, limbec_bin):
    for revision in project.history.revisions[2:]:
        next(project.folder.glob(f"migrations/versions/{revision}*")).unlink()
    stays(project, target, limbec_bin, "Can't locate revision identified by '003abc003'")


def test_an_unknown_id_written_by_hand(project, target, limbec_bin):
    target.execute("UPDATE alembic_version SET version_num = 'nonsense'")
    stays(project, target, limbec_bin, "Can't locate revision identified by 'nonsense'")


def test_a_row_that_another_implies(project, target, limbec_bin):
    """Alembic goes on from the higher of the two, and fails at the end or leaves both."""
    target.execute("INSERT INTO alembic_version VALUES ('001abc001')")
    before = target.applications()
    run(limbec_bin, "upgrade", "head", cwd=project.folder)
    assert all(count == 1 for count in target.applications().values())
    assert before.items() <= target.applications().items()


def test_a_hostile_row(project, target, limbec_bin):
    target.execute("UPDATE alembic_version SET version_num = '''; DROP TABLE witness; --'")
    stays(project, target, limbec_bin, "DROP TABLE")


def test_a_file_that_cannot_be_compiled(project, target, limbec_bin):
    path = next(project.folder.glob("migrations/versions/005abc005*"))
    path.write_text(path.read_text() + "\ndef broken(:\n")
    stays(project, target, limbec_bin, path.name)
