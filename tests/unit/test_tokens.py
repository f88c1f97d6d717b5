"""Secrets: their form, what is accepted as one, and that they do not show themselves."""

from __future__ import annotations

import copy
import hashlib
import logging
import pickle
import re
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.core import tokens
from sojourn.core.errors import InvalidSubject, InvalidTicket, InvalidToken
from sojourn.core.tokens import Secret, TicketSecret, Token

SUBJECT_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)


def test_a_token_is_a_prefix_a_route_and_256_random_bits() -> None:
    assert re.fullmatch(r"soj_a7[A-Za-z0-9_-]{43}", tokens.mint_token(0xA7).reveal())
    assert re.fullmatch(r"sojt_07[A-Za-z0-9_-]{43}", tokens.mint_ticket(7).reveal())
    assert re.fullmatch(r"ff[A-Za-z0-9_-]{22}", tokens.mint_sid(255))


def test_a_thousand_tokens_are_a_thousand_and_every_place_varies() -> None:
    minted = [tokens.mint_token(0).reveal() for _ in range(1000)]
    assert len(set(minted)) == 1000
    for place in range(6, 6 + 43):
        assert len({token[place] for token in minted}) >= 16, f"place {place} hardly varies"


def test_a_store_keeps_the_sha256_of_the_whole_token() -> None:
    token = tokens.mint_token(3)
    assert token.digest() == hashlib.sha256(token.reveal().encode()).digest()
    assert len(token.digest()) == 32


@pytest.mark.parametrize("secret", [Token("soj_hunter2"), TicketSecret("sojt_hunter2")])
def test_a_secret_does_not_show_itself(secret: Secret, caplog: pytest.LogCaptureFixture) -> None:
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", format(secret), repr([secret])]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("who: %s %r", secret, {"token": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        shown.append(traceback.format_exc())
    assert not [text for text in (*shown, caplog.text) if "hunter2" in text]
    assert "hunter2" in secret.reveal()


@pytest.mark.parametrize("copy_it", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_pickled_or_copied_by_accident(copy_it: object) -> None:
    assert callable(copy_it)
    with pytest.raises(TypeError, match="not to be pickled"):
        copy_it(tokens.mint_token(1))


def test_a_secret_is_not_hashed_into_a_set_or_a_cache_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(tokens.mint_token(1))


def test_secrets_are_equal_when_their_texts_are() -> None:
    assert Token("soj_a") == Token("soj_a")
    assert Token("soj_a") != Token("soj_b")
    assert Token("soj_a") != "soj_a"


def test_what_was_minted_parses() -> None:
    token, ticket = tokens.mint_token(17), tokens.mint_ticket(18)
    assert tokens.parse_token(token.reveal()) == token
    assert tokens.parse_ticket(ticket.reveal()) == ticket
    assert tokens.secret_route(token) == 17
    assert tokens.secret_route(ticket) == 18
    assert tokens.sid_route(tokens.mint_sid(255)) == 255
    assert tokens.is_sid(tokens.mint_sid(255))


GOOD = "soj_0a" + "A" * 43
NOT_TOKENS = [
    "",
    " ",
    "soj_",
    GOOD[:-1],
    GOOD + "A",
    GOOD + "\n",
    "\n" + GOOD,
    GOOD.upper(),
    "soj_0A" + "A" * 43,
    "soj_zz" + "A" * 43,
    "sojt_0a" + "A" * 43,
    GOOD[:-1] + "=",
    GOOD[:-1] + "+",
    GOOD[:-1] + "Å",
    GOOD[:-1] + "\x00",
    GOOD.replace("A", "\N{FULLWIDTH LATIN CAPITAL LETTER A}"),
    "x" * 100_000,
    "soj_0a" + "A" * 100_000,
    GOOD.encode(),
    None,
    0,
    True,
    ["soj"],
    object(),
]


@pytest.mark.parametrize("value", NOT_TOKENS, ids=range(len(NOT_TOKENS)))
def test_nothing_else_is_a_token_or_a_ticket(value: object) -> None:
    with pytest.raises(InvalidToken):
        tokens.parse_token(value)
    if value != NOT_TOKENS[10]:
        with pytest.raises(InvalidTicket):
            tokens.parse_ticket(value)
    assert not tokens.is_sid(value)


@given(st.one_of(st.text(), st.from_regex(r"soj_[0-9a-f]{0,2}[A-Za-z0-9_-]{40,46}\n?", fullmatch=True)))
def test_parsing_accepts_the_minted_form_and_never_fails_otherwise(text: str) -> None:
    minted_form = len(text) == 49 and re.match(r"^soj_[0-9a-f]{2}[A-Za-z0-9_-]{43}\Z", text) is not None
    try:
        accepted = tokens.parse_token(text).reveal() == text
    except InvalidToken:
        accepted = False
    assert accepted == minted_form


@given(SUBJECT_TEXT)
def test_a_subject_of_at_most_255_bytes_is_accepted_as_it_is(subject: str) -> None:
    assert len(subject.encode()) > 255 or tokens.check_subject(subject) == subject


@pytest.mark.parametrize("subject", ["", "x" * 256, "é" * 128, "a\nb", "a\x00", "\x7f", "\x85", "\ud800"])
def test_what_may_not_be_a_subject_is_a_clear_error(subject: str) -> None:
    with pytest.raises(InvalidSubject, match="1 to 255 bytes of UTF-8"):
        tokens.check_subject(subject)


@given(SUBJECT_TEXT)
def test_a_route_is_one_of_256_and_always_the_same(subject: str) -> None:
    assert 0 <= tokens.route_of(subject) < tokens.ROUTES
    assert tokens.route_of(subject) == tokens.route_of(subject)


def test_routes_do_not_change_between_versions() -> None:
    assert [tokens.route_of(subject) for subject in ("1", "ann", "用户")] == [107, 73, 13]


def test_one_device_of_two_subjects_has_two_digests() -> None:
    one, other = (tokens.keyed_digest("device cookie", subject) for subject in ("ann", "bob"))
    assert one != other
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert one == tokens.keyed_digest("device cookie", "ann")
