"""The sample project runs up, down and up again, undoes what it did, and its models agree with its revisions."""

import pytest
from support import databases
from support.sample import SECTIONS, command

HEADS = {"common": ["19e7f4a60bd8"], "tenant": ["c4f92b61e835"]}


@pytest.fixture(params=["alembic", "limbec"])
def program(request):
    return request.getfixturevalue(f"{request.param}_bin")


def leftovers(url):
    """Enum types that outlived their tables."""
    return [] if url.startswith("sqlite") else databases.fetch(url, "SELECT typname FROM pg_type WHERE typtype = 'e'")


@pytest.mark.parametrize("section", SECTIONS)
def test_up_down_up(section, program, url):
    command(program, section, url, "upgrade", "head").ok()
    assert databases.versions(url) == HEADS[section]
    above = databases.schema(url)
    assert "No new upgrade operations detected." in command(program, section, url, "check").ok().out
    command(program, section, url, "downgrade", "base").ok()
    assert databases.tables(url) == ["alembic_version"]
    assert databases.versions(url) == []
    assert leftovers(url) == []
    command(program, section, url, "upgrade", "head").ok()
    assert databases.schema(url) == above


def test_vat_numbers_survive_both_directions(program, url):
    command(program, "common", url, "upgrade", "f2c8b6017d4e").ok()
    databases.execute(url, "INSERT INTO companies (id, name, vat_number) VALUES (1, 'a', 'CHE-1'), (2, 'b', NULL)")
    command(program, "common", url, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT company_id, kind, value FROM company_identifiers") == [(1, "vat", "CHE-1")]
    command(program, "common", url, "downgrade", "f2c8b6017d4e").ok()
    assert databases.fetch(url, "SELECT id, vat_number FROM companies ORDER BY id") == [(1, "CHE-1"), (2, None)]


def test_a_downgrade_keeps_what_is_the_users_own(program, url):
    command(program, "tenant", url, "upgrade", "head").ok()
    databases.execute(
        url,
        "UPDATE accounts SET name = 'Petty cash' WHERE code = '1000'",
        "INSERT INTO journal_entries (id, reference, booked_on) VALUES (1, 'r', '2026-01-31')",
        "INSERT INTO journal_lines (id, entry_id, account_id, debit) "
        "SELECT 1, 1, id, 5 FROM accounts WHERE code = '5000'",
    )
    command(program, "tenant", url, "downgrade", "7fa4d61c93e0").ok()
    assert databases.fetch(url, "SELECT code FROM accounts ORDER BY code") == [("1000",), ("5000",)]


def test_the_data_step_of_normal_side_reaches_accounts_that_are_there(program, url):
    command(program, "tenant", url, "upgrade", "6e13b9d0a582").ok()
    databases.execute(url, "INSERT INTO accounts (id, code, name, kind) VALUES (70, 'x', 'Loan', 'liability')")
    command(program, "tenant", url, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT normal_side FROM accounts WHERE code = 'x'") == [("credit",)]
