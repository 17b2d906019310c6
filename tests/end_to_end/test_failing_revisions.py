"""A failure in the middle of revision 3 of 5: what stays is what Alembic leaves, or whole revisions alone."""

import pytest
from support import databases, sample
from support.projects import Project

IDS = [f"{number}" * 12 for number in range(1, 6)]

FAILURES = {
    "python": 'raise RuntimeError("half way")',
    "database": 'op.execute("INSERT INTO nowhere VALUES (1)")',
}
MODES = {"per-run": "", "per-revision": ", transaction_per_migration=True"}


def build(folder, url, configure, failure):
    """Five revisions, each creating a table and filling it; the third fails in between."""
    project = Project(folder, url, configure)
    for number, revision in enumerate(IDS, start=1):
        create = f'op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True))'
        fill = f'op.execute("INSERT INTO t{number} VALUES ({number})")'
        broken = f"{failure}\n" if number == 3 else ""
        down = IDS[number - 2] if number > 1 else None
        undo = f'op.drop_table("t{number}")'
        project.add(revision, down, up=f"{create}\n{fill}\n{broken}pass", undo=undo)
    return project


def repair(project):
    """What the developer does next: take the failing line out."""
    path = project.versions / f"{IDS[2]}_.py"
    text = path.read_text()
    for line in FAILURES.values():
        text = text.replace(line, "pass")
    path.write_text(text)


def state(url):
    """Tables, their rows, and the rows of the version table."""
    names = databases.tables(url)
    rows = {name: databases.fetch(url, f"SELECT * FROM {name}") for name in names if name != "alembic_version"}
    return names, rows, databases.versions(url)


@pytest.mark.parametrize("failure", list(FAILURES))
@pytest.mark.parametrize("mode", list(MODES))
def test_leaves_exactly_what_alembic_leaves(mode, failure, databases_of, tmp_path, alembic_bin, limbec_bin):
    left = {}
    for name, program in {"alembic": alembic_bin, "limbec": limbec_bin}.items():
        project = build(tmp_path / name, databases_of(), MODES[mode], FAILURES[failure])
        done = project.run(program, "upgrade", "head")
        left[name] = [done.status, state(project.url)]
        if name == "limbec":
            assert f"{IDS[2]}_.py" in done.err
        repair(project)
        again = project.run(program, "upgrade", "head")
        left[name] += [again.status, state(project.url)]
    assert left["limbec"] == left["alembic"]


def first_two_stay(url):
    names, rows, versions = state(url)
    assert names == ["alembic_version", "t1", "t2"]
    assert rows == {"t1": [(1,)], "t2": [(2,)]}
    assert versions == [IDS[1]]


@pytest.mark.parametrize("failure", list(FAILURES))
@pytest.mark.parametrize("mode", list(MODES))
def test_one_transaction_a_revision_by_option(mode, failure, url, tmp_path, limbec_bin):
    """--transaction overrides env.py, whatever that asks for."""
    project = build(tmp_path / "project", url, MODES[mode], FAILURES[failure])
    project.run(limbec_bin, "upgrade", "--transaction", "per-revision", "head").failed(f"{IDS[2]}_.py", status=1)
    first_two_stay(url)
    repair(project)
    project.run(limbec_bin, "upgrade", "--transaction", "per-revision", "head").ok()
    assert state(url)[2] == [IDS[4]]
    assert state(url)[1]["t3"] == [(3,)]


def test_one_transaction_a_revision_by_setting(url, tmp_path, limbec_bin):
    project = build(tmp_path / "project", url, "", FAILURES["python"])
    (project.folder / "limbec.toml").write_text('transaction = "per-revision"\n')
    project.run(limbec_bin, "upgrade", "head").failed(status=1)
    first_two_stay(url)


def test_one_transaction_a_run_by_option(postgres_url, tmp_path, limbec_bin):
    project = build(tmp_path / "project", postgres_url, MODES["per-revision"], FAILURES["python"])
    project.run(limbec_bin, "upgrade", "--transaction", "per-run", "head").failed(status=1)
    assert state(postgres_url) == ([], {}, None)


@pytest.mark.parametrize("program", ["alembic", "limbec"])
def test_the_sample_keeps_all_or_nothing_of_a_revision(program, request, url, tmp_path):
    """The sample's env.py has one transaction a revision on SQLite too."""
    copied = sample.copy_to(tmp_path)
    broken = next((copied / "common" / "versions").glob("*_create_tax_rates.py"))
    broken.write_text(
        broken.read_text().replace("\n\n\ndef downgrade", '\n    raise RuntimeError("half way")\n\n\ndef downgrade')
    )
    binary = request.getfixturevalue(f"{program}_bin")
    assert sample.command(binary, "common", url, "upgrade", "8a52e0c41d97", folder=copied).status == 0
    before = databases.schema(url)
    assert sample.command(binary, "common", url, "upgrade", "d16f83b0c5e2", folder=copied).status == 1
    assert databases.schema(url) == before
    assert databases.versions(url) == ["8a52e0c41d97"]
    sample.command(binary, "common", url, "upgrade", "head").ok()
    assert databases.versions(url) == ["19e7f4a60bd8"]


def test_a_failing_downgrade_stays_where_alembic_stays(databases_of, tmp_path, alembic_bin, limbec_bin):
    left = {}
    for name, program in {"alembic": alembic_bin, "limbec": limbec_bin}.items():
        project = Project(tmp_path / name, databases_of())
        project.add(IDS[0])
        project.add(
            IDS[1], IDS[0], undo='op.create_table("half", sa.Column("id", sa.Integer))\nraise RuntimeError("x")'
        )
        project.add(IDS[2], IDS[1])
        project.run(program, "upgrade", "head").ok()
        left[name] = project.run(program, "downgrade", "base").status, state(project.url)
    assert left["limbec"] == left["alembic"]
