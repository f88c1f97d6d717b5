"""Signatures: what the convention's reference library makes of them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from sojourn.core.errors import ConfigurationError
from sojourn.notify.signature import new_secret, read_secret, signed_headers
from sojourn.testing.clock import START


def test_a_signature_is_the_one_that_the_reference_library_makes() -> None:
    secret, body = new_secret(), b'{"type":"session.started"}'
    headers = signed_headers("msg", START, body, [read_secret(secret)])
    theirs = Webhook(secret).sign("msg", datetime.fromtimestamp(START / 1000, UTC), body.decode())
    assert headers == {"webhook-id": "msg", "webhook-timestamp": str(START // 1000), "webhook-signature": theirs}


def test_every_secret_signs_so_that_a_rotation_loses_nothing() -> None:
    old, new = new_secret(), new_secret()
    both = signed_headers("msg", START, b"{}", [read_secret(new), read_secret(old)])["webhook-signature"].split(" ")
    each = [signed_headers("msg", START, b"{}", [read_secret(one)])["webhook-signature"] for one in (new, old)]
    assert both == each


def test_no_two_secrets_are_the_same_and_each_has_256_random_bits() -> None:
    assert new_secret() != new_secret()
    assert len(read_secret(new_secret())) == 32


@pytest.mark.parametrize(
    "secret",
    [
        "",
        None,
        b"whsec_" + base64.b64encode(b"k" * 32),
        base64.b64encode(b"k" * 32).decode(),
        "whsec_",
        "whsec_nobase64!" + "A" * 40,
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
    ],
)
def test_what_is_no_secret_is_refused_and_not_shown(secret: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_secret(secret)
    assert "kkk" not in str(refused.value)
    assert len(str(secret)) < 10 or str(secret) not in str(refused.value)


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ConfigurationError):
        signed_headers("msg", START, b"{}", [])
