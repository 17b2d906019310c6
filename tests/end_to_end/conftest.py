"""What the end-to-end tests share: every database that limbec speaks natively."""

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def databases_of(request, tmp_path):
    """A function that makes an empty database of this dialect and returns its URL."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_databases")
    made = []

    def create():
        made.append(f"sqlite:///{tmp_path}/database{len(made)}.db")
        return made[-1]

    return create


@pytest.fixture
def url(databases_of):
    """One empty database, of each dialect in turn."""
    return databases_of()
