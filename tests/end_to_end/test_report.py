"""`limbec report`: the page in a real browser, and the same as data."""

import json
from pathlib import Path

import pytest
from support import databases
from support.absence import unavailable
from support.browser import Page, find_browser
from support.paths import ROOT
from support.projects import Project

# Kept after the tests, for whoever wants to look.
ARTIFACTS = ROOT / "target" / "artifacts" / "report"

HOSTILE = "</title></td><script>document.title = 'owned'</script><img src=x onerror=document.title='owned'> & \" '"
STEPS = ["create users", "create orders", "index orders by user", "create invoices", "fill invoices", "number invoices"]
STEPS += ["create payments", HOSTILE, "create refunds", "create audit", "drop legacy", "create totals"]
IDS = [f"{number:02}c4f9e8a1b7" for number in range(1, len(STEPS) + 1)]
FAILING = 9


@pytest.fixture(scope="module")
def browser():
    found = find_browser()
    if not found:
        unavailable("there is no Chromium, and Debian's cannot be unpacked here", "LIMBEC_REQUIRE_CHROMIUM")
    return found


def shop(folder: Path, url: str, tenants: "dict[str, str] | None" = None) -> Project:
    """Twelve revisions, of which the tenth fails; one has a finding, one is slow."""
    project = Project(folder, url, ", transaction_per_migration=True")
    for number, (revision, description) in enumerate(zip(IDS, STEPS)):
        create = (
            f'op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))'
        )
        undo = f'op.drop_table("t{number}")'
        if number == 2:
            create, undo = 'op.create_index("ix", "t1", ["n"])', 'op.drop_index("ix")'
        if number == 4 and url.startswith("postgresql"):
            create, undo = 'op.execute("SELECT pg_sleep(0.3)")', "pass"
        if number == FAILING:
            create = 'op.execute("SELECT 1 FROM nothing_of_this_name")'
        project.add(revision, IDS[number - 1] if number else None, up=create, undo=undo)
        path = next(project.versions.glob(f"{revision}*"))
        path.write_text(
            path.read_text().replace('"""', f"'''{description}\n'''\nNOTHING = '''", 1).replace('"""', "'''", 1)
        )
    listed = ", ".join(
        f"{{ name = {json.dumps(name)}, url = {json.dumps(at)} }}" for name, at in (tenants or {}).items()
    )
    settings = f"[tenants]\nsource = [{listed}]\n" if tenants else ""
    (project.folder / "limbec.toml").write_text(f"history = true\n{settings}")
    return project


@pytest.fixture
def migrated(tmp_path, postgres_url, limbec_bin):
    """Applied, changed, failed and pending revisions, findings, and a tenant in every state."""
    names = ["acme", "<img src=x onerror=document.title='owned'>", "Müller & Söhne", *[f"tenant {n}" for n in range(9)]]
    tenants = {name: f"sqlite:///{tmp_path}/tenant{number}.db" for number, name in enumerate(names)}
    tenants["lost"] = "postgresql://app:s3cret-of-lost@127.0.0.1:1/lost"
    project = shop(tmp_path / "shop", postgres_url, tenants)
    project.run(limbec_bin, "upgrade", IDS[6]).ok()
    project.run(limbec_bin, "downgrade", "-1", "--yes").ok()
    project.run(limbec_bin, "upgrade", "head").failed("nothing_of_this_name")
    changed = next(project.versions.glob(f"{IDS[3]}*"))
    changed.write_text(changed.read_text().replace('"n"', '"m"'))
    for number, name in enumerate(names):
        if number % 3:
            at = {1: IDS[8], 2: "of-no-file"}[number % 3]
            databases.execute(tenants[name], "CREATE TABLE alembic_version (version_num VARCHAR(40))")
            databases.execute(tenants[name], f"INSERT INTO alembic_version VALUES ('{at}')")
    databases.execute(tenants["acme"], "CREATE TABLE alembic_version (version_num VARCHAR(40))")
    databases.execute(tenants["acme"], f"INSERT INTO alembic_version VALUES ('{IDS[-1]}')")
    return project


@pytest.fixture
def tab(browser):
    """A page of a thousand pixels and more, light, on a screen."""
    with Page(browser) as page:
        page.resize(1280)
        page.media()
        yield page


def is_sound(page: Page, file: Path) -> None:
    """Nothing was loaded but the page itself, no code ran but its own, and nobody complained."""
    assert set(page.requests) == {file.as_uri()}
    assert page.complaints == []
    assert "owned" not in page.evaluate("document.title")
    assert page.evaluate("document.querySelectorAll('img, script[src], link, iframe').length") == 0


def shown(page: Page, table: str) -> "list[str]":
    """What the visible rows of a table say."""
    rows = f"[...document.querySelectorAll('#{table} tbody tr:not(.run)')].filter((row) => row.checkVisibility())"
    return page.evaluate(f"{rows}.map((row) => row.innerText.replace(/\\s+/g, ' '))")


