"""What a test does when a server or browser that it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


class NotInstalled(Exception):
    """A server or browser is not on this machine. The message says what to install."""


def everything_is_required() -> bool:
    """Tell whether a missing server is a failure (in CI) rather than a reason to skip (on a laptop)."""
    return os.environ.get("SOJOURN_REQUIRE_ALL") == "1"


def unavailable(reason: str) -> NoReturn:
    """Skip the running test for this reason, or fail it where SOJOURN_REQUIRE_ALL=1.

    A continuous integration run in which half of the databases were quietly skipped would look as green as a real one.
    """
    if everything_is_required():
        pytest.fail(f"{reason} (SOJOURN_REQUIRE_ALL=1 makes this a failure)", pytrace=False)
    pytest.skip(reason)
