"""Imported before the suite's modules, so that pytest explains their assertions as it does those of a test file."""

import pytest

MODULES = tuple(
    f"sojourn.testing.conformance.{part}"
    for part in (
        "delivering",
        "fading",
        "letters",
        "operating",
        "reading",
        "searching",
        "settling",
        "texts",
        "upkeep",
        "writing",
    )
)
"""The modules that assert."""

pytest.register_assert_rewrite(*MODULES)