def test_the_page_in_a_browser(migrated, limbec_bin, tab):
    file = migrated.folder / "report.html"
    migrated.run(limbec_bin, "report", "--slow", "250ms", "--html", str(file)).ok()
    assert "s3cret" not in file.read_text()
    for name, scheme, width in (("light", "light", 1280), ("dark", "dark", 1280), ("narrow", "light", 400)):
        tab.resize(width)
        tab.media(scheme)
        tab.open(file.as_uri())
        tab.picture(ARTIFACTS / f"{name}.png", whole=True)
        is_sound(tab, file)
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    tab.resize(1280)
    states = [line.split()[0] for line in shown(tab, "status-table-1")]
    assert states == ["pending"] * 3 + ["applied"] * FAILING
    assert HOSTILE in shown(tab, "status-table-1")[-8]
    assert "changed since" in shown(tab, "status-table-1")[-4]
    history = shown(tab, "history-table-1")
    assert [line.split()[0] for line in history] == ["done"] * 3 + ["failed"] + ["done"] * 8
    assert "nothing_of_this_name" in history[3]
    assert [line.endswith("slow") for line in history].count(True) == 1
    tenants = {line.split()[0] for line in shown(tab, "tenants-table")}
    assert tenants == {"current", "behind", "missing", "inconsistent", "unreachable"}
    tiles = tab.evaluate("[...document.querySelectorAll('.tiles li')].map((tile) => tile.innerText)")
    assert tiles[:4] == ["9 of 12 applied", "3 pending", "1 changed since applied", "1 run in trouble"]


def test_rows_are_filtered_as_somebody_types(migrated, limbec_bin, tab):
    file = migrated.folder / "report.html"
    migrated.run(limbec_bin, "report", "--html", str(file)).ok()
    tab.open(file.as_uri())
    everything = shown(tab, "history-table-1")
    # By the keyboard alone: the first box of the page is that of the revisions.
    for _ in range(40):
        tab.press("Tab")
        if tab.evaluate("document.activeElement.type === 'search'"):
            break
    tab.type("PENDING")
    assert [line.split()[1] for line in shown(tab, "status-table-1")] == IDS[FAILING:][::-1]
    assert tab.evaluate("document.activeElement.closest('p').querySelector('output').value") == "3 of 12"
    assert shown(tab, "history-table-1") == everything
    tab.picture(ARTIFACTS / "filtered.png")
    tab.evaluate("document.querySelector('[aria-controls=history-table-1]').focus()")
    tab.type("failed audit")
    assert [line.split()[0] for line in shown(tab, "history-table-1")] == ["failed"]
    runs = "[...document.querySelectorAll('#history-table-1 tr.run')].filter((row) => row.checkVisibility()).length"
    assert tab.evaluate(runs) == 1
    before = shown(tab, "tenants-table")
    tab.evaluate("document.querySelector('#tenants-table thead button').focus()")
    tab.press("Enter")
    assert [line.split()[0] for line in shown(tab, "tenants-table")] == sorted(line.split()[0] for line in before)
    is_sound(tab, file)


def test_the_same_as_data(migrated, limbec_bin):
    document = json.loads(migrated.run(limbec_bin, "report", "--format", "json").ok().out)
    assert document["project"]["name"] == "shop" and document["project"]["heads"] == [IDS[-1]]
    assert [revision["revision"] for revision in document["revisions"]] == IDS[::-1]
    assert document["revisions"][0]["down_revisions"] == [IDS[-2]]
    (database,) = document["databases"]
    assert database["heads"] == [IDS[FAILING - 1]] and document["no_database"] is None
    assert database["totals"] == {
        "revisions": 12, "applied": 9, "pending": 3, "missing": 0, "unknown": 0, "changed": 1,
    }  # fmt: skip
    assert [of["revision"] for of in database["revisions"] if of["is_changed"]] == [IDS[3]]
    assert database["revisions"][0]["how"] == "run" and "@" in database["revisions"][0]["applied_by"]
    log = json.loads(migrated.run(limbec_bin, "log", "--format", "json").ok().out)["entries"]
    assert database["history"] == [{key: value for key, value in row.items() if key != "database"} for row in log]
    found = json.loads(migrated.run(limbec_bin, "validate", "--all", "--format", "json").out)
    assert document["finding_totals"]["errors"] == found["summary"]["errors"] > 0
    keys = ("rule", "level", "path", "line", "message", "help")
    assert [[of[key] for key in keys] for of in document["findings"]] == [
        [of[key] for key in keys] for of in found["findings"]
    ]
    status = json.loads(migrated.run(limbec_bin, "tenant", "status", "--format", "json").ok().out)
    tenants = document["tenants"]
    assert (tenants["tenants"], tenants["totals"]) == (status["tenants"], status["totals"])
    assert "s3cret" not in json.dumps(document)
    alone = json.loads(migrated.run(limbec_bin, "report", "--no-database", "--format", "json").ok().out)
    assert (alone["databases"], alone["tenants"]) == ([], None)
    assert alone["no_database"] and alone["revisions"] == document["revisions"]


def test_without_a_history_and_without_a_database(tmp_path, url, limbec_bin, alembic_bin, tab):
    project = shop(tmp_path / "shop", url)
    project.run(alembic_bin, "upgrade", IDS[2]).ok()
    (project.folder / "limbec.toml").unlink()
    file = project.folder / "report.html"
    project.run(limbec_bin, "report", "--html", "report.html").ok()
    tab.open(file.as_uri())
    assert [line.split()[0] for line in shown(tab, "status-table-1")] == ["pending"] * 9 + ["applied"] * 3
    assert "limbec adopt --history" in tab.evaluate("document.querySelector('#history-1').innerText")
    nowhere = "postgresql://app:s3cret@127.0.0.1:1/shop"
    done = project.run(limbec_bin, "--url", nowhere, "report", "--html", "report.html").ok()
    assert "without a database" in done.err and "s3cret" not in done.err + file.read_text()
    tab.open(file.as_uri())
    assert "127.0.0.1" in tab.evaluate("document.querySelector('.notice').innerText")
    assert len(shown(tab, "revisions-table")) == 12
    tab.picture(ARTIFACTS / "without-database.png")
    is_sound(tab, file)
