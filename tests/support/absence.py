"""What a test does about something that this machine does not have."""

import os

import pytest


def missing(what: str, required_by: str):
    """Skip, or fail when the environment variable `required_by` says that nothing may be skipped."""
    if os.environ.get(required_by) or os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and {required_by} or CI is set")
    pytest.skip(what)


def unavailable(what: str, required_by: str):
    """The same of what is fetched, and may not be had everywhere: that it is absent is no failure in CI alone."""
    if os.environ.get(required_by):
        pytest.fail(f"{what}, and {required_by} is set")
    pytest.skip(what)
