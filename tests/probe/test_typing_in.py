"""A real browser presses the button that signs in, and no other."""

from __future__ import annotations

import pytest

from sojourn.probe.signing.typing_in import button_likeness


@pytest.mark.parametrize(
    "others",
    [
        ("submit", "Sign in with Google"),
        ("submit", "Use a passkey"),
        ("submit", "Create account"),
        ("submit", "Forgot your password?"),
        ("button", "Show password"),
    ],
)
def test_the_button_that_signs_in_is_told_from_those_beside_it(others: tuple[str, str]) -> None:
    assert button_likeness("submit", "Anmelden") > button_likeness("submit", "Next") > button_likeness(*others)
