"""pytest-alembic's four checks, to be imported into a test module:

    from limbec.pytest import (
        test_model_definitions_match_ddl,
        test_single_head_revision,
        test_up_down_consistency,
        test_upgrade,
    )

Each reports what `limbec test` finds, which runs once for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pytest_plugin import Checks

__all__ = [
    "test_model_definitions_match_ddl",
    "test_single_head_revision",
    "test_up_down_consistency",
    "test_upgrade",
]


def test_single_head_revision(limbec_checks: Checks) -> None:
    """There is one head."""
    limbec_checks.require("single-head")


def test_upgrade(limbec_checks: Checks) -> None:
    """The history runs from an empty database to its heads."""
    limbec_checks.require("upgrade")


def test_model_definitions_match_ddl(limbec_checks: Checks) -> None:
    """Alembic would generate no operation: models and schema agree."""
    limbec_checks.require("models")


def test_up_down_consistency(limbec_checks: Checks) -> None:
    """Every revision can be undone, leaves nothing behind, and can be done again; with fixtures, rows survive that."""
    limbec_checks.require("up-down-up", "data")
