"""run_env: the steps are limbec's, the work is Alembic's."""

import subprocess

import pytest
from line import Refusal


def test_upgrade_and_downgrade_run_the_steps_given(make_project):
    project = make_project(4)
    outcome = project.run_env("upgrade", "r3")
    assert outcome.value is None
    assert project.state() == (["t1", "t2", "t3"], ["r3"])
    assert [name for name, _ in outcome.calls] == [
        "begin",
        "plan",
        *["step_started", "step_applied", "step_finished"] * 3,
        "finished",
    ]
    assert outcome.called("plan")[0]["heads"] == []
    assert outcome.called("finished") == [{"heads": ["r3"]}]
    assert [params["index"] for params in outcome.called("step_finished")] == [0, 1, 2]
    outcome = project.run_env("downgrade", "r1")
    assert outcome.called("plan")[0]["heads"] == ["r3"]
    assert project.state() == (["t1"], ["r1"])


def test_the_plan_is_told_what_env_py_connects_to(make_project):
    project = make_project(1)
    target = project.run_env("upgrade", "head").called("plan")[0]["target"]
    assert target["url"] == "sqlite:///test.db"
    assert (target["dialect"], target["driver"], target["offline"]) == ("sqlite", "pysqlite", False)
    assert (target["version_table"], target["version_table_schema"]) == ("alembic_version", None)


def test_only_planned_modules_are_imported_and_all_before_the_first_step(make_project):
    project = make_project(3)
    for number in (1, 2, 3):
        project.revision(number, f"print('run {number}')", head=f"print('import {number}')")
    assert project.run_env("upgrade", "r2").stdout.split("\n") == ["import 1", "import 2", "run 1", "run 2", ""]
    project.revision(3, "pass", head="raise RuntimeError('cannot be imported')")
    outcome = project.run_env("upgrade", "head")
    assert outcome.failure["message"] == "cannot be imported"
    assert project.state()[1] == ["r2"]


def test_stamp_steps(make_project):
    project = make_project(3)
    stamp = {"from": [], "to": ["r2"], "is_upgrade": True, "branch_move": True}
    project.plan = lambda heads, target: {"steps": [{"revision": "r2", "direction": "stamp", "stamp": stamp}]}
    project.run_env("stamp", "r2")
    assert project.state() == ([], ["r2"])
    purge = {"from": [], "to": ["r1"], "is_upgrade": True, "branch_move": True}
    project.plan = lambda heads, target: {"steps": [{"revision": "r1", "direction": "stamp", "stamp": purge}]}
    outcome = project.run_env("stamp", "--purge", "r1")
    assert outcome.called("plan")[0]["heads"] == []
    assert project.state() == ([], ["r1"])


def test_sql_mode_is_alembics_own_text(make_project, python):
    project = make_project(3)
    outcome = project.run_env("upgrade", "--sql", "--tag", "t", "r1:r3")
    expected = subprocess.run(
        [str(python), "-m", "alembic.config", "upgrade", "r1:r3", "--sql"],
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    assert outcome.called("plan")[0] == {"heads": ["r1"], "target": outcome.called("plan")[0]["target"]}
    assert outcome.called("finished") == [{"heads": None}]
    assert outcome.stdout == expected.stdout != ""


def test_what_needs_no_plan_leaves_no_version_table(make_project):
    project = make_project(2)
    project.plan = lambda heads, target: {"steps": []}
    assert project.run_env("current", dont_mutate=True).value is None
    assert project.state() == ([], None)
    assert project.run_env("upgrade", "head", dont_mutate=True).value is None
    assert project.state() == ([], None)
    assert project.run_env("upgrade", "head").value is None
    assert project.state() == ([], [])


@pytest.mark.parametrize("method", ["begin", "plan", "step_started", "step_applied", "step_finished", "finished"])
def test_a_refusal_is_a_command_error_for_env_py(make_project, method):
    env = """
    from alembic import context, util
    from sqlalchemy import create_engine
    with create_engine("sqlite:///test.db").connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            try:
                context.run_migrations()
            except util.CommandError as error:
                print("env.py saw", error)
    """
    project = make_project(2, env=env)

    def host(name, params):
        if name == method:
            raise Refusal(f"no {method}")

    outcome = project.run_env("upgrade", "head", host=host)
    assert outcome.stdout.count(f"env.py saw no {method}") == 1
    # env.py swallowed it; limbec hears of it all the same.
    assert (outcome.failure["kind"], outcome.failure["message"]) == ("refused", f"no {method}")


def test_metadata_that_the_module_contradicts_stops_the_run(make_project):
    project = make_project(3)
    path = project.revision(2, "pass", head="down_revision = 'other'")
    failure = project.run_env("upgrade", "head").failure
    assert failure["kind"] == "command_error"
    assert failure["message"].startswith(f"{path} sets down_revision to 'other' when it is imported, but its text says")
    assert project.state() == ([], [])


def test_command_line_reaches_env_py(make_project):
    env = """
    import sys
    from alembic import context
    print([sys.argv[0].rpartition("/")[2], *sys.argv[1:]], context.get_x_argument(as_dictionary=True))
    print(context.config.cmd_opts.cmd[0].__name__, context.get_tag_argument(), context.get_revision_argument())
    context.config.attributes["kept"] = 1
    context.config.print_stdout("%s %s", context.config.config_ini_section, context.config.attributes)
    """
    project = make_project(2, env=env)
    project.write("alembic.ini", "[alembic]\nscript_location = nowhere\n[two]\nscript_location = %(here)s/migrations\n")
    outcome = project.run_env("-n", "two", "-x", "a=b", "upgrade", "--tag", "t", "head")
    assert outcome.value is None
    assert outcome.stdout.split("\n") == [
        "['alembic', '-n', 'two', '-x', 'a=b', 'upgrade', '--tag', 't', 'head'] {'a': 'b'}",
        "upgrade t r2",
        "two {'kept': 1}",
        "",
    ]


def test_wrong_usage_is_argparses(make_project):
    outcome = make_project(1).run_env("upgrade", "--nonsense")
    assert (outcome.failure["kind"], outcome.failure["exit_code"]) == ("system_exit", 2)
    assert "usage: alembic" in outcome.stderr


def test_the_collector_rests_until_env_py_is_ready(make_project):
    env = "import gc\nprint('env.py', gc.isenabled())\n"
    project = make_project(1)
    project.write("migrations/env.py", env + (project.folder / "migrations/env.py").read_text())
    project.revision(1, "import gc", "print('upgrade', gc.isenabled())")
    assert project.run_env("upgrade", "head").stdout == "env.py False\nupgrade True\n"
