"""What a machine or a server refuses, by a full disk or for want of rights: a sentence, and nothing half done."""

import subprocess
from contextlib import suppress

import pytest
from reliability import targets, witness
from support.projects import run

ROLE = "limbec_reader"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("hidden", [False, True], ids=["url known", "url in env.py alone"])
def test_a_full_disk_leaves_whole_revisions(hidden, small_disk, tmp_path, limbec_bin):
    target = targets.SqliteTarget(small_disk)
    project = witness.Project(tmp_path / "project", witness.History(length=4), hidden)
    project.point_at(target.url)
    filler = small_disk / "filler"
    command = ["upgrade", "--transaction", "per-revision"]
    run(limbec_bin, *command, "002abc002", cwd=project.folder).ok()
    with open(filler, "wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    run(limbec_bin, *command, "head", cwd=project.folder).failed("disk", "full", status=1)
    assert target.versions() == ["002abc002"]
    filler.unlink()
    run(limbec_bin, *command, "head", cwd=project.folder).ok()
    assert witness.faults(target, project.history) == []


@pytest.fixture
def restricted(postgres_server, tmp_path):
    """A database, and the URL of a role that may read it and create nothing."""
    target = targets.create("postgresql", tmp_path)
    target.execute(
        f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    target.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield target, target.url.replace("limbec_trusted@", f"{ROLE}:x@")
    target.drop()
    target._on_server(f"DROP ROLE {ROLE}")


@pytest.mark.parametrize("settings", ["", "history = true\n", 'lock = "row"\n', 'lock = "row"\nhistory = true\n'])
@pytest.mark.parametrize("hidden", [False, True], ids=["url known", "url in env.py alone"])
def test_a_role_that_may_create_nothing(hidden, settings, restricted, tmp_path, limbec_bin):
    target, url = restricted
    project = witness.Project(tmp_path / "project", witness.History(length=3), hidden, settings)
    project.point_at(url)
    for command in (["upgrade", "head"], ["stamp", "head"]):
        done = run(limbec_bin, *command, cwd=project.folder).failed("role", status=1)
        assert "permission denied" in done.err or "may not create" in done.err
    assert target.tables() == {"witness"}
    # With the rights that the sentence asks for, all is well.
    target.execute(f"GRANT CREATE ON SCHEMA public TO {ROLE}; GRANT CREATE ON DATABASE {target.name} TO {ROLE}")
    target.execute(f"GRANT ALL ON witness TO {ROLE}")
    run(limbec_bin, "upgrade", "head", cwd=project.folder).ok()
    assert witness.faults(target, project.history) == []
