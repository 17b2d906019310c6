"""Exceptions come back as values."""

import pytest


def location(failure):
    """The innermost frame's file name and line."""
    frame = failure["frames"][-1]
    return frame["file"].rpartition("/")[2], frame["line"]


def test_exception_in_a_revision(make_project):
    project = make_project(3)
    project.revision(2, "1 / 0")
    failure = project.run_env("upgrade", "head").failure
    assert (failure["kind"], failure["type"], failure["message"]) == (
        "exception",
        "ZeroDivisionError",
        "division by zero",
    )
    assert location(failure) == ("r2_.py", 7)
    assert "<limbec>" not in failure["traceback"].partition("env.py")[0]
    assert failure["traceback"].endswith("ZeroDivisionError: division by zero\n")


def test_exception_in_env_py_keeps_its_cause(make_project):
    env = "try:\n    {}['x']\nexcept KeyError as error:\n    raise RuntimeError('no x') from error\n"
    failure = make_project(1, env=env).run_env("upgrade", "head").failure
    assert (failure["type"], failure["message"], location(failure)) == ("RuntimeError", "no x", ("env.py", 4))
    assert "KeyError: 'x'" in failure["traceback"]


def test_syntax_error(make_project):
    failure = make_project(1, env="def broken(:\n").run_env("upgrade", "head").failure
    assert failure["type"] == "SyntaxError"
    assert "env.py" in failure["traceback"]


@pytest.mark.parametrize(("argument", "status"), [("", 0), ("3", 3), ("None", 0), ("'a text'", 1)])
def test_system_exit(make_project, argument, status):
    failure = make_project(1, env=f"raise SystemExit({argument})").run_env("upgrade", "head").failure
    assert (failure["kind"], failure["exit_code"]) == ("system_exit", status)


def test_keyboard_interrupt(make_project):
    assert make_project(1, env="raise KeyboardInterrupt").run_env("upgrade", "head").failure["kind"] == "interrupt"


def test_command_errors_are_not_printed(make_project):
    project = make_project(1)
    outcome = project.command("upgrade", "nonsense")
    assert (outcome.failure["kind"], outcome.failure["message"]) == (
        "command_error",
        "Can't locate revision identified by 'nonsense'",
    )
    assert outcome.stdout == outcome.stderr == ""


def test_the_child_answers_after_a_failure_and_ends_well(make_project):
    project = make_project(1, env="raise ValueError")
    outcome = project.run_env("upgrade", "head")
    assert outcome.outcomes[-1] == {"value": {"flushed": True}}
    assert outcome.status == 0


def test_exit_handlers_and_threads_are_honoured(make_project):
    env = """
    import atexit, threading, time
    atexit.register(print, "exit handler")
    threading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()
    print("end of env.py", end="")
    """
    outcome = make_project(1, env=env).run_env("upgrade", "head")
    assert outcome.stdout == "end of env.pythread\nexit handler\n"
