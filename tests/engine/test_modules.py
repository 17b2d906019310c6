"""metadata and locate: what only importing can tell."""

REQUEST = {"kind": "metadata", "sys_path": ["."]}


def test_metadata_of_files(make_project):
    project = make_project(1)
    computed = (
        "import helper\nrevision = 'a' + 'b'\ndown_revision = helper.DOWN\nbranch_labels = ['x']\ndepends_on = 'd'\n"
    )
    project.write("helper.py", "DOWN = {'c'}\n")
    paths = [
        str(project.write("migrations/versions/one.py", f'"""doc"""\n{computed}')),
        str(project.write("migrations/versions/two.py", "import nothing_of_that_name\n")),
    ]
    assert project.line.run({**REQUEST, "paths": paths[:1]}).value == [
        {"revision": "ab", "down_revision": ["c"], "branch_labels": ["x"], "depends_on": ["d"], "doc": "doc"}
    ]
    failure = project.line.run({**REQUEST, "paths": paths}).failure
    assert failure["type"] == "ModuleNotFoundError"
    assert (failure["frames"][-1]["file"], failure["frames"][-1]["line"]) == (paths[1], 1)


def test_locate(make_project):
    project = make_project(1)
    project.write("src/app/__init__.py", "")
    project.write("src/app/migrations/env.py", "")
    request = {"kind": "locate", "resource": "app:migrations", "sys_path": ["src"]}
    assert project.line.run(request).value == str(project.folder / "src/app/migrations")
    outcome = project.line.run({**request, "resource": "absent:migrations"})
    assert outcome.failure["type"] == "ModuleNotFoundError"
