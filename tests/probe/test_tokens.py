"""What is told of tokens by looking at them."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import uuid

import pytest

from sojourn.probe.reading.jwt import WEAK, mis_signed, read, resigned, unsigned, weak_key
from sojourn.probe.reading.tokens import guessed, is_dated, is_self_contained, like, readings, strength, tampered

SIGNED = (  # the example that jwt.io shows, signed with the key that it names
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ"
    ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
)


@pytest.mark.parametrize(
    ("make", "at_least", "at_most"),
    [
        (lambda: secrets.token_hex(16), 120, 128),
        (lambda: secrets.token_urlsafe(32), 240, 258),
        (lambda: secrets.token_hex(8), 56, 64),
        (lambda: str(uuid.uuid4()), 112, 124),
        (lambda: f"s%3A{secrets.token_hex(16)}", 120, 128),
        (lambda: f"{'x' * 64}{secrets.randbelow(10**8):08d}", 19, 27),
        (lambda: "".join(secrets.choice("01") for _ in range(64)), 56, 64),
    ],
)
def test_bits_are_those_of_the_positions_that_vary(make, at_least: float, at_most: float) -> None:
    assert at_least <= strength([make() for _ in range(9)]).bits <= at_most


def test_a_sequence_allows_for_next_to_nothing_however_long_its_ids_are() -> None:
    found = strength([f"session-{number:032d}" for number in range(95, 104)])
    assert found.bits < 12
    assert found.prefix == 37


def test_another_token_is_of_the_same_make_and_another_one() -> None:
    other = like("s%3AAbcdefghijkl-123456789012.Zz")
    assert re.fullmatch(r"s%3A[A-Z][a-z]{11}-[0-9]{12}\.Zz", other)
    assert other != "s%3AAbcdefghijkl-123456789012.Zz"
    assert set(like("0123456789abcdef" * 4)) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    "token",
    [secrets.token_urlsafe(32), secrets.token_hex(16), "s%3A" + secrets.token_hex(16) + ".c2lnbmF0dXJl", SIGNED],
)
def test_a_tampered_token_differs_in_one_character_within_its_longest_part(token: str) -> None:
    found = list(tampered(token))
    assert len(set(found)) == 3
    longest = max(token.replace("%3A", ".").split("."), key=len)
    begin = token.index(longest)
    for each in found:
        (place,) = [number for number, pair in enumerate(zip(each, token, strict=True)) if pair[0] != pair[1]]
        assert begin < place < begin + len(longest) - 1


def test_what_routes_a_request_beside_the_token_is_left_alone() -> None:
    """As behind balancers of Java: 0000ID:clone and ID.node."""
    token = f"0000{secrets.token_hex(12).upper()}:clone-one.node1"
    assert all(each.startswith("0000") and each.endswith(":clone-one.node1") for each in tampered(token))


def test_of_a_hexadecimal_token_a_hexadecimal_one_is_made() -> None:
    for token in ("f" * 32, "F" * 32, "9" * 32, "e" * 32):
        assert all(int(each, 16) for each in tampered(token))


def test_a_short_token_is_not_tampered_with() -> None:
    assert not list(tampered("abc.def"))


def test_texts_are_read_out_of_base_64_and_hex() -> None:
    said = base64.urlsafe_b64encode(b'{"user": "ann"}').decode().rstrip("=")
    assert '{"user": "ann"}' in readings(f"s%3A{said}.{secrets.token_hex(8)}")
    assert "ann@example" in readings(b"ann@example".hex())
    assert "user=ann&role=admin" in readings("user%3Dann%26role%3Dadmin")


def test_noise_is_not_read_as_a_text() -> None:
    assert all(len(readings(secrets.token_urlsafe(32))) == 1 for _ in range(50))


def test_a_digest_of_what_anybody_could_know_is_recognised() -> None:
    now = 1_795_000_000
    assert "number" in guessed(hashlib.md5(b"4711").hexdigest(), "ann", range(0))
    assert "time" in guessed(hashlib.sha1(str(now).encode()).hexdigest(), "ann", range(now - 2, now + 3))
    assert "name and the time" in guessed(hashlib.sha256(f"ann{now}".encode()).hexdigest().upper(), "ann", [now])
    assert not guessed(secrets.token_hex(16), "ann", range(now - 2, now + 3))
    assert not guessed(secrets.token_urlsafe(32), "ann", [now])


def test_a_uuid_of_the_time_is_recognised() -> None:
    assert is_dated(str(uuid.uuid1()))
    assert not is_dated(str(uuid.uuid4()))
    assert not is_dated(secrets.token_hex(15))


def test_a_token_that_holds_its_session_is_told_from_a_reference() -> None:
    session = base64.urlsafe_b64encode(b'{"user":"ann"}').decode().rstrip("=")
    assert is_self_contained(SIGNED)
    assert is_self_contained(f"{session}.Z2Vo.c2lnbmF0dXJl")
    assert not is_self_contained(secrets.token_urlsafe(32))
    assert not is_self_contained(f"s%3A{secrets.token_hex(16)}.c2lnbmF0dXJl")


def test_a_json_web_token_is_read_and_nothing_else() -> None:
    jwt = read(SIGNED)
    assert jwt is not None
    assert (jwt.algorithm, jwt.claims["name"], str(jwt)) == ("HS256", "John Doe", SIGNED)
    for other in ("", "a.b.c", secrets.token_urlsafe(32), SIGNED + ".more", SIGNED.rpartition(".")[0], "e30.e30.x"):
        assert read(other) is None


def test_a_key_out_of_documentation_is_recognised() -> None:
    jwt = read(SIGNED)
    assert jwt is not None
    assert weak_key(jwt) == "your-256-bit-secret"
    assert weak_key(mis_signed(jwt)) is None
    assert len(WEAK) == len(set(WEAK))


def test_forged_tokens_are_what_they_are_said_to_be() -> None:
    jwt = read(SIGNED)
    assert jwt is not None
    forged, bare = read(str(resigned(jwt, "secret"))), read(str(unsigned(jwt, "none")))
    assert forged is not None
    assert forged.claims == {**jwt.claims, "probe": 1}
    assert weak_key(forged) == "secret"
    assert bare is not None
    assert (bare.algorithm, bare.claims, bare.signature) == ("none", jwt.claims, "")
    assert sum(a != b for a, b in zip(str(mis_signed(jwt)), SIGNED, strict=True)) == 1
