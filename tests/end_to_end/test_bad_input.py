"""Whatever is wrong with the input: a sentence that says so, a failing status, and nothing lost."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
from urllib.parse import urlsplit

import pytest
from support import databases
from support.projects import Project, Run, run

READING = [["heads"], ["history"], ["upgrade", "head"]]


@pytest.fixture
def limbec(limbec_bin):
    return limbec_bin


@pytest.fixture
def project(tmp_path):
    """Two good revisions on SQLite; the first is applied."""
    made = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    made.add("aaaa", up='op.create_table("kept", sa.Column("id", sa.Integer))')
    made.add("bbbb", "aaaa", up='op.create_table("later", sa.Column("id", sa.Integer))')
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.executescript(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);"
        "INSERT INTO alembic_version VALUES ('aaaa'); CREATE TABLE kept (id INTEGER); INSERT INTO kept VALUES (7);"
    )
    connection.close()
    return made


def fingerprint(project):
    """Every file of the project that is not bytecode, and what the database holds."""
    files = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(project.folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    return files, databases.versions(project.url), databases.schema(project.url)


def refuses(project, limbec, words, *sentences, status=None):
    """The command fails with these sentences and leaves everything as it was."""
    before = fingerprint(project)
    done = project.run(limbec, *words).failed(*sentences, status=status)
    assert fingerprint(project) == before
    return done


@pytest.mark.parametrize("words", [*READING, ["new", "x", "--no-autogenerate"], ["current"]], ids=" ".join)
def test_no_ini(words, tmp_path, limbec):
    done = run(limbec, *words, cwd=tmp_path)
    # Alembic's own commands end as Alembic's do.
    done.failed("No 'script_location' key found in configuration.", status=2 if words[0] == "new" else 255)
    assert list(tmp_path.iterdir()) == []


def test_no_script_directory(tmp_path, limbec):
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = nowhere\npath_separator = os\n")
    run(limbec, "heads", cwd=tmp_path).failed("Path doesn't exist: ", "nowhere", status=255)


def test_empty_versions(tmp_path, limbec):
    empty = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    for words in (["heads"], ["history"], ["branches"], ["upgrade", "head"], ["upgrade", "heads"], ["current"]):
        assert empty.run(limbec, *words).ok().out == ""
    empty.run(limbec, "upgrade", "abcd").failed("Can't locate revision identified by 'abcd'", status=255)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_syntax_error_in_a_revision(words, project, limbec):
    (project.versions / "cccc_.py").write_text('revision = "cccc"\ndown_revision = "bbbb"\ndef upgrade(:\n')
    refuses(project, limbec, words, "cccc_.py", "3", status=1)


def test_duplicate_ids(project, limbec):
    (project.versions / "again_.py").write_text((project.versions / "bbbb_.py").read_text())
    done = project.run(limbec, "heads").ok()
    assert "Revision bbbb is present more than once" in done.err


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_cycle(words, project, limbec, alembic_bin):
    project.add("cccc", "eeee")
    project.add("dddd", "cccc")
    project.add("eeee", "dddd")
    theirs = project.run(alembic_bin, *words)
    refuses(project, limbec, words, "Cycle is detected in revisions (cccc, dddd, eeee)", status=theirs.status)


def test_a_self_loop(project, limbec):
    project.add("cccc", "cccc")
    refuses(project, limbec, ["heads"], "Self-loop is detected in revisions (cccc)", status=1)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_missing_down_revision(words, project, limbec):
    project.add("dddd", "cccc")
    refuses(project, limbec, words, "cccc", "dddd", status=1)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_an_unreadable_file(words, project, limbec):
    # A link that leads nowhere is unreadable for root too.
    (project.versions / "cccc_.py").symlink_to("nowhere.py")
    refuses(project, limbec, words, "nowhere.py", status=1)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_source_that_is_not_utf8(words, project, limbec):
    source = (project.versions / "bbbb_.py").read_text().replace("bbbb", "cccc").replace("aaaa", "bbbb")
    (project.versions / "cccc_.py").write_bytes(source.replace("revision cccc", "r\xe9vision").encode("latin-1"))
    refuses(project, limbec, words, "cccc_.py", status=1)


def test_a_source_that_declares_its_encoding(project, limbec):
    source = (project.versions / "bbbb_.py").read_text().replace("bbbb", "cccc").replace("aaaa", "bbbb")
    text = "# -*- coding: latin-1 -*-\n" + source.replace("revision cccc", "r\xe9vision")
    (project.versions / "cccc_.py").write_bytes(text.encode("latin-1"))
    assert "cccc (head), r\xe9vision" in project.run(limbec, "history").ok().out


def test_an_unknown_revision_in_the_table(project, limbec):
    databases.execute(project.url, "UPDATE alembic_version SET version_num = 'gone'")
    for words in (["upgrade", "head"], ["current"], ["downgrade", "-1"], ["stamp", "head"]):
        refuses(project, limbec, words, "Can't locate revision identified by 'gone'", status=255)
    # The way out is Alembic's.
    project.run(limbec, "stamp", "--purge", "aaaa").ok()
    assert databases.versions(project.url) == ["aaaa"]


def test_a_table_altered_by_hand(project, limbec):
    databases.execute(project.url, "DROP TABLE alembic_version", "CREATE TABLE alembic_version (version INTEGER)")
    before = databases.schema(project.url)
    for words in (["upgrade", "head"], ["current"], ["stamp", "head"]):
        project.run(limbec, *words).failed("version_num", status=1)
    assert databases.schema(project.url) == before


def test_two_rows_where_one_is_an_ancestor_of_the_other(project, limbec):
    databases.execute(project.url, "INSERT INTO alembic_version VALUES ('bbbb')")
    refuses(project, limbec, ["upgrade", "head"], "overlaps")


@pytest.mark.parametrize("bad", ["not a url", "sqlite//x", "nosuchdialect://u:hunter2@h/db", ""])
@pytest.mark.parametrize("words", [["current"], ["upgrade", "head"]], ids=" ".join)
def test_a_bad_url(bad, words, project, limbec):
    project.write_ini(bad)
    done = project.run(limbec, *words).failed(status=1)
    assert "hunter2" not in done.out + done.err


@pytest.mark.parametrize("words", [["current"], ["upgrade", "head"], ["stamp", "head"]], ids=" ".join)
def test_a_wrong_password(words, project, limbec, postgres_server):
    url = os.environ["LIMBEC_TEST_POSTGRES"]
    place = urlsplit(url)
    project.write_ini(f"postgresql+psycopg2://{place.username}:hunter2@{place.hostname}:{place.port}/postgres")
    done = project.run(limbec, *words).failed("password authentication failed", status=1)
    assert "hunter2" not in done.out + done.err


@pytest.mark.parametrize("words", [["current"], ["upgrade", "head"], ["stamp", "head"]], ids=" ".join)
def test_the_database_is_away(words, project, limbec):
    project.write_ini("postgresql+psycopg2://someone:hunter2@127.0.0.1:1/nowhere")
    done = project.run(limbec, *words).failed("127.0.0.1", status=1)
    assert "hunter2" not in done.out + done.err


def test_the_database_does_not_exist(project, limbec, postgres_server):
    url = postgres_server.replace("postgresql:", "postgresql+psycopg2:").rpartition("/")[0] + "/limbec_no_such_database"
    project.write_ini(url)
    for words in (["current"], ["upgrade", "head"]):
        project.run(limbec, *words).failed("there is no database limbec_no_such_database on", status=1)


def test_a_file_that_is_no_database(project, limbec, tmp_path):
    (tmp_path / "app.db").write_text("certainly not a database, but long enough to be looked at" * 40)
    for words in (["current"], ["upgrade", "head"]):
        project.run(limbec, *words).failed("app.db: the file is not an SQLite database", status=1)


def test_an_id_that_overflows_the_column(project, limbec, postgres_url):
    long = "x" * 40
    project.add(long, "bbbb", up='op.create_table("overflow", sa.Column("id", sa.Integer))')
    project.write_ini(postgres_url)
    project.run(limbec, "upgrade", "bbbb").ok()
    for words in (["upgrade", "head"], ["stamp", "head"]):
        project.run(limbec, *words).failed(status=1)
        assert databases.versions(postgres_url) == ["bbbb"]
        assert databases.tables(postgres_url) == ["alembic_version", "kept", "later"]


def test_new_ids_fit_the_column(project, limbec):
    project.run(limbec, "new", "a description that is a good deal longer than the column", "--no-autogenerate").ok()
    head = project.run(limbec, "heads").ok().out.split()[0]
    assert len(head) <= 32


def test_a_name_that_is_taken(project, limbec):
    for _ in range(3):
        project.run(limbec, "new", "the same", "--no-autogenerate", "--rev-id", "dddd")
    assert len(list(project.versions.glob("*the_same.py"))) == 1


def unprivileged(tmp_path, limbec, words, cwd):
    """Run limbec as somebody who may not write here; as root that takes another user and a copy that he can reach."""
    if os.geteuid() != 0:
        return run(limbec, *words, cwd=cwd)
    for folder in [tmp_path, *list(tmp_path.parents)[:2]]:
        folder.chmod(0o755)
    copied = shutil.copy(limbec, tmp_path / "limbec")
    done = subprocess.run(
        [copied, *words], cwd=cwd, user=65534, group=65534, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    "words", [["new", "x", "--no-autogenerate"], ["revision", "-m", "x"], ["init", "fresh"]], ids=" ".join
)
def test_a_read_only_directory(words, project, limbec, tmp_path):
    for folder in (project.versions, project.folder):
        folder.chmod(0o555)
    try:
        before = fingerprint(project)
        done = unprivileged(tmp_path, limbec, words, project.folder)
        done.failed("ermission denied")
        assert fingerprint(project) == before
    finally:
        project.versions.chmod(0o755)
        project.folder.chmod(0o755)


def test_a_read_only_database(project, limbec, tmp_path):
    project.write_ini(f"sqlite:///file:{tmp_path}/app.db?mode=ro&uri=true")
    before = databases.schema(project.url), databases.versions(project.url)
    for words in (["upgrade", "head"], ["stamp", "head"]):
        project.run(limbec, *words).failed("readonly", status=1)
    assert (databases.schema(project.url), databases.versions(project.url)) == before
    assert "aaaa" in project.run(limbec, "current").ok().out


@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["upgrade"], ["upgrade", "head", "--nonsense"], ["-c"], ["show"]], ids=" ".join
)
def test_wrong_usage(words, project, limbec):
    refuses(project, limbec, words, status=2)


def test_a_locked_database(project, limbec, tmp_path):
    holder = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        project.run(limbec, "stamp", "bbbb").failed("locked", status=1)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert databases.versions(project.url) == ["aaaa"]


def test_a_bad_url_is_said_once(project, limbec):
    done = project.run(limbec, "--url", "nonsense", "current").failed("--url: ", status=2)
    assert done.err.count("does not begin with a dialect") == 1


def test_a_url_that_cannot_be_read(project, limbec):
    (project.folder / "limbec.toml").write_text('url = "file:/nowhere/at/all"\n')
    done = project.run(limbec, "doctor").failed("/nowhere/at/all", status=1)
    lines = dict(line.split("  ", 1) for line in done.out.splitlines())
    assert lines["database"].strip() == "not known"
    assert done.out.rstrip().endswith("nothing that needs the database")


def test_a_computed_revision_that_cannot_be_computed(project, limbec):
    path = project.versions / "bbbb_.py"
    path.write_text(path.read_text().replace("down_revision = 'aaaa'", "down_revision = nothing_of_the_kind()"))
    line = 1 + path.read_text().splitlines().index("down_revision = nothing_of_the_kind()")
    done = refuses(project, limbec, ["heads"], "NameError", status=1)
    assert f"error: {path}, line {line}: NameError: name 'nothing_of_the_kind' is not defined" in done.err


def test_a_comment_that_is_not_utf8(project, limbec, alembic_bin):
    path = project.versions / "bbbb_.py"
    path.write_bytes(path.read_bytes() + b"# caf\xe9\n")
    assert project.run(limbec, "history").ok().out == project.run(alembic_bin, "history").ok().out
    project.run(limbec, "upgrade", "head").ok()


@pytest.mark.parametrize(
    "words", [["current"], ["history", "-i"], ["upgrade", "head"], ["stamp", "head"]], ids=" ".join
)
def test_a_database_in_a_directory_that_is_not_there(words, project, limbec, alembic_bin, tmp_path):
    project.write_ini(f"sqlite:///{tmp_path}/nowhere/app.db")
    done = project.run(limbec, *words).failed("nowhere", status=1)
    assert done.out == project.run(alembic_bin, *words).out == ""


def test_a_password_among_the_parameters_is_never_shown(project, limbec):
    project.write_ini("postgresql+psycopg2://someone@127.0.0.1:1/x?password=hunter2")
    for words in (["doctor"], ["current"], ["-v", "upgrade", "head"], ["adopt", "--yes"]):
        done = project.run(limbec, *words).failed(status=1)
        assert "hunter2" not in done.out + done.err
    assert not (project.folder / "limbec.toml").exists()


def test_doctor_knows_which_databases_need_sqlalchemy(project, limbec):
    project.write_ini("mysql+nosuchdriver://someone:hunter2@127.0.0.1:1/x")
    done = project.run(limbec, "doctor").failed(status=1)
    last = done.out.rstrip().splitlines()[-1]
    assert last.startswith("without Python") and "mysql+nosuchdriver goes through SQLAlchemy" in last
    assert "hunter2" not in done.out + done.err


def test_a_revision_without_its_function(project, limbec):
    path = project.versions / "bbbb_.py"
    path.write_text(path.read_text().partition("def upgrade")[0])
    project.run(limbec, "upgrade", "head").failed(f"{path} has no function upgrade()", status=1)
    assert databases.versions(project.url) == ["aaaa"]
